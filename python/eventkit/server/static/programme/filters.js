// Filters: which sessions pass, and how many each further choice would leave.

import { FACETS } from "./state.js";

const VALUES = {
  track: ({ track }) => (track === null ? [] : [track]),
  type: ({ type }) => (type === null ? [] : [type]),
  level: ({ level }) => (level === null ? [] : [level]),
  language: ({ language }) => (language === null ? [] : [language]),
  location: ({ location }) => (location === null ? [] : [location]),
  // Feeds repeat the track and the type among the tags.
  tag: ({ tags, track, type }) => tags.filter((tag) => tag !== track && tag !== type),
};

export const valuesOf = (session, facet) => VALUES[facet](session);

const passesDay = ({ shown }, day) => day === null || (shown !== null && shown.day === day);

function passesTime({ shown }, from, to) {
  if (from === null && to === null) return true;
  return shown !== null && shown.from >= (from ?? 0) && shown.from < (to ?? 1440);
}

function passesFacet(session, facet, wanted) {
  return !wanted.size || VALUES[facet](session).some((value) => wanted.has(value));
}

function add(counts, value) {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

/**
 * Return the sessions that pass all filters, and the counts of each filter's values: of the sessions
 * that pass all other filters, so that a count says what a choice would show.
 */
export function filtered(sessions, filters) {
  const used = FACETS.filter((facet) => filters[facet].size);
  const counts = Object.fromEntries(FACETS.map((facet) => [facet, new Map()]));
  const days = new Map();
  const passing = [];
  for (const session of sessions) {
    // The one filter that it fails; a session that fails two counts nowhere.
    let failed = null;
    let failures = 0;
    const check = (name, passes) => {
      if (!passes) {
        failed = name;
        failures += 1;
      }
    };
    check("day", passesDay(session, filters.day));
    check("time", passesTime(session, filters.from, filters.to));
    for (const facet of used) check(facet, passesFacet(session, facet, filters[facet]));
    if (failures === 0) passing.push(session);
    if (failures === 0 || (failures === 1 && failed === "day")) add(days, session.shown?.day ?? null);
    for (const facet of FACETS) {
      if (failures === 0 || (failures === 1 && failed === facet)) {
        for (const value of VALUES[facet](session)) add(counts[facet], value);
      }
    }
  }
  return { passing, counts, days };
}

/** How many filters are set. */
export function countOf(filters) {
  const times = (filters.from !== null) + (filters.to !== null);
  return times + FACETS.reduce((sum, facet) => sum + filters[facet].size, 0);
}
