"""How the server is: alive, and ready to answer."""

from __future__ import annotations

from eventkit.server.message import JSON, Response, json_response
from eventkit.server.source import Source

__all__ = ["health", "ready"]

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
