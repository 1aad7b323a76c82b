"""Serves WSGI (PEP 3333): an environment in, a list of bytes out. `asgi` is the same for ASGI."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from eventkit import _native
from eventkit.server.correlation import CORRELATION
from eventkit.server.message import Problem, Request, Response
from eventkit.server.responder import Responder

__all__ = ["serve"]

_log = logging.getLogger("eventkit.server")
_REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
# Some servers give X_Forwarded_For the key of X-Forwarded-For, where it replaces the other one
# (granian 2.8) or is joined to it (wsgiref). gunicorn drops names with underscores.
_MERGING_SERVERS = ("Granian", "WSGIServer")


class _Headers:
    """Headers by name, looked up in the environment when they are asked for."""

    __slots__ = ("_environ",)

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ

    def get(self, name: str, /) -> str | None:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            key = f"HTTP_{key}"
        value: str | None = self._environ.get(key)
        return value


def serve(app: Responder, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer one request."""
    if app.access.trusts_proxies and "HTTP_X_FORWARDED_FOR" in environ:
        _drop_forgeable(environ)
    refusal = app.access.host_problem(environ.get("HTTP_HOST"), environ["SERVER_PROTOCOL"][5:])
    cached = None if refusal else _cached_response(app, environ)
    if cached is not None:
        response, identity = cached
        start_response("200 OK", [*response.cached_headers, (CORRELATION, identity)])
        return [response.body]
    values = [value for name, value in environ.items() if name.startswith("HTTP_")]
    oversized = Problem.of_headers(len(values), values, app.settings)
    refusal = oversized or refusal
    request = _request(environ, None if oversized else _Headers(environ))
    if refusal is None and request.method == "POST":
        try:
            request.body = _read_body(request, environ, app.settings.max_body_bytes)
        except Problem as problem:
            refusal = problem.with_traceback(None)  # Its frames refer to it, which is a cycle.
    response = app.respond(request, refusal)
    start_response(_REASONS[response.status], response.headers)
    return [response.body]


def _drop_forgeable(environ: dict[str, Any]) -> None:
    """Drop ``X-Forwarded-For`` where a client's ``X_Forwarded_For`` may have replaced it."""
    if environ.get("SERVER_SOFTWARE", "").startswith(_MERGING_SERVERS):
        del environ["HTTP_X_FORWARDED_FOR"]
        _warn_once()


def _warn_once() -> None:
    global _warned
    if not _warned:
        _warned = True
        _log.warning(
            "X-Forwarded-For is ignored: this server's WSGI mode takes X_Forwarded_For for it; "
            "use its ASGI mode behind a proxy"
        )


_warned = False


def _cached_response(app: Responder, environ: dict[str, Any]) -> tuple[Response, str] | None:
    settings = app.settings
    question = _native.kept_question(environ, settings.max_headers, settings.max_header_bytes)
    return None if question is NotImplemented else app.cached_response(*question)


def _request(environ: dict[str, Any], headers: _Headers | None) -> Request:
    return Request(
        environ["REQUEST_METHOD"],
        environ.get("PATH_INFO") or "/",
        environ.get("QUERY_STRING", "").encode("latin-1", "replace"),
        headers,
        client=environ.get("REMOTE_ADDR") or "",
    )


def _read_body(request: Request, environ: dict[str, Any], most: int) -> bytes:
    """Read a body; nothing of one whose declared length is too large.

    Raises:
        Problem: 400 or 413.
    """
    length = request.content_length(most)
    if length is not None:
        return _read(environ["wsgi.input"], length)
    if not environ.get("wsgi.input_terminated"):
        return b""  # Without a length, reading might wait for ever.
    body = _read(environ["wsgi.input"], most + 1)
    if len(body) > most:
        raise Problem.too_large(most)
    return body


def _read(stream: Any, wanted: int) -> bytes:
    """Read a number of bytes, or to the end. A server may return one chunk at a time."""
    parts = []
    while wanted > 0:
        part = stream.read(wanted)
        if not part:
            break
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
