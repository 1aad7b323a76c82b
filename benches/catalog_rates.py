"""Measures rates and memory of the Catalog, and its gain by a second core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import generator
import measure
from eventkit import Catalog
from layout import seconds
from plan import ROTATION, TOP

SESSIONS = 100_000
PROFILES = 5_000
BUILT = 300_000
LOADED = 1_000_000
THREADS = 10
QUERIES = 20_000


@dataclass(frozen=True)
class Rate:
    """A figure without a peer; `met` is None if there is no target."""

    text: str
    limit: str = ""
    met: bool | None = None


def all_of(opened: int) -> Iterator[Rate]:
    """Measure everything. The opened file has `opened` sessions."""
    yield from _building()
    yield from _memory()
    yield from _many()
    yield from _threads()
    yield _opening(opened)
    yield from _caching()


def _building() -> Iterator[Rate]:
    sessions = generator.manifest(BUILT)["sessions"]
    rate = BUILT / measure.best(lambda: Catalog(sessions))[0]
    yield _at_least(f"built from {BUILT:,} dicts: {rate:,.0f} sessions a second", 1_000_000, rate)
    text = generator.text(generator.columns(LOADED))
    rate = LOADED / measure.best(lambda: Catalog.from_json(text))[0]
    yield _at_least(
        f"built from {LOADED:,} sessions of JSON: {rate:,.0f} a second", 1_500_000, rate
    )


def _memory() -> Iterator[Rate]:
    manifest = generator.manifest(SESSIONS, tags_per_session=(4, 4))
    kept = Catalog(manifest).nbytes / SESSIONS
    yield Rate(f"the index over 4 tags keeps {kept:.1f} bytes a session", "<= 64", kept <= 64)
    text = generator.text(generator.columns(SESSIONS))
    share = Catalog.from_json(text).nbytes / len(text)
    yield Rate(f"loaded from JSON, index included: {share:.2f} of the text", "<= 1.2", share <= 1.2)


def _many() -> Iterator[Rate]:
    alone, together = [], []
    # In turns, so that a slow minute affects both.
    for _ in range(3):
        alone.append(_in_child(cores=1))
        together.append(_in_child(cores=None))
    one, all_cores = (
        {name: min(run[name] for run in runs) for name in runs[0]} for runs in (alone, together)
    )
    for name, limit in (("rank_many", 150_000), ("recommend_many", 100_000)):
        rate = PROFILES / all_cores[name]
        yield _at_least(f"{name} at {SESSIONS:,}: {rate:,.0f} profiles a second", limit, rate)
    for name, limit in (("recommend_many", 1.7), ("rank_many", None)):
        gain = one[name] / all_cores[name]
        text = f"{name} on {os.cpu_count()} cores: {gain:.2f} times one"
        yield Rate(text) if limit is None else _at_least(text, limit, gain)


def _threads() -> Iterator[Rate]:
    """Compare ten threads with one, and the same for a function of plain Python.

    Threads share the interpreter's lock, so the second line shows what its switching costs on this
    machine, whatever the functions do.
    """
    catalog = Catalog(generator.manifest(SESSIONS))
    queries = [generator.interests(10, seed) for seed in range(ROTATION)]

    def serve(count: int) -> None:
        for number in range(count):
            catalog.recommend(queries[number % ROTATION], TOP)

    def plain(count: int) -> None:
        for number in range(count):
            sum(range(200 + number % ROTATION))

    def together(work: Callable[[int], None]) -> None:
        list(pool.map(work, [QUERIES // THREADS] * THREADS))

    with ThreadPoolExecutor(THREADS) as pool:
        together(serve)
        tasks = [
            task
            for work in (serve, plain)
            for task in (partial(work, QUERIES), partial(together, work))
        ]
        one, ten, one_plain, ten_plain = measure.best(*tasks, rounds=7)
    yield _at_least(
        f"{THREADS} threads on one Catalog serve {one / ten:.2f} of what one serves alone",
        0.9,
        one / ten,
    )
    yield Rate(f"{THREADS} threads of plain Python do {one_plain / ten_plain:.2f} of what one does")


def _opening(sessions: int) -> Rate:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.evkt"
        Catalog.from_json(generator.text(generator.columns(sessions))).save(path)
        interests = generator.interests(10)
        spent, first = measure.best(
            lambda: Catalog.open(path), lambda: Catalog.open(path).recommend(interests, TOP)
        )
    return Rate(
        f"a file of {sessions:,} opens in {seconds(spent)}, first answer after {seconds(first)}",
        "< 50 ms",
        spent < 0.05,
    )


def _caching() -> Iterator[Rate]:
    for sessions in (1_000, 10_000, 100_000):
        manifest = generator.manifest(sessions)
        inputs = [(generator.interests(10, seed), TOP) for seed in range(ROTATION)]
        plain, cached = Catalog(manifest), Catalog(manifest, cache_size=128)
        # Every query misses, because there are more lists than the cache holds.
        crowded = Catalog(manifest, cache_size=ROTATION // 2)
        calls = [plain.recommend, cached.recommend, crowded.recommend]
        without, hit, miss = measure.rotations(calls, inputs)
        yield Rate(
            f"result cache at {sessions:,}: a hit {seconds(hit)}, a miss {seconds(miss)}, "
            f"no cache {seconds(without)}"
        )


def _at_least(text: str, limit: float, value: float) -> Rate:
    return Rate(text, f">= {limit:,}", value >= limit)


def _in_child(cores: int | None) -> dict[str, float]:
    program = [sys.executable, os.fspath(Path(__file__)), *([str(cores)] if cores else [])]
    done = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def many() -> dict[str, float]:
    """Return the seconds for all profiles together, on the cores that the process may use."""
    catalog = Catalog(generator.manifest(SESSIONS))
    profiles = [generator.interests(10, seed) for seed in range(PROFILES)]
    calls: dict[str, Callable[[], object]] = {
        "rank_many": lambda: catalog.rank_many(profiles, TOP),
        "recommend_many": lambda: catalog.recommend_many(profiles, TOP),
    }
    if catalog.recommend_many(profiles[:50], TOP) != [
        catalog.recommend(interests, TOP) for interests in profiles[:50]
    ]:
        raise AssertionError("recommend_many and recommend differ")
    return dict(zip(calls, measure.best(*calls.values(), rounds=7), strict=True))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        # The caller's thread works beside the pool, so an affinity limits both to one core.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
    print(json.dumps(many()))
