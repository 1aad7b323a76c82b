"""Reads the times at which somebody is busy: pairs of times, calendar events, or an .ics file."""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from eventkit._imports import required
from eventkit.dates import Moment, parse_day, parse_moment
from eventkit.files import read_regular

__all__ = ["Busy", "busy_times"]

Busy = str | os.PathLike[str] | Iterable[Any]
"""The name of an .ics file, or a list of pairs, sessions, events of Graph, and such names.

The content of an .ics file, as bytes, may be in the list too.
"""

_LARGEST = 1 << 26
"""Bytes of an .ics file: a calendar of ten years has a few megabytes."""


def busy_times(
    busy: Busy, day: date | str | None = None, zone: str | None = None
) -> list[tuple[str, str]]:
    """Return the busy times as pairs of ISO 8601 texts.

    Args:
        busy: See `eventkit.plan`.
        day: The day of the programme. Times on this day become times of day, others are left out.
        zone: The time zone of the programme. Times with an offset become local times of this zone.

    Raises:
        ValueError: A time cannot be read, an event repeats for ever and no day is given, or the
            zone or day does not exist.
        TypeError: An item is neither a pair nor a mapping.
        MissingExtraError: An .ics file is given, and icalendar is not installed.
        OSError: The .ics file cannot be read.

    Example:
        >>> busy_times([("12:00", "13:00")])
        [('12:00', '13:00')]
        >>> busy_times([("2026-01-31T11:00Z", "2026-01-31T12:00Z")], "2026-01-31", "Europe/Berlin")
        [('12:00', '13:00')]
    """
    place = None if zone is None else _zone(zone)
    on = parse_day(day) if isinstance(day, str) else day
    found = []
    for shown, start, end in _read(busy, on):
        first, last = _moment(start, shown), _moment(end, shown)
        pair = _placed(first, last, place, on, shown)
        if pair is not None:
            found.append(pair)
    return found


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"zone is {name!r}, expected a name such as Europe/Berlin") from None


def _read(busy: Busy, day: date | None) -> Iterator[tuple[str, Any, Any]]:
    """Yield for each busy time what to call it in a message, its start and its end."""
    items = [busy] if isinstance(busy, (str, os.PathLike)) else busy
    for number, item in enumerate(items):
        shown = f"busy[{number}]"
        if isinstance(item, (str, os.PathLike)):
            required("icalendar")  # Before the file: without it, no file can be read.
            yield from _read_ics(read_regular(item, _LARGEST), os.fspath(item), day)
        elif isinstance(item, bytes):
            yield from _read_ics(item, shown, day)
        elif isinstance(item, Mapping):
            if item.get("isCancelled") is True or item.get("showAs") == "free":
                continue
            all_day = item.get("isAllDay") is True
            start, end = item.get("start"), item.get("end")
            yield shown, _graph_time(start, shown, all_day), _graph_time(end, shown, all_day)
        elif isinstance(item, (tuple, list)) and len(item) == 2:
            yield shown, *item
        else:
            raise TypeError(f"{shown} is {item!r}, expected a pair (start, end) or an event")


def _graph_time(value: Any, shown: str, all_day: bool) -> Any:
    """Return the time of an event of Graph with its offset; any other value as it is."""
    if not isinstance(value, Mapping):
        return value
    moment = parse_moment(value.get("dateTime"))
    zone = value.get("timeZone")
    if moment is None or moment.day is None:
        raise ValueError(f"{shown} has the time {value.get('dateTime')!r}, expected ISO 8601")
    instant = datetime.combine(moment.day, moment.clock or time(), moment.offset)
    # The day of an event that lasts all day is the same in every zone.
    if all_day or zone is None or instant.tzinfo is not None:
        return instant.replace(tzinfo=None) if all_day else instant
    if zone in ("UTC", "tzone://Microsoft/Utc"):
        return instant.replace(tzinfo=timezone.utc)
    try:
        return instant.replace(tzinfo=zoneinfo.ZoneInfo(zone))
    except (OSError, ValueError, LookupError, TypeError):
        raise ValueError(
            f"{shown} has the time zone {zone!r}, which is unknown: ask Graph for UTC"
        ) from None


def _read_ics(data: bytes, name: str, day: date | None) -> Iterator[tuple[str, Any, Any]]:
    """Yield the busy times of an .ics file. The only reader of this format here."""
    icalendar = required("icalendar")
    try:
        calendar = icalendar.Calendar.from_ical(data)
    except ValueError as error:
        raise ValueError(f"{name} is no calendar: {error}") from None
    events = calendar.walk("VEVENT")
    recurring = {str(event.get("UID")) for event in events if "RRULE" in event or "RDATE" in event}
    groups: dict[str, list[tuple[str, Any]]] = {}
    for number, event in enumerate(events):
        shown = f"event {number + 1} of {name}"
        if str(event.get("UID")) in recurring:
            groups.setdefault(str(event.get("UID")), []).append((shown, event))
            continue
        if _is_free(event):
            continue
        try:
            start, end = event.start, event.end
        except Exception as error:
            raise ValueError(f"{shown}: {error}") from None
        if not isinstance(end, datetime):
            end -= timedelta(days=1)  # In a calendar file such an end is the day after.
        yield shown, start, max(start, end)
    zones = calendar.walk("VTIMEZONE")
    for group in groups.values():
        yield from _read_recurring(group, zones, day)


def _is_free(event: Any) -> bool:
    return bool(event.get("STATUS") == "CANCELLED" or event.get("TRANSP") == "TRANSPARENT")


def _read_recurring(
    group: list[tuple[str, Any]], zones: list[Any], day: date | None
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the times of an event that recurs, with the exceptions to it."""
    from eventkit.feeds import FeedError, read

    icalendar = required("icalendar")
    shown = group[0][0]
    calendar = icalendar.Calendar()
    for definition in zones:
        calendar.add_component(definition)
    for shown_part, event in group:
        if "DTSTART" not in event:
            raise ValueError(f"{shown_part} has no start")
        _end_rules(event, day, shown_part)
        event["SUMMARY"] = "busy"
        if _is_free(event):
            event["STATUS"] = "CANCELLED"
        calendar.add_component(event)
    try:
        programme = read(calendar.to_ical(), format="ics")
    except FeedError as error:
        raise ValueError(f"{shown}: {error}") from None
    for note in programme.report.notes:
        if "were taken" in note or "is not known" in note:
            raise ValueError(f"{shown}: {note}")
    for session in programme.sessions:
        start, end = session["start_at"], session.get("end_at", session["start_at"])
        if session.get("all_day"):
            first, last = date.fromisoformat(start[:10]), date.fromisoformat(end[:10])
            yield shown, first, max(first, last - timedelta(days=1))
        else:
            yield shown, start, end


def _end_rules(event: Any, day: date | None, shown: str) -> None:
    """End the rules that never end after the day that is asked for."""
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if "COUNT" in rule or "UNTIL" in rule:
            continue
        if day is None:
            raise ValueError(
                f"{shown} repeats for ever: give it an end, or ask for a day with day="
            )
        # Two days later, it is over in every zone.
        last = day + timedelta(days=2)
        timed = isinstance(event.decoded("DTSTART"), datetime)
        rule["UNTIL"] = [datetime.combine(last, time(), timezone.utc) if timed else last]


def _moment(value: Any, shown: str) -> Moment:
    moment = parse_moment(value)
    if moment is None:
        raise ValueError(f"{shown} has the time {value!r}, expected one such as 2026-01-31T09:00")
    return moment


def _placed(
    first: Moment, last: Moment, zone: zoneinfo.ZoneInfo | None, day: date | None, shown: str
) -> tuple[str, str] | None:
    """Return the texts of a busy time; ``None`` if it is on other days."""
    if first.day is None or last.day is None:
        return _text(first), _text(last)
    start = _instant(first, zone)
    end = _instant(last, zone)
    if last.clock is None:
        end += timedelta(days=1)
    if day is None:
        return start.isoformat(), end.isoformat()
    if start.tzinfo is not None or end.tzinfo is not None:
        raise ValueError(f"{shown} has an offset from UTC: give the programme's zone with zone=")
    dawn = datetime.combine(day, time())
    dusk = dawn + timedelta(days=1)
    start, end = max(start, dawn), min(end, dusk)
    if start >= end:
        return None
    return f"{start:%H:%M}", "24:00" if end == dusk else f"{end:%H:%M}"


def _instant(moment: Moment, zone: zoneinfo.ZoneInfo | None) -> datetime:
    assert moment.day is not None
    instant = datetime.combine(moment.day, moment.clock or time(), moment.offset)
    if zone is not None and instant.tzinfo is not None:
        return instant.astimezone(zone).replace(tzinfo=None)
    return instant


def _text(moment: Moment) -> str:
    if moment.day is not None:
        return _instant(moment, None).isoformat()
    assert moment.clock is not None
    return f"{moment.clock:%H:%M:%S}".removesuffix(":00")
