"""Scenarios with threads, forks and signals: ``python -m faults.threads NAME [NUMBER ...]``.

Each prints one line of figures and ends with status 0, or dies.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import eventkit
from eventkit import reference
from faults import edits

READERS, MUTATORS = 8, 2
INTERESTS = ["ai", "web", "rust"]
QUIET_EDITS = [
    "append",
    "insert",
    "pop",
    "swap",
    "reverse",
    "shuffle",
    "assign_slice",
    "clear_and_refill",
    "replace_by_equal",
    "swap_whole_list",
    "copy_deeply",
    "assign_tag",
    "assign_equal_tag",
    "append_tag",
    "pop_tag",
    "clear_tags",
    "refill_tags",
    "replace_tags",
    "share_tags",
    "set_popularity",
    "update",
    "pop_and_set",
    "set_weight",
    "add_unrelated",
    "pop_unrelated",
    "write_attribute",
]
"""Edits that never make the original raise, at no moment."""


class Crew:
    """Threads that start together, and what went wrong in any of them."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.done = threading.Event()
        self.readers: list[threading.Thread] = []
        self.mutators: list[threading.Thread] = []
        self.asked = self.changed = 0

    def guard(self, work: Callable[[Random], Any], seed: int) -> None:
        try:
            work(Random(seed))
        except BaseException as error:
            self.errors.append(f"{type(error).__name__}: {error}")
            self.done.set()

    def run(
        self, calls: int, read: Callable[[Random], Any], mutate: Callable[[Random], Any]
    ) -> str:
        """Let each reader make so many calls, and go on until there was a change for every ten."""
        wanted = READERS * calls

        def keep_reading(rng: Random) -> None:
            mine = 0
            while mine < calls or (self.changed * 10 < wanted and not self.done.is_set()):
                read(rng)
                mine += 1
            self.asked += mine

        def keep_mutating(rng: Random) -> None:
            while not self.done.is_set():
                mutate(rng)
                self.changed += 1

        make = threading.Thread
        self.mutators = [make(target=self.guard, args=(keep_mutating, n)) for n in range(MUTATORS)]
        self.readers = [
            make(target=self.guard, args=(keep_reading, 100 + n)) for n in range(READERS)
        ]
        for thread in (*self.mutators, *self.readers):
            thread.start()
        for thread in self.readers:
            thread.join()
        self.done.set()
        for thread in self.mutators:
            thread.join()
        if self.errors:
            raise SystemExit("\n".join(self.errors[:5]))
        return f"{self.asked} calls, {self.changed} changes"


def check_consistent(answer: dict[str, Any], top: int) -> None:
    """Check what every answer of the original has, whatever was changed meanwhile."""
    sessions, scoring = answer["sessions"], answer["scoring"]
    assert len(sessions) == len(scoring) <= top, answer
    for session, row in zip(sessions, scoring, strict=True):
        assert row["title"] is session["title"], (row, session)
        assert repr(row["score"]) == repr(sum(row["contributions"].values())), row
    scores = [row["score"] for row in scoring]
    assert scores == sorted(scores, reverse=True), scores
    assert 0 <= answer["conflicts"] <= len(sessions), answer


def in_place(calls: int, size: int) -> str:
    """2.1: readers on a manifest that is edited in every quiet way."""
    bench = edits.Workbench(Random(size), size)
    sys.setswitchinterval(1e-6)

    def read(rng: Random) -> None:
        check_consistent(eventkit.recommend(bench.manifest, INTERESTS, 5), 5)
        if rng.randrange(8) == 0:
            eventkit.count_conflicts(bench.sessions)
            eventkit.explain(bench.manifest, f"talk {rng.randrange(size)}", INTERESTS)

    def mutate(rng: Random) -> None:
        try:
            edits.EDITS[rng.choice(QUIET_EDITS)](rng, bench)
        except (IndexError, ValueError):
            return  # The other mutator was quicker.
        if len(bench.sessions) > 2 * size:
            del bench.sessions[size:]

    figures = Crew().run(calls, read, mutate)
    info = eventkit.cache_info()
    return f"size {size}: {figures}, all consistent, {info['hits']} from a snapshot"


def versions(calls: int, size: int) -> str:
    """2.2: whole lists are swapped; every answer belongs to exactly one of them."""
    rng = Random(size)
    lists = [[edits.plain_session(rng, n) for n in range(size)] for _ in range(6)]
    weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    expected: dict[str, int] = {}
    for number, sessions in enumerate(lists):
        for place, session in enumerate(sessions):
            session["title"] = f"v{number}-{place}"
        expected[
            repr(reference.recommend({"weights": weights, "sessions": sessions}, INTERESTS, 5))
        ] = number
    manifest = {"weights": weights, "sessions": lists[0]}
    sys.setswitchinterval(1e-6)
    seen: set[int] = set()

    def read(_: Random) -> None:
        answer = eventkit.recommend(manifest, INTERESTS, 5)
        number = expected[repr(answer)]
        mine = lists[number]
        assert all(any(s is other for other in mine) for s in answer["sessions"])
        seen.add(number)

    def mutate(rng: Random) -> None:
        manifest["sessions"] = rng.choice(lists)

    figures = Crew().run(calls, read, mutate)
    return f"size {size}: {figures}, each answer from one of {len(seen)} versions"


def toggles(calls: int, size: int) -> str:
    """2.2: two fields go back and forth; every answer is that of one of the four states."""
    bench = edits.Workbench(Random(size), size)
    manifest, sessions = bench.manifest, bench.sessions
    sessions[0].update(tags=["x", "ai"], popularity=50)
    states: list[list[Any]] = [["x", "RUST"], [0.25, 90]]

    def put(first: Any, second: Any) -> None:
        sessions[0]["tags"][0] = first
        sessions[size // 2]["popularity"] = second

    expected = set()
    for first in states[0]:
        for second in states[1]:
            put(first, second)
            expected.add(repr(reference.recommend(manifest, INTERESTS, 3)["scoring"]))
    sys.setswitchinterval(1e-6)

    seen: set[str] = set()

    def read(_: Random) -> None:
        answer = repr(eventkit.recommend(manifest, INTERESTS, 3)["scoring"])
        assert answer in expected, answer
        seen.add(answer)

    def mutate(rng: Random) -> None:
        put(rng.choice(states[0]), rng.choice(states[1]))

    figures = Crew().run(calls, read, mutate)
    return f"size {size}: {figures}, {len(seen)} of {len(expected)} states seen and no other"


def heartbeat(rounds: int, size: int) -> str:
    """2.3: the longest silence of a 1 ms heartbeat while long lists are scored."""
    manifest = edits.Workbench(Random(1), size).manifest
    beats: list[float] = []
    begun, done = threading.Event(), threading.Event()

    def beat() -> None:
        while not done.wait(0.001):
            beats.append(time.monotonic())
            begun.set()

    thread = threading.Thread(target=beat)
    thread.start()
    begun.wait()
    calls = []
    for _ in range(rounds):
        began = time.monotonic()
        check_consistent(eventkit.recommend(manifest, INTERESTS, 5), 5)
        calls.append(time.monotonic() - began)
    done.set()
    thread.join()
    gap = max((b - a for a, b in pairwise(beats)), default=0.0)
    gap, longest, median = (1e3 * x for x in (gap, max(calls), sorted(calls)[len(calls) // 2]))
    return f"longest silence {gap:.1f} ms; longest call {longest:.1f} ms, median {median:.1f} ms"


def _child_answers(manifest: dict[str, Any], want: str) -> None:
    """Be a forked child: answer or die by the alarm."""
    signal.alarm(60)
    for _ in range(3):
        if repr(eventkit.recommend(manifest, INTERESTS, 5)["scoring"]) != want:
            os._exit(3)
    os._exit(0)


def _fork_all(forks: int, manifest: dict[str, Any], want: str) -> None:
    for _ in range(forks):
        child = os.fork()
        if child == 0:
            _child_answers(manifest, want)
        _, status = os.waitpid(child, 0)
        assert status == 0, f"a forked child ended with {status}"


def forks(count: int, size: int) -> str:
    """2.5: children of a parent that has called before, and of one whose threads are calling."""
    manifest = edits.Workbench(Random(2), size).manifest
    want = repr(reference.recommend(manifest, INTERESTS, 5)["scoring"])
    for _ in range(4):
        assert repr(eventkit.recommend(manifest, INTERESTS, 5)["scoring"]) == want
    _fork_all(count, manifest, want)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.starmap(_scoring, [(manifest,)] * 8)
    assert set(answers) == {want}
    # Forking beside threads is what pre-forking servers do in spite of the warning of 3.12.
    warnings.simplefilter("ignore", DeprecationWarning)
    crew = Crew()

    def call_on() -> None:
        while not crew.done.is_set():
            eventkit.recommend(manifest, INTERESTS, 5)

    busy = [threading.Thread(target=call_on) for _ in range(4)]
    for thread in busy:
        thread.start()
    try:
        _fork_all(count, manifest, want)
    finally:
        crew.done.set()
    for thread in busy:
        thread.join()
    return f"{count} forks, {count} beside busy threads, 8 jobs of a pool: all answered"


def _scoring(manifest: dict[str, Any]) -> str:
    return repr(eventkit.recommend(manifest, INTERESTS, 5)["scoring"])


def leave(threads: int, size: int) -> str:
    """2.6: the interpreter ends while daemon threads are calling."""
    manifest = edits.Workbench(Random(3), size).manifest
    begun = threading.Barrier(threads + 1)

    def call_on() -> None:
        begun.wait()
        while True:
            eventkit.recommend(manifest, INTERESTS, 5)
            eventkit.explain(manifest, "talk 1", INTERESTS)

    for _ in range(threads):
        threading.Thread(target=call_on, daemon=True).start()
    begun.wait()
    eventkit.recommend(manifest, INTERESTS, 5)
    return "left"


def interrupted(rounds: int, size: int) -> str:
    """2.6: SIGINT in the middle of calls: no call is begun after it, and the next answer is
    right."""
    manifest = edits.Workbench(Random(4), size).manifest
    want = _scoring(manifest)
    longest = 0.0
    waits = []
    for _ in range(rounds):
        sent: list[float] = []

        def interrupt(sent: list[float] = sent) -> None:
            signal.raise_signal(signal.SIGINT)
            # Not before: a busy machine may take the thread off the processor in between.
            sent.append(time.monotonic())

        sender = threading.Timer(0.01, interrupt)
        begun = time.monotonic()
        try:
            # In here, for a busy machine may take longer to begin a call than to interrupt it.
            sender.start()
            while True:
                begun = time.monotonic()
                sessions = manifest["sessions"]
                manifest["sessions"] = list(sessions)
                eventkit.recommend(manifest, INTERESTS, 5)
                longest = max(longest, time.monotonic() - begun)
        except KeyboardInterrupt:
            came = time.monotonic()
        sender.join()
        waits.append(max(0.0, came - sent[0]))
        # The call under way may end; another may not begin and end.
        assert begun <= sent[0] + 2 * longest + 0.2, (begun, sent, longest)
        assert _scoring(manifest) == want
    latest, longest = max(waits) * 1e3, longest * 1e3
    return f"{rounds} interrupts: after {latest:.1f} ms at most, longest call {longest:.1f} ms"


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (in_place, versions, toggles, heartbeat, forks, leave, interrupted)
}

if __name__ == "__main__":
    print(SCENARIOS[sys.argv[1]](*map(int, sys.argv[2:])))
