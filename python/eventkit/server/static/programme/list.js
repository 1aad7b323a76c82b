// A long list of which only the rows in sight exist. Rows have one of two heights, so a row's place is
// known without drawing those before it. The whole page scrolls, as the bars of phones expect.

import { element } from "../element.js";

const AROUND = 400; // pixels drawn above and below what is in sight

export class VirtualList {
  #box;
  #draw;
  #items = [];
  #tops = [0];
  #rows = new Map(); // by place in the list
  #active = 0;
  #waiting = false;

  /**
   * @param box The element that holds the rows.
   * @param draw Returns the parts of an item's row.
   */
  constructor(box, draw) {
    this.#box = box;
    this.#draw = draw;
    const later = () => this.#later();
    addEventListener("scroll", later, { passive: true });
    addEventListener("resize", () => this.#measure());
    box.addEventListener("keydown", (event) => this.#press(event));
    box.addEventListener("focusin", (event) => this.#follow(event));
  }

  get items() {
    return this.#items;
  }

  show(items) {
    this.#items = items;
    this.#active = Math.max(0, items.findIndex(({ session }) => session));
    this.#measure();
  }

  /** Draw the rows in sight anew, as after a star or a change of words. */
  refresh() {
    const focused = this.#focusedPlace();
    const star = document.activeElement?.classList.contains("star");
    this.#clear();
    this.#update();
    if (focused !== null) this.#focus(focused, star);
  }

  #clear() {
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
  }

  #measure() {
    const style = getComputedStyle(this.#box);
    const [row, heading] = ["--row", "--heading"].map((name) => Number.parseFloat(style.getPropertyValue(name)));
    this.#tops = [0];
    for (const { session } of this.#items) this.#tops.push(this.#tops.at(-1) + (session ? row : heading));
    this.#box.style.blockSize = `${this.#tops.at(-1)}px`;
    this.refresh();
  }

  #later() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#update();
    });
  }

  /** The place of the last item that begins at or above a height. */
  #placeAt(height) {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tops[middle + 1] <= height) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #update() {
    if (!this.#box.offsetParent) return;
    const top = this.#box.getBoundingClientRect().top;
    const first = this.#placeAt(-top - AROUND);
    const last = Math.min(this.#placeAt(innerHeight - top + AROUND), this.#items.length - 1);
    const focused = this.#focusedPlace();
    for (const [place, row] of this.#rows) {
      if ((place < first || place > last) && place !== focused) {
        row.remove();
        this.#rows.delete(place);
      }
    }
    for (let place = first; place <= last; place += 1) {
      if (!this.#rows.has(place)) this.#insert(place);
    }
    // Tab stops at one row: the one that had the focus last, or the first in sight.
    if (!this.#rows.has(this.#active) && this.#items.length) this.#setActive(this.#step(first - 1, 1));
  }

  /** Add a row in its order, which is that of screen readers and of Tab. */
  #insert(place) {
    const next = [...this.#box.children].find((row) => Number(row.dataset.place) > place);
    this.#box.insertBefore(this.#make(place), next ?? null);
  }

  #make(place) {
    const item = this.#items[place];
    const row = element("div", {
      class: item.session ? "row" : "row heading",
      role: "listitem",
      "aria-setsize": this.#items.length,
      "aria-posinset": place + 1,
      "data-place": place,
    });
    // Not a transform: a hundred of them make Chromium paint each frame in half again the time.
    row.style.insetBlockStart = `${this.#tops[place]}px`;
    row.append(...this.#draw(item, row));
    this.#rows.set(place, row);
    if (place !== this.#active) this.#setStops(place, -1);
    return row;
  }

  #focusedPlace() {
    const row = document.activeElement?.closest?.(".row");
    return row && this.#box.contains(row) ? Number(row.dataset.place) : null;
  }

  #follow(event) {
    const row = event.target.closest(".row");
    if (row) this.#setActive(Number(row.dataset.place));
  }

  #setActive(place) {
    if (place === this.#active) return;
    this.#setStops(this.#active, -1);
    this.#active = place;
    this.#setStops(place, 0);
  }

  #setStops(place, stop) {
    this.#rows.get(place)?.querySelectorAll("button").forEach((button) => button.setAttribute("tabindex", stop));
  }

  /** Scroll to a row, and focus its title or its star. */
  #focus(place, star = false) {
    if (!this.#rows.has(place)) this.#insert(place);
    this.#setActive(place);
    const row = this.#rows.get(place);
    row.scrollIntoView({ block: "nearest" });
    row.querySelector(star ? ".star" : ".title")?.focus({ preventScroll: true });
    this.#later();
  }

  #step(from, by) {
    let place = from + by;
    while (this.#items[place] && !this.#items[place].session) place += by;
    return this.#items[place] ? place : from;
  }

  #press(event) {
    const place = this.#focusedPlace();
    if (place === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.#items.length;
    const to = {
      ArrowDown: () => this.#step(place, 1),
      ArrowUp: () => this.#step(place, -1),
      Home: () => this.#step(-1, 1),
      End: () => this.#step(last, -1),
    }[event.key];
    if (to) this.#focus(to(), event.target.classList.contains("star"));
    else if (event.key === "s") this.#rows.get(place).querySelector(".star")?.click();
    else return;
    event.preventDefault();
  }
}
