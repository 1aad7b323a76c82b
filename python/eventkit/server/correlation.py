"""Correlation ids: a caller's own where it is harmless, else one that no other request has."""

from __future__ import annotations

import itertools
import os
import re
import secrets

from eventkit.server.message import Headers

__all__ = ["CORRELATION", "correlation_id", "mint"]

CORRELATION = "X-Correlation-ID"

_HARMLESS = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


# Ids are a random part, new in every process, and a number.
_prefix = secrets.token_hex(8)
_numbers = itertools.count(1)


def _start_anew() -> None:
    global _prefix
    _prefix = secrets.token_hex(8)


os.register_at_fork(after_in_child=_start_anew)


def correlation_id(headers: Headers) -> str:
    """Return the id of a request: its ``X-Correlation-ID``, its trace's id, or a new one.

    Example:
        >>> correlation_id({"x-correlation-id": "build-7"})
        'build-7'
        >>> correlation_id({"traceparent": f"00-{'4' * 32}-{'5' * 16}-01"})
        '44444444444444444444444444444444'
        >>> correlation_id({"x-correlation-id": "two words"}) == "two words"
        False
    """
    given = headers.get("x-correlation-id")
    if given is not None and _HARMLESS.fullmatch(given):
        return given
    trace = headers.get("traceparent")
    if trace is not None:
        found = _TRACEPARENT.fullmatch(trace)
        if found is not None:
            return found[1]
    return mint()


def mint() -> str:
    """Return an id that no other request has.

    Example:
        >>> mint() == mint()
        False
    """
    return f"{_prefix}-{next(_numbers):x}"
