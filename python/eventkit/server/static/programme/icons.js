// Icons, drawn as strokes of one width. They are for the eye: each button has its words besides.

import { drawing } from "../element.js";

const PATHS = {
  star: ["M12 3.2l2.7 5.6 6.1.8-4.5 4.3 1.1 6.1L12 17.1 6.6 20l1.1-6.1L3.2 9.6l6.1-.8z"],
  list: ["M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01"],
  grid: ["M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z"],
  spark: ["M12 3l1.9 5.1L19 10l-5.1 1.9L12 17l-1.9-5.1L5 10l5.1-1.9zM19 15l.8 2.2L22 18l-2.2.8L19 21l-.8-2.2L16 18l2.2-.8z"],
  calendar: ["M4 6h16v14H4zM4 10h16M8 3v4M16 3v4"],
  filter: ["M3 5h18l-7 8v6l-4-2v-4z"],
  search: ["M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.2 16.2L21 21"],
  close: ["M5 5l14 14M19 5L5 19"],
  share: ["M12 15V3M8 7l4-4 4 4M5 12v8h14v-8"],
  clock: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2"],
  room: ["M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21zM12 7.2a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8z"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20.5c1.3-4 4.4-5.5 8-5.5s6.7 1.5 8 5.5"],
  swap: ["M4 8h14l-4-4M20 16H6l4 4"],
  alert: ["M12 4l9 16H3zM12 10v4M12 17h.01"],
};

export function icon(name) {
  const paths = PATHS[name].map((d) => drawing("path", { d }));
  return drawing("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, ...paths);
}
