// Questions about one session: what else runs then, why it is not recommended, and why it is.

import { element, foreign } from "../element.js";
import { drawExplanation } from "../explanation.js";
import { ask } from "../http.js";
import { paint, rowParts } from "./row.js";

/** A list of sessions as short rows. */
export function shortList(app, sessions) {
  const items = sessions.map((session) =>
    paint(
      element("li", { class: "row short" }, ...rowParts(session, { starred: app.stars.has(session.key) })),
      session,
    ),
  );
  return element("ul", { class: "short-list" }, ...items);
}

function stepText({ add_interest: interest, raise_weight: weight, to, drop_filter: dropped }) {
  if (interest !== undefined) return `the interest “${interest}”`;
  if (weight !== undefined) return `the weight of ${weight} raised to ${to}`;
  return `the filter ${dropped} dropped`;
}

export class Questions {
  #app;

  constructor(app) {
    this.#app = app;
  }

  /** Interests to rank by: those of the visitor, else the tags of the starred sessions, else its own. */
  #interestsFor(session) {
    const { interests } = this.#app.state;
    if (interests.length) return interests;
    const tags = [...new Set([...this.#app.starred(), session].flatMap(({ tags: own }) => own))];
    return tags.length ? tags.slice(0, 20) : [session.title.slice(0, 200)];
  }

  async #show(area, compute) {
    area.replaceChildren(element("p", { class: "hint", role: "status" }, "Looking…"));
    try {
      const drawn = await compute();
      area.replaceChildren(...drawn);
      area.querySelector("h3")?.focus();
    } catch (error) {
      area.replaceChildren(element("p", { class: "problem", role: "alert" }, error.message));
    }
  }

  #heading(text) {
    return element("h3", { tabindex: "-1" }, text);
  }

  alternatives(session, area) {
    const app = this.#app;
    return this.#show(area, async () => {
      const body = { session: app.programme.nameOf(session), interests: this.#interestsFor(session), top: 5 };
      const matching = this.#others(session, await app.askRanked("alternatives", body));
      if (matching.length) return [this.#heading("What else runs then"), shortList(app, matching)];
      // Nothing of the visitor's interests: all of that time, by popularity.
      const others = this.#others(session, await ask("alternatives", { body }));
      if (!others.length) return [this.#heading("Nothing else runs at that time.")];
      return [this.#heading("Nothing else then matches your interests. What runs:"), shortList(app, others)];
    });
  }

  #others(session, { sessions }) {
    const found = sessions.map((held) => this.#app.programme.match(held));
    return found.filter((other) => other && other !== session);
  }

  whyNot(session, area) {
    const app = this.#app;
    return this.#show(area, async () => {
      const { interests, top } = app.state;
      const found = await app.askRanked("why-not", { session: app.programme.nameOf(session), interests, top });
      return [this.#heading("Why it is not recommended"), ...this.#reasons(found, top)];
    });
  }

  #reasons({ shown, rank, gap, last, slot_taken_by: better, changes }, top) {
    const parts = [];
    const say = (...content) => parts.push(element("p", {}, ...content));
    if (shown) say("By score alone it is among the first. Another of your interests took its place, so that each has some.");
    else if (rank === null) say("It matches none of your interests.");
    else {
      const behind = last === null || gap === null ? "" : `, ${gap.toFixed(2)} points behind the last of them, `;
      say(`It is number ${rank.toLocaleString()}, and the first ${top} are shown${behind}`, behind ? foreign("i", last) : "", ".");
    }
    if (better) say("At the same time, ", foreign("i", better), " has a better score.");
    if (changes.length) {
      parts.push(element("p", {}, "It would be shown with:"));
      parts.push(element("ul", { class: "changes" }, ...changes.slice(0, 4).map((steps) => this.#change(steps))));
    } else if (!shown) say("No small change of your interests would bring it in.");
    return parts;
  }

  #change(steps) {
    const added = steps.map(({ add_interest: interest }) => interest);
    const text = steps.map(stepText).join(" and ");
    if (added.includes(undefined)) return element("li", {}, text);
    const button = element("button", { type: "button" }, `Add ${text}`);
    button.addEventListener("click", () => this.#app.addInterests(added));
    return element("li", {}, button);
  }

  explain(session, area) {
    const app = this.#app;
    return this.#show(area, async () => {
      // The original's question: it takes titles only.
      const body = { session: session.title, interests: app.state.interests, understand: true };
      const found = await ask("explain", { body });
      const terms = (found.terms ?? []).map(({ word, term }) => (word === term ? word : `${word} → ${term}`));
      const matched = [...new Set([...(terms.length ? terms : (found.matched_tags ?? []))])];
      return [this.#heading("Why it is recommended"), ...drawExplanation({ ...found, matched_tags: matched })];
    });
  }
}
