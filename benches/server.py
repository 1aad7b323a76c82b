"""`make bench-server`: compares the endpoints with the original's way, a ceiling and other servers.

Before timing, every side must answer the same requests with the reference's bytes. All servers run
at the same time and get their requests in turns, so that a slow minute affects all of them. The
best rate of each counts, and the median of the rounds' p99. wrk runs on the same cores.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import generator
import server_load
import server_sides
from eventkit import load_manifest
from layout import aligned, machine, seconds, sentence
from server_calls import calls
from server_guide import guide_lines
from server_load import Question, Rate
from server_sides import APP, Side

QUESTIONS = 256
LARGE = 100_000
LARGE_TURN = 30.0
"""The seconds of a turn. The original's way answers about one request in a second."""
WIDTHS = (38, 12, 10, 12, 10)
HEADER = ("requests a second", "10 conns", "p99", "1 conn", "p99")
NOTHING_KEPT = {"EVENTKIT_CACHE_ENTRIES": "0"}

Figures = dict[str, dict[int, Rate]]


@dataclass(frozen=True)
class Bench:
    """A manifest, its requests, and the length of each turn."""

    manifest: Path
    asked: Sequence[Question]
    file: Path
    turn: float
    rounds: int


def sample_questions(count: int) -> list[Question]:
    """Return different requests with one to six tags of the bundled sample."""
    tags = sorted({tag for session in load_manifest()["sessions"] for tag in session["tags"]})
    chance = random.Random(7)
    made: dict[Question, None] = {}
    while len(made) < count:
        made[Question(", ".join(chance.sample(tags, chance.randint(1, 6))))] = None
    return list(made)


def prepared(
    folder: Path, manifest: Path, asked: Sequence[Question], turn: float, rounds: int
) -> Bench:
    file = server_load.write(folder / f"{manifest.stem}.questions", asked)
    return Bench(manifest, asked, file, turn, rounds)


def timed(
    bench: Bench, sides: Sequence[Side], connections: Sequence[int], *, checked: int
) -> Figures:
    """Start every side, check its answers, and load it in turns."""
    manifest = json.loads(bench.manifest.read_text(encoding="utf-8"))
    some = bench.asked[:checked]
    answers = [server_load.expected(manifest, question) for question in some]
    size = sum(map(len, answers)) // len(answers)
    os.environ |= {"BENCH_MANIFEST": str(bench.manifest), "BENCH_BYTES": str(size)}
    seen: dict[str, dict[int, list[Rate]]] = {
        side.name: {count: [] for count in connections} for side in sides
    }
    with contextlib.ExitStack() as stack:
        urls = {side.name: stack.enter_context(server_sides.running(side)) for side in sides}
        for side in sides:
            if not side.ceiling:
                server_load.check(urls[side.name], some, answers)
        for turn in range(bench.rounds):
            for count in connections:
                for name, url in urls.items():
                    rate = server_load.load(url, bench.file, count, bench.turn, 37 * turn)
                    seen[name][count].append(rate)
    return {
        name: {count: _summary(rates) for count, rates in by_count.items()}
        for name, by_count in seen.items()
    }


def _summary(rates: Sequence[Rate]) -> Rate:
    """Return the best rate and the median of the p99. In the best round, no request is dropped."""
    best = max(rates, key=lambda rate: rate.per_second)
    p99 = statistics.median(rate.p99 for rate in rates)
    return replace(best, p99=p99, failed=sum(rate.failed for rate in rates))


def rows(figures: Figures) -> Iterator[str]:
    yield aligned(HEADER, WIDTHS)
    for name, rates in figures.items():
        cells = [name]
        for rate in rates.values():
            digits = 0 if rate.per_second >= 10 else 2
            cells += [f"{rate.per_second:,.{digits}f}", seconds(rate.p99)]
        cells += [""] * (len(WIDTHS) - len(cells))
        failed = sum(rate.failed for rate in rates.values())
        yield aligned(cells, WIDTHS) + (f"   {failed} failed" if failed else "")


def ratio(text: str, value: float, limit: float) -> str:
    return sentence(f"{text}: {value:,.2f}x", f">= {limit:,g}", value >= limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turn", type=float, default=3.0, help="seconds of one turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--only", choices=["calls", "ratios", "servers", "large", "guide"])
    arguments = parser.parse_args()
    print(f"{machine()}; wrk beside the server\n")
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.json"
        sample.write_text(json.dumps(load_manifest()), encoding="utf-8")
        asked = sample_questions(QUESTIONS)
        bench = prepared(Path(folder), sample, asked, arguments.turn, arguments.rounds)
        parts = {
            "calls": lambda: calls(asked),
            "ratios": lambda: ratios(bench),
            "servers": lambda: servers(bench),
            "large": lambda: large(Path(folder)),
            "guide": lambda: guide_lines(sample),
        }
        for name, part in parts.items():
            if arguments.only in (None, name):
                for line in part():
                    print(line, flush=True)
                print()


def ratios(bench: Bench) -> Iterator[str]:
    """Compare the original's way, the ceiling and eventkit, with one worker each."""
    old = server_sides.opponent(bench.manifest)
    ceiling = server_sides.constant("wsgi")
    new = server_sides.granian("wsgi", APP)
    uncached = server_sides.named("the same, nothing kept ready", new, NOTHING_KEPT)
    figures = timed(bench, [old, ceiling, new, uncached], (10, 1), checked=QUESTIONS)
    count = len(load_manifest()["sessions"])
    yield f"{count} sessions, {len(bench.asked)} questions, 5 answers; one worker each"
    yield from rows(figures)
    yield ""
    ours, theirs, most = (figures[side.name] for side in (new, old, ceiling))
    ten, one = ours[10].per_second, ours[1].per_second
    yield ratio("against the original's way, 10 connections", ten / theirs[10].per_second, 8)
    yield ratio("against the original's way, 1 connection", one / theirs[1].per_second, 4)
    yield ratio("its p99 against ours, 10 connections", theirs[10].p99 / ours[10].p99, 20)
    yield ratio("of a constant body, 10 connections", ten / most[10].per_second, 0.9)
    yield ratio("of a constant body, 1 connection", one / most[1].per_second, 0.9)


def servers(bench: Bench) -> Iterator[str]:
    """Compare servers, with the application and with a constant body."""
    sides = [
        server_sides.granian("wsgi", APP),
        server_sides.constant("asgi"),
        server_sides.granian("asgi", APP),
        server_sides.serve(),
        server_sides.serve(workers=2),
        server_sides.gunicorn(APP),
        server_sides.gunicorn(APP, threads=4),
        server_sides.uvicorn(APP),
        server_sides.hypercorn(APP),
    ]
    figures = timed(bench, sides, (10, 1), checked=20)
    yield "the same application by every server"
    yield from rows(figures)


def large(folder: Path) -> Iterator[str]:
    """Use 100,000 sessions. The original scores all of them for each request."""
    manifest = folder / "large.json"
    manifest.write_bytes(generator.text(generator.columns(LARGE)))
    bench = prepared(folder, manifest, server_load.questions(QUESTIONS), LARGE_TURN, 1)
    old, new = server_sides.opponent(manifest), server_sides.granian("wsgi", APP)
    uncached = server_sides.named("the same, nothing kept ready", new, NOTHING_KEPT)
    figures = timed(bench, [old, new, uncached], (10,), checked=2)
    yield f"{LARGE:,} sessions, {QUESTIONS} questions, 5 answers; one worker each"
    yield from rows(figures)
    yield ""
    slow = figures[old.name][10].per_second
    for side in (new, uncached):
        fast = figures[side.name][10].per_second
        yield ratio(f"{LARGE:,} sessions, {side.name}", fast / slow, 1_000)


if __name__ == "__main__":
    main()
