// The page of a programme: reads it, and keeps the address, the stars and what is shown together.

import { byId, element } from "../element.js";
import { ask } from "../http.js";
import { announce, hideProblem, showProblem } from "../notice.js";
import { Browse } from "./browse.js";
import { Details } from "./details.js";
import { ForYou } from "./foryou.js";
import { Mine } from "./mine.js";
import { keepOffline } from "./offline.js";
import { loadProgramme } from "./programme.js";
import { Questions } from "./questions.js";
import { readState, writeState } from "./state.js";
import { Stars } from "./stars.js";

const INTERESTS = "eventkit-interests";

function storedInterests() {
  try {
    const held = JSON.parse(localStorage.getItem(INTERESTS) ?? "[]");
    return Array.isArray(held) ? held.filter((interest) => typeof interest === "string") : [];
  } catch {
    return [];
  }
}

class App {
  announce = announce;
  recommended = new Map();

  constructor(programme) {
    this.programme = programme;
    this.state = this.#read();
    this.stars = new Stars(programme);
    this.questions = new Questions(this);
    this.details = new Details(this);
    this.browse = new Browse(this);
    this.foryou = new ForYou(this);
    this.mine = new Mine(this);
    this.stars.listen(() => this.#starred());
    this.#listen();
  }

  #read() {
    const state = readState(location.search);
    if (!state.interests.length) state.interests = storedInterests();
    return state;
  }

  #listen() {
    document.addEventListener("click", (event) => this.#click(event));
    addEventListener("popstate", () => {
      this.state = this.#read();
      this.#showState();
    });
    addEventListener("hashchange", () => this.mine.refresh());
    byId("zone").addEventListener("change", () => this.changed({ clock: byId("zone").value }));
    byId("search").addEventListener("input", () => this.browse.type(byId("search").value));
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.browse.focusFirst();
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, select, textarea");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        byId("search").focus();
      }
    });
  }

  #click(event) {
    const star = event.target.closest("[data-star]");
    const title = event.target.closest("[data-open]");
    const view = event.target.closest("[data-view]");
    if (star) this.star([star.dataset.star], star.getAttribute("aria-pressed") !== "true");
    else if (title) this.open(this.programme.find(title.dataset.open), title);
    else if (view && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      this.changed({ view: view.dataset.view }, true);
      scrollTo(0, 0);
    }
  }

  open(session, opener) {
    this.details.open(session, opener);
    this.changed({ open: session.key });
  }

  /** Change the state, write the address, and show what has changed. */
  changed(parts, push = false) {
    const before = this.state;
    this.state = { ...before, ...parts };
    if ("interests" in parts) {
      try {
        localStorage.setItem(INTERESTS, JSON.stringify(this.state.interests));
      } catch {
        // They are in the address too.
      }
    }
    const query = writeState(this.state);
    const url = `${location.pathname}${query ? `?${query}` : ""}${this.state.view === "mine" ? location.hash : ""}`;
    if (push && url !== `${location.pathname}${location.search}${location.hash}`) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
    if (Object.keys(parts).join() !== "open") this.#showState();
  }

  leaveShared() {
    history.replaceState(null, "", `${location.pathname}${location.search}`);
    this.mine.refresh();
  }

  #showState() {
    hideProblem();
    const { view, clock, open, text } = this.state;
    if (clock !== this.programme.clock) {
      this.programme.setClock(clock);
      byId("zone").value = this.programme.clock;
    }
    const shown = view === "grid" ? "list" : view;
    for (const name of ["list", "foryou", "mine"]) byId(`view-${name}`).hidden = name !== shown;
    for (const link of document.querySelectorAll("[data-tab]")) {
      if (link.dataset.view === shown) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (byId("search").value !== text && document.activeElement !== byId("search")) byId("search").value = text;
    if (shown === "list") this.browse.show();
    if (shown === "foryou") this.foryou.show();
    if (shown === "mine") this.mine.refresh();
    const session = open ? this.programme.find(open) : null;
    if (session && this.details.shown !== open) this.details.open(session);
    if (!session) this.details.close();
  }

  #starred() {
    const count = this.stars.size;
    for (const badge of document.querySelectorAll(".badge")) {
      badge.textContent = count ? count.toLocaleString() : "";
      badge.hidden = !count;
    }
    const { view } = this.state;
    if (view === "mine") this.mine.refresh();
    else if (view === "foryou") this.foryou.refresh();
    else this.browse.refresh();
    // Rows that are not drawn anew: those of answers, and of the panel.
    for (const star of document.querySelectorAll("[data-star]")) {
      star.setAttribute("aria-pressed", String(this.stars.has(star.dataset.star)));
    }
  }

  /** Star sessions, or take their stars away. */
  star(keys, starred) {
    const stored = this.stars.set(keys, starred);
    const [session] = keys.map((key) => this.programme.find(key));
    const what = keys.length === 1 ? (session?.title ?? "1 session") : `${keys.length} sessions`;
    announce(`${what}: ${starred ? "in" : "no longer in"} my schedule.`);
    if (!stored) this.fail(new Error("This browser stores nothing, so the stars last until the page is closed."));
  }

  starred() {
    return this.stars.keys.map((key) => this.programme.find(key)).filter(Boolean);
  }

  addInterests(added) {
    const known = new Set(this.state.interests.map((interest) => interest.toLowerCase()));
    const interests = [...this.state.interests, ...added.filter((interest) => !known.has(interest.toLowerCase()))];
    this.details.close();
    this.changed({ interests, view: "foryou", open: null }, true);
  }

  /** Whether there are interests, and a session is not among the recommended ones. */
  missing(session) {
    return this.state.interests.length > 0 && this.recommended.size > 0 && !this.recommended.has(session.key);
  }

  /** What the clock that is shown is called; an empty text where nobody knows. */
  zoneLabel() {
    if (this.programme.clock === "event") return this.programme.eventZone ?? "";
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    return `${zone.replaceAll("_", " ")}, my time`;
  }

  /** Ask a question whose interests are understood. */
  askRanked(path, body) {
    return ask(path, { body: { ...body, understand: true } });
  }

  fail(error) {
    showProblem(error);
  }

  #offerClocks() {
    const { programme } = this;
    // Without an offset in the programme, nobody knows what its times are elsewhere.
    byId("zone").replaceChildren(
      element("option", { value: "event" }, "Event time"),
      element("option", { value: "mine", disabled: programme.offset === null }, "My time"),
    );
  }

  async start() {
    const { programme } = this;
    byId("name").textContent = programme.name ?? "Programme";
    document.title = programme.name ? `${programme.name} · programme` : "Programme";
    this.#offerClocks();
    byId("loading").remove();
    document.body.classList.add("ready");
    this.#showState();
    this.#starred();
    performance.mark("programme-shown");
    await this.foryou.completeTags();
    // "Why not?" beside the results of a search needs to know what is recommended.
    if (this.state.interests.length) await this.foryou.show();
    this.browse.refresh();
    await keepOffline(programme, () => {
      document.body.dataset.offline = "ready";
    });
  }
}

loadProgramme()
  .then((programme) => new App(programme).start())
  .catch((error) => {
    byId("loading")?.remove();
    showProblem(error);
  });
