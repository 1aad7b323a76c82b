"""Reads a page of events that Graph sent, and makes sessions of them.

The compiled module reads pages as Graph writes them. It declines unusual forms of times and broken
text, and this module reads such pages with the same result. In addition to the original's members,
a session has `start_at` and `end_at`: ISO 8601 with the date and, if the zone is known, its offset.
Times with seven digits of a second are read on every Python version.
"""

from __future__ import annotations

import functools
import json
import re
import zoneinfo
from datetime import datetime, timezone, tzinfo
from typing import Any, NamedTuple

from eventkit import _native
from eventkit.errors import GraphServiceError
from eventkit.reference_graph import parse_graph_datetime, transform_event

__all__ = ["BUSY_FIELDS", "FIELDS", "Page", "load", "read_page", "session_of", "sessions_of"]

FIELDS = (
    "id",
    "subject",
    "bodyPreview",
    "isCancelled",
    "isOnlineMeeting",
    "isReminderOn",
    "categories",
    "start",
    "end",
    "location",
    "attendees",
)
"""The members of an event from which a session is made."""

BUSY_FIELDS = ("start", "end", "isAllDay", "isCancelled", "showAs")
"""The members of an event that say when its owner is busy."""

_FRACTION = re.compile(r"\.(\d+)")
_UTC = ("UTC", "Etc/UTC", "Etc/GMT", "tzone://Microsoft/Utc")


class Page(NamedTuple):
    """The content of a page.

    Attributes:
        sessions: The events, without those that are cancelled or cannot be read.
        next_link: The link of the next page, if there is one.
    """

    sessions: list[dict[str, Any]]
    next_link: str | None


def read_page(body: bytes) -> Page:
    """Read a page of events.

    Raises:
        GraphServiceError: It is not a page of events.

    Example:
        >>> start, end = '{"dateTime": "2026-02-01T10:00:00.0000000"}', '{"dateTime": "2026-02-01T11:00:00"}'
        >>> event = f'{{"id": "1", "subject": "Standup", "start": {start}, "end": {end}}}'
        >>> page = read_page(f'{{"value": [{event}]}}'.encode())
        >>> page.sessions[0]["start"], page.sessions[0]["start_at"]
        ('10:00', '2026-02-01T10:00:00')
    """  # noqa: E501
    answer = _native.graph_page(body)
    if answer is NotImplemented:
        document = load(body)
        return Page(sessions_of(document["value"]), document.get("@odata.nextLink"))
    sessions, next_link, zoned = answer
    for place, start_zone, end_zone in zoned:
        session = sessions[place]
        session["start_at"] = _localised(session["start_at"], start_zone)
        session["end_at"] = _localised(session["end_at"], end_zone)
    return Page(sessions, next_link)


def load(body: bytes) -> dict[str, Any]:
    """Read the JSON of a page, which has a list of events and links that are strings.

    Raises:
        GraphServiceError: The page has another form.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else "no JSON"
        raise _broken(f"the answer is {reason}") from None
    if not isinstance(document, dict) or not isinstance(document.get("value"), list):
        raise _broken("the answer has no list of events")
    for name in ("@odata.nextLink", "@odata.deltaLink"):
        if not isinstance(document.get(name), (str, type(None))):
            raise _broken(f"the answer's {name} is no string")
    return document


def sessions_of(events: list[Any]) -> list[dict[str, Any]]:
    """Make sessions of events, without those that are cancelled or cannot be read."""
    sessions = map(session_of, events)
    return [session for session in sessions if session is not None]


def session_of(event: Any) -> dict[str, Any] | None:
    """Make a session with dates of one event.

    Example:
        >>> start = {"dateTime": "2026-07-01T10:00:00.0000000", "timeZone": "Europe/Berlin"}
        >>> session_of({"start": start, "end": start})["end_at"]
        '2026-07-01T10:00:00+02:00'
    """
    try:
        start, end = _read(event["start"]), _read(event["end"])
        session = transform_event({**event, "start": start, "end": end})
        if session is None:
            return None
        return session | {"start_at": _dated(start), "end_at": _dated(end)}
    except Exception:
        # As in the original, a broken event is skipped and the others are returned.
        return None


def _read(moment: Any) -> dict[str, Any]:
    """Return a time of Graph with six digits of a second, which every Python reads."""
    text = _FRACTION.sub(lambda match: f".{match[1][:6]:0<6}", moment["dateTime"])
    return {**moment, "dateTime": text}


def _dated(moment: dict[str, Any]) -> str:
    instant = parse_graph_datetime(moment)
    assert instant is not None  # The session has its clock time already.
    text = instant.replace(microsecond=0).isoformat()
    return _localised(text, moment.get("timeZone")) if instant.tzinfo is None else text


def _localised(text: str, zone: Any) -> str:
    """Add the offset of a zone to a time without one, if the zone is known."""
    if not isinstance(zone, str) or len(text) > len("2026-02-01T10:00:00"):
        return text
    known = _zone(zone)
    return text if known is None else datetime.fromisoformat(text).replace(tzinfo=known).isoformat()


@functools.lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo | None:
    if name in _UTC:
        return timezone.utc
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # The zone has a Windows name, or no name.
        return None


def _broken(reason: str) -> GraphServiceError:
    return GraphServiceError(f"Failed to fetch events: {reason}", transient=True)
