"""Reads ``If-None-Match`` and ``Accept-Encoding``, and compresses bodies."""

from __future__ import annotations

import gzip
import re

__all__ = ["accepts_gzip", "compressed", "matches"]

_LEVEL = 5
_CODING = re.compile(r"\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*(?:;\s*[qQ]=([01](?:\.[0-9]{0,3})?)\s*)?")


def accepts_gzip(header: str | None) -> bool:
    """Return true if ``Accept-Encoding`` accepts gzip (RFC 9110, section 12.5.3).

    Example:
        >>> accepts_gzip("br, gzip;q=0.5"), accepts_gzip("gzip;q=0, *"), accepts_gzip("*")
        (True, False, True)
        >>> accepts_gzip(None)
        False
    """
    if not header:
        return False
    wanted: dict[str, float] = {}
    for part in header.split(","):
        found = _CODING.fullmatch(part)
        if found is not None:
            wanted[found[1].lower()] = float(found[2] or 1)
    return wanted.get("gzip", wanted.get("x-gzip", wanted.get("*", 0.0))) > 0


def matches(header: str | None, etag: str) -> bool:
    """Return true if ``If-None-Match`` names this entity tag, by weak comparison.

    Example:
        >>> matches('"a", W/"b"', 'W/"b"'), matches("*", '"a"'), matches(None, '"a"')
        (True, True, False)
    """
    if not header:
        return False
    opaque = etag.removeprefix("W/")
    return header.strip() == "*" or any(
        part.strip().removeprefix("W/") == opaque for part in header.split(",")
    )


def compressed(body: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """Return the body, compressed if that makes it smaller, and the header to add."""
    smaller = gzip.compress(body, _LEVEL, mtime=0)
    if len(smaller) >= len(body):
        return body, []
    return smaller, [("Content-Encoding", "gzip")]
