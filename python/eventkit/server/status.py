"""Answers requests about the server itself: liveness, readiness, metrics and endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventkit.server.collector import Collector
from eventkit.server.message import JSON, Problem, Request, Response, json_response
from eventkit.server.metrics import exposition
from eventkit.server.openapi import VERSIONS, build_document
from eventkit.server.openapi30 import as_version_3_0
from eventkit.server.parameters import parameters
from eventkit.server.source import Source

__all__ = ["Status"]

_ALIVE = b'{"status": "ok"}'


class Status:
    """Answers requests about the server itself.

    Args:
        source: The manifest that is served.
        collector: Brings the metrics up to date.
        get_metrics: Returns the metrics of all worker processes.
        has_calendars: Returns true if users' calendars are readable.
    """

    def __init__(
        self,
        source: Source,
        collector: Collector,
        get_metrics: Callable[[], Any],
        has_calendars: Callable[[], bool],
    ) -> None:
        """Keep the parts."""
        self._source = source
        self._collector = collector
        self._get_metrics = get_metrics
        self._has_calendars = has_calendars

    def health(self, _request: Request) -> Response:
        """Answer that the process is alive."""
        return Response(200, [JSON], _ALIVE)

    def ready(self, _request: Request) -> Response:
        """Answer what is served, and why the present state of manifest or feed is not."""
        revision = self._source.current(self._source.clock())
        content = {
            "status": "ready",
            "sessions": len(revision.catalog),
            "edition": revision.digest,
            "calendars": self._has_calendars(),
        }
        if self._source.trouble is not None:
            content |= {"status": "stale", "manifest": self._source.trouble}
        feed_trouble = self._source.feed_trouble()
        if feed_trouble is not None:
            content |= {"status": "stale", "feed": feed_trouble}
        return json_response(200, content)

    def metrics(self, request: Request) -> Response:
        """Show the counters of all worker processes to Prometheus."""
        metrics = self._get_metrics()
        self._collector.collect(metrics, at_once=True)
        kind, text = exposition(metrics, request.headers.get("accept"))
        return Response(200, [("Content-Type", kind)], text)

    def latency(self, _request: Request) -> Response:
        """Show how long answers took."""
        return json_response(200, self._get_metrics().snapshot())

    def openapi(self, request: Request) -> Response:
        """Describe the endpoints."""
        asked = parameters(Request("GET", request.path, request.query))
        version = asked.get("version", "3.1")
        if version not in VERSIONS:
            raise Problem.parameter("version", version, " or ".join(VERSIONS))
        document = build_document(self._source.settings)
        return json_response(200, as_version_3_0(document) if version == "3.0" else document)
