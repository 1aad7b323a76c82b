"""Writes sessions as one line each: id, title, time, room, matched interests and score."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from eventkit.dates import parse_moment
from eventkit.mcp.clean import clean, shortened

__all__ = ["counted", "local_to", "number", "row_of", "session_lines", "slot_of", "when"]

BYTES_A_LINE = 126
"""Ten sessions then take 1,500 bytes at most, with the words around them."""
_FEW = 5
_LENGTHS = ((300, 60), (100, 40), (80, 30), (64, 24), (48, 20), (32, 16))
"""Lengths of titles and of rooms. The first pair is taken with which all lines fit."""
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
_NO_TIME = "no time"
_SHOWN = ("id", "title", "start", "end", "room")


def slot_of(session: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return start and end of a session: those with a date if it is one of a feed."""
    if session.get("start_at") and "day" in session:
        return session["start_at"], session.get("end_at")
    return session.get("start"), session.get("end")


def when(start: Any, end: Any) -> str:
    """Return the time of a session, short. Texts that are no times are shown as they are.

    Example:
        >>> when("2026-09-14T09:00:00+02:00", "2026-09-14T09:45:00+02:00")
        '2026-09-14 09:00-09:45'
        >>> when("9:00", None), when(None, None)
        ('09:00', 'no time')
    """
    if isinstance(start, str) and isinstance(end, str):
        return _kept(start, end)
    return _when(start, end)


@lru_cache(maxsize=4_096)
def _kept(start: str, end: str) -> str:
    return _when(start, end)


def _when(start: Any, end: Any) -> str:
    first, last = _day_and_clock(start), _day_and_clock(end)
    if first is None:
        texts = [shortened(value, 30) for value in (start, end) if value is not None]
        return " - ".join(texts) or _NO_TIME
    day, clock = first
    begin = f"{day} {clock}".strip()
    if last is None or last == first:
        return begin
    if clock and last[1] and last[0] in ("", day):
        return f"{begin}-{last[1]}"
    return f"{begin} - {last[0]} {last[1]}".strip()


def local_to(text: str, session: Mapping[str, Any]) -> str:
    """Return a time with an offset from UTC as the local time of a session.

    Example:
        >>> local_to("2026-09-14T07:00:00+00:00", {"start": "2026-09-14T09:00:00+02:00"})
        '2026-09-14T09:00:00+02:00'
    """
    moment, place = parse_moment(text), parse_moment(slot_of(session)[0])
    if moment is None or moment.offset is None or place is None or place.offset is None:
        return text
    return moment.instant().astimezone(place.offset).isoformat()


def _day_and_clock(value: Any) -> tuple[str, str] | None:
    if isinstance(value, str):
        match = _STAMP.fullmatch(value)
        if match is not None:
            return match[1], match[2]
    moment = parse_moment(value)
    if moment is None:
        return None
    day = "" if moment.day is None else moment.day.isoformat()
    return day, "" if moment.clock is None else f"{moment.clock:%H:%M}"


def row_of(session: Mapping[str, Any], matched: Iterable[str], score: Any) -> dict[str, Any]:
    """Return what the structured result says of a session. Members that it lacks are left out."""
    start, end = slot_of(session)
    get = session.get
    room = get("location", get("room"))
    values = (get("id"), get("title"), start, end, room)
    row: dict[str, Any] = {
        name: clean(value) for name, value in zip(_SHOWN, values, strict=True) if value is not None
    }
    row["matched"] = [clean(interest) for interest in matched]
    row["score"] = number(score)
    return row


def session_lines(sessions: list[Any], rows: list[dict[str, Any]], handles: list[str]) -> list[str]:
    """Return a line for each session. Titles and rooms are cut if all lines together are too long.

    Args:
        sessions: The sessions.
        rows: Their structured rows.
        handles: Their ids, short; ``""`` for a session without one.

    Example:
        >>> session = {"id": "a", "title": "Agents", "start": "9:00", "location": "Hall"}
        >>> session_lines([session], [row_of(session, ["ai"], 2.5)], ["a"])
        ['a | Agents | 09:00 | Hall | ai | 2.50']
    """
    most = BYTES_A_LINE * max(len(rows), _FEW)
    lines: list[str] = []
    for title, room in _LENGTHS:
        lines = [
            _line(handle, session, row, title, room)
            for handle, session, row in zip(handles, sessions, rows, strict=True)
        ]
        if sum(len(line.encode()) for line in lines) <= most:
            break
    return lines


def _line(handle: str, session: Any, row: Mapping[str, Any], title: int, room: int) -> str:
    """Return a line. Its title and room are cut to these numbers of characters."""
    columns = (
        shortened(row.get("title", "no title"), title),
        when(*slot_of(session)),
        shortened(row.get("room", "no room"), room),
        ", ".join(row["matched"]) or "-",
        f"{row['score']:.2f}",
    )
    return " | ".join((handle, *columns) if handle else columns)


def counted(sessions: int) -> str:
    """Return a number of sessions.

    Example:
        >>> counted(1), counted(1079)
        ('1 session', '1,079 sessions')
    """
    return f"{sessions:,} session{'' if sessions == 1 else 's'}"


def number(score: Any) -> float:
    """Return a score with four digits after the point; 0 for one that JSON cannot hold."""
    if isinstance(score, (int, float)) and abs(score) < 1e300:
        return round(float(score), 4)
    return 0.0
