"""Requests, responses and refusals, independent of the protocol."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Protocol

from eventkit.server.encoding import compressed
from eventkit.server.settings import ServerSettings

__all__ = [
    "AGENTS",
    "JSON",
    "Headers",
    "Problem",
    "Request",
    "Response",
    "encoded",
    "json_response",
]

AGENTS = "/mcp"
"""The path of the Model Context Protocol."""

JSON = ("Content-Type", "application/json")
_LONGEST_VALUE = 100
_DIGITS = "0123456789"
_LONGEST_LENGTH = 18


class Headers(Protocol):
    """Request headers by lower-case name; a header that came twice is joined by ``", "``."""

    def get(self, name: str, /) -> str | None:
        """Return a header's value, ``None`` when it was not sent."""


class Request:
    """A request of either protocol.

    Attributes:
        method: The method, in capitals.
        path: The path, percent-decoded, without the query.
        query: The query, as it was sent.
        headers: The headers by lower-case name, in any mapping.
        body: The whole body.
        client: The address at the other end of the connection; ``""`` for a Unix socket.
        correlation_id: The id that log lines about this request have; set before a route sees it.
    """

    __slots__ = ("body", "client", "correlation_id", "headers", "method", "path", "query")

    def __init__(
        self,
        method: str,
        path: str,
        query: bytes = b"",
        headers: Headers | None = None,
        body: bytes = b"",
        client: str = "",
    ) -> None:
        """Keep the parts."""
        self.method = method
        self.path = path
        self.query = query
        self.headers: Headers = {} if headers is None else headers
        self.body = body
        self.client = client
        self.correlation_id = ""

    def content_length(self, most: int) -> int | None:
        """Return the length that the client declares for the body, ``None`` if it declares none.

        Raises:
            Problem: 400 if it is no number, 413 if it is too large.
        """
        length = self.headers.get("content-length")
        if not length:
            return None
        if length.strip(_DIGITS):
            raise Problem.parameter("Content-Length", length, "a number of bytes")
        if len(length) > _LONGEST_LENGTH or int(length) > most:
            raise Problem.too_large(most)
        return int(length)


class Response:
    """A response, for any protocol.

    Attributes:
        status: The status code.
        headers: Pairs of name and value, both Latin-1 without line breaks.
        body: The whole body.
        cacheable: Whether the same request has this answer for as long as the manifest does not
            change.
        payload: The object that telemetry counts; ``None`` where the engine made the body.
        cached_headers: The headers of the response when it comes from the cache, without the
            correlation id; empty if each request must be checked first.
    """

    __slots__ = (
        "_compressed",
        "_encoded",
        "body",
        "cacheable",
        "cached_headers",
        "headers",
        "payload",
        "status",
    )

    def __init__(
        self,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes = b"",
        *,
        cacheable: bool = False,
        payload: Any = None,
    ) -> None:
        """Keep the parts."""
        self.status = status
        self.headers = headers
        self.body = body
        self.cacheable = cacheable
        self.payload = payload
        self.cached_headers: tuple[tuple[str, str], ...] = ()
        self._compressed: tuple[bytes, list[tuple[str, str]]] | None = None
        self._encoded: tuple[tuple[bytes, bytes], ...] = ()

    def compressed(self) -> tuple[bytes, list[tuple[str, str]]]:
        """Return the body, compressed, and the header to add; compressed once."""
        if self._compressed is None:
            self._compressed = compressed(self.body)
        return self._compressed

    def encoded_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return `cached_headers` as ASGI needs them; encoded once."""
        if not self._encoded:
            self._encoded = tuple(encoded(name, value) for name, value in self.cached_headers)
        return self._encoded


def encoded(name: str, value: str) -> tuple[bytes, bytes]:
    """Return a header as ASGI needs it."""
    return name.lower().encode("latin-1"), value.encode("latin-1")


def json_response(status: int, content: Any, *, cacheable: bool = False) -> Response:
    """Answer with JSON, written as the original writes it."""
    body = json.dumps(content).encode("ascii")
    return Response(status, [JSON], body, cacheable=cacheable, payload=content)


class Problem(Exception):  # noqa: N818 - the name of RFC 9457
    """A refused request: a status, and JSON that names the wrong value and the expected one.

    Example:
        >>> Problem.parameter("top", "abc", "a whole number").response().body.decode()
        '{"error": "invalid top", "parameter": "top", "value": "abc", "expected": "a whole number"}'
    """

    def __init__(self, status: int, error: str, *headers: tuple[str, str], **details: Any) -> None:
        """Take the status, the error, headers and further members of the JSON."""
        super().__init__(error)
        self.status = status
        self.headers = headers
        self.content = {"error": error, **details}

    @classmethod
    def parameter(
        cls, name: str, value: Any, expected: str, error: str | None = None, *, status: int = 400
    ) -> Problem:
        """Return the refusal of a parameter: its name, its value (cut), the expected one."""
        text = value if isinstance(value, str) else _shown(value)
        if len(text) > _LONGEST_VALUE:
            text = f"{text[:_LONGEST_VALUE]}…"
        error = error or f"invalid {name}"
        return cls(status, error, parameter=name, value=text, expected=expected)

    @classmethod
    def of_headers(
        cls, count: int, values: Collection[str] | Collection[bytes], settings: ServerSettings
    ) -> Problem | None:
        """Return why headers are refused: too many, or one too large; else ``None``.

        Args:
            count: How many came.
            values: Their values, those of one name joined.
            settings: The limits.
        """
        most, most_bytes = settings.max_headers, settings.max_header_bytes
        if count > most:
            return cls(431, "too many headers", expected=f"at most {most}")
        if any(len(value) > most_bytes for value in values):
            return cls(431, "a header is too large", expected=f"at most {most_bytes} bytes")
        return None

    @classmethod
    def too_late(cls, seconds: float) -> Problem:
        """Return the refusal of a body that did not arrive in time."""
        return cls(408, "the body came too slowly", expected=f"all of it in {seconds:g} s")

    @classmethod
    def too_large(cls, most: int) -> Problem:
        """Return the refusal of a body that is larger than the limit."""
        return cls(413, "the body is too large", expected=f"at most {most} bytes")

    def response(self) -> Response:
        """Return the response that refuses the request."""
        response = json_response(self.status, self.content)
        response.headers.extend(self.headers)
        return response


def _shown(value: Any) -> str:
    try:
        return json.dumps(value, default=repr)
    except RecursionError:
        return f"a {type(value).__name__} that is nested too deep"
