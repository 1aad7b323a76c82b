"""Serves the protocol over streamable HTTP, inside the ASGI application of `eventkit.server`.

The application checks token, host, origin, rate and size before a request comes here. No state is
kept between requests, so every worker process can answer every one of them, and a client may
connect again at any time. Each request has one JSON answer: the programme is loaded before the
server listens, so there is no progress to report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from eventkit.mcp.server import build_server
from eventkit.mcp.supply import Supply
from eventkit.server import Source

__all__ = ["Endpoint"]

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


@dataclass
class _Run:
    """A session manager of the SDK, and the task that holds it open in one event loop."""

    loop: asyncio.AbstractEventLoop
    ready: asyncio.Future[StreamableHTTPSessionManager]
    stop: asyncio.Event
    task: asyncio.Task[None]


class Endpoint:
    """Answers the requests for ``/mcp`` that the application has accepted.

    Args:
        source: The manifest that the application serves.
        shared: Whether an answer may be cached for everybody.
    """

    def __init__(self, source: Source, *, shared: bool) -> None:
        """Make the server; it starts with the first request."""
        self._server = build_server(Supply.of(source), scope="public" if shared else "private")
        self._run: _Run | None = None

    async def serve(
        self, scope: dict[str, Any], body: bytes, receive: _Receive, send: _Send
    ) -> None:
        """Answer one request, whose body was read already."""
        manager = await asyncio.shield(self._started().ready)
        await manager.handle_request(scope, _replayed(body, receive), send)

    async def stop(self) -> None:
        """End what belongs to the running event loop."""
        run, self._run = self._run, None
        if run is not None and run.loop is asyncio.get_running_loop():
            run.stop.set()
            await run.task

    def _started(self) -> _Run:
        """Return the manager of this event loop. Not every ASGI server tells when it starts."""
        loop = asyncio.get_running_loop()
        if self._run is None or self._run.loop is not loop:
            ready: asyncio.Future[StreamableHTTPSessionManager] = loop.create_future()
            stop = asyncio.Event()
            self._run = _Run(loop, ready, stop, loop.create_task(self._hold(ready, stop)))
        return self._run

    async def _hold(
        self, ready: asyncio.Future[StreamableHTTPSessionManager], stop: asyncio.Event
    ) -> None:
        # `Access` of the application has checked host and origin, by the operator's settings.
        checked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, security_settings=checked
        )
        async with manager.run():
            ready.set_result(manager)
            await stop.wait()


def _replayed(body: bytes, receive: _Receive) -> _Receive:
    """Return a channel that gives the body first, and then what the client does next."""
    read = False

    async def replay() -> _Message:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
