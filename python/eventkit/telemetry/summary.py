"""Computes counts and exact percentiles of telemetry files."""

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
    """Summarise telemetry that eventkit or the original wrote, also mixed in one file.

    Percentiles are exact, as those of ``numpy.percentile``, at any size and in constant memory.
    Lines that are not JSON (such as one that a crash cut off) or not telemetry are skipped and
    counted. A compressed file is read up to 256 times its size (64 MiB at the least); one that
    holds more is listed in ``unreadable``.

    Args:
        paths: One file or several, plain or ``.gz``.
        by: How rows are grouped.
        since: Rows before this time are skipped; in seconds since 1970.
        rotated: Read the rotated files of each file, too.
        progress: Called now and then with the number of bytes read and of all bytes.

    Returns:
        ``count``, ``actions`` (name to count; or sources, or hours), ``success_rate`` and
        ``latency`` (``median``, ``p95``, ``max``), as the original's script has them, and more:
        ``p50``, ``p99``, ``min`` and ``count`` in ``latency``; ``failures``, ``exceptions``,
        ``errors`` (kind to count), ``first`` and ``last`` (times), ``per_second``, ``by`` (name to
        all of these), ``histogram``, ``torn``, ``foreign``, ``unreadable``, ``files``, ``bytes``
        and ``passes``. Latencies are milliseconds; an unknown value is ``None``.

    Raises:
        FileNotFoundError: Neither the file nor a rotated file of it exists.

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
    """Return the files with their rotated files before them.

    A file may be missing if it has rotated files.
    """
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
