"""Counts and exact percentiles of telemetry files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

from eventkit import _native

__all__ = ["summarize", "with_rotated"]

Progress = Callable[[int, int], object]


def summarize(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = "telemetry.jsonl",
    *,
    by: Literal["action", "source", "hour"] = "action",
    since: float | None = None,
    rotated: bool = True,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Summarise telemetry: eventkit's own, the original's, or both mixed.

    Percentiles are exact, those of ``numpy.percentile``, at any size and in constant memory. Lines
    that are no JSON (a crash's torn one) or no telemetry are left out and counted.

    Args:
        paths: A file or several, plain or ``.gz``.
        by: What rows are put together by.
        since: Only rows from this time on, in seconds since 1970.
        rotated: Read the rotated files of each file, too.
        progress: Called every now and then with the bytes read and all there are.

    Returns:
        ``count``, ``actions`` (name to count; or sources, or hours), ``success_rate`` and
        ``latency`` (``median``, ``p95``, ``max``), as the original's script has them, and more:
        ``p50``, ``p99``, ``min`` and ``count`` in ``latency``; ``failures``, ``exceptions``,
        ``errors`` (kind to count), ``first`` and ``last`` (times), ``per_second``, ``by`` (name to
        all of these), ``histogram``, ``torn``, ``foreign``, ``unreadable``, ``files``, ``bytes``
        and ``passes``. Latencies are milliseconds; what nothing is known of is ``None``.

    Raises:
        FileNotFoundError: There is no such file, and no rotated one of it.

    Example:
        >>> from eventkit import Telemetry
        >>> with Telemetry("telemetry.jsonl") as telemetry:
        ...     _ = telemetry.log("explain", {}, None, True)
        >>> summary = summarize("telemetry.jsonl")
        >>> summary["count"], summary["actions"], summary["success_rate"]
        (1, {'explain': 1}, 1.0)
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    files = with_rotated(given) if rotated else [Path(path) for path in given]
    found = _native.summarize_telemetry(files, by, since, progress)
    parts = found["parts"]
    return {
        **_described(found["total"]),
        "actions": {part["name"]: part["count"] for part in parts},
        "by": {part["name"]: _described(part) for part in parts},
        "histogram": [list(bar) for bar in found["histogram"]],
        **{
            name: found[name]
            for name in ("torn", "foreign", "unreadable", "files", "bytes", "passes")
        },
    }


def with_rotated(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Add to each file its rotated ones, which come first. A file may be gone when they are not."""
    files: list[Path] = []
    for path in map(Path, paths):
        segments = _native.telemetry_segments(path) if path.parent.is_dir() else []
        files += segments
        if path.exists() or not segments:
            files.append(path)
    return files


def _described(part: dict[str, Any]) -> dict[str, Any]:
    count, succeeded, latency = part["count"], part["succeeded"], part["latency"]
    first, last = part["first"], part["last"]
    span = 0.0 if first is None else last - first
    return {
        "count": count,
        "success_rate": succeeded / count if count else None,
        "failures": count - succeeded,
        "exceptions": part["exceptions"],
        "errors": part["errors"],
        "latency": {**latency, "median": latency["p50"]},
        "first": first,
        "last": last,
        "per_second": count / span if span > 0 else None,
    }
