"""Telemetry in plain Python: the oracle that tests compare the compiled telemetry with.

The writer writes in the call, and never rotates by itself. The summary reads whole files into
memory. Both read and write the same lines as the compiled module.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import re
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

__all__ = ["TelemetryWriter", "summarize_telemetry", "telemetry_segments"]

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LINE_BEGINNINGS = (b'{"ts": ', b'{"action": ')
_EDGES = [digit * 10.0**power for power in range(-3, 7) for digit in (1.0, 2.0, 5.0)]


class TelemetryWriter:
    """Writes each line in its call."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        max_bytes: int | None,
        daily: bool,
        compress_after: float | None,
        delete_after: float | None,
        durability: str,
        queue_bytes: int,
        /,
    ) -> None:
        """Keep the path; the rest is for the compiled writer."""
        if durability not in ("background", "sync", "fsync"):
            raise ValueError(f"unknown durability {durability!r}")
        self._path = os.fspath(path)
        self._fsync = durability == "fsync"
        self._counts: Counter[str] = Counter()
        self._last_error: str | None = None
        self._untold = False

    def log(
        self,
        action: str,
        payload: Any,
        start_ts: float | None,
        latency_us: int | None,
        success: bool,
        error: str | None,
        correlation_id: str | None,
        user: str | None,
        exception: bool,
        /,
    ) -> int:
        """Write the default line."""
        now = time.time()
        line: dict[str, Any] = {"ts": round(now, 6), "action": action[:64], "success": success}
        if exception:
            line["event"] = "exception"
        if latency_us is None and start_ts is not None and math.isfinite(start_ts):
            latency_us = max(0, round((now - start_ts) * 1e6))
        payload = payload if type(payload) is dict else {}
        sessions, count = payload.get("sessions"), payload.get("sessionCount")
        source = payload.get("source")
        line |= {
            "error": error,
            "latency_ms": None if latency_us is None else latency_us / 1_000,
            "duration_ms": None if latency_us is None else latency_us // 1_000,
            "sessions": len(sessions) if type(sessions) is list else count,
            "conflicts": payload.get("conflicts"),
            "source": source if source in ("graph", "manifest") else None,
            "user": user,
            "correlation_id": correlation_id,
        }
        for name in ("sessions", "conflicts"):
            if not isinstance(line[name], int):
                line[name] = None
        return self.append(json.dumps({key: line[key] for key in line if line[key] is not None}))

    def append(self, line: str, /) -> int:
        """Write a line."""
        self._counts["logged"] += 1
        data = line.encode("utf-8") + b"\n"
        try:
            descriptor = os.open(self._path, _FLAGS, 0o600)
            try:
                self._write(descriptor, data)
            finally:
                os.close(descriptor)
        except OSError as error:
            return self._failed("dropped_io", str(error))
        self._counts["written"] += 1
        self._counts["bytes"] += len(data)
        return 2 * self._untold

    def refuse(self, reason: str, /) -> None:
        """Count a line that could not be made."""
        self._counts["logged"] += 1
        self._failed("dropped_unserializable", reason)

    def flush(self, patience: float, /) -> bool:
        """Nothing waits."""
        return True

    def close(self, patience: float, /) -> bool:
        """Nothing is open."""
        return True

    def rotate(self) -> Path | None:
        """Refuse: segments are the compiled writer's."""
        raise OSError("rotation needs the compiled module")

    def tend(self) -> tuple[int, int]:
        """Leave old segments alone."""
        return 0, 0

    def stats(self) -> dict[str, Any]:
        """Return the counters."""
        causes = ("dropped_queue_full", "dropped_io", "dropped_unserializable")
        names = ("logged", "written", *causes, "queued", "bytes", "rotations")
        stats: dict[str, Any] = {name: self._counts[name] for name in names}
        stats["dropped"] = sum(stats[cause] for cause in causes)
        stats["last_error"] = self._last_error
        return stats

    def untold(self) -> str | None:
        """Return what went wrong, once each time."""
        told, self._untold = not self._untold, False
        return None if told else self._last_error

    def _failed(self, cause: str, reason: str) -> int:
        self._counts[cause] += 1
        self._last_error, self._untold = reason, True
        return 3

    def _write(self, descriptor: int, data: bytes) -> None:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a regular file")
        if status.st_size and os.pread(descriptor, 1, status.st_size - 1) != b"\n":
            data = b"\n" + data
        written = os.write(descriptor, data)
        if written < len(data):
            os.ftruncate(descriptor, os.lseek(descriptor, 0, os.SEEK_CUR) - written)
            raise OSError("the disk is full")
        if self._fsync:
            os.fdatasync(descriptor)


def telemetry_segments(path: str | os.PathLike[str], /) -> list[Path]:
    """Return the rotated files of a telemetry file, in order."""
    file = Path(path)
    name = re.compile(
        re.escape(file.stem)
        + r"\.\d{10,}-\d{8}T\d{6}\.\d{9}Z-\d+"
        + re.escape(file.suffix)
        + r"(\.gz)?"
    )
    return sorted(entry for entry in file.parent.iterdir() if name.fullmatch(entry.name))


def summarize_telemetry(
    paths: Sequence[str | os.PathLike[str]],
    by: str,
    since: float | None,
    progress: Callable[[int, int], object] | None,
    /,
) -> dict[str, Any]:
    """Summarise files, as the compiled function does."""
    if by not in ("action", "source", "hour"):
        raise ValueError(f"unknown grouping {by!r}")
    rows: list[dict[str, Any]] = []
    summary: dict[str, Any] = {"torn": 0, "foreign": 0, "unreadable": [], "bytes": 0, "passes": 1}
    files = _distinct([Path(path) for path in paths])
    for file in files:
        summary["bytes"] += file.stat().st_size
        for line in _lines(file, summary["unreadable"]):
            rows.extend(_read(line, summary))
    if since is not None:
        rows = [row for row in rows if row["time"] is not None and row["time"] >= since]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(_group(row, by), []).append(row)
    latencies = sorted(_latencies(rows))
    summary |= {
        "files": len(files),
        "total": _part("", rows),
        "parts": [_part(name, groups[name]) for name in sorted(groups)],
        "histogram": _histogram(latencies),
    }
    return summary


def _distinct(paths: list[Path]) -> list[Path]:
    files: dict[tuple[int, int], Path] = {}
    for path in paths:
        plain = path.with_suffix("")
        if path.suffix == ".gz" and plain in paths and plain.exists():
            continue
        status = path.stat()
        files.setdefault((status.st_dev, status.st_ino), path)
    return list(files.values())


def _lines(file: Path, unreadable: list[str]) -> Iterator[bytes]:
    data = file.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            unreadable.append(f"{file}: {error}")
            return
    yield from data.split(b"\n")


def _read(line: bytes, summary: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not line.strip():
        return
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        summary["torn"] += 1
        for beginning in _LINE_BEGINNINGS:
            place = line.rfind(beginning)
            if place > 0:
                try:
                    record = json.loads(line[place:])
                except (ValueError, RecursionError):
                    continue
                yield from _rows(record, summary)
                return
        return
    yield from _rows(record, summary)


def _rows(record: Any, summary: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not isinstance(record, dict) or not isinstance(record.get("action"), str):
        summary["foreign"] += 1
        return
    payload = record.get("payload")
    inner = payload.get("source") if isinstance(payload, dict) else None
    success, error = record.get("success"), record.get("error")
    yield {
        "action": record["action"][:128],
        "source": next(
            (each for each in (record.get("source"), inner) if isinstance(each, str)), None
        ),
        "success": bool(success) if isinstance(success, (bool, int, float, str)) else False,
        "exception": record.get("event") == "exception",
        "error": error[:128] if isinstance(error, str) else None,
        "latency": _first(_number, record, "latency_ms", "duration_ms"),
        "time": _first(_time, record, "timestamp", "ts", "start"),
    }


def _first(
    read: Callable[[Any], float | None], record: dict[str, Any], *names: str
) -> float | None:
    return next((found for name in names if (found := read(record.get(name))) is not None), None)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _time(value: Any) -> float | None:
    if not isinstance(value, str):
        return _number(value)
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _group(row: dict[str, Any], by: str) -> str:
    if by == "action":
        return str(row["action"])
    if by == "source":
        return str(row["source"] or "manifest")
    if row["time"] is None:
        return "(no time)"
    return datetime.fromtimestamp(row["time"], timezone.utc).strftime("%Y-%m-%dT%HZ")


def _latencies(rows: list[dict[str, Any]]) -> Iterator[float]:
    return (row["latency"] for row in rows if row["latency"] is not None and not row["exception"])


def _part(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    requests = [row for row in rows if not row["exception"]]
    times = [row["time"] for row in rows if row["time"] is not None]
    values = sorted(_latencies(rows))
    return {
        "name": name,
        "count": len(requests),
        "succeeded": sum(row["success"] for row in requests),
        "exceptions": len(rows) - len(requests),
        "errors": dict(
            sorted(Counter(row["error"] for row in rows if row["error"] is not None).items())
        ),
        "latency": {
            "count": len(values),
            "min": values[0] if values else None,
            **{f"p{percent}": _percentile(values, percent) for percent in (50, 95, 99)},
            "max": values[-1] if values else None,
        },
        "first": min(times, default=None),
        "last": max(times, default=None),
    }


def _percentile(values: list[float], percent: float) -> float | None:
    """Linear between ranks, as numpy's default."""
    if not values:
        return None
    place = percent / 100 * (len(values) - 1)
    low = values[int(place)]
    high = values[min(int(place) + 1, len(values) - 1)]
    part = place - int(place)
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part


def _histogram(values: list[float]) -> list[tuple[float, float, int]]:
    bars = []
    for low, high in zip([0.0, *_EDGES], [*_EDGES, math.inf], strict=True):
        inside = (value < high and (value >= low or low == 0.0) for value in values)
        bars.append((low, high, sum(inside)))
    used = [place for place, bar in enumerate(bars) if bar[2]]
    return bars[used[0] : used[-1] + 1] if used else []
