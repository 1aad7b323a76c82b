"""Draws the picture of the scaling curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

STYLES = (("#b5542b", "o"), ("#7a7a7a", "s"), ("#22628f", "^"))
OWN = "#22628f"
PEERS = ("#b5542b", "#c99a5b", "#7a7a7a", "#9b8bb4")
Curves = dict[str, list[tuple[int, float]]]


def draw(path: Path, functions: Curves, catalog: Curves, caption: str) -> None:
    """Draw seconds per call against sessions, both logarithmic, and label the ratios.

    Args:
        path: The file to write.
        functions: The opponent, the first call and the warm one.
        catalog: The Catalog, and its peers.
        caption: The machine of the measurement.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(12.5, 4.8), layout="constrained", sharey=True
    )
    _functions(left, functions)
    own, *peers = catalog
    for name, colour in zip(peers, PEERS, strict=True):
        _curve(right, catalog[name], colour, "s", name)
    _curve(right, catalog[own], OWN, "^", f"{own}, with its answer objects")
    fastest = (min(times) for times in zip(*(_times(catalog[name]) for name in peers), strict=True))
    sizes = (size for size, _ in catalog[own])
    _label_ratios(right, dict(zip(sizes, fastest, strict=True)), catalog[own])
    right.set_title("Catalog.recommend, 10 interests, top 5", loc="left")
    left.set_ylabel("seconds a call")
    _finish(figure, (left, right), path, caption)


def draw_agent(path: Path, compared: Curves, caption: str) -> None:
    """Draw the warm calls of an agent: plain, accelerated and with a Catalog."""
    figure, axes = plt.subplots(figsize=(6.4, 4.8), layout="constrained")
    _functions(axes, compared)
    axes.set_ylabel("seconds a call")
    _finish(figure, (axes,), path, caption)


def _functions(axes: plt.Axes, functions: Curves) -> None:
    for (name, points), (colour, marker) in zip(functions.items(), STYLES, strict=True):
        _curve(axes, points, colour, marker, name)
    slow, *_, warm = functions.values()
    _label_ratios(axes, dict(slow), warm)
    axes.set_title("recommend(manifest, ...), 10 interests, top 5", loc="left")


def _finish(figure: Figure, panels: Sequence[plt.Axes], path: Path, caption: str) -> None:
    for axes in panels:
        axes.set_xlabel("sessions")
        axes.margins(y=0.12)
        axes.grid(visible=True, which="major", linewidth=0.4, alpha=0.5)
        axes.legend(frameon=False)
    figure.text(0.995, -0.01, caption, ha="right", va="top", fontsize=7, color="#666666")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)


def _curve(
    axes: plt.Axes, points: list[tuple[int, float]], colour: str, marker: str, name: str
) -> None:
    sizes, times = zip(*points, strict=True)
    axes.loglog(sizes, times, color=colour, marker=marker, markersize=4, label=name)


def _times(points: list[tuple[int, float]]) -> list[float]:
    return [time for _, time in points]


def _label_ratios(axes: plt.Axes, slow: dict[int, float], fast: list[tuple[int, float]]) -> None:
    """Label the fast curve with its ratio to the slow one, at both ends and in the middle."""
    for size, below in (fast[0], fast[len(fast) // 2], fast[-1]):
        axes.annotate(
            f"{slow[size] / below:.0f}x",
            (size, below),
            xytext=(0, -14),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=OWN,
        )
