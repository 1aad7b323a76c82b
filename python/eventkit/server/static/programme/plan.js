// "Plan my day": the best sessions that do not overlap, around the visitor's meetings.

import { byId, element, foreign } from "../element.js";
import { ask } from "../http.js";
import { askBusy, readBusy } from "./busy.js";
import { inOrder } from "./conflicts.js";
import { shortList } from "./questions.js";
import { dayText, isoDay } from "./time.js";

const MOST_LEFT_OUT = 6;
const LARGEST_LIST = 100; // items of a list that the server takes

function reasonOf({ reason, session, busy }) {
  if (reason === "overlaps") return ["overlaps with ", foreign("i", session)];
  if (reason === "busy") return ["you have a meeting then"];
  return [{ untimed: "has no time", limit: "the plan is full", "no gain": "matches too little" }[reason] ?? reason];
}

export class Plan {
  #app;
  #shown = null;
  #offered = null;
  #serial = 0;

  constructor(app) {
    this.#app = app;
    byId("plan-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
    byId("plan-file").addEventListener("change", () => {
      const [file] = byId("plan-file").files;
      byId("plan-file-name").textContent = file ? file.name : "none chosen";
    });
    byId("plan-calendar").addEventListener("change", ({ target }) => {
      byId("plan-user-field").hidden = !target.checked;
    });
  }

  /** Offer the calendar of the visitor, if the server reads calendars. */
  async #offerCalendar() {
    try {
      byId("plan-calendar-field").hidden = !(await ask("ready")).calendars;
    } catch {
      // Without an answer, a file is still there to choose.
    }
  }

  /** Offer the days of the programme, and the calendar if the server reads calendars. */
  offer() {
    const found = new Set(this.#app.programme.sessions.map(({ shown }) => shown?.day ?? null));
    const days = [...found].filter((day) => day !== null).sort((one, other) => one - other);
    const chosen = byId("plan-day").value;
    const options = days.map((day) => element("option", { value: isoDay(day) }, dayText(day)));
    byId("plan-day").replaceChildren(element("option", { value: "" }, "All days"), ...options);
    if (days.some((day) => isoDay(day) === chosen)) byId("plan-day").value = chosen;
    this.#offered ??= this.#offerCalendar();
  }

  /** Drop the plan, also one that is being made, as the interests are others now. */
  forget() {
    this.#serial += 1;
    this.#shown = null;
    byId("plan-answer").replaceChildren();
  }

  async #make() {
    const app = this.#app;
    const button = byId("plan-make");
    button.disabled = true;
    this.forget();
    const serial = this.#serial;
    byId("plan-answer").replaceChildren(element("p", { class: "hint" }, "Planning…"));
    try {
      const answer = await app.askRanked("plan", await this.#wishes());
      if (serial !== this.#serial) return;
      const sessions = answer.sessions.map((held) => app.programme.match(held)).filter(Boolean);
      this.#shown = { ...answer, sessions };
      this.refresh();
      byId("plan-answer").querySelector("h3")?.focus();
    } catch (error) {
      if (serial !== this.#serial) return;
      const said = error.status === 409 ? `The plan is not possible: ${error.content.reason}.` : error.message;
      byId("plan-answer").replaceChildren(element("p", { class: "problem", role: "alert" }, said));
    } finally {
      button.disabled = false;
    }
  }

  async #wishes() {
    const app = this.#app;
    const wishes = { interests: app.state.interests, gap: Number(byId("plan-gap").value) };
    if (byId("plan-keep").checked) {
      const named = app.starred().filter(({ slot }) => slot).map((session) => app.programme.nameOf(session));
      wishes.must = named.filter(Boolean);
    }
    const [file] = byId("plan-file").files;
    const held = file ? await readBusy(file, app.programme) : [];
    if (byId("plan-calendar").checked) held.push(...(await askBusy(byId("plan-user").value.trim(), app.programme)));
    if (file || byId("plan-calendar").checked) {
      wishes.busy = held;
      if (app.programme.zone) wishes.zone = app.programme.zone;
      app.announce(`${wishes.busy.length} meetings at the time of the programme.`);
    }
    for (const name of ["must", "busy"]) {
      const count = wishes[name]?.length ?? 0;
      if (count > LARGEST_LIST) {
        throw new Error(`The server takes ${LARGEST_LIST} ${name === "busy" ? "meetings" : "starred sessions"} at most, and there are ${count}.`);
      }
    }
    return wishes;
  }

  refresh() {
    if (!this.#shown) return;
    const app = this.#app;
    const wanted = byId("plan-day").value;
    const sessions = inOrder(this.#shown.sessions).filter(({ shown }) => !wanted || isoDay(shown.day ?? 0) === wanted);
    const days = [...new Set(sessions.map(({ shown }) => shown.day))];
    const parts = [element("h3", { tabindex: "-1" }, sessions.length ? `Your plan: ${sessions.length} sessions, none overlap` : "Nothing fits into this plan.")];
    const missing = sessions.filter(({ key }) => !app.stars.has(key));
    if (missing.length) {
      const button = element("button", { type: "button", class: "primary" }, `Star all ${sessions.length} sessions`);
      button.addEventListener("click", () => app.star(missing.map(({ key }) => key), true));
      parts.push(element("p", {}, button));
    } else if (sessions.length) parts.push(element("p", { class: "hint" }, "All of them are in your schedule."));
    for (const day of days) {
      parts.push(element("h4", {}, dayText(day)));
      parts.push(shortList(app, sessions.filter(({ shown }) => shown.day === day)));
    }
    const focused = document.activeElement?.dataset?.star;
    byId("plan-answer").replaceChildren(...parts, ...this.#leftOut());
    if (focused) [...byId("plan-answer").querySelectorAll(".star")].find((star) => star.dataset.star === focused)?.focus();
  }

  #leftOut() {
    const { left_out: left, leftOutCount: count } = this.#shown;
    if (!left.length) return [];
    const items = left.slice(0, MOST_LEFT_OUT).map((row) =>
      element("li", {}, foreign("b", row.title), ": ", ...reasonOf(row)),
    );
    const more = count > items.length ? element("p", { class: "hint" }, `and ${(count - items.length).toLocaleString()} more`) : "";
    return [element("details", {}, element("summary", {}, `Left out: ${count.toLocaleString()} sessions`), element("ul", { class: "left-out" }, ...items), more)];
  }
}
