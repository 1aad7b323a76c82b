"""The picture of the scaling curves."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

STYLES = (("#b5542b", "o"), ("#7a7a7a", "s"), ("#22628f", "^"))


def draw(path: Path, curves: dict[str, list[tuple[int, float]]], caption: str) -> None:
    """Draw seconds a call against sessions, both logarithmic, and label the ratios."""
    figure, axes = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
    for (name, points), (colour, marker) in zip(curves.items(), STYLES, strict=True):
        sizes, times = zip(*points, strict=True)
        axes.loglog(sizes, times, color=colour, marker=marker, markersize=4, label=name)
    _label_ratios(axes, list(curves.values()))
    axes.set_xlabel("sessions in the manifest")
    axes.set_ylabel("seconds a call")
    axes.set_title("recommend, 10 interests, top 5", loc="left")
    axes.margins(y=0.12)
    axes.grid(visible=True, which="major", linewidth=0.4, alpha=0.5)
    axes.legend(frameon=False)
    figure.text(0.995, -0.01, caption, ha="right", va="top", fontsize=7, color="#666666")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)


def _label_ratios(axes: plt.Axes, curves: list[list[tuple[int, float]]]) -> None:
    """Write under the last curve how many times faster than the first it is: ends and middle."""
    slow, *_, warm = curves
    for place in (0, len(warm) // 2, len(warm) - 1):
        size, below = warm[place]
        axes.annotate(
            f"{slow[place][1] / below:.0f}x",
            (size, below),
            xytext=(0, -14),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=STYLES[-1][0],
        )
