"""`make bench-graph`: compares caches in front of a calendar. Answers are checked before timing.

A burst consists of threads that start together. The source takes 50 ms, and its calls are counted.
The second tier is timed on a server that is started for it, if the program is installed.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import measure
from eventkit.graph import CachedGraphEventService, ValkeyStore
from graph_cache_sides import SIDES, Eventkit, Side, Upstream, events
from layout import aligned, machine, seconds, verdict

USERS = [f"user{n}@example.com" for n in range(8)]
TOP = 10
SLOW = 0.05
HITS = ("on a hit", "shared", "fresh", "recommend", "own", "of 100", "own", "met")
HIT_WIDTHS = (24, 10, 10, 11, 10, 10, 10, 6)
BURSTS = ("calls to a source", "cold", "in", "expired", "in", "down", "failed", "met")
BURST_WIDTHS = (24, 7, 10, 9, 10, 7, 8, 6)
TIER = ("second tier, same server", "ValkeyStore", "dogpile", "met")
TIER_WIDTHS = (36, 14, 12, 6)


def hits(rounds: int) -> Iterator[list[str]]:
    """Time a hit: shared objects, copies, and recommendations from 10 and 100 events."""
    made = [side(Upstream(), 3_600.0) for side in SIDES[:-1]]
    interests = [["topic3", "online"], ["topic1", "team"]]
    for top in (5, 50):
        for user in USERS:
            expected = made[0].recommend(user, interests[0], top)
            assert len(expected["sessions"]) == top
            for side in made:
                assert side.fresh(user, 2 * top) == events(user, 2 * top), side.name
                assert side.recommend(user, interests[0], top) == expected, side.name
                assert side.own(user, interests[0], top) == expected, side.name
    asked = [(user, TOP) for user in USERS]
    few, many = ([(u, i, top) for u in USERS for i in interests] for top in (5, 50))
    columns = [
        measure.rotations([side.get for side in made], asked, rounds=rounds),
        measure.rotations([side.fresh for side in made], asked, rounds=rounds),
    ]
    for wanted in (few, many):
        columns.append(measure.rotations([side.recommend for side in made], wanted, rounds=rounds))
        columns.append(measure.rotations([side.own for side in made], wanted, rounds=rounds))
    for side, *values in zip(made, *columns, strict=True):
        met = "-"
        if isinstance(side, Eventkit):
            met = verdict(values[0] <= 1e-6 and values[1] <= 20e-6)
        yield [side.name, *map(seconds, values), met]


def together(threads: int, task: Callable[[], object]) -> float:
    """Return the seconds from the start of `threads` threads until the last one has its answer."""
    gate = threading.Barrier(threads + 1)
    wrong: list[BaseException] = []

    def run() -> None:
        gate.wait()
        try:
            task()
        except BaseException as error:
            wrong.append(error)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in running:
        thread.join()
    spent = time.perf_counter() - begun
    assert not wrong, wrong[0]
    return spent


def bursts(threads: int) -> Iterator[list[str]]:
    """Count the source's calls in a cold burst, at expiry, and while the source is down."""
    expected = events(USERS[0], TOP)
    for kind in SIDES:

        def ask(side: Side) -> None:
            assert side.fresh(USERS[0], TOP) == expected

        upstream = Upstream(SLOW)
        side = kind(upstream, 3_600.0)
        cold = together(threads, lambda side=side: ask(side))  # type: ignore[misc]
        calls = [upstream.calls]

        upstream = Upstream(SLOW)
        side = kind(upstream, 0.5)
        ask(side)
        time.sleep(0.6)
        upstream.calls = 0
        expired = together(threads, lambda side=side: ask(side))  # type: ignore[misc]
        # Also count the refresh in the background.
        time.sleep(2 * SLOW)
        calls.append(upstream.calls)

        upstream = Upstream()
        side = kind(upstream, 0.05)
        ask(side)
        time.sleep(0.1)
        upstream.calls, upstream.down, failed = 0, True, 0
        for _ in range(100):
            try:
                ask(side)
            except ConnectionError:
                failed += 1
        time.sleep(0.05)
        calls.append(upstream.calls)
        yield [
            side.name,
            str(calls[0]),
            seconds(cold),
            str(calls[1]),
            seconds(expired),
            str(calls[2]),
            str(failed),
            verdict(calls[0] == calls[1] == 1) if isinstance(side, Eventkit) else "-",
        ]


@contextmanager
def server() -> Iterator[tuple[str, subprocess.Popen[bytes]] | None]:
    """Start a server. Yields its url, or None if the program is not installed."""
    binary = shutil.which("valkey-server") or shutil.which("redis-server")
    if binary is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen([*command, "--appendonly", "no"], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def tier(url: str, process: subprocess.Popen[bytes], rounds: int) -> Iterator[list[str]]:
    """Time the second tier's part of a load, and a dogpile region on the same server."""
    import dogpile.cache

    expected = events(USERS[0], TOP)
    upstream = Upstream()
    for _ in range(2):
        cached = CachedGraphEventService(upstream, 300, store=ValkeyStore(url, timeout=5.0))
        assert cached.get_events(USERS[0], TOP) == expected
    assert upstream.calls == 1, "the second worker fetched too"
    store = ValkeyStore(url, timeout=5.0)
    region: Any = dogpile.cache.make_region()
    arguments = {
        "host": "127.0.0.1",
        "port": int(url.rpartition(":")[2]),
        "distributed_lock": True,
        "thread_local_lock": False,
    }
    region.configure("dogpile.cache.valkey", expiration_time=300, arguments=arguments)

    def never() -> Any:
        raise AssertionError("not stored")

    def ours(key: str) -> Any:
        return store.get_or_load(key, 300, never)[0]

    def theirs(key: str) -> Any:
        return region.get_or_create(key, never)

    count = iter(range(10**9))

    def our_miss() -> Any:
        return store.get_or_load(f"cold/{next(count)}/", 300, lambda: expected)

    def their_miss() -> Any:
        return region.get_or_create(f"cold{next(count)}", lambda: expected)

    store.get_or_load("ann/", 300, lambda: expected)
    assert ours("ann/") == expected
    region.get_or_create("ann/", lambda: expected)
    assert theirs("ann/") == expected
    for name, timed in (
        ("a hit, 10 events", measure.rotations([ours, theirs], [("ann/",)], rounds=rounds)),
        (
            "a miss, the load itself left out",
            measure.rotations([our_miss, their_miss], [()] * 20, rounds=rounds),
        ),
    ):
        yield [name, *map(seconds, timed), "-"]
    store.close()
    # With its defaults, but without the breaker, so that each call meets the fault.
    process.send_signal(signal.SIGSTOP)
    hung = ValkeyStore(url, failures=10**9)
    worst = added(hung, 100)
    yield ["it hangs, no breaker: p99 of 100", seconds(worst), "-", verdict(worst <= 0.02)]
    process.kill()
    process.wait()
    worst = added(ValkeyStore(url), 2_000)
    yield ["it is dead: p99 of 2,000", seconds(worst), "-", verdict(worst <= 0.02)]
    failed = 0
    for _ in range(100):
        try:
            region.get_or_create("ann/", lambda: expected)
        except Exception:
            failed += 1
    yield ["it is dead: calls that fail, of 100", "0", str(failed), "yes"]


def added(store: ValkeyStore, calls: int) -> float:
    """Return the 99th percentile of the time that a store adds to loads that cost nothing."""
    spent = []
    for number in range(calls):
        begun = time.perf_counter()
        answer = store.get_or_load(f"{number}/", 300, list)
        spent.append(time.perf_counter() - begun)
        assert answer == ([], 0.0)
    return sorted(spent)[int(calls * 0.99)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1_000, help="of a burst")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    threading.stack_size(256 * 1024)
    print(machine())
    print("best of rounds, side by side in one process; answers compared before timing")
    print("own: no object of the answer is anybody else's; ours is so by itself\n")
    table(HITS, HIT_WIDTHS, hits(arguments.rounds))
    print(
        f"\n{arguments.threads:,} threads at once, fetches of 50 ms; down: 100 calls, fetches fail"
    )
    table(BURSTS, BURST_WIDTHS, bursts(arguments.threads))
    with server() as running:
        if running is None:
            print("\nno valkey-server or redis-server on PATH: the second tier is left out")
            return
        print()
        # The outage is intended, so its warning is not shown.
        logging.getLogger("eventkit.graph.store").addHandler(logging.NullHandler())
        table(TIER, TIER_WIDTHS, tier(*running, arguments.rounds))


def table(header: tuple[str, ...], widths: tuple[int, ...], rows: Iterator[list[str]]) -> None:
    print(aligned(header, widths))
    for row in rows:
        print(aligned(row, widths), flush=True)


if __name__ == "__main__":
    main()
