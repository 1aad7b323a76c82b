// The itinerary: one list a day, every session a bar on the day's hours, overlaps marked and said.

import { element, foreign } from "./element.js";
import { clock, clockRange, dayName, overlap, parseSlot } from "./moment.js";

/** Every session with its slot, and the places of those it overlaps with. */
export function plan(sessions) {
  const entries = sessions.map((session, index) => ({
    session,
    place: index + 1,
    slot: parseSlot(session),
    clashes: [],
  }));
  const timed = entries.filter(({ slot }) => slot).sort((one, other) => order(one, other));
  // Sorted by start, within a day whose sessions are few: pairs are looked at until one starts later.
  timed.forEach((entry, index) => {
    for (const later of timed.slice(index + 1)) {
      if (overlap(entry.slot, later.slot)) {
        entry.clashes.push(later.place);
        later.clashes.push(entry.place);
      } else if (later.slot.day === entry.slot.day && later.slot.from >= (entry.slot.to ?? 0)) {
        break;
      }
    }
  });
  return { timed, untimed: entries.filter(({ slot }) => !slot) };
}

function order({ slot: one, place: first }, { slot: other, place: second }) {
  return (one.day ?? -1) - (other.day ?? -1) || one.from - other.from || first - second;
}

function span(entries) {
  const from = Math.min(...entries.map(({ slot }) => slot.from));
  const to = Math.max(...entries.map(({ slot }) => slot.to ?? slot.from + 30));
  const first = Math.floor(from / 60);
  return { first, last: Math.max(Math.ceil(to / 60), first + 1) };
}

function axis({ first, last }) {
  const step = Math.max(1, Math.ceil((last - first) / 6));
  const hours = element("div", { class: "axis", "aria-hidden": "true" });
  for (let hour = first; hour <= last; hour += step) {
    const label = element("span", {}, clock(hour * 60));
    label.style.insetInlineStart = `${((hour - first) / (last - first)) * 100}%`;
    hours.append(label);
  }
  return hours;
}

function track(slot, { first, last }) {
  const whole = (last - first) * 60;
  const filled = element("span", { class: "slot" });
  filled.style.insetInlineStart = `${((slot.from - first * 60) / whole) * 100}%`;
  filled.style.inlineSize = `${(((slot.to ?? slot.from + 15) - slot.from) / whole) * 100}%`;
  return element("div", { class: "lane", "aria-hidden": "true" }, filled);
}

function facts({ session, place, slot, clashes }) {
  const list = clashes.sort((one, other) => one - other).map((number) => `#${number}`);
  return [
    element("span", { class: "when" }, slot ? clockRange(slot) : "No time given"),
    element("span", { class: "number" }, `#${place}`),
    foreign("span", session.title, { class: "what" }),
    session.location ? foreign("span", session.location, { class: "where" }) : null,
    list.length ? element("span", { class: "clash" }, `Overlaps with ${list.join(", ")}`) : null,
  ];
}

function item(entry, hours) {
  const kind = entry.clashes.length ? "entry clashing" : "entry";
  const lane = hours ? track(entry.slot, hours) : null;
  return element("li", { class: kind }, element("div", { class: "facts" }, ...facts(entry)), lane);
}

function dayOf(day, entries) {
  const hours = span(entries);
  return element(
    "section",
    { class: "day" },
    element("h3", {}, dayName(day)),
    axis(hours),
    element("ol", {}, ...entries.map((entry) => item(entry, hours))),
  );
}

/** The sections of the timeline, and how many sessions overlap with another. */
export function drawTimeline(sessions) {
  const { timed, untimed } = plan(sessions);
  const days = new Map();
  for (const entry of timed) {
    days.set(entry.slot.day, [...(days.get(entry.slot.day) ?? []), entry]);
  }
  const sections = [...days].map(([day, entries]) => dayOf(day, entries));
  if (untimed.length) {
    sections.push(
      element(
        "section",
        { class: "day" },
        element("h3", {}, "Without a time"),
        element("ol", {}, ...untimed.map((entry) => item(entry, null))),
      ),
    );
  }
  return { sections, clashing: timed.filter(({ clashes }) => clashes.length).length };
}
