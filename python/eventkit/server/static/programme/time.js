// The times of sessions on one of two clocks: that of the event, or that of the browser.
// A time is a day since 1970 and minutes of that day. `slot` is as the programme writes it, on the
// event's clock; `placed` returns it on the clock that is shown.

import { clock } from "../moment.js";

const MINUTE = 60_000;
const DAY = 1440;
const TIME = { hour: "numeric", minute: "2-digit" };

const cache = new Map();

/** A formatter of the browser's locale, made once: making one takes longer than using it. */
function formatter(options) {
  const name = JSON.stringify(options);
  if (!cache.has(name)) cache.set(name, new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" }));
  return cache.get(name);
}

const date = (day, minutes = 0) => new Date((day * DAY + minutes) * MINUTE);

/** The offset of a time zone from UTC, in minutes, at a time on that zone's clock. */
export function offsetIn(zone, day, minutes) {
  const name = `${zone} ${day} ${Math.floor(minutes / 60)}`;
  if (cache.has(name)) return cache.get(name);
  const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" };
  const format = new Intl.DateTimeFormat("en-US", { ...parts, hourCycle: "h23", timeZone: zone });
  const at = (time) => {
    const told = format.formatToParts(time).map(({ type, value }) => [type, Number(value)]);
    const { year, month, day: dayOfMonth, hour, minute } = Object.fromEntries(told);
    return (Date.UTC(year, month - 1, dayOfMonth, hour, minute) - time) / MINUTE;
  };
  const wanted = (day * DAY + Math.floor(minutes)) * MINUTE;
  // Twice: the first guess may be on the other side of a change of clocks.
  const offset = at(wanted - at(wanted) * MINUTE);
  cache.set(name, offset);
  return offset;
}

/** Whether the browser knows a time zone. */
export function isZone(zone) {
  try {
    return Boolean(zone && new Intl.DateTimeFormat("en-US", { timeZone: zone }));
  } catch {
    return false;
  }
}

/** Where a slot is on the browser's clock; as it is where its offset or its day is unknown. */
export function onMyClock(slot) {
  if (slot.day === null || slot.offset === null) return slot;
  const utc = slot.day * DAY + slot.from - slot.offset;
  const wall = utc - new Date(utc * MINUTE).getTimezoneOffset();
  const day = Math.floor(wall / DAY);
  const from = wall - day * DAY;
  return { day, from, to: slot.to === null ? null : from + slot.to - slot.from, offset: wall - utc };
}

/** A time of day, as the browser's locale writes it. */
export function timeText(minutes) {
  return formatter(TIME).format(date(0, minutes));
}

/** A whole hour, as short as the browser's locale writes it. */
export function hourText(minutes) {
  return formatter({ hour: "numeric" }).format(date(0, minutes));
}

export function rangeText({ from, to }) {
  return to === null ? timeText(from) : formatter(TIME).formatRange(date(0, from), date(0, to));
}

/** A day, as the browser's locale writes it: `short` as on a button, else whole. */
export function dayText(day, short = false) {
  if (day === null) return "Any day";
  const whole = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  return formatter(short ? { weekday: "short", day: "numeric", month: "short" } : whole).format(date(day));
}

export function isoDay(day) {
  return date(day).toISOString().slice(0, 10);
}

/** A date such as 2026-01-31 as days since 1970; null where it is none. */
export function dayOf(text) {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") ? Date.parse(`${text}T00:00Z`) : NaN;
  return Number.isNaN(time) ? null : time / MINUTE / DAY;
}

/** An offset from UTC, as `UTC+05:30`. */
export function offsetText(offset) {
  return `UTC${offset < 0 ? "−" : "+"}${clock(Math.abs(offset))}`;
}

/** The instant of a time of a slot, in milliseconds; null where its offset or its day is unknown. */
export function instant({ day, offset }, minutes) {
  return day === null || offset === null ? null : (day * DAY + minutes - offset) * MINUTE;
}

export { DAY, MINUTE };
