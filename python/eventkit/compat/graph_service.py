"""The original's module ``graph_service``: turns calendars of Microsoft Graph into sessions."""

from __future__ import annotations

import os
import threading
from datetime import datetime
from typing import Any

from eventkit import functions, reference
from eventkit.compat.graph_auth import GraphAuthClient
from eventkit.errors import GraphServiceError
from eventkit.graph.settings import BASE_URL, GraphSettings

__all__ = ["GraphEventService", "GraphServiceError"]


class GraphEventService:
    """Fetches the events of a calendar. Wraps `eventkit.graph.GraphEventService`.

    It does not cache events. Wrap it in `eventkit.graph.CachedGraphEventService` for that.

    Args:
        auth_client: An object with ``get_access_token()``.
        settings: `eventkit.graph.GraphSettings`. With any other object, the user is the argument
            of `get_events`, or GRAPH_USER_ID.

    Example:
        >>> start = {"dateTime": "2026-02-01T10:00:00"}
        >>> event = {"id": "1", "subject": "Standup", "start": start, "end": start}
        >>> GraphEventService(None)._transform_events([event])[0]["title"]
        'Standup'
    """

    def __init__(self, auth_client: Any, settings: Any = None) -> None:
        """Store both. No request is sent yet."""
        self.auth_client = auth_client
        self.settings = settings
        self._lock = threading.Lock()
        self._service: Any = None

    def get_events(
        self,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        top: int = 50,
        *,
        user_id: str | None = None,
    ) -> list[dict[str, Any]]:
        """Fetch events in order of their start. See `eventkit.graph.GraphEventService.get_events`.

        Raises:
            GraphServiceError: The events cannot be fetched.
        """
        events: list[dict[str, Any]] = self._source().get_events(
            start_time, end_time, top, user_id=user_id
        )
        return events

    def close(self) -> None:
        """Close the connections. A later call opens new connections."""
        with self._lock:
            if self._service is not None:
                self._service.close()

    def _source(self) -> Any:
        from eventkit.graph import GraphEventService as Source

        with self._lock:
            if self._service is None:
                client = self.auth_client
                ours = isinstance(client, GraphAuthClient)
                credential = client.credential() if ours else _Bearer(client)
                self._service = Source(credential, _settings(self.settings, client))
            return self._service

    def _transform_events(self, events: Any) -> list[dict[str, Any]]:
        """Turn Graph events into sessions. Events that cannot be read are left out."""
        return functions.transform_events(events)

    def _parse_graph_datetime(self, dt_obj: Any) -> datetime | None:
        """Parse Graph's ``{"dateTime": ..., "timeZone": ...}``."""
        return reference.parse_graph_datetime(dt_obj)


class _Bearer:
    """Turns an object with the original's ``get_access_token()`` into a credential."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get_token(self, *_scopes: str) -> Any:
        from eventkit.graph.token import AccessToken

        return AccessToken(self._client.get_access_token(), 0)


def _settings(settings: Any, client: Any) -> GraphSettings:
    for candidate in (settings, getattr(client, "settings", None)):
        if isinstance(candidate, GraphSettings):
            return candidate
    return GraphSettings(
        user_id=os.environ.get("GRAPH_USER_ID") or None,
        base_url=os.environ.get("GRAPH_BASE_URL") or BASE_URL,
    )
