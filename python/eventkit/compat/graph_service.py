"""The original's module ``graph_service``: calendars of Microsoft Graph as sessions."""

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
    """A calendar's events as sessions: `eventkit.graph.GraphEventService` as the original is made.

    It keeps no events; `eventkit.graph.CachedGraphEventService` in front of it does.

    Args:
        auth_client: What has ``get_access_token()``.
        settings: `eventkit.graph.GraphSettings`, or anything else: the user is then the argument
            of `get_events`, or GRAPH_USER_ID.

    Example:
        >>> start = {"dateTime": "2026-02-01T10:00:00"}
        >>> event = {"id": "1", "subject": "Standup", "start": start, "end": start}
        >>> GraphEventService(None)._transform_events([event])[0]["title"]
        'Standup'
    """

    def __init__(self, auth_client: Any, settings: Any = None) -> None:
        """Keep both; nothing is asked of them yet."""
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
        """Fetch events, by their start; `eventkit.graph.GraphEventService.get_events`.

        Raises:
            GraphServiceError: They are not to be had.
        """
        events: list[dict[str, Any]] = self._source().get_events(
            start_time, end_time, top, user_id=user_id
        )
        return events

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
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
        """Turn Graph events into sessions, without those that cannot be read."""
        return functions.transform_events(events)

    def _parse_graph_datetime(self, dt_obj: Any) -> datetime | None:
        """Read Graph's ``{"dateTime": ..., "timeZone": ...}``."""
        return reference.parse_graph_datetime(dt_obj)


class _Bearer:
    """The original's ``get_access_token()`` as a credential."""

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
