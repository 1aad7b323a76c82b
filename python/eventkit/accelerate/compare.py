"""Whether two answers are the same to the last bit, and how a call and its answers are shown."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

__all__ = ["Outcome", "attempt", "containers", "same", "shown"]

Outcome = tuple[str, Any]
_LONGEST = 2_000


def same(one: Any, other: Any, given: Collection[int] = ()) -> bool:
    """Whether two values cannot be told apart: types, signs of zero and the order of keys count.

    Args:
        one: A value.
        other: Another.
        given: The ids of the caller's own containers. A copy of one of them is not the same.

    Example:
        >>> same({"score": 1}, {"score": 1}), same({"score": 1}, {"score": 1.0}), same(0.0, -0.0)
        (True, False, False)
    """
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other) or id(one) in given or id(other) in given:
        return False
    if kind is float or kind is complex:
        return repr(one) == repr(other)
    if kind is dict:
        # The keys in their order, all as strings when one side is ours: `==` tells enough there.
        return list(one) == list(other) and same(list(one.values()), list(other.values()), given)
    if kind is list or kind is tuple:
        if len(one) != len(other):
            return False
        for mine, theirs in zip(one, other, strict=True):
            if mine is not theirs and not same(mine, theirs, given):
                return False
        return True
    try:
        return bool(one == other)
    except Exception:
        return False


def containers(value: Any, found: set[int] | None = None) -> set[int]:
    """The ids of all dictionaries and lists in a value."""
    found = set() if found is None else found
    if type(value) in (dict, list) and id(value) not in found:
        found.add(id(value))
        for item in value.values() if type(value) is dict else value:
            containers(item, found)
    elif type(value) is tuple:
        for item in value:
            containers(item, found)
    return found


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
