"""Scenarios of the calendar cache that need a process: ``python -m faults.graph_cache NAME ...``.

Each prints one line of figures and ends with status 0, or dies.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from random import Random
from typing import Any

from calendars import Calendar, make_events
from eventkit.errors import CacheTimeoutError
from eventkit.graph import CachedGraphEventService
from faults.memory import MIB, resident

INTERESTS = ["ai", "topic 3"]


def interrupted_waiter(rounds: int) -> str:
    """2.6, 4.10: Ctrl-C while the main thread waits for a load that never ends."""
    never, started = threading.Event(), threading.Event()

    def hang(user: Any, top: int) -> None:
        started.set()
        never.wait()

    cached = CachedGraphEventService(Calendar(hang))
    threading.Thread(target=cached.get_events, args=("ann",), daemon=True).start()
    started.wait()
    worst = 0.0
    for _ in range(rounds):
        sent: list[float] = []

        def interrupt(sent: list[float] = sent) -> None:
            time.sleep(0.05)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        try:
            # In here, for a busy machine may take longer to begin the call than to interrupt it.
            threading.Thread(target=interrupt).start()
            cached.get_events("ann")
        except KeyboardInterrupt:
            worst = max(worst, time.monotonic() - sent[0])
        else:
            raise SystemExit("the interrupt was lost")
    return f"{rounds} interrupts, the slowest noticed after {worst * 1e3:.0f} ms"


def interrupted_leader(rounds: int) -> str:
    """4.10: Ctrl-C in the main thread while it loads: a waiter takes over, nobody hangs."""
    released = threading.Event()
    main = threading.get_ident()
    loading = threading.Event()

    def act(user: Any, top: int) -> None:
        if threading.get_ident() == main:
            loading.set()
            released.wait()

    cached = CachedGraphEventService(Calendar(act))
    worst, lost = 0.0, []
    for number in range(rounds):
        loading.clear()
        moments: list[float] = []

        def wait(number: int = number, moments: list[float] = moments) -> None:
            loading.wait()
            cached.get_events(f"user {number}")
            moments.append(time.monotonic())

        waiters = [threading.Thread(target=wait) for _ in range(3)]
        for waiter in waiters:
            waiter.start()

        def interrupt() -> None:
            loading.wait()
            time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            cached.get_events(f"user {number}")
        except KeyboardInterrupt as error:
            lost.append(error)  # Its traceback keeps the frames of the dead leader alive.
            died = time.monotonic()
        for waiter in waiters:
            waiter.join(30)
            if waiter.is_alive():
                raise SystemExit("a waiter hangs")
        worst = max(worst, max(moments) - died)
    return f"{rounds} leaders killed, taken over within {worst * 1e3:.1f} ms"


def killed_leaders(rounds: int) -> str:
    """4.10: leaders and waiters that are killed, raise or succeed, at random moments."""
    import ctypes

    kill = ctypes.pythonapi.PyThreadState_SetAsyncExc

    class Killed(BaseException):
        pass

    def act(user: Any, top: int) -> None:
        kind = int(user.rpartition(" ")[2])
        # Others run meanwhile, and are killed before, in and behind their wait.
        time.sleep(kind % 4 * 0.0005)
        if kind % 5 == 4:
            raise OSError("down")

    calendar = Calendar(act)
    cached = CachedGraphEventService(calendar, max_entries=8)
    rng = Random(10)
    outcomes = {"events": 0, "OSError": 0, "Killed": 0}
    kept: list[BaseException] = []

    def call(user: str) -> None:
        try:
            try:
                assert cached.get_events(user, 2)[0]["title"] == f"Meeting 0 of {user}"
                outcomes["events"] += 1
            except (OSError, Killed) as error:
                outcomes[type(error).__name__] += 1
                kept.append(error)
        except Killed:
            outcomes["Killed"] += 1

    for number in range(rounds):
        user = f"user {rng.randrange(1000)}"
        threads = [threading.Thread(target=call, args=(user,), daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        victim = threads[rng.randrange(3)]
        if victim.ident is not None and number % 2:
            kill(ctypes.c_ulong(victim.ident), ctypes.py_object(Killed))
        for thread in threads:
            thread.join(30)
            if thread.is_alive():
                raise SystemExit(f"a caller hangs in round {number}")
        del kept[:-10]
        cached.invalidate(user)
    with_loads = cached.get_events("user 0", 2)
    assert with_loads, "the cache answers no more"
    return f"{rounds} rounds, 0 hangs, {outcomes}"


def exits(busy: int) -> str:
    """2.6: the interpreter ends while daemon threads load, wait, give up, hit and refresh.

    By the system's clock: one that is a function of Python's would be called from compiled code,
    which no daemon thread may do at the end before CPython 3.14.
    """
    never = threading.Event()
    started = threading.Semaphore(0)
    quick = {"a", "b", "c"}

    def act(user: Any, top: int) -> None:
        if user not in quick:
            started.release()
            never.wait()

    calendar = Calendar(act)
    cached = CachedGraphEventService(calendar, 0.01, stale_ttl=1000)
    impatient = CachedGraphEventService(calendar, wait_timeout=0.03)
    for user in quick:
        cached.get_events(user)
    quick.clear()
    time.sleep(0.02)

    def hit() -> None:
        while True:
            cached.get_events("a")
            cached.recommend("b", INTERESTS, 5)

    def give_up() -> None:
        while True:
            with contextlib.suppress(CacheTimeoutError):
                impatient.get_events("stuck")

    threading.Thread(target=impatient.get_events, args=("stuck",), daemon=True).start()
    started.acquire()
    for _ in range(2):
        threading.Thread(target=cached.get_events, args=("stuck",), daemon=True).start()
    for number in range(busy):
        threading.Thread(target=give_up if number % 2 else hit, daemon=True).start()
    for _ in range(3):
        started.acquire()
    return f"{threading.active_count() - 1} threads busy at the end"


def forks(rounds: int) -> str:
    """2.5: a child inherits neither a load nor a lock."""
    go = threading.Event()
    parent = os.getpid()

    def act(user: Any, top: int) -> None:
        if os.getpid() == parent and user == "slow":
            go.wait()

    cached = CachedGraphEventService(Calendar(act))
    loaders = [
        threading.Thread(target=cached.get_events, args=("slow",), daemon=True) for _ in range(4)
    ]
    for loader in loaders:
        loader.start()
    while cached.stats()["misses"] < 4:
        time.sleep(0.001)
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            cached.get_events("quick")
            cached.invalidate("quick")

    churner = threading.Thread(target=churn, daemon=True)
    churner.start()
    slowest = 0.0
    for _ in range(rounds):
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            faulthandler.dump_traceback_later(60, exit=True)
            right = cached.get_events("slow", 10)[0]["id"].startswith("slow")
            right &= cached.get_events("quick") == cached.get_events("quick")
            os._exit(0 if right else 1)
        _, status = os.waitpid(child, 0)
        slowest = max(slowest, time.monotonic() - begun)
        assert status == 0, f"a child ended with {status}"
    stop.set()
    churner.join()
    go.set()
    for loader in loaders:
        loader.join()
    return f"{rounds} forks, the slowest child {slowest * 1e3:.0f} ms, 0 hangs"


def first_forks(rounds: int) -> str:
    """2.5: a process forks while one of its threads uses the cache for the first time.

    Each round is a process of its own, in which nothing was used yet; it forks again and again, as
    the thread gets on.
    """
    for number in range(rounds):
        fresh = os.fork()
        if fresh == 0:
            cached = CachedGraphEventService(Calendar())
            threading.Thread(target=cached.recommend, args=("ann", INTERESTS, 2)).start()
            children = []
            for _ in range(3):
                child = os.fork()
                if child == 0:
                    signal.alarm(60)
                    os._exit(len(cached.recommend("ann", INTERESTS, 2)["sessions"]) != 2)
                children.append(child)
                time.sleep(0)
            os._exit(any(os.waitpid(child, 0)[1] for child in children))
        _, status = os.waitpid(fresh, 0)
        assert status == 0, f"round {number} ended with {status}"
    return f"{3 * rounds} forks at the first use, 0 hangs"


def memory(operations: int) -> str:
    """3.4: mixed operations, failing ones too, after a warm-up."""
    logging.disable(logging.CRITICAL)
    clock = [0.0]
    calendar = Calendar()

    def act(user: Any, top: int) -> Any:
        if user == "user 13":
            raise OSError("down")
        return make_events(user, 3)

    calendar.act = act
    cached = CachedGraphEventService(
        calendar, 50, stale_if_error=20, max_entries=40, clock=lambda: clock[0]
    )
    rng = Random(34)

    def run(count: int) -> None:
        for _ in range(count):
            clock[0] += 0.01
            user = f"user {rng.randrange(64)}"
            kind = rng.random()
            try:
                if kind < 0.6:
                    cached.get_events(user, rng.randrange(1, 4))
                elif kind < 0.9:
                    cached.recommend(user, INTERESTS, 2)
                elif kind < 0.95:
                    cached.explain(user, f"meeting 1 of {user}", INTERESTS)
                else:
                    cached.invalidate(user)
            except OSError:
                pass
            del calendar.calls[:], calendar.windows[:]

    run(operations)
    # The allocator's own arenas settle; a leak goes on through every window.
    for window in range(4):
        before = resident()
        run(operations)
        grown = resident() - before
        if grown <= MIB:
            return f"{operations} operations: {grown} bytes more in window {window + 1}"
    raise AssertionError(f"{grown} bytes more, again and again")


def distinct_keys(keys: int) -> str:
    """3.7: bounds by entries and bytes, whatever is asked for."""
    calendar = Calendar(lambda user, top: [{"title": user, "tags": ["AI"]}])
    by_count = CachedGraphEventService(calendar, max_entries=1_000)
    by_bytes = CachedGraphEventService(calendar, max_bytes=1 << 20)
    most = 0
    begun = time.monotonic()
    for number in range(keys):
        for cached in (by_count, by_bytes):
            cached.get_events(f"user {number}", 1)
        if number % 1000 == 0:
            del calendar.calls[:], calendar.windows[:]
            by_bytes.recommend(f"user {number}", INTERESTS, 1)
            most = max(most, by_bytes.stats()["bytes"])
    spent = (time.monotonic() - begun) / keys / 2
    stats = by_count.stats()
    assert stats["entries"] == min(keys, 1_000), stats
    assert most <= 1 << 20, most
    return (
        f"{keys} keys: {stats['entries']} entries of 1000, {most} bytes of {1 << 20} at most, "
        f"{spent * 1e6:.1f} us a miss"
    )


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        interrupted_waiter,
        interrupted_leader,
        killed_leaders,
        exits,
        forks,
        first_forks,
        memory,
        distinct_keys,
    )
}

if __name__ == "__main__":
    print(SCENARIOS[sys.argv[1]](*map(int, sys.argv[2:])))
