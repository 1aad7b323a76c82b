"""Programmes as ``schedule.json`` and ``schedule.xml`` of frab and pretalx, and as CSV tables.

`eventkit.feeds.read` reads the same sessions from them: id, title, times, room, texts, speakers,
tags and addresses. `docs/feeds.md` says what a format cannot hold. Sessions are grouped by day and
room in the two schedules, so their order changes.
"""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from eventkit.dates import Moment, parse_moment
from eventkit.exports.escaping import as_text

__all__ = ["build_csv", "build_schedule", "build_schedule_xml"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = re.compile(r"</?[A-Za-z!]|&#?\w+;")
_COLUMNS = (
    *("id", "title", "subtitle", "start", "end", "day", "location", "track", "type", "tags"),
    *("speakers", "abstract", "description", "language", "url", "popularity"),
)
_TABLE_NAMES = {"location": "room"}


def build_schedule(sessions: Sequence[Any], *, name: str, zone: str | None) -> dict[str, Any]:
    """Return the object of a ``schedule.json``.

    Args:
        sessions: The sessions.
        name: The name of the conference.
        zone: The IANA name of its zone, if it is known.

    Example:
        >>> session = {"id": "7", "title": "Ducks", "start_at": "2026-09-14T09:30:00+02:00"}
        >>> schedule = build_schedule([session], name="Pond", zone=None)["schedule"]
        >>> schedule["conference"]["days"][0]["rooms"][""][0]["date"]
        '2026-09-14T09:30:00+02:00'
    """
    days = []
    for index, (day, rooms) in enumerate(_grouped(sessions), 1):
        events = {
            room: [_event(session, name) for session in group] for room, group in rooms.items()
        }
        starts = [event["date"] for group in events.values() for event in group if event["date"]]
        first, last = (min(starts), max(starts)) if starts else ("", "")
        days.append(
            {"index": index, "date": day, "day_start": first, "day_end": last, "rooms": events}
        )
    dates = [day["date"] for day in days if day["date"]]
    conference: dict[str, Any] = {
        "title": name,
        "acronym": _acronym(name),
        "start": dates[0] if dates else None,
        "end": dates[-1] if dates else None,
        "daysCount": len(days),
        "timeslot_duration": "00:05",
    }
    if zone is not None:
        conference["time_zone_name"] = zone
    conference["days"] = days
    text = json.dumps(conference, sort_keys=True, default=str)
    version = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return {"schedule": {"version": version, "conference": conference}}


def build_schedule_xml(sessions: Sequence[Any], *, name: str, zone: str | None) -> str:
    """Return the text of a ``schedule.xml``, with what `build_schedule` holds.

    Example:
        >>> text = build_schedule_xml([{"id": "7", "title": "A & B"}], name="Pond", zone=None)
        >>> [line.strip() for line in text.splitlines() if "<title>" in line]
        ['<title>Pond</title>', '<title>A &amp; B</title>']
    """
    schedule = build_schedule(sessions, name=name, zone=zone)["schedule"]
    conference = schedule["conference"]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<schedule>"]
    lines += [f"  {_element('version', schedule['version'])}", "  <conference>"]
    heads = ("title", "acronym", "start", "end", "timeslot_duration", "time_zone_name")
    lines += [f"    {_element(head, conference[head])}" for head in heads if conference.get(head)]
    lines += [f"    {_element('days', conference['daysCount'])}", "  </conference>"]
    for day in conference["days"]:
        lines += [f"  <day index={_quoted(day['index'])} date={_quoted(day['date'])}>"]
        for room, events in day["rooms"].items():
            lines += [f"    <room name={_quoted(room)}>"]
            lines += [line for event in events for line in _event_lines(event)]
            lines += ["    </room>"]
        lines += ["  </day>"]
    return "\n".join([*lines, "</schedule>", ""])


def _event_lines(event: dict[str, Any]) -> Iterator[str]:
    yield f"      <event id={_quoted(event['id'])} guid={_quoted(event['guid'])}>"
    names = ("date", "start", "duration", "room", "title", "subtitle", "track", "type")
    for name in (*names, "language", "abstract", "description", "url"):
        yield f"        {_element(name, event[name] or '')}"
    for outer, inner in (("persons", "person"), ("tags", "tag")):
        held = event[outer]
        texts = [each["public_name"] if isinstance(each, dict) else each for each in held]
        elements = "".join(_element(inner, text) for text in texts)
        yield f"        <{outer}>{elements}</{outer}>"
    yield "      </event>"


def _element(name: str, value: object) -> str:
    return f"<{name}>{escape(_NOT_XML.sub('', str(value)))}</{name}>"


def _quoted(value: object) -> str:
    return quoteattr(_NOT_XML.sub("", str(value)))


def build_csv(sessions: Sequence[Any]) -> str:
    """Return a table with one session a row; lines end with CRLF (RFC 4180).

    Example:
        >>> text = build_csv([{"id": "7", "title": "Ducks", "tags": ["birds", "water"]}])
        >>> text.splitlines()[1]
        '7,Ducks,,,,,,,,birds;water,,,,,,'
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_TABLE_NAMES.get(column, column) for column in _COLUMNS])
    for session in sessions:
        row = {column: _protected(_text(session.get(column))) for column in _COLUMNS}
        start, end = _times(session)
        row["start"], row["end"] = start, end
        if session.get("start_at"):
            row["day"] = ""  # the start says it
        tags = [tag for tag in as_text(session.get("tags")) if tag not in _named(session)]
        row["tags"] = ";".join(map(_protected, tags))
        row["speakers"] = ";".join(map(_protected, as_text(session.get("speakers"))))
        writer.writerow(row.values())
    return file.getvalue()


def _grouped(sessions: Sequence[Any]) -> list[tuple[str, dict[str, list[Any]]]]:
    """Return the sessions by day, the days in order, and by room."""
    days: dict[str, dict[str, list[Any]]] = {}
    for session in sorted(sessions, key=lambda session: str(session.get("start_at") or "")):
        room = str(session.get("location") or "")
        days.setdefault(_day(session), {}).setdefault(room, []).append(session)
    return sorted(days.items(), key=lambda item: (not item[0], item[0]))


def _day(session: Any) -> str:
    """Return the date under which a session is listed; nothing if it has none."""
    for value in (session.get("day"), session.get("start_at"), session.get("start")):
        moment = parse_moment(value)
        if moment is not None and moment.day is not None:
            return moment.day.isoformat()
    return ""


def _event(session: Any, name: str) -> dict[str, Any]:
    """Return a session as an event of frab; the keys are always the same."""
    identity = str(session.get("id", ""))
    start, end = _times(session)
    moment = parse_moment(start)
    dated = moment is not None and moment.day is not None
    track, kind = _named(session)
    return {
        "id": identity,
        "guid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"eventkit:{name}:{identity}:{start}")),
        "date": start if dated else None,
        "start": moment.clock.strftime("%H:%M") if moment and moment.clock else None,
        "duration": _duration(moment, parse_moment(end)),
        "room": _protected(_text(session.get("location"))) or None,
        "title": _protected(_text(session.get("title"))),
        "subtitle": _protected(_text(session.get("subtitle"))),
        "track": _protected(track) or None,
        "type": _protected(kind),
        "language": _text(session.get("language")) or None,
        "abstract": _protected(_text(session.get("abstract"))),
        "description": _protected(_text(session.get("description"))),
        "url": _text(session.get("url")) or None,
        "persons": [
            {"id": number, "public_name": _protected(speaker)}
            for number, speaker in enumerate(as_text(session.get("speakers")), 1)
        ],
        "tags": [
            _protected(tag) for tag in as_text(session.get("tags")) if tag not in (track, kind)
        ],
    }


def _named(session: Any) -> tuple[str, str]:
    return _text(session.get("track")), _text(session.get("type"))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _protected(text: str) -> str:
    """Escape a plain text that looks like HTML, because readers take it for HTML."""
    return html.escape(text, quote=False) if _MARKUP.search(text) else text


def _times(session: Any) -> tuple[str, str]:
    """Return start and end: with a date if the session has them, else the times of day."""
    if session.get("start_at"):
        return _text(session["start_at"]), _text(session.get("end_at"))
    return _text(session.get("start")), _text(session.get("end"))


def _duration(start: Moment | None, end: Moment | None) -> str | None:
    """Return the time from start to end as ``HH:MM``, or ``HH:MM:SS`` if there are seconds."""
    if start is None or end is None or start.clock is None or end.clock is None:
        return None
    if start.day is None or end.day is None:
        day = timedelta(days=1)
        span = (_since_midnight(end) - _since_midnight(start)) % day
    elif (start.offset is None) != (end.offset is None):
        return None
    else:
        span = end.instant() - start.instant()
    seconds = int(span.total_seconds())
    if seconds < 0:
        return None
    minutes, rest = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{rest:02}" if rest else text


def _since_midnight(moment: Moment) -> timedelta:
    assert moment.clock is not None
    clock = moment.clock
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)


def _acronym(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "programme"
