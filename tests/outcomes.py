"""Outcomes of calls, compared bit for bit: types, order of keys, signs of zeros, errors and all."""

from __future__ import annotations

import marshal
from collections.abc import Callable
from typing import Any


def exact(value: Any) -> Any:
    """Return a form of a value that is equal for equal values of equal types only."""
    try:
        # Plain values only, each with its type. Version 2 knows neither references nor interning.
        return marshal.dumps(value, 2)
    except ValueError:
        return _walked(value)


def _walked(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return kind, value
    if kind is float:
        return kind, value.hex()
    if isinstance(value, dict):
        return kind, [(_walked(key), _walked(each)) for key, each in value.items()]
    if isinstance(value, (list, tuple)):
        return kind, [_walked(each) for each in value]
    return kind, repr(value)


def shown(form: Any) -> str:
    """Return an exact form as text, for a message."""
    if isinstance(form, tuple):
        return str(tuple(marshal.loads(part) if type(part) is bytes else part for part in form))
    return str(marshal.loads(form) if type(form) is bytes else form)


def outcome(call: Callable[[], Any]) -> Any:
    """Return the exact form of an answer, or the type and text of the error."""
    try:
        return "answer", exact(call())
    except Exception as error:
        return "error", type(error), str(error)
