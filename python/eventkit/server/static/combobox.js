// An editable combobox with a list of suggestions (WAI-ARIA APG). Every chosen value is a chip before
// the box, so a tag that holds a comma stays one value.

import { element, foreign } from "./element.js";

const MOST = 8;
const SEPARATOR = /[,;]/;

/** Return the tags that begin with the text, then those that hold it, without those chosen already. */
export function matching(tags, text, chosen) {
  const wanted = text.toLowerCase();
  if (!wanted) return [];
  const free = tags.filter(({ tag }) => !chosen.has(tag.toLowerCase()));
  const begins = free.filter(({ tag }) => tag.toLowerCase().startsWith(wanted));
  const holds = free.filter(({ tag }) => tag.toLowerCase().indexOf(wanted) > 0);
  return [...begins, ...holds].slice(0, MOST);
}

/** Return the values of a text: one if it is a tag, else the parts between commas and semicolons. */
export function valuesOf(text, tags) {
  const whole = text.trim();
  const isTag = tags.some(({ tag }) => tag.toLowerCase() === whole.toLowerCase());
  const parts = isTag ? [whole] : whole.split(SEPARATOR);
  return parts.map((part) => part.trim()).filter(Boolean);
}

export class Combobox {
  #input;
  #chips;
  #list;
  #announce;
  #changed;
  #tags = [];
  #chosen = [];
  #shown = [];
  #active = -1;

  /** `changed` is called when the visitor has added or removed a value. */
  constructor(input, chips, list, announce, changed = () => {}) {
    this.#input = input;
    this.#chips = chips;
    this.#list = list;
    this.#announce = announce;
    this.#changed = changed;
    input.addEventListener("input", () => this.#type());
    input.addEventListener("keydown", (event) => this.#press(event));
    input.addEventListener("blur", () => this.#close());
    // The list must not take the focus from the box, or the box would close before the click.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#accept(Number(option.dataset.place));
    });
    chips.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.#remove(Number(button.dataset.place));
    });
  }

  set tags(tags) {
    this.#tags = tags;
    if (document.activeElement === this.#input) this.#suggest();
  }

  get values() {
    return [...this.#chosen];
  }

  /** Show other values than before. */
  replace(values) {
    this.#chosen = [];
    this.choose(values);
  }

  /** Turn what is still in the box into chips; return the chosen values. */
  commit() {
    this.choose(valuesOf(this.#input.value, this.#tags));
    this.#input.value = "";
    this.#close();
    return [...this.#chosen];
  }

  /** Add values to the chosen ones, each once. */
  choose(values) {
    for (const value of values) {
      const known = this.#chosen.some((chosen) => chosen.toLowerCase() === value.toLowerCase());
      if (!known) this.#chosen.push(value);
    }
    this.#drawChips();
  }

  get #open() {
    return !this.#list.hidden;
  }

  #remove(place) {
    const [removed] = this.#chosen.splice(place, 1);
    this.#drawChips();
    this.#input.focus();
    this.#announce(`${removed} removed.`);
    this.#changed();
  }

  #drawChips() {
    const chips = this.#chosen.map((value, place) =>
      element(
        "li",
        {},
        foreign("span", value),
        element("button", { type: "button", "data-place": place, "aria-label": `Remove ${value}` }, "×"),
      ),
    );
    this.#chips.replaceChildren(...chips);
    this.#chips.hidden = !chips.length;
  }

  // A separator ends a value, unless a tag goes on with it.
  #type() {
    const text = this.#input.value.trimStart();
    const typed = text.toLowerCase();
    const goesOn = this.#tags.some(({ tag }) => tag.toLowerCase().startsWith(typed.trimEnd()));
    if (SEPARATOR.test(text) && !goesOn) {
      const parts = text.split(SEPARATOR);
      this.#input.value = parts.pop().trimStart();
      this.choose(parts.map((part) => part.trim()).filter(Boolean));
      this.#changed();
    }
    this.#suggest();
  }

  #suggest(all = false) {
    const text = this.#input.value.trim();
    const chosen = new Set(this.#chosen.map((value) => value.toLowerCase()));
    this.#shown =
      all && !text
        ? this.#tags.filter(({ tag }) => !chosen.has(tag.toLowerCase())).slice(0, MOST)
        : matching(this.#tags, text, chosen);
    // What is typed already in full needs no suggestion of itself.
    if (this.#shown.length === 1 && this.#shown[0].tag.toLowerCase() === text.toLowerCase()) {
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
    } else if (event.key === "Backspace" && !this.#input.value && this.#chosen.length) {
      this.#remove(this.#chosen.length - 1);
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
    this.#input.value = "";
    this.choose([tag]);
    this.#close();
    this.#announce(`${tag} added.`);
    this.#changed();
  }
}
