"""`make bench-telemetry`: compares logging with two rotating handlers, and a summary with a script.

The handlers write the same fields by ``json.dumps``. The script reads every line by ``json.loads``
and sorts the latencies, as the original's script does. The written lines are counted and the
results are compared before any figure is printed.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import eventkit
from measure import _Uncollected
from table import machine, seconds, target, verdict

ANSWER: dict[str, Any] = {"sessions": [{"title": "A talk"}] * 3, "conflicts": 0}
LINES = 50_000
ROUNDS = 5
MAX_BYTES = 52_428_800
Log = Callable[[float], object]


@contextmanager
def handler_log(handler: logging.Handler):
    """Make a logger with one handler, used as by a careful agent."""
    logger = logging.getLogger(f"bench.{type(handler).__name__}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [handler]

    def log(start: float) -> None:
        now = time.time()
        latency = (now - start) * 1_000
        record = {
            "ts": now,
            "action": "recommend",
            "success": True,
            "latency_ms": round(latency, 3),
            "duration_ms": int(latency),
            "sessions": len(ANSWER["sessions"]),
            "conflicts": ANSWER["conflicts"],
        }
        logger.info(json.dumps(record))

    yield log
    handler.close()


@contextmanager
def eventkit_log(path: Path, durability: Any):
    with eventkit.Telemetry(path, durability=durability, max_bytes=MAX_BYTES) as telemetry:
        yield lambda start: telemetry.log("recommend", ANSWER, start, True)


def writers(folder: Path) -> dict[str, Any]:
    """Return the sides, each with its own file."""
    from concurrent_log_handler import ConcurrentRotatingFileHandler

    return {
        "logging, RotatingFileHandler": handler_log(
            RotatingFileHandler(folder / "rotating.jsonl", maxBytes=MAX_BYTES, backupCount=9)
        ),
        "concurrent-log-handler": handler_log(
            ConcurrentRotatingFileHandler(
                str(folder / "concurrent.jsonl"), maxBytes=MAX_BYTES, backupCount=9
            )
        ),
        "eventkit, sync": eventkit_log(folder / "sync.jsonl", "sync"),
        "eventkit, background": eventkit_log(folder / "background.jsonl", "background"),
    }


def call_seconds(log: Log, lines: int) -> float:
    """Return the seconds per call."""
    start = time.time()
    with _Uncollected():
        begun = time.perf_counter()
        for _ in range(lines):
            log(start)
        return (time.perf_counter() - begun) / lines


def writing() -> list[list[str]]:
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side, opened in writers(folder).items():
            # The handler that locks and opens the file for each line gets a tenth of the calls.
            lines = LINES // 10 if side.startswith("concurrent") else LINES
            with opened as log:
                best[side] = min(call_seconds(log, lines) for _ in range(ROUNDS))
        written = {file.name: file.read_bytes().count(b"\n") for file in folder.glob("*.jsonl")}
    assert written["sync.jsonl"] == written["background.jsonl"] == LINES * ROUNDS, written
    assert written["rotating.jsonl"] == LINES * ROUNDS, written
    opponent, ours = best["logging, RotatingFileHandler"], best["eventkit, background"]
    rows = []
    for side, value in best.items():
        limit = 2e-6 if value is ours else None
        met = verdict(value <= limit) if limit else "-"
        rows.append(
            [side, seconds(value), f"{opponent / value:.1f}x", "< 2 us" if limit else "-", met]
        )
    return rows


def generate(path: Path, size: int) -> int:
    """Write default lines of `size` bytes in all. Returns their number."""
    import random

    rng = random.Random(7)
    block = []
    for number in range(50_000):
        latency = int(rng.lognormvariate(9.4, 0.6))
        whole, thousandths = divmod(latency, 1_000)
        block.append(
            f'{{"ts": {1_795_446_060 + number * 0.01:.6f}, "action": '
            f'"{rng.choice(["recommend", "explain", "export"])}", "success": true, '
            f'"latency_ms": {whole}.{thousandths:03}, "duration_ms": {whole}, "sessions": 3, '
            f'"conflicts": 0, "source": "manifest", '
            f'"correlation_id": "{rng.getrandbits(128):032x}"}}\n'
        )
    data = "".join(block).encode()
    copies = max(1, size // len(data))
    with path.open("wb") as file:
        for _ in range(copies):
            file.write(data)
    return copies * len(block)


def script(path: Path) -> dict[str, Any]:
    """Do as the original's script: read, parse and sort everything in memory."""
    entries = []
    for line in path.read_text().splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    latencies = [entry["latency_ms"] for entry in entries]
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry["action"]] = counts.get(entry["action"], 0) + 1
    return {
        "count": len(entries),
        "actions": counts,
        "success_rate": sum(bool(entry["success"]) for entry in entries) / len(entries),
        "latency": {
            "median": statistics.median(latencies),
            "p95": statistics.quantiles(latencies, n=100, method="inclusive")[94],
            "max": max(latencies),
        },
    }


def reading(large: int) -> list[list[str]]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "telemetry.jsonl"
        generate(path, large // 10)
        begun = time.perf_counter()
        expected = script(path)
        slow = time.perf_counter() - begun
        found = eventkit.summarize(path)
        for key in ("count", "actions", "success_rate"):
            assert found[key] == expected[key], key
        for key in ("median", "p95", "max"):
            assert abs(found["latency"][key] - expected["latency"][key]) < 1e-9, key
        fast = min(timed(path) for _ in range(3))
        rows = [
            [f"script on {large / 1e10:.1f} GB", seconds(slow), "1.0x", "-", "-"],
            [
                "summarize, the same file",
                seconds(fast),
                f"{slow / fast:.0f}x",
                target(20),
                verdict(slow / fast >= 20),
            ],
        ]
        lines = generate(path, large)
        took, memory, count = alone(path)
        assert count == lines
        rows.append(
            [f"summarize {large / 1e9:.1f} GB", seconds(took), "-", "<= 3 s", verdict(took <= 3)]
        )
        rows.append(
            ["its process, at most", f"{memory:.0f} MB", "-", "< 64 MB", verdict(memory < 64)]
        )
    return rows


def timed(path: Path) -> float:
    begun = time.perf_counter()
    eventkit.summarize(path)
    return time.perf_counter() - begun


def alone(path: Path) -> tuple[float, float, int]:
    """Return seconds, megabytes and rows of a summary in a new process."""
    code = (
        "import sys, time, eventkit; begun = time.perf_counter();"
        "count = eventkit.summarize(sys.argv[1])['count']; took = time.perf_counter() - begun;"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'));"
        "print(took, int(status['VmHWM'].split()[0]) / 1024, count)"
    )
    runs = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, check=True
        )
        took, memory, count = done.stdout.split()
        runs.append((float(took), float(memory), int(count)))
    return min(runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=1_000_000_000, help="of the large file")
    arguments = parser.parse_args()
    print(machine())
    print(
        f"{LINES * ROUNDS:,} lines a side, best of {ROUNDS} rounds; what was written is counted\n"
    )
    for row in (["", "a call", "ratio", "target", "met"], *writing()):
        print(aligned(row), flush=True)
    print()
    for row in reading(arguments.bytes):
        print(aligned(row), flush=True)


def aligned(cells: list[str]) -> str:
    return cells[0].ljust(32) + "".join(cell.rjust(12) for cell in cells[1:])


if __name__ == "__main__":
    main()
