// The view of the whole programme: search, days, filters, and a list or a grid.

import { byId, element } from "../element.js";
import { FilterPanel, dayButtons } from "./filterpanel.js";
import { filtered } from "./filters.js";
import { Grid } from "./grid.js";
import { icon } from "./icons.js";
import { VirtualList } from "./list.js";
import { paint, rowParts } from "./row.js";
import { Search, plural, understoodChips } from "./search.js";
import { emptyFilters } from "./state.js";
import { dayText, timeText } from "./time.js";

function byTime(one, other) {
  const [first, second] = [one.shown, other.shown];
  if (!first || !second) return first ? -1 : second ? 1 : one.place - other.place;
  return (first.day ?? -1) - (second.day ?? -1) || first.from - second.from || one.place - other.place;
}

export class Browse {
  #app;
  #found = null; // the result of the search; null without one
  #searched = "";
  #passing = [];

  constructor(app) {
    this.#app = app;
    this.search = new Search(app.programme);
    this.filters = new FilterPanel(app);
    this.list = new VirtualList(byId("list"), (item, row) => this.#parts(item, row));
    this.grid = new Grid(byId("grid"), app.stars);
    byId("days").addEventListener("click", (event) => {
      const button = event.target.closest("[data-day]");
      if (!button) return;
      const day = button.dataset.day === "" ? null : Number(button.dataset.day);
      app.changed({ filters: { ...app.state.filters, day } });
      [...byId("days").children].find(({ dataset }) => dataset.day === button.dataset.day)?.focus();
    });
    byId("order").addEventListener("change", () => this.show());
    byId("show-all").addEventListener("click", () => {
      byId("search").value = "";
      app.changed({ text: "", filters: emptyFilters() });
      byId("search").focus();
    });
  }

  /** Search for a text as it is typed. */
  type(text) {
    const failed = (error) => error.name !== "AbortError" && this.#app.fail(error);
    this.search.type(
      text,
      (found) => {
        this.#take(text.trim(), found);
        const view = this.#app.state.view === "grid" ? "grid" : "list";
        this.#app.changed({ text: text.trim(), view });
        this.#app.announce(found ? `${plural(this.#passing.length)} found.` : "");
      },
      failed,
    );
  }

  #take(text, found) {
    this.#searched = text;
    this.#found = found;
  }

  focusFirst() {
    byId("results").querySelector(".row .title, .cell .title")?.focus();
  }

  /** Show what the state says; search first if the text is another one. */
  async show() {
    const { text } = this.#app.state;
    if (text !== this.#searched) {
      try {
        const found = await this.search.now(text);
        if (text !== this.#app.state.text) return;
        this.#take(text, found);
      } catch (error) {
        if (error.name !== "AbortError") this.#app.fail(error);
        return;
      }
    }
    this.#draw();
  }

  #draw() {
    const { programme, state } = this.#app;
    const grid = state.view === "grid";
    const sessions = this.#found ? this.#found.sessions : programme.sessions;
    let { filters } = state;
    let result = filtered(sessions, filters);
    if (grid) {
      // A grid shows one day: the chosen one, or the first with sessions.
      const days = [...result.days.keys()].filter((day) => day !== null).sort((one, other) => one - other);
      if (filters.day === null || !days.includes(filters.day)) {
        filters = { ...filters, day: days[0] ?? null };
        result = filtered(sessions, filters);
      }
    }
    this.#passing = result.passing;
    byId("days").replaceChildren(...dayButtons(result.days, filters.day, !grid));
    byId("days").hidden = result.days.size < 2 && filters.day === null && !grid;
    this.filters.show(result.counts);
    for (const button of document.querySelectorAll(".toggle [data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
    }
    this.#drawSearch();
    byId("list-box").hidden = grid;
    byId("grid-box").hidden = !grid;
    const none = !result.passing.length;
    byId("nothing").hidden = !none;
    const zone = this.#app.zoneLabel();
    const count = `${plural(result.passing.length)}${this.#found ? " found" : ""}`;
    byId("count").textContent = zone ? `${count} · times: ${zone}` : count;
    if (grid) this.#drawGrid(result.passing);
    else this.#drawList(result.passing);
  }

  #drawSearch() {
    const found = this.#found;
    byId("order-box").hidden = !found || this.#app.state.view === "grid";
    const suggest = (near) => {
      byId("search").value = near;
      byId("search").focus();
      this.type(near);
    };
    const chips = found ? understoodChips(found.understood, suggest) : [];
    if (found && !found.sessions.length && !found.understood.some(({ nearest }) => nearest.length)) {
      chips.push(element("li", { class: "chip nothing" }, "Nothing matches. Try another word."));
    }
    if (found?.plain) chips.push(element("li", { class: "chip nothing" }, "The server does not answer: plain text search"));
    byId("understood").replaceChildren(...chips);
    byId("understood").hidden = !chips.length;
  }

  /** Whether the list is in the order of a search's matches. */
  get #ranked() {
    return this.#found !== null && byId("order").value === "match";
  }

  #drawGrid(passing) {
    const timed = passing.filter(({ shown }) => shown);
    const left = passing.length - timed.length;
    byId("grid-note").hidden = !left;
    byId("grid-note").textContent = `${plural(left)} without a time: see the list.`;
    this.grid.show(timed, this.#found?.words ?? []);
  }

  #drawList(passing) {
    if (this.#ranked) {
      this.list.show(passing.map((session) => ({ session })));
      return;
    }
    const items = [];
    let last = null;
    for (const session of [...passing].sort(byTime)) {
      const { shown } = session;
      const heading = shown ? `${shown.day} ${shown.from}` : "none";
      if (heading !== last) items.push({ heading: shown });
      last = heading;
      items.push({ session });
    }
    this.list.show(items);
  }

  #parts({ session, heading }, row) {
    if (!session) {
      const text = heading ? [element("b", {}, timeText(heading.from)), heading.day === null ? "" : ` ${dayText(heading.day)}`] : ["Without a time"];
      return [element("h3", {}, ...text)];
    }
    paint(row, session);
    const app = this.#app;
    const more = [];
    if (this.#found && app.missing(session)) {
      const button = element("button", { type: "button", class: "quiet whynot", "aria-label": `Why is ${session.title} not recommended?` }, icon("alert"), "Not in your list. Why?");
      button.addEventListener("click", () => {
        app.open(session, button);
        app.questions.whyNot(session, byId("panel-answer"));
      });
      more.push(button);
    }
    return rowParts(session, {
      starred: app.stars.has(session.key),
      words: this.#found?.words ?? [],
      dated: this.#ranked,
      more: more.length ? [element("div", { class: "extra" }, ...more)] : [],
    });
  }

  /** Draw the stars anew. */
  refresh() {
    if (byId("view-list").hidden) return;
    if (this.#app.state.view === "grid") this.grid.refresh();
    else this.list.refresh();
  }
}
