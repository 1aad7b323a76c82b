"""Formats the tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path


def machine() -> str:
    """Return the kind of machine, to be quoted with the figures."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def seconds(value: float) -> str:
    """Format a time with three digits and a suitable unit."""
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def target(value: float | None) -> str:
    return f">= {value:g}" if value else "-"


def verdict(met: bool) -> str:
    return "yes" if met else "NO"


def aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line with the first cell to the left and the others to the right."""
    rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return cells[0].ljust(widths[0]) + "".join(rest)


def sentence(text: str, limit: str, met: bool | None) -> str:
    """Return a line for a figure without a peer; `met` is None if there is no target."""
    return f"{text:<78}{limit:>14}{'' if met is None else verdict(met):>5}".rstrip()
