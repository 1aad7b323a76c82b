"""What the routes know of HTTP: a request, a response, and the refusal of one as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from eventkit.server.encoding import compressed

if TYPE_CHECKING:
    from eventkit.server.settings import ServerSettings

__all__ = ["JSON", "Headers", "Problem", "Request", "Response", "encoded", "json_response"]

JSON = ("Content-Type", "application/json")
_LONGEST_VALUE = 100


class Headers(Protocol):
    """Request headers by lower-case name; a header that came twice is joined by ``", "``."""

    def get(self, name: str, /) -> str | None:
        """Return a header's value, ``None`` when it was not sent."""


class Request:
    """A request, whatever protocol it came by.

    Attributes:
        method: In capitals.
        path: Percent-decoded, without the query.
        query: What stands behind the question mark, as it was sent.
        headers: By lower-case name; a ``dict`` will do.
        body: All of it.
        client: The address at the other end of the connection; ``""`` when there is none.
        correlation_id: Connects this request with log lines; set before a route sees the request.
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
        """See the class."""
        self.method = method
        self.path = path
        self.query = query
        self.headers: Headers = {} if headers is None else headers
        self.body = body
        self.client = client
        self.correlation_id = ""


class Response:
    """A response, for any protocol.

    Attributes:
        status: The status code.
        headers: Pairs of name and value, both Latin-1 without line breaks.
        body: All of it.
        lasting: Whether the same question has this answer for as long as the manifest stays as it
            is, so that it may be kept.
        payload: What telemetry may count; ``None`` where the body is bytes of the engine's.
        whole: The headers of the answer as it stands, all but what differs from one request to the
            next; empty where there is none such.
    """

    __slots__ = (
        "_compressed",
        "_encoded",
        "body",
        "headers",
        "lasting",
        "payload",
        "status",
        "whole",
    )

    def __init__(
        self,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes = b"",
        *,
        lasting: bool = False,
        payload: Any = None,
    ) -> None:
        """See the class."""
        self.status = status
        self.headers = headers
        self.body = body
        self.lasting = lasting
        self.payload = payload
        self.whole: tuple[tuple[str, str], ...] = ()
        self._compressed: tuple[bytes, list[tuple[str, str]]] | None = None
        self._encoded: tuple[tuple[bytes, bytes], ...] = ()

    def compressed(self) -> tuple[bytes, list[tuple[str, str]]]:
        """Return its body compressed, and the header that says so; worked out once."""
        if self._compressed is None:
            self._compressed = compressed(self.body)
        return self._compressed

    def encoded_whole(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return `whole` as ASGI wants it; worked out once, when it is first asked for."""
        if not self._encoded:
            self._encoded = tuple(encoded(name, value) for name, value in self.whole)
        return self._encoded


def encoded(name: str, value: str) -> tuple[bytes, bytes]:
    """Return a header as ASGI wants it."""
    return name.lower().encode("latin-1"), value.encode("latin-1")


def json_response(status: int, content: Any, *, lasting: bool = False) -> Response:
    """Answer with JSON, written as the original writes it."""
    body = json.dumps(content).encode("ascii")
    return Response(status, [JSON], body, lasting=lasting, payload=content)


class Problem(Exception):  # noqa: N818 - the name of RFC 9457
    """A request that is refused: a status, and JSON that says what was wrong and what is right.

    Example:
        >>> Problem.parameter("top", "abc", "a whole number").response().body.decode()
        '{"error": "invalid top", "parameter": "top", "value": "abc", "expected": "a whole number"}'
    """

    def __init__(self, status: int, error: str, *headers: tuple[str, str], **details: Any) -> None:
        """Name the status, the error, headers and further members of the JSON."""
        super().__init__(error)
        self.status = status
        self.headers = headers
        self.content = {"error": error, **details}

    @classmethod
    def parameter(cls, name: str, value: Any, expected: str, error: str | None = None) -> Problem:
        """Refuse a parameter: its name, its value (not all of a long one) and what was expected."""
        text = value if isinstance(value, str) else json.dumps(value, default=repr)
        if len(text) > _LONGEST_VALUE:
            text = f"{text[:_LONGEST_VALUE]}…"
        error = error or f"invalid {name}"
        return cls(400, error, parameter=name, value=text, expected=expected)

    @classmethod
    def of_host(cls, host: str | None, protocol: str) -> Problem | None:
        """Refuse an HTTP/1.1 request that does not name one host (RFC 9112 3.2), else ``None``."""
        if (host and "," not in host) or protocol != "1.1":
            return None
        return cls.parameter("Host", host or "", "the header, once")

    @classmethod
    def of_headers(
        cls, values: Collection[str | bytes], settings: ServerSettings
    ) -> Problem | None:
        """Refuse too many headers, or one too large, else ``None``."""
        most, most_bytes = settings.max_headers, settings.max_header_bytes
        if len(values) > most:
            return cls(431, "too many headers", expected=f"at most {most}")
        if any(len(value) > most_bytes for value in values):
            return cls(431, "a header is too large", expected=f"at most {most_bytes} bytes")
        return None

    @classmethod
    def too_late(cls, seconds: float) -> Problem:
        """Refuse a body that does not come."""
        return cls(408, "the body came too slowly", expected=f"all of it in {seconds:g} s")

    @classmethod
    def too_large(cls, most: int) -> Problem:
        """Refuse a body."""
        return cls(413, "the body is too large", expected=f"at most {most} bytes")

    def response(self) -> Response:
        """Say it."""
        response = json_response(self.status, self.content)
        response.headers.extend(self.headers)
        return response
