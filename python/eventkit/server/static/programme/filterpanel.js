// The filters beside the list: for each field of the programme its values, with counts.

import { byId, element, foreign } from "../element.js";
import { countOf } from "./filters.js";
import { emptyFilters, FACETS } from "./state.js";
import { dayText, timeText } from "./time.js";

const LABELS = { track: "Track", type: "Format", level: "Level", language: "Language", location: "Room", tag: "Tag" };
const [FEW, MANY] = [7, 40];
const compare = new Intl.Collator(undefined, { numeric: true }).compare;

export class FilterPanel {
  #app;
  #groups = new Map();
  #box = byId("filters");

  constructor(app) {
    this.#app = app;
    for (const facet of FACETS) this.#groups.set(facet, this.#group(facet));
    this.#box.append(this.#times(), ...[...this.#groups.values()].map(({ made }) => made));
    this.#box.addEventListener("change", (event) => this.#choose(event.target));
    byId("clear-filters").addEventListener("click", () => {
      app.changed({ filters: { ...emptyFilters(), day: app.state.filters.day } });
      byId("filters-heading").focus();
    });
    for (const id of ["open-filters", "close-filters", "filters-done"]) {
      byId(id).addEventListener("click", () => this.#toggle(id === "open-filters"));
    }
    const sheet = byId("filter-sheet");
    sheet.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && sheet.classList.contains("open")) this.#toggle(false);
    });
  }

  /** Open or close the sheet of narrow screens. The rest of the page rests meanwhile. */
  #toggle(open) {
    byId("filter-sheet").classList.toggle("open", open);
    for (const part of document.querySelectorAll("[data-behind]")) part.inert = open;
    byId(open ? "filters-heading" : "open-filters").focus();
  }

  #times() {
    const select = (id, label) =>
      element("label", {}, label, element("select", { id, "data-edge": id.slice("filter-".length) }));
    return element(
      "fieldset",
      { class: "facet times" },
      element("legend", {}, "Starts"),
      select("filter-from", "from"),
      select("filter-to", "before"),
    );
  }

  #group(facet) {
    const list = element("div", { class: "options" });
    const more = element("button", { type: "button", class: "quiet more" });
    const find = element("input", { type: "search", "aria-label": `Find a ${LABELS[facet].toLowerCase()}`, placeholder: "Find…", hidden: true });
    const made = element("fieldset", { class: "facet", "data-facet": facet }, element("legend", {}, LABELS[facet]), find, list, more);
    const group = { made, list, more, find, all: false };
    more.addEventListener("click", () => {
      group.all = !group.all;
      this.#fill(facet);
    });
    find.addEventListener("input", () => this.#fill(facet));
    return group;
  }

  #choose(control) {
    const { filters } = this.#app.state;
    const { edge, value } = control.dataset;
    if (edge) {
      this.#app.changed({ filters: { ...filters, [edge]: control.value === "" ? null : Number(control.value) } });
    } else if (value !== undefined) {
      const facet = control.closest("[data-facet]").dataset.facet;
      const chosen = new Set(filters[facet]);
      if (control.checked) chosen.add(value);
      else chosen.delete(value);
      this.#app.changed({ filters: { ...filters, [facet]: chosen } });
    }
  }

  /** Show the counts of what is filtered now. */
  show(counts) {
    this.counts = counts;
    for (const facet of FACETS) this.#fill(facet);
    this.#fillTimes();
    const count = countOf(this.#app.state.filters);
    byId("clear-filters").hidden = !count;
    byId("filter-count").textContent = count ? String(count) : "";
    byId("filter-count").hidden = !count;
  }

  #fillTimes() {
    const { filters } = this.#app.state;
    for (const edge of ["from", "to"]) {
      const select = byId(`filter-${edge}`);
      if (!select.options.length) {
        const hours = Array.from({ length: edge === "from" ? 24 : 25 }, (_, hour) => hour * 60).slice(edge === "from" ? 0 : 1);
        const options = hours.map((minutes) => element("option", { value: minutes }, minutes === 1440 ? "midnight" : timeText(minutes)));
        select.append(element("option", { value: "" }, "any time"), ...options);
      }
      const wanted = filters[edge];
      if (wanted !== null && ![...select.options].some(({ value }) => value === String(wanted))) {
        select.append(element("option", { value: wanted }, timeText(wanted)));
      }
      select.value = wanted === null ? "" : String(wanted);
    }
  }

  #fill(facet) {
    const group = this.#groups.get(facet);
    const chosen = this.#app.state.filters[facet];
    const counts = this.counts[facet];
    for (const value of chosen) if (!counts.has(value)) counts.set(value, 0);
    const ranked = [...counts].sort(([one, many], [other, more]) => more - many || compare(one, other));
    group.made.hidden = ranked.length < 2 && !chosen.size;
    group.find.hidden = ranked.length <= MANY;
    const text = group.find.value.trim().toLowerCase();
    const held = text ? ranked.filter(([value]) => value.toLowerCase().includes(text)) : ranked;
    const first = held.filter(([value]) => chosen.has(value));
    const rest = held.filter(([value]) => !chosen.has(value));
    const most = group.all || text ? MANY : FEW;
    const shown = [...first, ...rest.slice(0, Math.max(0, most - first.length))];
    const focused = group.list.contains(document.activeElement) ? document.activeElement.dataset.value : null;
    group.list.replaceChildren(...shown.map(([value, count]) => this.#option(facet, value, count, chosen.has(value))));
    if (focused !== null) this.#focusOption(group, focused);
    group.more.hidden = held.length <= FEW || Boolean(text);
    group.more.textContent = group.all ? "Show fewer" : `Show more (${Math.min(held.length, MANY).toLocaleString()})`;
  }

  #focusOption({ list }, value) {
    const inputs = [...list.querySelectorAll("input")];
    (inputs.find(({ dataset }) => dataset.value === value) ?? inputs[0])?.focus();
  }

  #option(facet, value, count, checked) {
    const box = element("input", { type: "checkbox", "data-value": value, checked });
    box.checked = checked;
    return element(
      "label",
      { class: "option" },
      box,
      foreign("span", value, { class: "value" }),
      element("span", { class: "count" }, count.toLocaleString(), element("span", { class: "hidden" }, " sessions")),
    );
  }
}

/** The buttons of the days, with counts. */
export function dayButtons(days, chosen, allowAll) {
  const sorted = [...days.keys()].filter((day) => day !== null).sort((one, other) => one - other);
  const total = [...days.values()].reduce((sum, count) => sum + count, 0);
  const button = (value, label, count) =>
    element(
      "button",
      { type: "button", class: "day-button", "data-day": value ?? "", "aria-pressed": String(value === chosen) },
      element("span", {}, label),
      element("span", { class: "count" }, count.toLocaleString(), element("span", { class: "hidden" }, " sessions")),
    );
  const all = allowAll ? [button(null, "All days", total)] : [];
  return [...all, ...sorted.map((day) => button(day, dayText(day, true), days.get(day) ?? 0))];
}
