"""The interface between the application and its WSGI and ASGI sides."""

from __future__ import annotations

from typing import Protocol

from eventkit.server.access import Access
from eventkit.server.message import Problem, Request, Response
from eventkit.server.settings import ServerSettings

__all__ = ["Responder"]


class Responder(Protocol):
    """Answers requests of both protocols.

    Attributes:
        settings: The limits that are checked before a request is read.
        access: The rules that are checked before a request is read.
    """

    settings: ServerSettings
    access: Access

    def respond(self, request: Request, refusal: Problem | None = None) -> Response:
        """Answer a request; see `eventkit.server.app.Application.respond`."""

    def cached_response(
        self, key: tuple[str, bytes], client: str, token: str | None, forwarded: str | None
    ) -> tuple[Response, str] | None:
        """Return a cached response and a correlation id."""

    def is_slow(self, request: Request) -> bool:
        """Return true if an answer may hold an event loop for too long."""

    def close(self) -> None:
        """Write buffered telemetry and metrics."""
