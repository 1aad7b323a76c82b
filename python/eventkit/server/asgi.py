"""The ASGI shell: a scope and two channels. See `wsgi`, its twin."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from eventkit.server.correlation import CORRELATION
from eventkit.server.message import Problem, Request, encoded

if TYPE_CHECKING:
    from eventkit.server.app import Application

__all__ = ["serve"]

_CORRELATION = CORRELATION.lower().encode("ascii")
# Headers that may make the answer to a GET another one.
_CHANGING = frozenset({b"if-none-match", b"origin", b"traceparent", b"x-correlation-id"})


class _Headers:
    """Headers by name; one that came twice is joined, as WSGI servers join it."""

    __slots__ = ("_known",)

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        self._known: dict[bytes, bytes] = {}
        for name, value in pairs:
            before = self._known.get(name)
            self._known[name] = value if before is None else before + b", " + value

    def get(self, name: str, /) -> str | None:
        return _text(self._known.get(name.encode("ascii")))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


async def serve(app: Application, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one request, or the server's messages about its life."""
    if scope["type"] == "lifespan":
        await _live(app, receive, send)
        return
    if scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1008})
        return
    client, sent = scope.get("client"), dict(scope["headers"])
    once = len(sent) == len(scope["headers"])  # a token that came twice is none
    host = _text(sent.get(b"host")) if once else _Headers(scope["headers"]).get("host")
    values = [value for _, value in scope["headers"]]
    refusal = Problem.of_headers(values, app.settings)
    refusal = refusal or Problem.of_host(host, scope["http_version"])
    if refusal is None and scope["method"] == "GET" and once and sent.keys().isdisjoint(_CHANGING):
        kept = app.kept(
            (_path(scope), scope.get("query_string", b"")),
            client[0] if client else "",
            _text(sent.get(b"authorization")),
            _text(sent.get(b"x-forwarded-for")),
        )
        if kept is not None:
            answer, identity = kept
            headers = [*answer.encoded_whole(), (_CORRELATION, identity.encode("ascii"))]
            await _send(send, 200, headers, answer.body)
            return
    request = Request(
        scope["method"],
        _path(scope),
        scope.get("query_string", b""),
        _Headers(scope["headers"]),
        client=client[0] if client else "",
    )
    if refusal is None and request.method == "POST":
        try:
            request.body = await _in_time(
                _body(request, receive, app.settings.max_body_bytes), app.settings.body_seconds
            )
        except Problem as problem:
            refusal = problem.with_traceback(None)  # its frames hold it: a cycle
    if refusal is None and app.is_slow(request):
        response = await asyncio.get_running_loop().run_in_executor(None, app.respond, request)
    else:
        response = app.respond(request, refusal)
    headers = [encoded(name, value) for name, value in response.headers]
    if response.status == 408 and scope["http_version"] == "1.1":
        headers.append((b"connection", b"close"))  # RFC 9110 15.5.9
    await _send(send, response.status, headers, response.body)


async def _send(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _path(scope: dict[str, Any]) -> str:
    path: str = scope["path"]
    root = scope.get("root_path", "")
    return path[len(root) :] or "/" if root and path.startswith(root) else path


async def _body(request: Request, receive: Any, most: int) -> bytes:
    """Read a body, and not a byte of one that says it is too large."""
    length = request.headers.get("content-length") or ""
    if length.strip("0123456789"):
        raise Problem.parameter("Content-Length", length, "a number of bytes")
    if length and (len(length) > 18 or int(length) > most):
        raise Problem.too_large(most)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            # The client left, or granian could not read the chunks: it answers 500 for silence.
            raise Problem(400, "the body is incomplete", expected="all of the body")
        body += message.get("body", b"")
        if len(body) > most:
            raise Problem.too_large(most)
        if not message.get("more_body"):
            return bytes(body)


async def _in_time(reading: Coroutine[Any, Any, bytes], seconds: float) -> bytes:
    """Give up on a body that does not come.

    Not by `asyncio.wait_for`, whose error holds what it was raised in: a cycle, and as long as the
    reading is not collected, granian keeps the connection.
    """
    task = asyncio.ensure_future(reading)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()  # changes nothing once it is done
    if not done:
        raise Problem.too_late(seconds)
    return task.result()


async def _live(app: Application, receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await asyncio.get_running_loop().run_in_executor(None, app.close)
            await send({"type": "lifespan.shutdown.complete"})
            return
