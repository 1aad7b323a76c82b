"""Outcomes of calls, compared bit for bit: types, order of keys, signs of zeros, errors and all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def exact(value: Any) -> Any:
    """Return a form of a value that is equal for equal values of equal types only."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return kind, value
    if kind is float:
        return kind, value.hex()
    if isinstance(value, dict):
        return kind, [(exact(key), exact(each)) for key, each in value.items()]
    if isinstance(value, (list, tuple)):
        return kind, [exact(each) for each in value]
    return kind, repr(value)


def outcome(call: Callable[[], Any]) -> Any:
    """Return the exact form of an answer, or the type and text of the error."""
    try:
        return "answer", exact(call())
    except Exception as error:
        return "error", type(error), str(error)
