"""Shows telemetry at a terminal."""

from __future__ import annotations

import shutil
from typing import Any

from eventkit.cli.table import layout
from eventkit.exports import single_line

__all__ = ["progress_bar", "remarks", "rotation", "stats"]

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_BAR_COLUMNS = 40
_PROGRESS_COLUMNS = 30


def stats(summary: dict[str, Any], *, plot: bool) -> list[str]:
    """Return a line of latencies for each action, then a table of counts."""
    if not summary["count"] and not summary["exceptions"]:
        return ["No telemetry."]
    parts = [(single_line(name), part) for name, part in summary["by"].items()]
    lines = [
        f"{name}: {_percentiles(part['latency'])}"
        for name, part in parts
        if part["latency"]["count"]
    ]
    rows = [["", "Count", "Success", "Per second", "Exceptions", "Errors"]]
    rows += [[name, *_counts(part)] for name, part in [*parts, ("all", summary)]]
    lines += ["", *layout(rows, shutil.get_terminal_size().columns)]
    return [*lines, "", *_histogram(summary["histogram"])] if plot else lines


def _percentiles(latency: dict[str, Any]) -> str:
    return ", ".join(f"{name}={latency[name]:.1f}ms" for name in ("p50", "p95", "p99"))


def _counts(part: dict[str, Any]) -> list[str]:
    rate, per_second = part["success_rate"], part["per_second"]
    errors = sorted(part["errors"].items(), key=lambda item: (-item[1], item[0]))
    return [
        f"{part['count']:,}",
        "-" if rate is None else f"{rate:.1%}",
        "-" if per_second is None else f"{per_second:,.3g}",
        f"{part['exceptions']:,}",
        single_line(", ".join(f"{kind} {count:,}" for kind, count in errors)) or "-",
    ]


def _histogram(bars: list[list[float]]) -> list[str]:
    most = max((count for _, _, count in bars), default=0)
    return [
        f"{_edge(low):>9} {_bar(count / most)} {int(count):,}" for low, _high, count in bars if most
    ]


def _edge(milliseconds: float) -> str:
    if milliseconds >= 1_000:
        return f"{milliseconds / 1_000:g} s"
    return f"{milliseconds:g} ms" if milliseconds >= 1 else f"{milliseconds * 1_000:g} us"


def _bar(part: float) -> str:
    whole, eighths = divmod(round(part * _BAR_COLUMNS * 8), 8)
    return (_EIGHTHS[-1] * whole + _EIGHTHS[eighths]).ljust(_BAR_COLUMNS + 1)


def remarks(summary: dict[str, Any]) -> list[str]:
    """Return lines about telemetry that could not be read."""
    found = []
    if summary["torn"]:
        found.append(f"left out: {summary['torn']:,} torn lines")
    if summary["foreign"]:
        found.append(f"left out: {summary['foreign']:,} lines that are not telemetry")
    return found + [f"not read to its end: {reason}" for reason in summary["unreadable"]]


def rotation(result: dict[str, Any]) -> list[str]:
    """Return lines about a rotation."""
    rotated = result["rotated"]
    return [
        "nothing to rotate" if rotated is None else f"rotated to {single_line(rotated)}",
        f"compressed {result['compressed']}, deleted {result['deleted']}",
    ]


def progress_bar(done: int, total: int) -> str:
    """Return a progress bar of fixed width.

    Example:
        >>> progress_bar(50_000_000, 100_000_000)
        '[###############               ]  50%  100 MB'
    """
    part = min(1.0, done / total)
    bar = ("#" * int(part * _PROGRESS_COLUMNS)).ljust(_PROGRESS_COLUMNS)
    return f"[{bar}] {part:4.0%}  {total / 1e6:,.0f} MB"
