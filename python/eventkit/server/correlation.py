"""Correlation ids: the client's own if it is safe to repeat, else a new one."""

from __future__ import annotations

import itertools
import os
import re
import secrets

from eventkit.server.message import Headers

__all__ = ["CORRELATION", "correlation_id", "create_id"]

CORRELATION = "X-Correlation-ID"

_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


# A new id is a random part, which each process has for itself, and a number.
_prefix = secrets.token_hex(8)
_numbers = itertools.count(1)


def _reset_prefix() -> None:
    global _prefix
    _prefix = secrets.token_hex(8)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_prefix)


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
    if given is not None and _SAFE.fullmatch(given):
        return given
    trace = headers.get("traceparent")
    if trace is not None:
        found = _TRACEPARENT.fullmatch(trace)
        if found is not None:
            return found[1]
    return create_id()


def create_id() -> str:
    """Return a new id, which no other request has.

    Example:
        >>> create_id() == create_id()
        False
    """
    return f"{_prefix}-{next(_numbers):x}"
