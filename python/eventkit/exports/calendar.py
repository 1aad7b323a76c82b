r"""Writes itineraries as iCalendar (RFC 5545), for calendar programs.

Times with an offset are written in UTC. Times without one are "floating": every program shows them
as they are. The session of a feed has ``start_at`` and ``end_at`` beside its times of day, and
these count. Sessions that have times of day only are put on the caller's day, or on today. A
session without a readable start is left out, and its title is returned. Lines end with CRLF and are
folded at 75 octets, never inside a character.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from eventkit.dates import Moment, parse_moment, resolve_slot
from eventkit.exports.escaping import as_text, readable

__all__ = ["Calendar", "build_calendar"]

_OCTETS_A_LINE = 75
_HEAD = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//eventkit//itinerary//EN",
    "CALSCALE:GREGORIAN",
)
_ENDS = ("DTSTART", "DTEND")
_FEED_PROPERTIES = (
    ("X-PENTABARF-START", "start_at"),
    ("X-PENTABARF-END", "end_at"),
    ("X-PENTABARF-SUBTITLE", "subtitle"),
    ("X-PENTABARF-TRACK", "track"),
    ("X-TYPE", "type"),
    ("X-PENTABARF-LANGUAGE-CODE", "language"),
    ("URL", "url"),
)
_KEYS = ("id", "title")
_KEYS_WITHOUT_ID = ("title", "start", "end", "location")


@dataclass(frozen=True)
class Calendar:
    """A calendar, and the sessions that were left out or dated.

    Attributes:
        text: The iCalendar document.
        skipped: The titles of sessions that are left out, because their start cannot be read.
        dated: The titles of sessions that were put on the given day.
    """

    text: str
    skipped: list[str] = field(default_factory=list)
    dated: list[str] = field(default_factory=list)


def build_calendar(
    sessions: Iterable[Any],
    *,
    name: str = "Event Itinerary",
    day: date | None = None,
    now: datetime | None = None,
    zone: str | None = None,
) -> Calendar:
    """Write sessions as a calendar.

    Args:
        sessions: Sessions as `recommend` returns them.
        name: The name of the calendar.
        day: The day of sessions that have times of day only; today when left out.
        now: The time at which the calendar is made (DTSTAMP); the current time when left out.
        zone: The IANA name of the zone in which calendar programs should show the times.

    Returns:
        The calendar, with the titles of the sessions that were left out.

    Example:
        >>> session = {"title": "Opening", "start": "2026-09-14T09:00:00+02:00"}
        >>> calendar = build_calendar([session], now=datetime(2026, 1, 2, tzinfo=timezone.utc))
        >>> for line in calendar.text.splitlines()[7:10]:
        ...     print(line)
        DTSTAMP:20260102T000000Z
        DTSTART:20260914T070000Z
        SUMMARY:Opening
    """
    day = day or date.today()
    stamp = f"DTSTAMP:{_utc_stamp(now or datetime.now(timezone.utc))}"
    seen: Counter[str] = Counter()
    calendar = Calendar("")
    lines = [*_HEAD, f"X-WR-CALNAME:{_escaped(name)}"]
    if zone is not None:
        lines.append(f"X-WR-TIMEZONE:{_escaped(zone)}")
    for session in sessions:
        times = _time_lines(session, day)
        if times is None:
            calendar.skipped.append(_title(session))
            continue
        if _lacks_day(session):
            calendar.dated.append(_title(session))
        lines += ["BEGIN:VEVENT", _uid_line(session, seen), stamp, *times]
        lines += [*_text_lines(session), "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return replace(calendar, text="".join(f"{_folded(line)}\r\n" for line in lines))


def _title(session: Any) -> str:
    return str(session.get("title", "Unknown Session"))


def _slot(session: Any) -> tuple[Any, Any]:
    """Return start and end: those with a date if the session has them, else its clock times.

    A feed's whole days end at the midnight after them, a manifest's with the last day itself.
    """
    start, end = parse_moment(session.get("start_at")), parse_moment(session.get("end_at"))
    if start is None or start.day is None:
        return session.get("start"), session.get("end")
    if not session.get("all_day"):
        return session["start_at"], session.get("end_at")
    last = end.day - timedelta(days=1) if end is not None and end.day is not None else start.day
    return start.day.isoformat(), max(start.day, last).isoformat()


def _lacks_day(session: Any) -> bool:
    moments = map(parse_moment, _slot(session))
    return not any(moment and moment.day for moment in moments)


def _time_lines(session: Any, day: date) -> list[str] | None:
    slot = resolve_slot(*_slot(session), day)
    if slot is None:
        return None
    try:
        return [f"{name}{_value(name, at)}" for name, at in zip(_ENDS, slot, strict=True) if at]
    except (
        OverflowError
    ):  # The time is at the end of Python's calendar, and the offset moves it beyond.
        return None


def _value(name: str, moment: Moment) -> str:
    if moment.clock is None:
        assert moment.day is not None
        # In a manifest, the last day belongs to the session. In RFC 5545, the end is the day after.
        day = moment.day + timedelta(days=name == "DTEND")
        return f";VALUE=DATE:{_basic(day.isoformat())}"
    instant = moment.instant()
    if instant.tzinfo is None:
        return f":{_basic(instant.isoformat())}"
    return f":{_utc_stamp(instant)}"


def _utc_stamp(instant: datetime) -> str:
    plain = instant.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
    return f"{_basic(plain.isoformat())}Z"


def _basic(iso: str) -> str:
    return iso.replace("-", "").replace(":", "")


def _text_lines(session: Any) -> Iterator[str]:
    yield f"SUMMARY:{_escaped(_title(session))}"
    texts = [session.get(key) for key in ("abstract", "description")]
    description = "\n\n".join(str(text) for text in texts if text not in (None, ""))
    for name, value in (("LOCATION", session.get("location")), ("DESCRIPTION", description)):
        if value is not None and value != "":
            yield f"{name}:{_escaped(str(value))}"
    yield from _feed_lines(session)
    tags = as_text(session.get("tags"))
    if tags:
        yield f"CATEGORIES:{','.join(map(_escaped, tags))}"


def _feed_lines(session: Any) -> Iterator[str]:
    """Yield what the session of a feed has more: `eventkit.feeds` reads it back.

    UTC would hide the offset of a start, so it stands in the property that Pentabarf uses.
    """
    if not session.get("start_at"):
        return
    if session.get("id") is not None:
        yield f"X-EVENTKIT-ID:{_escaped(str(session['id']))}"
    for name, key in _FEED_PROPERTIES:
        value = session.get(key)
        if value and not (session.get("all_day") and key in ("start_at", "end_at")):
            yield f"{name}:{_escaped(str(value))}"
    for speaker in as_text(session.get("speakers")):
        # RFC 6868: a circumflex escapes itself and quotation marks in a parameter.
        name = readable(speaker).replace("^", "^^").replace('"', "^'").replace("\n", " ")
        yield f'ATTENDEE;CN="{name}":invalid:nomail'


def _uid_line(session: Any, seen: Counter[str]) -> str:
    """Return an identifier that stays the same when the itinerary is exported again.

    That of a session with an ``id`` does not depend on its time or room, so calendars move the
    entry. The second of two equal sessions is numbered, because identifiers must be unique.
    """
    keys = _KEYS if session.get("id") not in (None, "") else _KEYS_WITHOUT_ID
    parts = "\0".join(f"{key}={session.get(key)}" for key in keys)
    seen[parts] += 1
    if seen[parts] > 1:
        parts += f"\0{seen[parts]}"
    digest = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()
    return f"UID:{digest[:32]}@eventkit"


def _escaped(text: str) -> str:
    text = readable(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    if len(line) <= _OCTETS_A_LINE // 4:  # A character has at most 4 octets.
        return line
    rows, row, size = [], "", 0
    for character in line:
        octets = len(character.encode("utf-8"))
        if size + octets > _OCTETS_A_LINE:
            rows.append(row)
            row, size = "", 1  # A continuation line begins with a space.
        row += character
        size += octets
    return "\r\n ".join([*rows, row])
