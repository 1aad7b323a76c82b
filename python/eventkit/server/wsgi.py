"""The WSGI shell (PEP 3333): an environment in, an iterable of bytes out. See `asgi`, its twin."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from eventkit import _native
from eventkit.server.correlation import CORRELATION
from eventkit.server.message import Problem, Request

if TYPE_CHECKING:
    from eventkit.server.app import Application

__all__ = ["serve"]

_REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_LENGTHS = "0123456789"


class _Headers:
    """Headers as the environment has them, looked up when they are asked for."""

    __slots__ = ("_environ",)

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ

    def get(self, name: str, /) -> str | None:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            key = f"HTTP_{key}"
        value: str | None = self._environ.get(key)
        return value


def serve(app: Application, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer one request."""
    settings = app.settings
    question = _native.kept_question(environ, settings.max_headers, settings.max_header_bytes)
    kept = None if question is NotImplemented else app.kept(*question)
    if kept is not None:
        answer, identity = kept
        start_response("200 OK", [*answer.whole, (CORRELATION, identity)])
        return [answer.body]
    values = [value for name, value in environ.items() if name.startswith("HTTP_")]
    refusal = Problem.of_headers(values, settings) or Problem.of_host(
        environ.get("HTTP_HOST"), environ["SERVER_PROTOCOL"][5:]
    )
    request = Request(
        environ["REQUEST_METHOD"],
        environ.get("PATH_INFO") or "/",
        environ.get("QUERY_STRING", "").encode("latin-1", "replace"),
        _Headers(environ),
        client=environ.get("REMOTE_ADDR") or "",
    )
    if refusal is None and request.method == "POST":
        try:
            request.body = _body(environ, settings.max_body_bytes)
        except Problem as problem:
            refusal = problem.with_traceback(None)  # its frames hold it: a cycle
    response = app.respond(request, refusal)
    start_response(_REASONS[response.status], response.headers)
    return [response.body]


def _body(environ: dict[str, Any], most: int) -> bytes:
    """Read a body, and not a byte of one that says it is too large."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.strip(_LENGTHS):
        raise Problem.parameter("Content-Length", length, "a number of bytes")
    if length:
        # Leading zeros aside, a number of so many digits is too large whatever they are.
        if len(length) > 18 or int(length) > most:
            raise Problem.too_large(most)
        return _read(environ["wsgi.input"], int(length))
    if not environ.get("wsgi.input_terminated"):
        return b""  # without a length, reading might wait for what never comes
    body = _read(environ["wsgi.input"], most + 1)
    if len(body) > most:
        raise Problem.too_large(most)
    return body


def _read(stream: Any, wanted: int) -> bytes:
    """Read so many bytes, or to the end: a server may hand out a chunk at a time."""
    parts = []
    while wanted > 0:
        part = stream.read(wanted)
        if not part:
            break
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
