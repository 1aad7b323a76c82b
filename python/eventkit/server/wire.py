"""HTTP/1 as strictly as it can be read: what two readers might take differently is refused.

For the `fallback` server. A proxy in front that sees one request where the server sees two is how
requests are smuggled, so that nothing is mended here: not a bare line feed, not a second length.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from eventkit.server.message import Problem
from eventkit.server.settings import ServerSettings

__all__ = ["Chunks", "Head", "head_end", "read_head"]

_END = re.compile(rb"\r?\n\r?\n")
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(
    rb"(" + _TOKEN + rb") (?:https?://[^/?#\x00-\x20\x7f-\xff]*)?"
    rb"(?=[/?*])([^?#\x00-\x20\x7f-\xff]*)\??([^#\x00-\x20\x7f-\xff]*) HTTP/1\.([01])"
)
_HEADER = re.compile(
    rb"(" + _TOKEN + rb"):[\t ]*((?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)[\t ]*"
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]{0,256})?")
_LONGEST_CHUNK_LINE = 300
_LARGEST_TRAILER = 4_096


class Head(NamedTuple):
    """A request without its body.

    Attributes:
        method: As it was sent.
        path: Still percent-encoded.
        query: What stands behind the question mark.
        headers: By lower-case name.
        length: The body's; ``None`` where it comes in chunks.
        keeps: Whether the client wants to ask again over the connection.
        waits: Whether it waits for ``100 Continue`` before it sends the body.
    """

    method: str
    path: bytes
    query: bytes
    headers: dict[str, str]
    length: int | None
    keeps: bool
    waits: bool


def head_end(data: bytes | bytearray) -> int:
    r"""Return where the head ends, ``-1`` when it is not all there; also for what is refused then.

    Example:
        >>> head_end(b"GET / HTTP/1.1\r\n\r\nrest")
        18
    """
    found = _END.search(data)
    return found.end() if found else -1


def read_head(data: bytes, settings: ServerSettings) -> Head:
    r"""Read a head, its last empty line included.

    Raises:
        Problem: 400, 414, 417 or 431.

    Example:
        >>> head = read_head(b"GET /tags?a=1 HTTP/1.1\r\nHost: x\r\n\r\n", ServerSettings())
        >>> head.path, head.query, head.headers, head.length, head.keeps
        (b'/tags', b'a=1', {'host': 'x'}, 0, True)
    """
    first, *lines = data[: -len(b"\r\n\r\n")].split(b"\r\n")
    if not data.endswith(b"\r\n\r\n"):
        raise _malformed("lines that end with CR and LF")
    line = _LINE.fullmatch(first)
    if line is None:
        raise _malformed("METHOD /path HTTP/1.1")
    method, path, query, minor = line.groups()
    if len(path) + len(query) > settings.max_url_bytes:
        expected = f"at most {settings.max_url_bytes} bytes"
        raise Problem(414, "the address is too long", expected=expected)
    if len(lines) > settings.max_headers:
        raise Problem(431, "too many headers", expected=f"at most {settings.max_headers}")
    headers = _headers(lines, settings)
    if minor == b"1" and len(headers.get("host", [])) != 1:
        raise _malformed("one Host header")
    joined = {name: ", ".join(values) for name, values in headers.items()}
    wanted = {part.strip() for part in joined.get("connection", "").lower().split(",")}
    keeps = "close" not in wanted if minor == b"1" else "keep-alive" in wanted
    waits = joined.get("expect", "").lower()
    if waits not in ("", "100-continue"):
        raise Problem(417, "unknown expectation", expected="100-continue")
    length = _length(headers, minor)
    return Head(method.decode(), path or b"/", query, joined, length, keeps, bool(waits))


def _headers(lines: list[bytes], settings: ServerSettings) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for line in lines:
        if len(line) > settings.max_header_bytes:
            expected = f"at most {settings.max_header_bytes} bytes"
            raise Problem(431, "a header is too large", expected=expected)
        header = _HEADER.fullmatch(line)
        if header is None:
            raise _malformed("headers as Name: value")
        name, value = header[1].decode("latin-1").lower(), header[2].decode("latin-1")
        headers.setdefault(name, []).append(value)
    return headers


def _length(headers: dict[str, list[str]], minor: bytes) -> int | None:
    """Return the body's length, ``None`` for chunks."""
    lengths, codings = headers.get("content-length"), headers.get("transfer-encoding")
    if codings is not None:
        if lengths is not None or minor == b"0" or [c.lower() for c in codings] != ["chunked"]:
            raise _malformed("Content-Length, or else Transfer-Encoding: chunked alone")
        return None
    if lengths is None:
        return 0
    # `isdigit` alone takes digits of every script. Of 19 and more, any number is far too large.
    if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        raise _malformed("one Content-Length, a number of bytes")
    return int(lengths[0][:19])


class Chunks:
    r"""A body in chunks, read as it comes.

    Example:
        >>> chunks = Chunks(most=100)
        >>> data = bytearray(b"5\r\nhello\r\n0\r\n\r\nnext")
        >>> chunks.take(data), bytes(chunks.body), bytes(data)
        (True, b'hello', b'next')
    """

    def __init__(self, most: int) -> None:
        """Take so many bytes, and not one more."""
        self.body = bytearray()
        self._most = most
        self._wanted = -1
        self._last = False
        self._trailer = 0

    def take(self, data: bytearray) -> bool:
        """Take what is there off the data; whether the body is complete.

        Raises:
            Problem: 400 or 413.
        """
        while True:
            if self._wanted >= 0:
                if len(data) < self._wanted + 2:
                    return False
                if data[self._wanted : self._wanted + 2] != b"\r\n":
                    raise _malformed("a chunk of the length that it says")
                self.body += data[: self._wanted]
                del data[: self._wanted + 2]
                self._wanted = -1
            line = self._line(data)
            if line is None:
                return False
            if self._last:
                if not line:
                    return True
                self._trailer += len(line)
                if self._trailer > _LARGEST_TRAILER or _HEADER.fullmatch(line) is None:
                    raise _malformed("a short trailer")
                continue
            self._begin(line)

    def _line(self, data: bytearray) -> bytes | None:
        end = data.find(b"\n")
        if end < 0:
            if len(data) > (_LARGEST_TRAILER if self._last else _LONGEST_CHUNK_LINE):
                raise _malformed("chunks")
            return None
        line = bytes(data[: end + 1])
        del data[: end + 1]
        if not line.endswith(b"\r\n"):
            raise _malformed("lines that end with CR and LF")
        return line[:-2]

    def _begin(self, line: bytes) -> None:
        chunk = _CHUNK.fullmatch(line)
        if chunk is None:
            raise _malformed("a chunk's length in hexadecimal digits")
        wanted = int(chunk[1], 16)
        if len(self.body) + wanted > self._most:
            raise Problem.too_large(self._most)
        if wanted:
            self._wanted = wanted
        else:
            self._last = True


def _malformed(expected: str) -> Problem:
    return Problem(400, "malformed request", expected=expected)
