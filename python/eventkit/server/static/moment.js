// Times as manifests write them: a clock time, a date, or ISO 8601 with or without an offset.
// They are shown as they are written: a visitor reads the clock of the place, not of the browser.

const STAMP =
  /^(?:(\d{4})-(\d{2})-(\d{2})(?:[T ]|$))?(?:(\d{1,2}):(\d{2})(?::\d{2}(?:[.,]\d+)?)?(?: ?([AP]M))?(Z|[+-]\d{2}:?\d{2})?)?$/i;
const MINUTES_A_DAY = 1440;

function minutesOf(hour, minute, half) {
  let hours = Number(hour);
  if (half) hours = (hours % 12) + (half.toUpperCase() === "PM" ? 12 : 0);
  return hours < 24 && Number(minute) < 60 ? hours * 60 + Number(minute) : null;
}

/** An offset from UTC in minutes; null where a time has none. */
function offsetOf(text) {
  if (!text) return null;
  if (text.toUpperCase() === "Z") return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return text.startsWith("-") ? -minutes : minutes;
}

/** A text as `{day, minutes, offset}`: days since 1970, minutes since midnight and from UTC, or null. */
export function parseMoment(text) {
  const found = typeof text === "string" && text.trim() ? STAMP.exec(text.trim()) : null;
  if (!found) return null;
  const [, year, month, date, hour, minute, half, offset] = found;
  const day = year ? Date.UTC(year, month - 1, date) / 86_400_000 : null;
  const minutes = hour === undefined ? null : minutesOf(hour, minute, half);
  if (hour !== undefined && minutes === null) return null;
  return { day, minutes, offset: offsetOf(offset) };
}

/** A session's place in time: its day, minutes from that day's midnight, its offset from UTC; or null. */
export function parseSlot(session) {
  const start = parseMoment(session.start);
  const end = parseMoment(session.end);
  if (!start || start.minutes === null) return null;
  const day = start.day ?? end?.day ?? null;
  const { offset } = start;
  if (!end || end.minutes === null) return { day, from: start.minutes, to: null, offset };
  let to = end.minutes;
  if (end.day !== null && day !== null) to += (end.day - day) * MINUTES_A_DAY;
  else if (to < start.minutes) to += MINUTES_A_DAY;
  // Clocks may change between the start and the end.
  if (offset !== null && end.offset !== null) to += offset - end.offset;
  return { day, from: start.minutes, to: to > start.minutes ? to : null, offset };
}

export function overlap(one, other) {
  if (one.day !== other.day) {
    if (one.day === null || other.day === null) return false;
    const shift = (other.day - one.day) * MINUTES_A_DAY;
    return overlap(
      { ...one, day: null },
      { day: null, from: other.from + shift, to: other.to === null ? null : other.to + shift },
    );
  }
  return one.from < (other.to ?? other.from + 1) && other.from < (one.to ?? one.from + 1);
}

export function clock(minutes) {
  const within = ((minutes % MINUTES_A_DAY) + MINUTES_A_DAY) % MINUTES_A_DAY;
  return `${String(Math.floor(within / 60)).padStart(2, "0")}:${String(within % 60).padStart(2, "0")}`;
}

/** A session's time as `Mon 14 Sept, 09:00 – 09:45`; null where it has no date, or no time. */
export function describeSlot(session) {
  const slot = parseSlot(session);
  if (!slot || slot.day === null) return null;
  const day = new Date(slot.day * 86_400_000).toLocaleDateString("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  return `${day}, ${clockRange(slot)}`;
}

export function clockRange({ from, to }) {
  return to === null ? clock(from) : `${clock(from)} – ${clock(to)}`;
}

export function dayName(day) {
  if (day === null) return "Any day";
  return new Date(day * 86_400_000).toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}
