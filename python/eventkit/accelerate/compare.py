"""Whether two answers are the same to the last bit, and how a call and its answers are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Outcome", "attempt", "same", "shown"]

Outcome = tuple[str, Any]
_LONGEST = 2_000


def same(one: Any, other: Any) -> bool:
    """Whether two values cannot be told apart: types, signs of zero and the order of keys count.

    Example:
        >>> same({"score": 1}, {"score": 1}), same({"score": 1}, {"score": 1.0}), same(0.0, -0.0)
        (True, False, False)
    """
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is float or kind is complex:
        return repr(one) == repr(other)
    if kind is dict:
        # The keys in their order, all as strings when one side is ours: `==` tells enough there.
        return list(one) == list(other) and same(list(one.values()), list(other.values()))
    if kind is list or kind is tuple:
        return len(one) == len(other) and all(map(same, one, other))
    try:
        return bool(one == other)
    except Exception:
        return False


def attempt(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    """Call, and keep the answer or the error as a value that `same` can compare."""
    try:
        return "answer", function(*arguments)
    except Exception as error:
        return "error", (type(error), str(error))


def shown(value: Any) -> str:
    """A value for a message: its ``repr``, its middle left out when it is very long."""
    try:
        text = repr(value)
    except Exception as error:  # somebody's __repr__
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]} … {text[-half:]}"
