// One session as a row: time, title, facts, and a star.

import { element, foreign } from "../element.js";
import { icon } from "./icons.js";
import { dayText, timeText } from "./time.js";

const hues = new Map();

/** A hue for a track, the same on every visit. */
export function hueOf(track) {
  if (!hues.has(track)) {
    let hash = 7;
    for (const letter of track) hash = (hash * 31 + letter.codePointAt(0)) % 997;
    hues.set(track, (hash * 137.5) % 360);
  }
  return hues.get(track);
}

/** Colour an element by the session's track, or by its first tag. */
export function paint(made, session) {
  const group = session.track ?? session.tags[0];
  if (group) made.style.setProperty("--hue", hueOf(group));
  else made.classList.add("plain");
  return made;
}

/** A text with the matched words marked. The words are lower case. */
export function marked(text, words) {
  if (!words.length) return [text];
  const escape = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${words.map(escape).join("|")})(?![\\p{L}\\p{N}])`, "giu");
  return text.split(pattern).map((part, place) => (place % 2 ? element("mark", {}, part) : part));
}

/** A star that can be pressed; `data-star` has the session's key. */
export function starButton(session, starred) {
  return element(
    "button",
    {
      type: "button",
      class: "star",
      "data-star": session.key,
      "aria-pressed": String(starred),
      "aria-label": `Star: ${session.title}`,
      title: starred ? "In my schedule" : "Add to my schedule",
    },
    icon("star"),
  );
}

/** A title that opens the session's details; `data-open` has its key. */
export function titleButton(session, words = []) {
  return element(
    "button",
    { type: "button", class: "title", "data-open": session.key, dir: "auto" },
    ...marked(session.title, words),
  );
}

function timeOf({ shown }, dated) {
  if (!shown) return element("p", { class: "when" }, element("span", {}, "No time"));
  const end = shown.to === null ? null : element("span", { class: "until" }, timeText(shown.to));
  const day = dated && shown.day !== null ? element("span", { class: "until" }, dayText(shown.day, true)) : null;
  return element("p", { class: "when" }, day, element("span", {}, timeText(shown.from)), end);
}

function facts({ location, track, speakers }) {
  const parts = [];
  if (location) parts.push(foreign("span", location, { class: "room" }));
  if (track) parts.push(foreign("span", track, { class: "group" }));
  if (speakers.length) parts.push(foreign("span", speakers.join(", "), { class: "speakers" }));
  return element("p", { class: "facts" }, ...parts);
}

/** The inside of a row. `more` are elements below the facts; `dated` rows tell their day. */
export function rowParts(session, { starred, words = [], more = [], dated = false }) {
  return [
    timeOf(session, dated),
    element("div", { class: "what" }, titleButton(session, words), facts(session), ...more),
    starButton(session, starred),
  ];
}

