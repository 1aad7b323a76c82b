"""Measures the cost of counting a request: `python benches/counting.py`.

It times the rate limiter's check and the metrics' `observe`. If prometheus_client is installed
(group `bench`), it also times that in its multiprocess mode, with the same counts: a histogram of
the route's latency and a counter by route and status.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from eventkit.server import RateLimiter, ServerMetrics
from measure import rotations

ROUTES = [("/recommend", 200), ("/explain", 200), ("/recommend", 304), ("/export", 400)]
KEYS = 1_000_000
FILLED = f"""
from pathlib import Path
import re
from eventkit.server import RateLimiter
rss = lambda: int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before, limiter = rss(), RateLimiter()
for number in range({KEYS}):
    limiter.check(str(number))
assert len(limiter.request_log) == {KEYS}
print(rss() - before)
"""


def peer(directory: str) -> Any:
    """Return the same two counts of prometheus_client, or ``None`` if it is not installed."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory  # read when it is imported
    try:
        prometheus = importlib.import_module("prometheus_client")
    except ModuleNotFoundError:
        return None
    bounds = [1e-4 * 10 ** (step / 10) for step in range(50)]
    seconds = prometheus.Histogram("latency_seconds", "Latency.", ["route"], buckets=bounds)
    answers = prometheus.Counter("answers", "Answers.", ["route", "status"])

    def observe(route: str, status: int, took: float) -> None:
        seconds.labels(route).observe(took)
        answers.labels(route, status).inc()

    def total() -> int:
        registry = prometheus.CollectorRegistry()
        importlib.import_module("prometheus_client.multiprocess").MultiProcessCollector(registry)
        text = prometheus.generate_latest(registry).decode()
        counts = re.findall(r"(?m)^latency_seconds_count\{.*\} (.*)$", text)
        return int(sum(map(float, counts)))

    observe.total = total  # type: ignore[attr-defined]
    return observe


def main() -> None:
    """Print a line for each measurement."""
    with tempfile.TemporaryDirectory() as directory:
        ours = ServerMetrics(Path(directory) / "ours")
        theirs = peer(directory)
        asked = [(*ROUTES[n % 4], 0.0001 * (n % 97 + 1)) for n in range(388)]
        sides = [ours.observe, *([theirs] if theirs else [])]
        for side in sides:
            for arguments in asked:
                side(*arguments)
        counted = sum(route["count"] for route in ours.snapshot()["routes"].values())
        assert counted == len(asked)
        assert theirs is None or theirs.total() == counted
        took = rotations(sides, asked, rounds=15)
        print(f"ServerMetrics.observe, worker processes together    {took[0] * 1e6:6.2f} µs")
        if theirs:
            print(f"prometheus_client, multiprocess mode, the same      {took[1] * 1e6:6.2f} µs")
    few, many = RateLimiter(1_000_000), RateLimiter()
    for number in range(KEYS):
        many.check(str(number))
    keys = [(str(number * 7_919 % KEYS),) for number in range(1_000)]
    one, all_ = rotations([few.check, many.check], keys, rounds=15)
    print(f"RateLimiter.check, 1,000 keys                       {one * 1e6:6.2f} µs")
    print(f"RateLimiter.check, 1,000,000 keys                   {all_ * 1e6:6.2f} µs")
    filled = subprocess.run([sys.executable, "-c", FILLED], capture_output=True, check=True)
    print(
        f"RateLimiter, memory of 1,000,000 keys               {int(filled.stdout) / 1024:6.1f} MiB"
    )


if __name__ == "__main__":
    main()
