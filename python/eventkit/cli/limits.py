"""Parses times and limits of the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eventkit.dates import parse_instant

__all__ = ["Limit", "parse_limit", "parse_since"]

_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1_000.0}
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LIMIT = re.compile(
    r"(?:(?P<name>.+):)?"
    r"(?:(?P<metric>p50|p95|p99|max)=(?P<value>\d+(?:\.\d+)?)(?P<unit>us|ms|s)"
    r"|errors=(?P<percent>\d+(?:\.\d+)?)%)"
)
_AGO = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[smhdw])")


@dataclass(frozen=True)
class Limit:
    """The largest value that a summary may have.

    Attributes:
        name: The action, source or hour; ``None`` for all together.
        metric: The name of a latency (``"p95"``), or ``"errors"``.
        most: The largest value: milliseconds, or percent.
    """

    name: str | None
    metric: str
    most: float

    def exceeded_by(self, summary: dict[str, Any]) -> str | None:
        """Return a text about the value over the limit; ``None`` if there is no such value."""
        part = summary if self.name is None else summary["by"].get(self.name)
        if part is None or not part["count"]:
            return None
        unit = "%" if self.metric == "errors" else "ms"
        if self.metric == "errors":
            found = 100 * part["failures"] / part["count"]
        else:
            found = part["latency"][self.metric]
        if found is None or found <= self.most:
            return None
        return f"{self.name or 'all'}: {self.metric}={found:g}{unit} is over {self.most:g}{unit}"


def parse_limit(text: str) -> Limit:
    """Parse a limit.

    Raises:
        ArgumentTypeError: The text is not a limit.

    Example:
        >>> parse_limit("explain:p95=50ms")
        Limit(name='explain', metric='p95', most=50.0)
    """
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not like p95=50ms or errors=1%")
    if found["percent"] is not None:
        return Limit(found["name"], "errors", float(found["percent"]))
    return Limit(found["name"], found["metric"], float(found["value"]) * _UNITS_MS[found["unit"]])


def parse_since(text: str) -> Callable[[float], float]:
    """Parse a time: a date, or an age such as ``2h``.

    Returns:
        A function of the current time, which returns the time meant. Both are seconds since 1970.

    Raises:
        ArgumentTypeError: The text is neither.

    Example:
        >>> parse_since("2h")(10_000.0), parse_since("1970-01-02T00:00+00:00")(0.0)
        (2800.0, 86400.0)
    """
    ago = _AGO.fullmatch(text)
    if ago is not None:
        seconds = float(ago["number"]) * _UNITS_S[ago["unit"]]
        return lambda now: now - seconds
    try:
        moment = parse_instant(text).timestamp()
    except ValueError:
        message = f"{text!r} is not like 30m, 2h, 7d or 2026-11-23T15:00"
        raise argparse.ArgumentTypeError(message) from None
    return lambda _now: moment
