"""Checks the numbers that callers give."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["whole_number"]


def whole_number(name: str, value: Any, least: int) -> int:
    """Return an argument as an int.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is below ``least``.

    Example:
        >>> whole_number("top", 5, 0)
        5
        >>> whole_number("top", "5", 0)
        Traceback (most recent call last):
        TypeError: top is '5', expected a whole number
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}, expected a whole number") from None
    if number < least:
        raise ValueError(f"{name} is {number}, expected at least {least}")
    return number
