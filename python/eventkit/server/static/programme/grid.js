// The schedule of one day as a grid: a column for each room, time from top to bottom. Sessions of one
// room that overlap stand in lanes beside each other. Only what is in sight exists, in both directions.

import { element, foreign } from "../element.js";
import { paint, starButton, titleButton } from "./row.js";
import { hourText, rangeText } from "./time.js";

const LEAST = 48; // pixels of a session's height, with the gap below: a target for a thumb
const [HEADER, AXIS, AROUND] = [44, 64, 300];

const groupOf = ({ location, track }) => location ?? track ?? "";
const lengthOf = ({ from, to }) => (to ?? from + 30) - from;

/** Pixels of a minute: nine of ten sessions are tall enough for a thumb. */
function scaleOf(sessions) {
  const lengths = sessions.map(({ shown }) => lengthOf(shown)).sort((one, other) => one - other);
  return Math.min(Math.max(LEAST / Math.max(lengths[Math.floor(lengths.length / 10)], 1), 1.5), 4.4);
}

/** Place sessions into lanes: each takes the first lane that is free at its time. */
function lanesOf(sessions, top, scale) {
  const free = [];
  const cells = [...sessions].sort((one, other) => one.shown.from - other.shown.from).map((session) => {
    const begins = (session.shown.from - top) * scale;
    const height = Math.max(lengthOf(session.shown) * scale, LEAST);
    let lane = free.findIndex((end) => end <= begins + 0.5);
    if (lane < 0) lane = free.length;
    free[lane] = begins + height;
    return { session, lane, begins, height };
  });
  return { cells, lanes: free.length };
}

/** Where every session of a day is: columns of rooms, with their cells. */
export function layOut(sessions, width) {
  const scale = scaleOf(sessions);
  const top = Math.floor(Math.min(...sessions.map(({ shown }) => shown.from)) / 60) * 60;
  const rooms = new Map();
  for (const session of sessions) {
    const room = groupOf(session);
    if (!rooms.has(room)) rooms.set(room, []);
    rooms.get(room).push(session);
  }
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  const columns = [];
  let [left, bottom, order] = [0, 0, 0];
  for (const room of [...rooms.keys()].sort(compare)) {
    const { cells, lanes } = lanesOf(rooms.get(room), top, scale);
    for (const cell of cells) cell.order = order++;
    columns.push({ room, left, width: lanes * width, cells });
    left += lanes * width;
    for (const { begins, height } of cells) bottom = Math.max(bottom, begins + height);
  }
  return { columns, width: left, height: bottom, top, scale };
}

export class Grid {
  #box;
  #stars;
  #plan = null;
  #lane = 176;
  #made = new Map();
  #waiting = false;

  constructor(box, stars) {
    this.#box = box;
    this.#stars = stars;
    this.header = element("div", { class: "grid-rooms" });
    this.axis = element("div", { class: "grid-axis", "aria-hidden": "true" });
    this.cells = element("div", { class: "grid-cells", role: "list", "aria-label": "Sessions of the day" });
    box.append(this.header, this.axis, this.cells);
    box.addEventListener("scroll", () => this.#later(), { passive: true });
    addEventListener("resize", () => this.#plan && this.#later());
    box.addEventListener("keydown", (event) => this.#press(event));
    box.addEventListener("focusin", (event) => this.#setActive(event.target.closest(".cell")));
  }

  /** Tab stops at one session: the one that had the focus last, or the first in sight. */
  #setActive(made) {
    if (!made) return;
    for (const cell of this.cells.querySelectorAll(".cell.active")) this.#setStops(cell, -1);
    this.#setStops(made, 0);
  }

  #setStops(cell, stop) {
    cell.classList.toggle("active", stop === 0);
    for (const button of cell.querySelectorAll("button")) button.tabIndex = stop;
  }

  /** Show the sessions of a day, all of which have a time. */
  show(sessions, words) {
    this.words = words;
    this.#forget();
    this.#lane = innerWidth < 640 ? 150 : 176;
    this.#plan = sessions.length ? layOut(sessions, this.#lane) : null;
    const { width = 0, height = 0 } = this.#plan ?? {};
    for (const [part, wide, high] of [
      [this.header, AXIS + width, HEADER],
      [this.axis, AXIS, height],
      [this.cells, width, height],
    ]) {
      part.style.inlineSize = `${wide}px`;
      part.style.blockSize = `${high}px`;
    }
    if (this.#plan) this.#drawAxis();
    this.#update();
    this.#seek();
  }

  /** Begin at the first sessions in sight: other rooms may begin hours earlier. */
  #seek() {
    const begins = [...this.#made.values()].map((made) => made.dataset.begins).filter((text) => text !== undefined);
    if (!begins.length && this.#plan) {
      const [column] = this.#plan.columns;
      begins.push(Math.min(...column.cells.map((cell) => cell.begins)));
    }
    this.#box.scrollTop = begins.length ? Math.max(0, Math.min(...begins.map(Number)) - 24) : 0;
  }

  #drawAxis() {
    const { top, scale, height } = this.#plan;
    this.cells.style.setProperty("--hour", `${60 * scale}px`);
    const hours = [];
    for (let minutes = top; (minutes - top) * scale < height; minutes += 60) {
      const label = element("span", {}, hourText(minutes));
      label.style.insetBlockStart = `${(minutes - top) * scale}px`;
      hours.push(label);
    }
    this.axis.replaceChildren(...hours);
  }

  refresh() {
    const focused = document.activeElement?.closest?.(".cell")?.dataset.key;
    const star = document.activeElement?.classList.contains("star");
    this.#forget();
    this.#update();
    if (focused) this.#made.get(focused)?.querySelector(star ? ".star" : ".title")?.focus({ preventScroll: true });
  }

  #forget() {
    for (const made of this.#made.values()) made.remove();
    this.#made.clear();
  }

  #later() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#update();
    });
  }

  #update() {
    if (!this.#plan || !this.#box.offsetParent) return;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#box;
    const [left, right] = [scrollLeft - AROUND, scrollLeft + clientWidth + AROUND];
    const [top, bottom] = [scrollTop - AROUND, scrollTop + clientHeight + AROUND];
    const wanted = new Set();
    for (const column of this.#plan.columns) {
      if (column.left > right || column.left + column.width < left) continue;
      const name = `room ${column.room}`;
      wanted.add(name);
      if (!this.#made.has(name)) this.header.append(this.#keep(name, this.#room(column)));
      for (const cell of column.cells) {
        const at = column.left + cell.lane * this.#lane;
        if (at > right || at + this.#lane < left || cell.begins > bottom || cell.begins + cell.height < top) continue;
        wanted.add(cell.session.key);
        if (!this.#made.has(cell.session.key)) {
          this.#insert(this.#keep(cell.session.key, this.#cell(cell, at)));
        }
      }
    }
    for (const [name, made] of this.#made) {
      if (!wanted.has(name) && !made.contains(document.activeElement)) {
        made.remove();
        this.#made.delete(name);
      }
    }
    if (!this.cells.querySelector(".cell.active")) this.#setActive(this.cells.firstElementChild);
  }

  /** Add a cell in its order, by room and then by time, which is that of screen readers and of Tab. */
  #insert(made) {
    const order = Number(made.dataset.order);
    const next = [...this.cells.children].find((other) => Number(other.dataset.order) > order);
    this.cells.insertBefore(made, next ?? null);
  }

  #keep(name, made) {
    this.#made.set(name, made);
    return made;
  }

  #room({ room, left, width }) {
    // The name of a wide column stays in sight.
    const made = element("p", { class: "grid-room", title: room }, foreign("span", room || "All sessions"));
    made.style.insetInlineStart = `${AXIS + left}px`;
    made.style.inlineSize = `${width}px`;
    return made;
  }

  #cell({ session, begins, height, order }, left) {
    const starred = this.#stars.has(session.key);
    const made = element(
      "div",
      { class: starred ? "cell starred" : "cell", role: "listitem", "data-key": session.key, "data-begins": begins, "data-order": order },
      titleButton(session, this.words),
      element("p", { class: "facts" }, rangeText(session.shown)),
      starButton(session, starred),
    );
    made.style.insetInlineStart = `${left + 3}px`;
    made.style.insetBlockStart = `${begins + 2}px`;
    made.style.inlineSize = `${this.#lane - 6}px`;
    made.style.blockSize = `${height - 4}px`;
    // As many lines of the title as leave room for the time, where there is room for both.
    const short = height < 60;
    made.style.setProperty("--lines", Math.max(2, Math.floor((height - (short ? 10 : 30)) / 17.5)));
    made.classList.toggle("short", short);
    this.#setStops(made, -1);
    return paint(made, session);
  }

  /** The arrow keys go to the nearest session in that direction. */
  #press(event) {
    const from = event.target.closest?.(".cell");
    const step = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] }[event.key];
    if (from && event.key === "s" && !event.ctrlKey && !event.metaKey) from.querySelector(".star").click();
    if (!from || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const middle = (made) => {
      const box = made.getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2];
    };
    const [x, y] = middle(from);
    let best = null;
    for (const made of this.cells.children) {
      const [right, down] = [middle(made)[0] - x, middle(made)[1] - y];
      const along = right * step[0] + down * step[1];
      const across = Math.abs(right * step[1]) + Math.abs(down * step[0]);
      const far = along + 3 * across;
      if (along > 4 && (!best || far < best.far)) best = { made, far };
    }
    const title = best?.made.querySelector(".title");
    title?.focus({ preventScroll: true });
    best?.made.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
