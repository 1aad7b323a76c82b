// An editable combobox with a list of suggestions (WAI-ARIA APG), for several values between commas:
// the one that the caret stands in is completed.

import { element, foreign } from "./element.js";

const MOST = 8;

/** The value around the caret: where it starts and ends, and its text. */
export function segmentAt(text, caret) {
  const start = Math.max(text.lastIndexOf(",", caret - 1), text.lastIndexOf(";", caret - 1)) + 1;
  const rest = text.slice(caret).search(/[,;]/);
  const end = rest < 0 ? text.length : caret + rest;
  return { start, end, text: text.slice(start, end).trim() };
}

/** Tags that begin with the text first, then those that hold it; those already chosen are left out. */
export function matching(tags, text, chosen) {
  const wanted = text.toLowerCase();
  if (!wanted) return [];
  const free = tags.filter(({ tag }) => !chosen.has(tag.toLowerCase()));
  const begins = free.filter(({ tag }) => tag.toLowerCase().startsWith(wanted));
  const holds = free.filter(({ tag }) => tag.toLowerCase().indexOf(wanted) > 0);
  return [...begins, ...holds].slice(0, MOST);
}

export class Combobox {
  #input;
  #list;
  #announce;
  #tags = [];
  #shown = [];
  #active = -1;

  constructor(input, list, announce) {
    this.#input = input;
    this.#list = list;
    this.#announce = announce;
    input.addEventListener("input", () => this.#suggest());
    input.addEventListener("keydown", (event) => this.#press(event));
    input.addEventListener("blur", () => this.#close());
    // The list must not take the focus from the box, or the box would close before the click.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#accept(Number(option.dataset.place));
    });
  }

  set tags(tags) {
    this.#tags = tags;
    if (document.activeElement === this.#input) this.#suggest();
  }

  get #open() {
    return !this.#list.hidden;
  }

  #segment() {
    return segmentAt(this.#input.value, this.#input.selectionStart ?? this.#input.value.length);
  }

  #suggest(all = false) {
    const segment = this.#segment();
    const before = this.#input.value.slice(0, segment.start);
    const others = before + this.#input.value.slice(segment.end);
    const chosen = new Set(others.split(/[,;]/).map((piece) => piece.trim().toLowerCase()));
    this.#shown =
      all && !segment.text
        ? this.#tags.filter(({ tag }) => !chosen.has(tag.toLowerCase())).slice(0, MOST)
        : matching(this.#tags, segment.text, chosen);
    // What is typed already in full needs no suggestion of itself.
    if (this.#shown.length === 1 && this.#shown[0].tag.toLowerCase() === segment.text.toLowerCase()) {
      this.#shown = [];
    }
    this.#draw();
  }

  #draw() {
    if (!this.#shown.length) {
      this.#close();
      return;
    }
    const options = this.#shown.map(({ tag, sessions }, place) =>
      element(
        "li",
        { role: "option", id: `suggestion-${place}`, "data-place": place, "aria-selected": "false" },
        foreign("span", tag, { class: "tag" }),
        element("span", { class: "count" }, sessions === 1 ? "1 session" : `${sessions} sessions`),
      ),
    );
    this.#list.replaceChildren(...options);
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
    this.#activate(-1);
    const count = this.#shown.length;
    this.#announce(count === 1 ? "1 suggestion." : `${count} suggestions.`);
  }

  #close() {
    this.#list.hidden = true;
    this.#list.replaceChildren();
    this.#shown = [];
    this.#active = -1;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }

  #activate(place) {
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = place;
    const option = this.#list.children[place];
    if (!option) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", option.id);
  }

  #move(step) {
    if (!this.#open) this.#suggest(true);
    const count = this.#shown.length;
    if (!count) return;
    // One place more than there are options: between the last and the first is the box itself.
    const places = count + 1;
    this.#activate(((this.#active + 1 + step + places) % places) - 1);
  }

  #press(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" && event.altKey) {
      if (!this.#open) this.#suggest(true);
    } else if (event.key === "ArrowUp" && event.altKey) {
      this.#close();
    } else if (event.key === "ArrowDown") {
      this.#move(1);
    } else if (event.key === "ArrowUp") {
      this.#move(-1);
    } else if (event.key === "Escape") {
      if (this.#open) this.#close();
      else this.#input.value = "";
    } else if ((event.key === "Enter" || event.key === "Tab") && this.#active >= 0) {
      this.#accept(this.#active);
      if (event.key === "Tab") return;
    } else {
      return;
    }
    event.preventDefault();
  }

  #accept(place) {
    const { tag } = this.#shown[place];
    const value = this.#input.value;
    const segment = this.#segment();
    const before = value.slice(0, segment.start);
    const after = value.slice(segment.end).replace(/^[,;]\s*/, "");
    const head = `${before}${before ? " " : ""}${tag}, `;
    this.#input.value = head + after.trimStart();
    this.#input.setSelectionRange(head.length, head.length);
    this.#close();
    this.#announce(`${tag} added.`);
  }
}
