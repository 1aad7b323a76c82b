"""The interface between the application and its WSGI and ASGI sides."""

from __future__ import annotations

from typing import Any, Protocol

from eventkit.server.access import Access
from eventkit.server.message import Problem, Request, Response
from eventkit.server.settings import ServerSettings

__all__ = ["Agents", "Responder"]


class Agents(Protocol):
    """The part of `eventkit.mcp` that the ASGI side calls."""

    async def serve(self, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
        """Answer a request that was accepted."""

    async def stop(self) -> None:
        """End what runs in the event loop."""


class Responder(Protocol):
    """Answers requests of both protocols.

    Attributes:
        settings: The limits that are checked before a request is read.
        access: The rules that are checked before a request is read.
        agents: Answers what agents ask by the Model Context Protocol; ``None`` if nothing does.
    """

    settings: ServerSettings
    access: Access
    agents: Agents | None

    def respond(self, request: Request, refusal: Problem | None = None) -> Response:
        """Answer a request; see `eventkit.server.app.Application.respond`."""

    def cached_response(
        self, key: tuple[str, bytes], client: str, token: str | None, forwarded: str | None
    ) -> tuple[Response, str] | None:
        """Return a cached response and a correlation id."""

    def is_slow(self, request: Request) -> bool:
        """Return true if an answer may hold an event loop for too long."""

    def admit(self, request: Request, refusal: Problem | None) -> Response | None:
        """Return the response that refuses a request of an agent; ``None`` if it is accepted."""

    def counted(self, request: Request, send: Any) -> Any:
        """Return a channel that adds headers to the answer of an agent's request, and counts it."""

    def close(self) -> None:
        """Write buffered telemetry and metrics."""
