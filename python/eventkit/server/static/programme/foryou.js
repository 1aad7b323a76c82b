// The view of recommendations: interests as chips, ranked sessions, and a plan without overlaps.

import { Combobox } from "../combobox.js";
import { byId, element } from "../element.js";
import { ask } from "../http.js";
import { Plan } from "./plan.js";
import { paint, rowParts } from "./row.js";
import { understoodChips } from "./search.js";

export class ForYou {
  #app;
  #combobox;
  #asked = "";
  #serial = 0;

  constructor(app) {
    this.#app = app;
    this.#combobox = new Combobox(byId("interests"), byId("chosen"), byId("suggestions"), app.announce, () =>
      this.#taken(),
    );
    byId("interests-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#combobox.commit();
      this.#taken();
    });
    byId("top").addEventListener("change", () => app.changed({ top: Number(byId("top").value) }));
    this.plan = new Plan(app);
  }

  /** Take the interests of the box. */
  #taken() {
    this.#app.changed({ interests: this.#combobox.values });
  }

  async completeTags() {
    try {
      this.#combobox.tags = (await ask("tags")).tags;
    } catch {
      // Without suggestions the box takes any text all the same.
    }
  }

  /** Show the recommendations for the interests of the state; ask only if these have changed. */
  async show() {
    const { interests, top } = this.#app.state;
    const same = JSON.stringify(this.#combobox.values) === JSON.stringify(interests);
    if (!same) this.#combobox.replace(interests);
    const select = byId("top");
    if (![...select.options].some(({ value }) => Number(value) === top)) select.append(element("option", {}, top));
    select.value = String(top);
    byId("foryou-empty").hidden = interests.length > 0;
    byId("foryou-results").hidden = !interests.length;
    this.plan.offer();
    const wanted = JSON.stringify([interests, top]);
    if (!interests.length || wanted === this.#asked) {
      this.refresh();
      return;
    }
    await this.#recommend(wanted);
  }

  async #recommend(wanted) {
    const app = this.#app;
    this.#asked = wanted;
    this.#serial += 1;
    const serial = this.#serial;
    // Now, and not when the answer is there: the visitor may have asked for a new plan by then.
    this.plan.forget();
    byId("foryou-list").setAttribute("aria-busy", "true");
    try {
      const { top, interests } = app.state;
      const body = { interests, top, balance: "interests" };
      const answer = await app.askRanked("recommend", body);
      if (serial !== this.#serial) return;
      this.#shown(answer);
    } catch (error) {
      if (serial !== this.#serial) return;
      this.#asked = "";
      app.fail(error);
    } finally {
      if (serial === this.#serial) byId("foryou-list").setAttribute("aria-busy", "false");
    }
  }

  #shown({ sessions, scoring, understood }) {
    const app = this.#app;
    app.recommended = new Map();
    sessions.forEach((held, place) => {
      const session = app.programme.match(held);
      if (session) app.recommended.set(session.key, { session, score: Number(scoring[place].score) });
    });
    const replace = (near, interest) => {
      const interests = app.state.interests.map((own) => (own.toLowerCase() === interest.toLowerCase() ? near : own));
      app.changed({ interests });
    };
    byId("foryou-understood").replaceChildren(...understoodChips(understood ?? [], replace));
    this.refresh();
    const count = app.recommended.size;
    app.announce(count ? `${count} sessions recommended.` : "No session matches your interests.");
    app.details.refresh();
  }

  /** Draw the list anew, as after a star. */
  refresh() {
    const app = this.#app;
    const rows = [...app.recommended.values()];
    const best = Math.max(0.001, ...rows.map(({ score }) => score));
    const items = rows.map(({ session, score }, place) => {
      const meter = element("span", { class: "meter", "aria-hidden": "true" }, element("span", {}));
      meter.firstChild.style.inlineSize = `${Math.max(2, (score / best) * 100)}%`;
      const rank = element("p", { class: "rank" }, element("b", {}, `${place + 1}`), meter, `${score.toFixed(2)} points`);
      const parts = rowParts(session, { starred: app.stars.has(session.key), more: [rank], dated: true });
      return paint(element("li", { class: "row card" }, ...parts), session);
    });
    const focused = document.activeElement?.dataset?.star;
    byId("foryou-list").replaceChildren(...items);
    byId("foryou-none").hidden = items.length > 0 || !this.#asked;
    if (focused && !byId("view-foryou").hidden) {
      [...byId("foryou-list").querySelectorAll(".star")].find((star) => star.dataset.star === focused)?.focus();
    }
    this.plan.refresh();
  }
}

