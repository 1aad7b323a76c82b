// My schedule: the starred sessions by day, their conflicts, files of them, and a link to share.

import { byId, element, foreign } from "../element.js";
import { conflictsOf, inOrder } from "./conflicts.js";
import { calendarOf, jsonOf, markdownOf, saveFile } from "./exports.js";
import { icon } from "./icons.js";
import { shortList } from "./questions.js";
import { paint, rowParts } from "./row.js";
import { shareLink, sharedKeys } from "./stars.js";
import { dayText } from "./time.js";

const NAME = "my-schedule";

export class Mine {
  #app;
  #answers = new Map(); // the areas of alternatives that are open, by key

  constructor(app) {
    this.#app = app;
    for (const kind of ["ics", "md", "json"]) byId(`save-${kind}`).addEventListener("click", () => this.#save(kind));
    byId("share").addEventListener("click", () => this.#share());
    byId("mine-forget").addEventListener("click", () => app.star(this.#lost(), false));
  }

  #lost() {
    return this.#app.stars.keys.filter((key) => !this.#app.programme.find(key));
  }

  async #save(kind) {
    const app = this.#app;
    const sessions = inOrder(app.starred());
    if (kind === "md") {
      saveFile(`${NAME}.md`, "text/markdown", markdownOf(app.programme.name ?? "My schedule", sessions));
      app.announce(`${NAME}.md saved.`);
      return;
    }
    try {
      const details = await Promise.all(sessions.map((session) => app.programme.detailsOf(session)));
      const entries = sessions.map((session, place) => ({ session, details: details[place] }));
      if (kind === "json") saveFile(`${NAME}.json`, "application/json", jsonOf(entries));
      else {
        const { text, left } = calendarOf(entries);
        saveFile(`${NAME}.ics`, "text/calendar", text);
        if (left) {
          app.fail(new Error(`${left} of ${entries.length} sessions have no date, and are not in the calendar file.`));
          return;
        }
      }
      app.announce(`${NAME}.${kind} saved.`);
    } catch (error) {
      app.fail(error);
    }
  }

  async #share() {
    const link = shareLink(this.#app.stars.keys);
    const box = byId("share-link");
    box.value = link;
    byId("share-box").hidden = false;
    try {
      await navigator.clipboard.writeText(link);
      this.#app.announce("The link is copied.");
      byId("share-said").textContent = "Copied. Whoever opens this link sees these sessions. It holds their ids and nothing about you.";
    } catch {
      box.focus();
      box.select();
      byId("share-said").textContent = "Copy this link. It holds the ids of the sessions and nothing about you.";
    }
  }

  refresh() {
    const { stars } = this.#app;
    const sessions = inOrder(this.#app.starred());
    const lost = this.#lost();
    byId("mine-empty").hidden = stars.size > 0;
    byId("mine-tools").hidden = !sessions.length;
    byId("mine-lost").hidden = !lost.length;
    byId("mine-lost-said").textContent = `${lost.length} starred sessions are not in this programme any more.`;
    if (!sessions.length) byId("share-box").hidden = true;
    const conflicts = conflictsOf(sessions);
    byId("mine-conflicts").hidden = !conflicts.size;
    byId("mine-conflicts").lastElementChild.textContent = `${conflicts.size} sessions overlap with another one.`;
    this.#draw(sessions, conflicts);
    this.#drawShared();
  }

  #draw(sessions, conflicts) {
    const focused = document.activeElement?.dataset?.star;
    const sections = [];
    const days = new Map();
    for (const session of sessions) {
      const day = session.shown ? session.shown.day : undefined;
      days.set(day, [...(days.get(day) ?? []), session]);
    }
    for (const [day, listed] of days) {
      const rows = listed.map((session) => this.#row(session, conflicts.get(session.key) ?? []));
      const title = day === undefined ? "Without a time" : dayText(day);
      sections.push(element("section", { class: "day" }, element("h2", {}, title), element("ul", { class: "short-list" }, ...rows)));
    }
    byId("mine-days").replaceChildren(...sections);
    if (focused && !byId("view-mine").hidden) {
      const again = [...byId("mine-days").querySelectorAll(".star")];
      (again.find((star) => star.dataset.star === focused) ?? again[0] ?? byId("mine-heading")).focus();
    }
  }

  #row(session, others) {
    const app = this.#app;
    const more = [];
    let area = this.#answers.get(session.key) ?? null;
    if (others.length) {
      const titles = others.flatMap(({ title }, place) => [place ? ", " : "", foreign("i", title)]);
      more.push(element("p", { class: "clash" }, icon("alert"), element("span", {}, "Overlaps with ", ...titles)));
    }
    if (session.slot && app.programme.nameOf(session)) {
      area ??= element("div", { class: "answer-area" });
      this.#answers.set(session.key, area);
      const button = element("button", { type: "button", class: "quiet swap", "aria-label": `Find something else at the time of ${session.title}` }, icon("swap"), "Find something else in this slot");
      button.addEventListener("click", () => {
        if (area.childElementCount) area.replaceChildren();
        else app.questions.alternatives(session, area);
      });
      more.push(button);
    }
    const row = paint(element("div", { class: "row card" }, ...rowParts(session, { starred: true, more })), session);
    return element("li", { class: others.length ? "clashing" : null }, row, area ?? "");
  }

  /** Show the schedule that the address shares, until it is added or closed. */
  #drawShared() {
    const app = this.#app;
    const keys = sharedKeys(location.hash);
    const box = byId("shared");
    box.hidden = keys === null;
    if (keys === null) return;
    const sessions = inOrder(keys.map((key) => app.programme.find(key)).filter(Boolean));
    const unknown = keys.length - sessions.length;
    const add = element("button", { type: "button", class: "primary" }, "Add all to my schedule");
    const close = element("button", { type: "button" }, "Close");
    const leave = () => {
      app.leaveShared();
      byId("mine-heading").focus();
    };
    add.addEventListener("click", () => {
      app.star(sessions.map(({ key }) => key), true);
      leave();
    });
    close.addEventListener("click", leave);
    box.replaceChildren(
      element("h2", {}, `A shared schedule: ${sessions.length} sessions`),
      unknown ? element("p", { class: "hint" }, `${unknown} more are not in this programme.`) : "",
      element("p", { class: "buttons" }, add, close),
      shortList(app, sessions),
    );
  }
}
