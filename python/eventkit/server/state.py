"""How the server is: alive, ready to answer, how fast, and what it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eventkit.server.message import JSON, Problem, Response, json_response
from eventkit.server.openapi import build_document
from eventkit.server.settings import ServerSettings
from eventkit.server.source import Source

if TYPE_CHECKING:
    from eventkit.server.app import Application

__all__ = ["described", "health", "latency", "metrics", "ready"]

_ALIVE = b'{"status": "ok"}'
_PROMETHEUS = ("Content-Type", "text/plain; version=0.0.4; charset=utf-8")


def health() -> Response:
    """Say that the process answers."""
    return Response(200, [JSON], _ALIVE)


def ready(source: Source) -> Response:
    """Say what is served, and whether the manifest's present state could not be."""
    edition = source.current(source.clock())
    content = {"status": "ready", "sessions": len(edition.catalog), "edition": edition.digest}
    if source.trouble is not None:
        content |= {"status": "stale", "manifest": source.trouble}
    return json_response(200, content)


def metrics(app: Application) -> Response:
    """Show the counters of all worker processes."""
    if app.metrics is None:
        raise Problem(404, "no metrics are kept")
    app.count_outside()
    return Response(200, [_PROMETHEUS], app.metrics.render())


def latency(kept: Any) -> Response:
    """Show how long answers took."""
    return json_response(200, {} if kept is None else kept.snapshot())


def described(settings: ServerSettings) -> Response:
    """Describe the endpoints."""
    return json_response(200, build_document(settings))
