"""Answers ``/recommend-graph`` and ``/busy``: events of a user's calendar, and its busy times."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import date, datetime, time, timezone
from typing import Any

from eventkit import _imports
from eventkit.errors import EventKitError, MissingExtraError
from eventkit.server.message import Problem, Request, Response, json_response
from eventkit.server.parameters import parameters
from eventkit.server.revision import Revision
from eventkit.server.settings import ServerSettings
from eventkit.server.validation import (
    DAY_EXPECTED,
    USER_EXPECTED,
    checked_day,
    checked_interests,
    checked_top,
    checked_user,
)

__all__ = ["Calendars"]

_SOURCE = {"source": "graph"}
_RETRY_SECONDS = 5.0


class Calendars:
    """Reads calendars by a service that was given, or by one that the environment configures.

    Calendars are personal, so the endpoint needs a server that has a token.

    Args:
        graph: The service; created from the environment by the first request when not given.
    """

    def __init__(self, graph: Any = None) -> None:
        """Keep the service; create none yet."""
        self._graph = graph
        self._lock = threading.Lock()
        self._rate_limited = 0

    def recommend(self, request: Request, revision: Revision, settings: ServerSettings) -> Response:
        """Recommend from the calendar of ``userId``."""
        self._require_token(settings)
        asked = parameters(request)
        interests = checked_interests(asked.get("interests"), settings)
        top = checked_top(asked.get("top"), revision.default_top, settings)
        user = checked_user(asked.get("userId"))
        graph = self._service()
        return json_response(200, self._read(user, lambda: graph.recommend(user, interests, top)))

    def busy(self, request: Request, _revision: Revision, settings: ServerSettings) -> Response:
        """Answer with the times at which ``userId`` is busy, between two days in UTC."""
        self._require_token(settings)
        asked = parameters(request)
        user = checked_user(asked.get("userId"))
        start, end = (_midnight(name, asked.get(name)) for name in ("start", "end"))
        get_busy = getattr(getattr(self._service(), "service", None), "get_busy", None)
        if get_busy is None:
            raise Problem(501, "this calendar does not say when its owner is busy", **_SOURCE)
        try:
            pairs = self._read(user, lambda: get_busy(start, end, user_id=user))
        except (ValueError, OverflowError) as error:
            raise Problem(409, "there are no such days", reason=str(error)) from None
        return json_response(200, {"busy": [list(pair) for pair in pairs]})

    def is_readable(self, settings: ServerSettings) -> bool:
        """Return true if requests for calendars are answered, as far as settings can tell."""
        if settings.api_token is None:
            return False
        try:
            return self._service() is not None
        except Problem:
            return False

    def _require_token(self, settings: ServerSettings) -> None:
        if settings.api_token is None:
            raise Problem(403, "calendars are not readable", expected="a server with an API_TOKEN")

    def _read(self, user: str | None, read: Callable[[], Any]) -> Any:
        """Read a calendar. Its errors become answers with a status."""
        try:
            return read()
        except MissingExtraError as error:
            raise Problem(501, str(error), **_SOURCE) from error
        except EventKitError as error:
            status = getattr(error, "status", None)
            if user is None and _wants_user(self._graph) and status is None:
                raise Problem.parameter("userId", "", USER_EXPECTED, "userId required") from error
            raise self._refused(error) from error

    def counts(self) -> dict[str, int]:
        """Return the counts so far, by the names of metrics."""
        counts = {"graph_rate_limited": self._rate_limited}
        stats = getattr(self._graph, "stats", None)
        if stats is not None:
            figures = stats()
            counts["graph_cache_hits"] = figures["hits"] + figures["stale_hits"]
            counts["graph_cache_misses"] = figures["misses"]
        return counts

    def close(self) -> None:
        """Close the service, even one that was given."""
        close = getattr(getattr(self._graph, "service", None), "close", None)
        if close is not None:
            close()

    def _service(self) -> Any:
        with self._lock:
            if self._graph is None:
                self._graph = _from_environment()
            return self._graph

    def _refused(self, error: EventKitError) -> Problem:
        """Return the answer to a failed read: 503 with a time to wait if a retry may help."""
        status = getattr(error, "status", None)
        wait = getattr(error, "retry_after", None)
        if status == 429:
            self._rate_limited += 1
        if wait is not None or getattr(error, "transient", False):
            seconds = str(max(1, math.ceil(_RETRY_SECONDS if wait is None else wait)))
            return Problem(503, "Graph API error", ("Retry-After", seconds), **_SOURCE)
        if status == 404:
            return Problem(404, "no such user", **_SOURCE)
        return Problem(502, "Graph API error", **_SOURCE)


def _midnight(name: str, raw: Any) -> datetime | None:
    """Return the beginning of a day in UTC; ``None`` if none is named."""
    day = checked_day(raw, name)
    if day is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(), timezone.utc)
    except ValueError:
        raise Problem.parameter(name, raw, DAY_EXPECTED) from None


def _wants_user(graph: Any) -> bool:
    """Return true if a service needs the user's name, as its settings have none."""
    settings = getattr(getattr(graph, "service", None), "settings", None)
    return settings is not None and settings.user_id is None


def _from_environment() -> Any:
    """Create the service from the credentials in the environment.

    Raises:
        Problem: 501: there are none.
    """
    graph = _imports.optional("eventkit.graph")
    settings = getattr(graph, "GraphSettings", None)
    if graph is None or settings is None:
        raise Problem(501, "Graph API support not available", **_SOURCE)
    try:
        return graph.CachedGraphEventService(graph.GraphEventService(settings.from_environment()))
    except (EventKitError, ValueError) as error:
        raise Problem(501, str(error), **_SOURCE) from error
