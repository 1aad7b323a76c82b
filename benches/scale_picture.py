"""Draws profiles a second against sessions."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

_STYLES = (("#22628f", "^"), ("#5b9bc8", "o"), ("#b5542b", "s"), ("#7a7a7a", "s"))


def draw(path: Path, curves: dict[str, list[tuple[int, float]]], caption: str) -> None:
    """Draw each curve, both axes logarithmic.

    Args:
        path: The file to write.
        curves: The names, and for each the points (sessions, profiles a second).
        caption: The query and the machine.
    """
    figure, axes = plt.subplots(figsize=(7.6, 4.8), layout="constrained")
    for (name, points), (colour, marker) in zip(curves.items(), _STYLES, strict=True):
        axes.loglog(*zip(*points, strict=True), color=colour, marker=marker, ms=4, label=name)
    axes.set_xlabel("sessions")
    axes.set_ylabel("profiles a second")
    axes.grid(visible=True, which="major", linewidth=0.4, alpha=0.5)
    axes.legend(frameon=False)
    figure.text(0.995, -0.01, caption, ha="right", va="top", fontsize=7, color="#666666")
    figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)
