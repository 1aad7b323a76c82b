"""How the server is: alive, ready to answer, how fast, and what it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventkit.server.message import JSON, Request, Response, json_response
from eventkit.server.metrics import exposition
from eventkit.server.openapi import build_document
from eventkit.server.settings import ServerSettings
from eventkit.server.source import Source

if TYPE_CHECKING:
    from eventkit.server.app import Application

__all__ = ["described", "health", "latency", "metrics", "ready"]

_ALIVE = b'{"status": "ok"}'


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


def metrics(request: Request, app: Application) -> Response:
    """Show the counters of all worker processes."""
    app.tally.bring(app.metrics, at_once=True)
    kind, text = exposition(app.metrics, request.headers.get("accept"))
    return Response(200, [("Content-Type", kind)], text)


def latency(app: Application) -> Response:
    """Show how long answers took."""
    return json_response(200, app.metrics.snapshot())


def described(settings: ServerSettings) -> Response:
    """Describe the endpoints."""
    return json_response(200, build_document(settings))
