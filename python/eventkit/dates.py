"""Reads and writes dates and times. Every Python module of eventkit uses this one.

Manifests write clock times, dates, or ISO 8601 with or without an offset from UTC. The parser is
our own, because `datetime.fromisoformat` accepts different texts on Python 3.10 and 3.11. (The one
exception is `eventkit.reference_graph`: it must accept what the original accepts on each Python.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

__all__ = [
    "LONG_DATE",
    "SHORT_DATE",
    "Moment",
    "describe_slot",
    "parse_day",
    "parse_instant",
    "parse_moment",
    "resolve_slot",
    "utc_text",
]

_STAMP = re.compile(
    r"(?:(?P<date>\d{4}-\d{2}-\d{2})(?:[T ]|$))?"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?: ?(?P<half>[AP]M))?"
    r"(?P<offset>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

LONG_DATE = "{day} {number} {month} {year}"
SHORT_DATE = "{day} {number} {month}"


@dataclass(frozen=True)
class Moment:
    """A date, a time of day, or both, with an offset from UTC if the text has one."""

    day: date | None = None
    clock: time | None = None
    offset: tzinfo | None = None

    def instant(self) -> datetime:
        """Return the moment as a `datetime`. It must have a day and a time."""
        assert self.day is not None
        assert self.clock is not None
        return datetime.combine(self.day, self.clock, self.offset)


def parse_moment(value: Any) -> Moment | None:
    """Read a date, a time of day, or both.

    Args:
        value: A text such as ``"9:30"``, ``"09:30 PM"``, ``"2026-09-14"`` or
            ``"2026-09-14T09:30:00+02:00"``, or a `datetime`, `date` or `time`.

    Returns:
        The moment without fractions of a second, or ``None`` if the value is anything else.

    Example:
        >>> parse_moment("2026-09-14T09:30:00Z").instant().isoformat()
        '2026-09-14T09:30:00+00:00'
        >>> parse_moment("after lunch") is None
        True
    """
    if isinstance(value, str):
        match = _STAMP.fullmatch(value.strip())
        try:
            return _from_match(match) if match and value.strip() else None
        except ValueError:  # such as 25:00, or 30 February
            return None
    if isinstance(value, datetime):
        return Moment(value.date(), value.time().replace(microsecond=0), _fixed(value.utcoffset()))
    if isinstance(value, date):
        return Moment(value)
    if isinstance(value, time):
        return Moment(None, value.replace(microsecond=0, tzinfo=None), _fixed(value.utcoffset()))
    return None


def parse_day(text: str) -> date:
    """Read a day that is written as ``2026-09-14``.

    Raises:
        ValueError: The text is not such a day. Other notations of ISO 8601 are refused, because
            Python 3.10 cannot read them.

    Example:
        >>> parse_day("2026-09-14")
        datetime.date(2026, 9, 14)
    """
    moment = parse_moment(text)
    if moment is None or moment.day is None or moment.clock is not None:
        raise ValueError(f"{text!r}, expected a day such as 2026-09-14")
    return moment.day


def parse_instant(text: str) -> datetime:
    """Read a day, with or without a time of day; without one it is midnight.

    Returns:
        The `datetime`; it has a time zone only if the text has an offset from UTC.

    Raises:
        ValueError: The text is not a day.

    Example:
        >>> parse_instant("2026-09-14T09:30Z").isoformat()
        '2026-09-14T09:30:00+00:00'
    """
    moment = parse_moment(text)
    if moment is None or moment.day is None:
        raise ValueError(f"{text!r}, expected a time such as 2026-09-14T09:30")
    return replace(moment, clock=moment.clock or time()).instant()


def utc_text(instant: datetime) -> str:
    """Write a point in time in UTC, to the second. One without a time zone is taken as UTC.

    Example:
        >>> utc_text(datetime(2026, 2, 1, 10, tzinfo=timezone(timedelta(hours=2))))
        '2026-02-01T08:00:00Z'
        >>> utc_text(datetime(2026, 2, 1, 10))
        '2026-02-01T10:00:00Z'
    """
    if instant.tzinfo is not None:
        instant = instant.astimezone(timezone.utc)
    # strftime("%Y") does not pad a year to four digits everywhere.
    return f"{instant.replace(tzinfo=None, microsecond=0).isoformat()}Z"


def _fixed(offset: timedelta | None) -> timezone | None:
    return None if offset is None else timezone(offset)


def _from_match(match: re.Match[str]) -> Moment:
    day = date.fromisoformat(match["date"]) if match["date"] else None
    if match["hour"] is None:
        return Moment(day)
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + (12 if match["half"].upper() == "PM" else 0)
    return Moment(
        day, time(hour, int(match["minute"]), int(match["second"] or 0)), _offset(match["offset"])
    )


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in "Zz":
        return timezone.utc
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def resolve_slot(start: Any, end: Any, fallback_day: date) -> tuple[Moment, Moment | None] | None:
    """Work out when a session starts and ends.

    If the start or the end has no day or no offset, it takes that of the other. If both have no
    day, the day is `fallback_day`. An end before the start is dropped, except when both are clock
    times only: then the session ends on the next day.

    Returns:
        The start and the end. Both have a day, and both have a time or neither has. The end is
        ``None`` if it is missing or was dropped. ``None`` if the start cannot be read.
    """
    first, last = parse_moment(start), parse_moment(end)
    if first is None:
        return None
    overnight = first.day is None and (last is None or last.day is None)
    first, last = _completed(first, last, fallback_day)
    if last is None or (first.clock is None) != (last.clock is None):
        return first, None
    if overnight and _comparable(last) < _comparable(first):
        last = _next_day(last)
    return first, last if last and _comparable(last) > _comparable(first) else None


def _completed(
    first: Moment, last: Moment | None, fallback_day: date
) -> tuple[Moment, Moment | None]:
    day = first.day or (last and last.day) or fallback_day
    offset = first.offset or (last.offset if last and first.clock else None)
    first = replace(first, day=day, offset=offset)
    if last is not None:
        last = replace(
            last, day=last.day or day, offset=last.offset or (offset if last.clock else None)
        )
    return first, last


def _next_day(moment: Moment) -> Moment | None:
    assert moment.day is not None
    if moment.day == date.max:
        return None
    return replace(moment, day=moment.day + timedelta(days=1))


def _comparable(moment: Moment) -> tuple[date, timedelta]:
    """Return a sort key. Unlike `datetime`, it cannot overflow near the years 1 and 9999."""
    assert moment.day is not None
    clock = moment.clock or time()
    since_midnight = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)
    if moment.offset is None:
        return moment.day, since_midnight
    shift = moment.offset.utcoffset(None) or timedelta()
    since_epoch = timedelta(days=moment.day.toordinal()) + since_midnight - shift
    return date.min, since_epoch


def describe_slot(start: Any, end: Any, date_format: str = LONG_DATE) -> str:
    """Write a session's time for a reader. Texts that cannot be parsed are shown unchanged.

    Example:
        >>> describe_slot("2026-09-14T09:00:00+02:00", "2026-09-14T09:45:00+02:00")
        'Mon 14 Sep 2026, 09:00-09:45'
        >>> describe_slot("09:00", "9:45"), describe_slot("after lunch", None)
        ('09:00-09:45', 'after lunch')
    """
    first, last = parse_moment(start), parse_moment(end)
    if first is None:
        texts = [str(value) for value in (start, end) if value is not None]
        return " - ".join(texts) or "?"
    text = _described(first, date_format)
    if last is None or last == first:
        return text
    same_day = last.clock is not None and last.day in (None, first.day)
    return f"{text}-{_clock(last)}" if same_day else f"{text} - {_described(last, date_format)}"


def _described(moment: Moment, date_format: str) -> str:
    parts = []
    if (day := moment.day) is not None:
        # Not strftime: its names depend on the locale.
        name, month = _DAYS[day.weekday()], _MONTHS[day.month - 1]
        parts.append(date_format.format(day=name, number=day.day, month=month, year=day.year))
    if moment.clock is not None:
        parts.append(_clock(moment))
    return ", ".join(parts)


def _clock(moment: Moment) -> str:
    assert moment.clock is not None
    return moment.clock.strftime("%H:%M")
