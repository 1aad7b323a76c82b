// Search while typing: the server understands the words, and chips say what they matched.

import { element, foreign } from "../element.js";
import { ask } from "../http.js";
import { Changed } from "./programme.js";

const WAIT = 60; // milliseconds after a key, so that a fast typist asks once
const MOST = 60; // answers that are kept

const plural = (count) => `${count.toLocaleString()} ${count === 1 ? "session" : "sessions"}`;

/** Search the words as they are, where the server cannot be reached. */
export function plainSearch(programme, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (session) => {
    const { title, location, track, tags, speakers } = session;
    const whole = [title, location, track, ...tags, ...speakers].join(" ").toLowerCase();
    return words.every((word) => whole.includes(word));
  };
  return { plain: true, sessions: programme.sessions.filter(holds), understood: [], words };
}

/** The words of the programme that were matched: what to mark in titles. */
function wordsOf(understood) {
  const words = understood.flatMap(({ matches }) => matches.flatMap(({ term }) => [term, ...term.split(" ")]));
  return [...new Set(words.map((word) => word.toLowerCase()))].filter((word) => word.length > 1).sort((one, other) => other.length - one.length);
}

export class Search {
  #programme;
  #kept = new Map();
  #timer = null;
  #asking = null;

  constructor(programme) {
    this.#programme = programme;
  }

  /** Search after a short wait. `found` gets the result, or null for an empty text. */
  type(text, found, failed) {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    const wanted = text.trim();
    if (!wanted) {
      found(null);
      return;
    }
    const wait = this.#kept.has(wanted) ? 0 : WAIT;
    this.#timer = setTimeout(() => this.#run(wanted).then(found, failed), wait);
  }

  async now(text) {
    const wanted = text.trim();
    return wanted ? this.#run(wanted) : null;
  }

  async #run(text) {
    if (this.#kept.has(text)) return this.#kept.get(text);
    this.#asking = new AbortController();
    let answer;
    try {
      // A POST: an address may not be long enough, and a sentence with commas is one question.
      answer = await ask("understand", { body: { interests: [text] }, signal: this.#asking.signal });
    } catch (error) {
      if (error.status === 0 || error.status === 429) return plainSearch(this.#programme, text);
      // Nothing but separators, or a text that no interest may be.
      if (error.status === 400) return { sessions: [], understood: [], words: [] };
      throw error;
    }
    if (answer.edition !== this.#programme.edition) throw new Changed();
    const sessions = answer.positions.map((place) => this.#programme.sessions[place]);
    const result = { sessions, understood: answer.understood, words: wordsOf(answer.understood) };
    this.#kept.set(text, result);
    if (this.#kept.size > MOST) this.#kept.delete(this.#kept.keys().next().value);
    return result;
  }
}

const HOW = { alias: "means the same", typo: "spelt alike", prefix: "begins so", form: "other form" };

function chipOf({ word, terms, sessions, how }) {
  const parts = terms.flatMap((term, place) => [place ? ", " : "", foreign("b", term)]);
  const arrow = terms.length === 1 && terms[0] === word ? [] : [foreign("span", word), " → "];
  const said = HOW[how] ? element("span", { class: "how" }, HOW[how]) : null;
  return element("li", { class: "chip" }, ...arrow, ...parts, `, ${plural(sessions)}`, said);
}

/** What each word of an interest matched: one chip a word, with its best known terms. */
function matchesOf({ matches }) {
  const words = new Map();
  for (const match of matches) {
    const held = words.get(match.word) ?? { word: match.word, terms: [], sessions: 0, how: null };
    if (!held.terms.includes(match.term) && held.terms.length < 3) held.terms.push(match.term);
    held.sessions = Math.max(held.sessions, match.sessions);
    held.how = match.term === match.word ? null : (held.how ?? (held.terms.includes(match.word) ? null : match.how));
    words.set(match.word, held);
  }
  return [...words.values()];
}

/** Chips that say what interests matched; `suggest` is called with a suggestion that is pressed. */
export function understoodChips(understood, suggest) {
  const chips = [];
  for (const found of understood) {
    chips.push(...matchesOf(found).map(chipOf));
    if (found.level) chips.push(element("li", { class: "chip" }, "level: ", element("b", {}, found.level)));
    for (const word of found.unmatched) {
      chips.push(element("li", { class: "chip nothing" }, foreign("b", word), ": nothing matches"));
    }
    if (found.nearest.length) chips.push(element("li", { class: "chip label" }, "Did you mean"));
    for (const near of found.nearest) {
      const button = element("button", { type: "button", class: "chip suggestion" }, foreign("span", near));
      button.addEventListener("click", () => suggest(near, found.interest));
      chips.push(element("li", {}, button));
    }
  }
  return chips;
}

export { plural };
