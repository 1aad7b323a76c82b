// The details of a session, in a panel: all of it is text, whatever a programme holds.

import { byId, element, foreign } from "../element.js";
import { icon } from "./icons.js";
import { starButton } from "./row.js";
import { dayText, rangeText } from "./time.js";

const WIDE = "(min-width: 60rem)";

function fact(name, label, ...content) {
  return element("li", {}, icon(name), element("span", { class: "hidden" }, `${label}: `), element("span", {}, ...content));
}

/** Paragraphs of a text; a line that begins with a star or a dash is a paragraph of its own. */
function paragraphs(text) {
  const parts = text.split(/\n\s*\n|\n/).map((part) => part.trim()).filter(Boolean);
  return parts.map((part) => foreign("p", part));
}

function linkOf(url) {
  let target;
  try {
    target = new URL(url);
  } catch {
    return null;
  }
  if (!["https:", "http:"].includes(target.protocol)) return null;
  const link = element("a", { href: target.href, rel: "noopener noreferrer nofollow", target: "_blank" }, `Open on ${target.host}`);
  return element("p", { class: "link" }, link);
}

export class Details {
  #app;
  #panel = byId("panel");
  #opener = null;
  #serial = 0;

  constructor(app) {
    this.#app = app;
    this.#panel.addEventListener("close", () => this.#closed());
    this.#panel.addEventListener("click", (event) => {
      // A click beside a modal panel, on its backdrop.
      if (event.target === this.#panel) this.close();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#panel.open && !this.#panel.matches(":modal")) this.close();
    });
  }

  get shown() {
    return this.#panel.open ? this.#panel.dataset.key : null;
  }

  open(session, opener = null) {
    this.#opener = opener ?? this.#opener;
    this.#panel.dataset.key = session.key;
    this.#draw(session);
    if (!this.#panel.open) {
      if (matchMedia(WIDE).matches) this.#panel.show();
      else this.#panel.showModal();
    }
    this.#panel.scrollTop = 0;
    byId("panel-title").focus({ preventScroll: true });
  }

  close() {
    if (this.#panel.open) this.#panel.close();
  }

  #closed() {
    const key = this.#panel.dataset.key;
    this.#serial += 1;
    const again = [...document.querySelectorAll("[data-open]")].find((button) => button.dataset.open === key);
    (this.#opener?.isConnected ? this.#opener : again)?.focus();
    this.#opener = null;
    this.#app.changed({ open: null });
  }

  #facts(session) {
    const { shown, slot, location, track, type, level, language, speakers } = session;
    const facts = [];
    if (shown) {
      const zone = this.#app.zoneLabel();
      const day = shown.day === null ? "" : `${dayText(shown.day)}, `;
      facts.push(fact("clock", "Time", `${day}${rangeText(shown)}`, zone ? element("small", {}, ` ${zone}`) : ""));
    } else if (!slot) facts.push(fact("clock", "Time", "No time given"));
    if (location) facts.push(fact("room", "Room", foreign("span", location)));
    const kinds = [track, type, level, language].filter((kind, place, all) => kind && all.indexOf(kind) === place);
    if (kinds.length) facts.push(fact("list", "Kind", foreign("span", kinds.join(" · "))));
    if (speakers.length) facts.push(fact("person", "Speakers", foreign("span", speakers.join(", "))));
    return element("ul", { class: "panel-facts" }, ...facts);
  }

  #draw(session) {
    const app = this.#app;
    const close = element("button", { type: "button", class: "quiet", "aria-label": "Close details" }, icon("close"));
    close.addEventListener("click", () => this.close());
    const star = starButton(session, app.stars.has(session.key));
    const tags = session.tags.filter((tag) => tag !== session.track && tag !== session.type);
    const text = element("div", { class: "panel-text", "aria-live": "polite" });
    const actions = element("div", { class: "panel-actions" });
    if (app.programme.nameOf(session)) {
      if (session.slot) {
        actions.append(this.#action("swap", "What else runs then", (area) => app.questions.alternatives(session, area)));
      }
      if (app.missing(session)) {
        actions.append(this.#action("alert", "Why not recommended?", (area) => app.questions.whyNot(session, area)));
      } else if (app.recommended.has(session.key) && app.programme.isTitled(session)) {
        actions.append(this.#action("spark", "Why recommended?", (area) => app.questions.explain(session, area)));
      }
    }
    this.#panel.replaceChildren(
      element("div", { class: "panel-bar" }, star, close),
      foreign("h2", session.title, { id: "panel-title", tabindex: "-1" }),
      this.#facts(session),
      actions,
      element("div", { id: "panel-answer", class: "answer-area" }),
      text,
      tags.length ? element("ul", { class: "tags", "aria-label": "Tags" }, ...tags.map((tag) => foreign("li", tag))) : "",
    );
    this.#addText(session, text);
  }

  #action(name, label, run) {
    const button = element("button", { type: "button" }, icon(name), label);
    button.addEventListener("click", () => run(byId("panel-answer")));
    return button;
  }

  async #addText(session, box) {
    this.#serial += 1;
    const serial = this.#serial;
    try {
      const { abstract, description, url } = await this.#app.programme.detailsOf(session);
      if (serial !== this.#serial) return;
      const texts = [abstract, description === abstract ? null : description].filter(Boolean);
      box.replaceChildren(...texts.flatMap(paragraphs), linkOf(url) ?? "");
    } catch (error) {
      if (serial === this.#serial) box.replaceChildren(element("p", { class: "hint" }, error.message));
    }
  }

  /** Update the star, after it was pressed elsewhere. */
  refresh() {
    if (this.#panel.open) {
      const starred = this.#app.stars.has(this.#panel.dataset.key);
      this.#panel.querySelector(".star").setAttribute("aria-pressed", String(starred));
    }
  }
}
