// What the page shows, as its address says it: view, search, filters, interests, open session.

import { dayOf, isoDay } from "./time.js";

export const VIEWS = ["list", "grid", "foryou", "mine"];
export const FACETS = ["track", "type", "level", "language", "location", "tag"];
const NAMES = { location: "room" };
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

export const parameterOf = (facet) => NAMES[facet] ?? facet;

const minutesOf = (text) =>
  CLOCK.test(text ?? "") ? Number(text.slice(0, 2)) * 60 + Number(text.slice(3)) : null;
const clockOf = (minutes) =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

export function emptyFilters() {
  return { day: null, from: null, to: null, ...Object.fromEntries(FACETS.map((facet) => [facet, new Set()])) };
}

/** Read the state from the query of an address. */
export function readState(query) {
  const asked = new URLSearchParams(query);
  // Links of the page before this one name interests and no view.
  const listed = asked.getAll("interests").flatMap((text) => text.split(/[,;]/));
  const interests = [...listed, ...asked.getAll("interest")].map((text) => text.trim()).filter(Boolean);
  const filters = emptyFilters();
  filters.day = dayOf(asked.get("day"));
  filters.from = minutesOf(asked.get("from"));
  filters.to = minutesOf(asked.get("to"));
  for (const facet of FACETS) asked.getAll(parameterOf(facet)).forEach((value) => filters[facet].add(value));
  const view = VIEWS.includes(asked.get("view")) ? asked.get("view") : interests.length ? "foryou" : "list";
  return {
    view,
    filters,
    interests,
    text: asked.get("q") ?? "",
    top: Number.parseInt(asked.get("top"), 10) || 20,
    clock: asked.get("clock") === "mine" ? "mine" : "event",
    open: asked.get("session"),
  };
}

/** Write the state as a query; what is as usual is left out. */
export function writeState({ view, filters, interests, text, top, clock, open }) {
  const asked = new URLSearchParams();
  if (view !== "list") asked.set("view", view);
  if (text) asked.set("q", text);
  if (filters.day !== null) asked.set("day", isoDay(filters.day));
  for (const edge of ["from", "to"]) if (filters[edge] !== null) asked.set(edge, clockOf(filters[edge]));
  for (const facet of FACETS) filters[facet].forEach((value) => asked.append(parameterOf(facet), value));
  if (view === "foryou") {
    interests.forEach((interest) => asked.append("interest", interest));
    if (top !== 20) asked.set("top", top);
  }
  if (clock === "mine") asked.set("clock", clock);
  if (open) asked.set("session", open);
  return asked.toString();
}
