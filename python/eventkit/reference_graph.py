"""The specification of how a Microsoft Graph calendar event becomes a session, in plain Python.

An event that cannot be read is left out, so that one broken event does not lose the others. The
parts of the popularity are added in the original's order, which decides the last bit. The recorded
cases do not distinguish a location's part from a reminder's, so the parts and their order are taken
from the original's published `graph_service`. The default title is an assumption.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

__all__ = ["parse_graph_datetime", "transform_event", "transform_events"]

MOST_TAGS = 5

_log = logging.getLogger(__name__)


def transform_events(events: Any) -> list[dict[str, Any]]:
    """Turn Graph events into sessions, without those that are cancelled, timeless or unreadable.

    Example:
        >>> transform_events([{"isCancelled": True}, None])
        []
    """
    sessions = []
    for event in events:
        try:
            session = transform_event(event)
        except Exception:
            _log.debug("left out an event that cannot be read", exc_info=True)
            continue
        if session is not None:
            sessions.append(session)
    return sessions


def transform_event(event: Any) -> dict[str, Any] | None:
    """Turn one Graph event into a session; ``None`` when it is cancelled or has no times.

    The times keep the hour and minute that Graph wrote; its date and time zone are dropped.

    Example:
        >>> event = {
        ...     "id": "e1",
        ...     "subject": "Agents",
        ...     "start": {"dateTime": "2026-02-01T10:00:00"},
        ...     "end": {"dateTime": "2026-02-01T11:00:00"},
        ...     "isOnlineMeeting": True,
        ... }
        >>> transform_event(event)  # doctest: +NORMALIZE_WHITESPACE
        {'id': 'e1', 'title': 'Agents', 'start': '10:00', 'end': '11:00', 'location': '',
         'tags': ['online'], 'popularity': 0.35}
    """
    if event.get("isCancelled", False):
        return None
    start = parse_graph_datetime(event.get("start"))
    end = parse_graph_datetime(event.get("end"))
    if not start or not end:
        return None
    return {
        "id": event.get("id", ""),
        "title": event.get("subject", "Untitled Event"),
        "start": start.strftime("%H:%M"),
        "end": end.strftime("%H:%M"),
        "location": event.get("location", {}).get("displayName", ""),
        "tags": _tags(event),
        "popularity": _popularity(event),
    }


def parse_graph_datetime(value: Any) -> datetime | None:
    """Read Graph's ``{"dateTime": ISO 8601, "timeZone": ...}``; ``None`` when it cannot be read.

    What counts as ISO 8601 is for the interpreter to say: Python 3.10 refuses the seven digits of a
    second that Graph really sends, 3.11 and later read them.

    Example:
        >>> parse_graph_datetime({"dateTime": "2026-02-01T10:00:00Z"})
        datetime.datetime(2026, 2, 1, 10, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        return datetime.fromisoformat(value["dateTime"].replace("Z", "+00:00"))
    except Exception:
        return None


def _tags(event: Any) -> list[Any]:
    tags = list(event.get("categories", []))
    if event.get("isOnlineMeeting"):
        tags.append("online")
    if event.get("isReminderOn"):
        tags.append("reminder")
    return tags[:MOST_TAGS]


def _popularity(event: Any) -> float:
    popularity = 0.25
    if event.get("bodyPreview") or event.get("body", {}).get("content"):
        popularity += 0.1
    attendees = event.get("attendees", [])
    if attendees:
        popularity += min(0.3, len(attendees) * 0.05)
    if event.get("location", {}).get("displayName"):
        popularity += 0.2
    if event.get("isOnlineMeeting"):
        popularity += 0.1
    return min(popularity, 1.0)
