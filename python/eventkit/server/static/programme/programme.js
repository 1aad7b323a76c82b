// The programme: read from the server once, as columns, and turned into objects.

import { ask } from "../http.js";
import { parseSlot } from "../moment.js";
import { isZone, offsetIn, offsetText, onMyClock } from "./time.js";

const TEXTS = ["title", "location", "track", "type", "level", "language", "start", "end"];
const LISTS = ["tags", "speakers"];

function decoded(columns, row, place) {
  const session = { place, key: columns.key[row] };
  for (const name of TEXTS) session[name] = columns[name].values[columns[name].places[row]] ?? null;
  for (const name of LISTS) session[name] = columns[name].places[row].map((at) => columns[name].values[at]);
  session.title ??= "Untitled";
  return session;
}

/** The server has another edition of the programme by now: positions no longer mean the same. */
export class Changed extends Error {
  constructor() {
    super("The programme has changed. Reload the page to see the new one.");
  }
}

/** Ask the server for the whole programme. */
export async function loadProgramme() {
  const first = await ask("sessions");
  const numbers = Array.from({ length: first.pages - 1 }, (_, place) => place + 1);
  const rest = await Promise.all(numbers.map((page) => ask(`sessions?page=${page}`)));
  if (rest.some(({ edition }) => edition !== first.edition)) throw new Changed();
  return new Programme(first, [first, ...rest]);
}

export class Programme {
  #byKey = new Map();
  #titled = new Map();
  #details = new Map();

  constructor({ name, zone, edition, count, detailPages, detailSize }, pages) {
    Object.assign(this, { name, edition, count, detailPages, detailSize, pages: pages.length });
    Object.assign(this, { zone: isZone(zone) ? zone : null });
    this.sessions = [];
    for (const { columns } of pages) {
      for (let row = 0; row < columns.key.length; row += 1) this.#add(columns, row);
    }
    this.#setOffsets();
    this.setClock("event");
  }

  #add(columns, row) {
    const session = decoded(columns, row, this.sessions.length);
    session.slot = parseSlot(session);
    this.sessions.push(session);
    this.#byKey.set(session.key, session);
    const lowered = session.title.toLowerCase();
    this.#titled.set(lowered, (this.#titled.get(lowered) ?? 0) + 1);
  }

  /** Times without an offset have that of the programme's zone, or that of the other sessions. */
  #setOffsets() {
    const slots = this.sessions.map(({ slot }) => slot).filter((slot) => slot && slot.day !== null);
    const common = slots.find(({ offset }) => offset !== null)?.offset ?? null;
    for (const slot of slots) {
      slot.offset ??= this.zone ? offsetIn(this.zone, slot.day, slot.from) : common;
    }
    this.offset = slots[0]?.offset ?? null;
    this.dated = slots.length > 0;
  }

  /** Place all sessions on the event's clock, or on mine. */
  setClock(clock) {
    this.clock = clock === "mine" && this.offset !== null ? "mine" : "event";
    for (const session of this.sessions) {
      const { slot } = session;
      session.shown = slot && this.clock === "mine" ? onMyClock(slot) : slot;
    }
  }

  /** What the event's clock is called; null where the programme does not say. */
  get eventZone() {
    if (this.offset === null) return null;
    const offset = offsetText(this.offset);
    return this.zone ? `${this.zone.replaceAll("_", " ")}, ${offset}` : offset;
  }

  find(key) {
    return this.#byKey.get(key) ?? null;
  }

  /** What the server calls a session: its id, else its title; null where others have that title. */
  nameOf(session) {
    if (!session.key.startsWith("~")) return session.key;
    return this.isTitled(session) ? session.title : null;
  }

  /** Whether a session is the only one with its title. */
  isTitled({ title }) {
    return this.#titled.get(title.toLowerCase()) === 1;
  }

  /** The session of a recommendation, which the server gives as an object of the manifest. */
  match({ id, title, start, start_at: begins, location }) {
    const found = typeof id === "string" ? this.find(id) : null;
    if (found) return found;
    const same = (session) =>
      session.title === title &&
      (session.location ?? null) === (location ?? null) &&
      [begins, start, undefined].includes(session.start ?? undefined);
    return this.sessions.find(same) ?? this.sessions.find((session) => session.title === title) ?? null;
  }

  /** Abstract, description and address of a session; an empty object where it has none. */
  async detailsOf(session) {
    if (!this.detailPages) return {};
    const page = Math.floor(session.place / this.detailSize);
    if (!this.#details.has(page)) {
      const asked = ask(`sessions/details?page=${page}`);
      this.#details.set(page, asked);
      asked.catch(() => this.#details.delete(page));
    }
    const { edition, sessions } = await this.#details.get(page);
    if (edition !== this.edition) throw new Changed();
    return sessions[session.place % this.detailSize] ?? {};
  }
}
