"""Serves ASGI 3: a scope and two channels. `wsgi` is the same for WSGI."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from eventkit.server.correlation import CORRELATION
from eventkit.server.message import AGENTS, Problem, Request, Response, encoded
from eventkit.server.responder import Responder

__all__ = ["serve"]

_CORRELATION = CORRELATION.lower().encode("ascii")
# Headers that may change the answer to a GET. `src/bindings/wsgi.rs` has the same ones for WSGI.
_CHANGING = frozenset({b"if-none-match", b"origin", b"traceparent", b"x-correlation-id"})


class _Headers:
    """Headers by name. Those with an underscore are dropped; repeated ones are joined by commas."""

    __slots__ = ("known",)

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        known = dict(pairs)
        if len(known) < len(pairs):
            values: dict[bytes, list[bytes]] = {}
            for name, value in pairs:
                values.setdefault(name, []).append(value)
            known = {name: b", ".join(found) for name, found in values.items()}
        if b"_" in b"".join(known):
            known = {name: value for name, value in known.items() if b"_" not in name}
        self.known = known

    def get(self, name: str, /) -> str | None:
        value = self.known.get(name.encode("ascii"))
        return None if value is None else value.decode("latin-1")


async def serve(app: Responder, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one request, or a message of the server about its start and stop."""
    if scope["type"] != "http":
        await _serve_other(app, scope, receive, send)
        return
    headers = _Headers(scope["headers"])
    values = headers.known.values()
    oversized = Problem.of_headers(len(scope["headers"]), values, app.settings)
    refusal = oversized or app.access.host_problem(headers.get("host"), scope["http_version"])
    cached = None if refusal else _cached_response(app, scope, headers)
    if cached is not None:
        response, identity = cached
        sent = [*response.encoded_headers(), (_CORRELATION, identity.encode("ascii"))]
        await _send(send, 200, sent, response.body)
        return
    request = _request(scope, None if oversized else headers)
    if refusal is None and request.method == "POST":
        try:
            request.body = await _in_time(
                _read_body(request, receive, app.settings.max_body_bytes),
                app.settings.body_seconds,
            )
        except Problem as problem:
            refusal = problem.with_traceback(None)  # Its frames refer to it, which is a cycle.
    if app.agents is not None and request.path == AGENTS and request.method == "POST":
        refused = app.admit(request, refusal)
        if refused is None:
            await app.agents.serve(scope, request.body, receive, app.counted(request, send))
        else:
            await _respond(scope, send, refused)
        return
    if refusal is None and app.is_slow(request):
        response = await asyncio.get_running_loop().run_in_executor(None, app.respond, request)
    else:
        response = app.respond(request, refusal)
    await _respond(scope, send, response)


async def _respond(scope: dict[str, Any], send: Any, response: Response) -> None:
    sent = [encoded(name, value) for name, value in response.headers]
    if response.status == 408 and scope["http_version"] == "1.1":
        sent.append((b"connection", b"close"))  # RFC 9110 15.5.9
    await _send(send, response.status, sent, response.body)


def _cached_response(
    app: Responder, scope: dict[str, Any], headers: _Headers
) -> tuple[Response, str] | None:
    if scope["method"] != "GET" or not headers.known.keys().isdisjoint(_CHANGING):
        return None
    return app.cached_response(
        (_path(scope), scope.get("query_string", b"")),
        _client(scope),
        headers.get("authorization"),
        headers.get("x-forwarded-for"),
    )


def _request(scope: dict[str, Any], headers: _Headers | None) -> Request:
    query = scope.get("query_string", b"")
    return Request(scope["method"], _path(scope), query, headers, client=_client(scope))


def _client(scope: dict[str, Any]) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _path(scope: dict[str, Any]) -> str:
    path: str = scope["path"]
    root = scope.get("root_path", "")
    return path[len(root) :] or "/" if root and path.startswith(root) else path


async def _read_body(request: Request, receive: Any, most: int) -> bytes:
    """Read a body; nothing of one whose declared length is too large.

    Raises:
        Problem: 400 or 413.
    """
    request.content_length(most)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            # The client left, or granian could not read the chunks. It answers 500 for silence.
            raise Problem(400, "the body is incomplete", expected="all of the body")
        body += message.get("body", b"")
        if len(body) > most:
            raise Problem.too_large(most)
        if not message.get("more_body"):
            return bytes(body)


async def _in_time(reading: Coroutine[Any, Any, bytes], seconds: float) -> bytes:
    """Stop waiting for a body that does not arrive.

    Not by `asyncio.wait_for`, whose error refers to the frames that raised it. That is a cycle, and
    granian keeps the connection open until it is collected.

    Raises:
        Problem: 408.
    """
    task = asyncio.ensure_future(reading)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()  # changes nothing once it is done
    if not done:
        raise Problem.too_late(seconds)
    return task.result()


async def _send(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _serve_other(app: Responder, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer the lifespan protocol, and refuse web sockets."""
    if scope["type"] != "lifespan":
        await send({"type": "websocket.close", "code": 1008})
        return
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if app.agents is not None:
                await app.agents.stop()
            await asyncio.get_running_loop().run_in_executor(None, app.close)
            await send({"type": "lifespan.shutdown.complete"})
            return
