"""The original's module ``graph_service``: how Graph events become sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eventkit import functions, reference
from eventkit.errors import EventKitError

__all__ = ["GraphEventService", "GraphServiceError"]


class GraphServiceError(EventKitError):
    """A calendar could not be had from Microsoft Graph."""


class GraphEventService:
    """A calendar's events as sessions.

    It offers the transformation: `_transform_events` and `_parse_graph_datetime`. It does not talk
    to Microsoft Graph: pass it events that you have fetched.

    Args:
        auth_client: What knows how to get an access token; kept, not used by the transformation.
        settings: Graph settings; kept likewise.
    """

    def __init__(self, auth_client: Any, settings: Any = None) -> None:
        """Keep both; nothing is asked of them yet."""
        self.auth_client = auth_client
        self.settings = settings

    def _transform_events(self, events: Any) -> list[dict[str, Any]]:
        """Turn Graph events into sessions, without those that cannot be read."""
        return functions.transform_events(events)

    def _parse_graph_datetime(self, dt_obj: Any) -> datetime | None:
        """Read Graph's ``{"dateTime": ..., "timeZone": ...}``."""
        return reference.parse_graph_datetime(dt_obj)
