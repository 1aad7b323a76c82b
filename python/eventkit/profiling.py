"""Measures the stages of a recommendation."""

from __future__ import annotations

from itertools import pairwise
from time import perf_counter
from typing import Any

from eventkit import _native, reference
from eventkit.manifest import PUBLIC_DIRECTORIES, shared_sessions
from eventkit.results import ScoredSession

__all__ = ["profile"]


def profile(manifest: Any, interests: Any, top: Any) -> dict[str, Any]:
    """Recommend once, and return the latency breakdown of the performance guide.

    Args:
        manifest: As for `eventkit.recommend`.
        interests: As for `eventkit.recommend`.
        top: As for `eventkit.recommend`.

    Returns:
        ``{"road": ..., "sessions": number, "milliseconds": {"load", "score", "sort",
        "conflicts", "format"}}``. The road is ``"snapshot"`` (a compiled list; ``load`` contains
        the proof that it did not change, and its index finds the best in order, so ``sort`` is 0),
        ``"scan"`` (each session is scored by the compiled module) or ``"reference"`` (plain Python,
        for inputs that need it).

    Raises:
        KeyError: As `eventkit.recommend`.
        TypeError: As `eventkit.recommend`.

    Example:
        >>> manifest = {"weights": {"interest": 2.0, "popularity": 0.5}, "sessions": []}
        >>> breakdown = profile(manifest, ["ai"], 3)
        >>> sorted(breakdown["milliseconds"])
        ['conflicts', 'format', 'load', 'score', 'sort']
    """
    breakdown = _native.profile(manifest, interests, top)
    if breakdown is NotImplemented:
        return _profile_reference(manifest, interests, top)
    return breakdown


def _profile_reference(manifest: Any, interests: Any, top: Any) -> dict[str, Any]:
    laps = [perf_counter()]
    weights = manifest["weights"]
    sessions, _copy = shared_sessions(manifest, PUBLIC_DIRECTORIES)
    laps.append(perf_counter())
    scored = [reference.score_session(session, interests, weights) for session in sessions]
    laps.append(perf_counter())
    chosen = sorted(scored, key=lambda row: row["score"], reverse=True)[:top]
    laps.append(perf_counter())
    selected = [row["session"] for row in chosen]
    reference.count_conflicts(selected)
    laps.append(perf_counter())
    _format(chosen)
    laps.append(perf_counter())
    stages = ("load", "score", "sort", "conflicts", "format")
    spans = [(after - before) * 1e3 for before, after in pairwise(laps)]
    return {
        "road": "reference",
        "sessions": len(scored),
        "milliseconds": dict(zip(stages, spans, strict=True)),
    }


def _format(chosen: list[ScoredSession]) -> list[dict[str, Any]]:
    return [{**row, "title": row["session"]["title"]} for row in chosen]
