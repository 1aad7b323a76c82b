// My schedule as files: a calendar (RFC 5545), Markdown and JSON. Made in the browser, so they work
// without the server, and nobody learns what is in them.

import { element } from "../element.js";
import { dayText, instant, isoDay, rangeText } from "./time.js";

const encoder = new TextEncoder();

/** Escape a text of a calendar file. */
const escaped = (text) =>
  text.replace(/\\/g, "\\\\").replace(/[;,]/g, "\\$&").replace(/\r\n|\r|\n/g, "\\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");

/** Fold a line after 75 bytes, never within a character. */
function folded(line) {
  let [lines, length] = ["", 0];
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (length + size > 75) {
      lines += "\r\n ";
      length = 1;
    }
    lines += character;
    length += size;
  }
  return lines;
}

const utcText = (time) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, "");

/** A time of a slot: in UTC where the offset is known, else on the clock of the place. */
function stamp(slot, minutes) {
  const time = instant(slot, minutes);
  return time === null ? utcText((slot.day * 1440 + minutes) * 60_000).slice(0, -1) : utcText(time);
}

function eventOf(session, details, now) {
  const { slot } = session;
  const lines = ["BEGIN:VEVENT", `UID:${escaped(encodeURIComponent(session.key))}@eventkit`, `DTSTAMP:${now}`];
  lines.push(`DTSTART:${stamp(slot, slot.from)}`);
  if (slot.to !== null) lines.push(`DTEND:${stamp(slot, slot.to)}`);
  lines.push(`SUMMARY:${escaped(session.title)}`);
  if (session.location) lines.push(`LOCATION:${escaped(session.location)}`);
  if (details.abstract) lines.push(`DESCRIPTION:${escaped(details.abstract)}`);
  if (/^https?:\/\/\S+$/.test(details.url ?? "")) lines.push(`URL:${details.url}`);
  return [...lines, "END:VEVENT"];
}

/** A calendar file of sessions; those without a date cannot be in one. */
export function calendarOf(entries, now = Date.now()) {
  const dated = entries.filter(({ session: { slot } }) => slot && slot.day !== null);
  const events = dated.flatMap(({ session, details }) => eventOf(session, details, utcText(now)));
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//eventkit//page//EN", ...events, "END:VCALENDAR"];
  return { text: `${lines.map(folded).join("\r\n")}\r\n`, left: entries.length - dated.length };
}

const markdownText = (text) => text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>#|]/g, "\\$&");

/** Markdown of sessions: a heading for each day, a line for each session. */
export function markdownOf(name, sessions) {
  const lines = [`# ${markdownText(name)}`];
  let day;
  for (const { title, location, slot } of sessions) {
    const of = slot ? dayText(slot.day) : "Without a time";
    if (of !== day) lines.push("", `## ${markdownText(of)}`, "");
    day = of;
    const time = slot ? `${rangeText(slot)} · ` : "";
    lines.push(`- ${time}**${markdownText(title)}**${location ? ` · ${markdownText(location)}` : ""}`);
  }
  return `${lines.join("\n")}\n`;
}

/** JSON of sessions, as a list that eventkit itself can read. */
export function jsonOf(entries) {
  const listed = entries.map(({ session, details }) => {
    const { key, title, start, end, location, track, tags, speakers, slot } = session;
    const day = slot && slot.day !== null ? isoDay(slot.day) : undefined;
    const held = { id: key, title, start, end, day, location, track, tags, speakers, ...details };
    return Object.fromEntries(Object.entries(held).filter(([, value]) => value !== null && value !== undefined));
  });
  return `${JSON.stringify(listed, null, 2)}\n`;
}

/** Give a text to the visitor as a file. */
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  element("a", { href: url, download: name }).click();
  // The browser reads it after this returns.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
