"""Values as text that tells their exact types apart: 1 from 1.0 from True, a dict from its kin."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

DEEPEST = 40
LONGEST_INT = 4_000


def typed_repr(value: Any, depth: int = 0) -> str:
    """Write a value in the notation of the recorded outcomes."""
    if depth > DEEPEST:
        return "<deep>"
    write = _WRITERS.get(type(value), _other)
    return write(value, depth + 1)


def scrub(text: str, folders: tuple[str, ...]) -> str:
    """Take out what differs from run to run: the case's folder, and addresses."""
    for folder in folders:
        text = text.replace(folder, "$TMP")
    return re.sub(r"0x[0-9a-f]{6,}", "0xADDR", text)


def plain_ascii(text: str) -> str:
    """Escape a text as `ascii` does, without its quotes."""
    return ascii(text)[1:-1]


def _int(value: int, _depth: int) -> str:
    bits = value.bit_length()
    return repr(value) if bits < LONGEST_INT else f"int<{hex(value)[:20]}..{bits}bits>"


def _list(value: list[Any], depth: int) -> str:
    return "[" + ", ".join(typed_repr(item, depth) for item in value) + "]"


def _tuple(value: tuple[Any, ...], depth: int) -> str:
    return "(" + "".join(typed_repr(item, depth) + "," for item in value) + ")"


def _dict(value: dict[Any, Any], depth: int) -> str:
    items = (f"{typed_repr(key, depth)}: {typed_repr(of, depth)}" for key, of in value.items())
    return "{" + ", ".join(items) + "}"


def _set(value: set[Any] | frozenset[Any], depth: int) -> str:
    items = sorted(typed_repr(item, depth) for item in value)
    return type(value).__name__ + "{" + ", ".join(items) + "}"


def _other(value: Any, _depth: int) -> str:
    try:
        body = plain_ascii(repr(value))
    except Exception as error:
        body = f"repr-raises-{type(error).__name__}"
    return f"{type(value).__module__}.{type(value).__qualname__}<{body}>"


_WRITERS: dict[type, Callable[[Any, int], str]] = {
    type(None): lambda value, _: repr(value),
    bool: lambda value, _: repr(value),
    float: lambda value, _: repr(value),
    str: lambda value, _: ascii(value),
    bytes: lambda value, _: ascii(value),
    int: _int,
    list: _list,
    tuple: _tuple,
    dict: _dict,
    set: _set,
    frozenset: _set,
}
