"""Keeps the known state of a calendar, and applies changes to it (calendarView/delta).

Delta has no `$select` and no order, and its window is fixed when it starts. So the window begins
with the day and is one day longer than requested. Then one window is enough for a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from eventkit.errors import GraphServiceError
from eventkit.graph.page import FIELDS, load, session_of

__all__ = ["Changes", "State", "read_changes"]

_SPAN = timedelta(days=8)
_KEPT = (*FIELDS, "body", "type", "seriesMasterId")


class Changes(NamedTuple):
    """A page of changes: events by id, or ``None`` for a deleted event."""

    events: dict[str, dict[str, Any] | None]
    next_link: str | None
    delta_link: str | None


def read_changes(body: bytes) -> Changes:
    """Read a page of changes.

    Raises:
        GraphServiceError: It is not a page of changes.

    Example:
        >>> page = b'{"value": [{"id": "1", "@removed": {}}], "@odata.deltaLink": "https://x"}'
        >>> read_changes(page)
        Changes(events={'1': None}, next_link=None, delta_link='https://x')
    """
    document = load(body)
    events: dict[str, dict[str, Any] | None] = {}
    for event in document["value"]:
        if isinstance(event, dict) and isinstance(event.get("id"), str):
            gone = "@removed" in event
            kept = {name: event[name] for name in _KEPT if name in event}
            events[event["id"]] = None if gone else kept
    links = document.get("@odata.nextLink"), document.get("@odata.deltaLink")
    if links == (None, None):
        raise GraphServiceError("Failed to fetch events: changes without an end", transient=True)
    return Changes(events, *links)


@dataclass(frozen=True)
class State:
    """The known state of a calendar. Callers keep it and pass it to the next refresh.

    Attributes:
        mailbox: The mailbox.
        start: The beginning of the window.
        end: The end of the window.
        link: The link of the next request.
        events: The events by id.
    """

    mailbox: str
    start: datetime
    end: datetime
    link: str = field(default="", repr=False)
    events: Mapping[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    @classmethod
    def new(cls, mailbox: str, start: datetime) -> State:
        """Make a state without events, for the days from this one on."""
        day = start.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(mailbox, day, day + _SPAN)

    def serves(self, mailbox: str, start: datetime, end: datetime) -> bool:
        """Return true if the state belongs to this mailbox and covers the window."""
        return self.mailbox == mailbox and self.start <= start and end <= self.end

    def at(self, link: str) -> State:
        """Return the same state with another link."""
        return replace(self, link=link)

    def changed(self, changes: Changes) -> State:
        """Return the state with changes applied."""
        events = dict(self.events)
        for identity, event in changes.events.items():
            if event is None:
                events.pop(identity, None)
            else:
                events[identity] = event
        return replace(self, events=events, link=changes.delta_link or self.link)

    def sessions(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return the sessions of a window in the order of their start."""
        found = []
        for event in self.events.values():
            session = session_of(self._whole(event))
            if session is None or event.get("type") == "seriesMaster":
                continue
            begins, ends = _instant(session["start_at"]), _instant(session["end_at"])
            if begins < end and ends > start:
                found.append((begins, session))
        found.sort(key=lambda pair: pair[0])
        return [session for _, session in found]

    def _whole(self, event: dict[str, Any]) -> dict[str, Any]:
        """Complete an occurrence that has only its times with the members of its series."""
        series = self.events.get(event.get("seriesMasterId") or "")
        return event if series is None else {**series, **event}


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=timezone.utc) if instant.tzinfo is None else instant
