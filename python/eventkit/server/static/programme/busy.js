// Meetings of a calendar file (.ics), read in the browser: only their times are sent to the server. And those of the
// calendar that the server reads.

import { ask } from "../http.js";
import { DAY, MINUTE, isoDay } from "./time.js";

const LARGEST = 20_000_000; // bytes
const MOST = 5_000; // times of one event that repeats

const minuteOf = (time) => Math.round(time / MINUTE);

/** Whether a time means the same instant everywhere; others are on the clock of the place. */
const isInstant = (time) => !time.isDate && time.zone?.tzid !== "floating";

/** A time of ical.js in minutes since 1970: in UTC, or on the clock of the place. */
function minutes(time) {
  const wall = () => Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute);
  return minuteOf(isInstant(time) ? time.toUnixTime() * 1000 : wall());
}

const isFree = (component) =>
  component.getFirstPropertyValue("status") === "CANCELLED" || component.getFirstPropertyValue("transp") === "TRANSPARENT";

/** The times of one event between two days, also of one that repeats. */
function* timesOf(event, to) {
  if (!event.isRecurring()) {
    yield [minutes(event.startDate), minutes(event.endDate)];
    return;
  }
  const every = event.iterator();
  for (let count = 0, next = every.next(); next && count < MOST; count += 1, next = every.next()) {
    const { startDate, endDate, item } = event.getOccurrenceDetails(next);
    const start = minutes(startDate);
    if (start > to) return;
    if (!isFree(item.component)) yield [start, minutes(endDate)];
  }
}

/** Merge times that touch: fewer to send. */
function merged(times) {
  const found = [];
  for (const [start, end] of times.sort(([one], [other]) => one - other)) {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

const text = (time) => new Date(time * MINUTE).toISOString().slice(0, 16);

/** The busy times as the server takes them: `utc` are instants, `wall` are on the clock of the place. */
function written({ utc, wall }) {
  const lines = (times, zone) => merged(times).map(([start, end]) => `${text(start)}${zone}/${text(end)}${zone}`);
  return [...lines(utc, "Z"), ...lines(wall, "")];
}

/** The first and the last day that meetings may lie on, in days since 1970. */
function span(programme) {
  const days = programme.sessions.map(({ slot }) => slot?.day ?? null).filter((day) => day !== null);
  if (!days.length) throw new Error("The sessions have no dates, so no meeting can be at their time.");
  // A day more on each side: these are days of the place, and meetings may be in UTC.
  return [days.reduce((least, day) => Math.min(least, day)) - 1, days.reduce((most, day) => Math.max(most, day)) + 3];
}

function requireZone(programme) {
  if (programme.offset !== null) return;
  throw new Error("The programme names no time zone, so the meetings cannot be compared with it.");
}

/**
 * The busy times of the calendar that the server reads, within the days of a programme.
 *
 * @param user Whose calendar; empty for the one that the server is set up for.
 */
export async function askBusy(user, programme) {
  const [first, last] = span(programme);
  const query = new URLSearchParams({ start: isoDay(first), end: isoDay(last) });
  if (user) query.set("userId", user);
  const { busy } = await ask(`busy?${query}`);
  const times = { utc: [], wall: [] };
  for (const pair of busy) {
    const isInstantText = /(Z|[+-]\d\d:\d\d)$/.test(pair[0]);
    if (isInstantText) requireZone(programme);
    // Without an offset it is a whole day, which is a day of the place.
    const [start, end] = pair.map((time) => Date.parse(isInstantText ? time : `${time}Z`) / MINUTE);
    times[isInstantText ? "utc" : "wall"].push([Math.floor(start), Math.ceil(end)]);
  }
  return written(times);
}

/**
 * The busy times of a calendar file within the days of a programme, as the server takes them.
 *
 * @param programme Its days limit what is read; its offset tells where its clock is.
 */
export async function readBusy(file, programme) {
  if (file.size > LARGEST) throw new Error(`${file.name} is too large for a calendar file.`);
  const { default: ICAL } = await import("../ical-2.2.1.min.js");
  let events;
  try {
    const calendar = new ICAL.Component(ICAL.parse(await file.text()));
    for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
    events = calendar.getAllSubcomponents("vevent");
  } catch {
    throw new Error(`${file.name} is no calendar file.`);
  }
  const [from, to] = span(programme).map((day) => day * DAY);
  // Exceptions of an event that repeats are events of their own, with its uid.
  const masters = events.filter((component) => !component.hasProperty("recurrence-id"));
  const times = { utc: [], wall: [] };
  for (const component of masters) {
    const event = new ICAL.Event(component, {
      exceptions: events.filter((other) => other.hasProperty("recurrence-id") && other.getFirstPropertyValue("uid") === component.getFirstPropertyValue("uid")),
    });
    if (isFree(component) || !event.startDate) continue;
    const held = isInstant(event.startDate) ? times.utc : times.wall;
    if (held === times.utc) requireZone(programme);
    for (const [start, end] of timesOf(event, to)) {
      if (end > from && start < to && end > start) held.push([Math.max(start, from), Math.min(end, to)]);
    }
  }
  return written(times);
}
