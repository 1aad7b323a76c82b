"""Calendars of the simulator: events by id, and the log of changes that delta answers from."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

TOPICS = ("agents", "safety", "rust", "web", "design", "data", "testing", "security")


def make_event(number: int, **fields: Any) -> dict[str, Any]:
    """Return the event of this number as Graph writes one: from tomorrow 09:00 UTC on, hourly.

    The first 135 lie within seven days, whatever time it is now.
    """
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    start = today + timedelta(days=1, hours=9 + number)
    topic = TOPICS[number % len(TOPICS)]
    event = {
        "@odata.etag": f'W/"{number}"',
        "id": f"event-{number}",
        "subject": f"{topic.capitalize()} meeting {number}",
        "bodyPreview": "What it is about" if number % 2 else "",
        "isCancelled": False,
        "isOnlineMeeting": number % 3 == 0,
        "isReminderOn": number % 4 == 0,
        "categories": [topic, "team"],
        "start": moment(start),
        "end": moment(start + timedelta(minutes=45)),
        "location": {"displayName": f"Room {number % 5}", "locationType": "default"},
        "attendees": [{"type": "required"}] * (number % 5),
    }
    return event | fields


def moment(at: datetime) -> dict[str, str]:
    """Return an instant as Graph writes it: seven digits of a second, the zone beside it."""
    return {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}


class Calendar:
    """One user's events. Not locked: the simulator locks."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.changes: list[str] = []
        """The ids that were put or removed, in order; a delta token is a position in it."""

    def put(self, event: dict[str, Any]) -> None:
        self.events[event["id"]] = event
        self.changes.append(event["id"])

    def remove(self, event_id: str) -> None:
        del self.events[event_id]
        self.changes.append(event_id)

    def between(self, start: str, end: str) -> list[dict[str, Any]]:
        """Return the events of a window of UTC instants, ordered by their start."""
        inside = [
            event
            for event in self.events.values()
            if _instant(event, "start") < end[:19] and _instant(event, "end") > start[:19]
        ]
        return sorted(inside, key=lambda event: _instant(event, "start"))

    def since(self, position: int) -> list[dict[str, Any]]:
        """Return what changed since a position of `changes`, removed events as Graph says it."""
        changed = dict.fromkeys(self.changes[position:])
        removed = {"@removed": {"reason": "deleted"}}
        return [self.events.get(name, {"id": name, **removed}) for name in changed]


def _instant(event: dict[str, Any], side: str) -> str:
    return str((event.get(side) or {}).get("dateTime", ""))[:19]
