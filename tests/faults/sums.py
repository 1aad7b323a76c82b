"""The three ways in which CPython's ``sum`` has added, as models: up to 3.11, from 3.12, from
3.14."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


def plain(items: Iterable[Any]) -> Any:
    """Add from left to right."""
    total: Any = 0
    for item in items:
        total = total + item
    return total


def compensated(items: Iterable[Any]) -> Any:
    """Carry the rounding errors of floats along; ints are added without."""
    return _carrying(items, ints_too=False)


def compensated_ints(items: Iterable[Any]) -> Any:
    """Carry the rounding errors of ints along as well."""
    return _carrying(items, ints_too=True)


def _carrying(items: Iterable[Any], *, ints_too: bool) -> Any:
    total: Any = 0
    carry = 0.0
    for item in items:
        if type(total) is int:
            total = total + item
        elif type(item) is float or ints_too:
            total, error = _two_sum(total, float(item))
            carry += error
        else:
            total += float(item)
    # An infinite or undefined carry would spoil a sum that plain addition gets right.
    return total + carry if type(total) is float and carry and math.isfinite(carry) else total


def _two_sum(first: float, second: float) -> tuple[float, float]:
    total = first + second
    if abs(first) >= abs(second):
        return total, (first - total) + second
    return total, (second - total) + first
