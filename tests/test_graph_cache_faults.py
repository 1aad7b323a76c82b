"""Rows 2.5, 2.6, 3.4, 3.7 and 4.8-4.12 of the fault matrix, for the cache in front of a calendar.

The story: a thousand threads and tasks of several event loops want the same calendar at the same
moment. One of them fetches it, holding neither the interpreter nor a lock; the others wait. The
one who fetches may raise, be killed, be cancelled, never come back, or ask the cache itself.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import time
import traceback
from collections import Counter
from random import Random
from typing import Any

import pytest

from calendars import Calendar, Clock, RaisingCalendar, make_events, together
from conftest import faults_scale
from eventkit.errors import CacheRecursionError, CacheTimeoutError
from eventkit.graph import CachedGraphEventService
from faults import child

pytest.importorskip("eventkit._eventkit", exc_type=ImportError)

pytestmark = pytest.mark.faults
LONG_PATIENCE = 7200
ANN = "ann@example.com"


def say(capsys: pytest.CaptureFixture[str], row: str, text: str) -> None:
    with capsys.disabled():
        print(f"\n    {row} {text}", end="")


def scene(capsys: pytest.CaptureFixture[str], row: str, name: str, number: int) -> None:
    """Run a scenario of `faults.graph_cache` and print its figures."""
    patience = faults_scale(child.PATIENCE, LONG_PATIENCE)
    say(capsys, row, child.run("graph_cache", name, number, patience=patience).strip())


def wait_until(is_so: Any, patience: float = 60.0) -> None:
    until = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.001)


def gathered(cached: CachedGraphEventService, misses: int) -> Any:
    """Return what a leader does until so many callers wait with it."""
    return lambda user, top: wait_until(lambda: cached.stats()["misses"] >= misses) and None


# -- 4.8 clocks ------------------------------------------------------------------------------------


def test_the_cache_does_not_use_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = Calendar()
    cached = CachedGraphEventService(calendar)
    cached.get_events(ANN)
    now = time.time()
    for step in (86_400, -86_400, 3_600, -0.5, 10**9):
        monkeypatch.setattr(time, "time", lambda step=step: now + step)
        cached.get_events(ANN)
        last = cached.last_result
        assert last is not None
        assert last.source == "hit"
        assert 0 <= last.age < 300
    assert len(calendar.calls) == 1


# -- 4.9 bursts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [1, 100])
@pytest.mark.slow
def test_a_burst_of_threads_at_a_cold_key_loads_once(
    keys: int, capsys: pytest.CaptureFixture[str]
) -> None:
    calendar = Calendar()
    cached = CachedGraphEventService(calendar)
    calendar.act = lambda user, top: time.sleep(0.05)
    answers = together(1_000, lambda number: (number, cached.get_events(f"user {number % keys}")))
    assert len(calendar.calls) == len(set(calendar.calls)) == keys
    for number, events in answers:
        assert events[0]["title"] == f"Meeting 0 of user {number % keys}"
    assert len({id(events) for _, events in answers}) == 1_000
    say(capsys, "4.9", f"1000 threads, {keys} cold keys: {len(calendar.calls)} calls")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_threads_and_tasks_of_several_loops_share_one_load(asynchronous: bool) -> None:
    class Both(Calendar):
        async def aget_events(self, top: int, user_id: Any = None) -> list[Any]:
            while cached.stats()["misses"] < 340:
                await asyncio.sleep(0.001)
            return self.get_events(top=top, user_id=user_id)

    calendar = Both() if asynchronous else Calendar()
    cached = CachedGraphEventService(calendar)
    if not asynchronous:
        calendar.act = gathered(cached, 340)
    entered = threading.Event()

    async def crowd() -> list[Any]:
        first = asyncio.ensure_future(cached.aget_events(ANN))
        await asyncio.sleep(0)
        entered.set()
        return await asyncio.gather(first, *(cached.aget_events(ANN) for _ in range(99)))

    def work(number: int) -> list[Any]:
        if number < 3:
            return asyncio.run(crowd())
        # A thread that led would wait for the others in a call that is not asynchronous.
        entered.wait(30)
        return [cached.get_events(ANN)]

    answers = together(43, work)
    events = [event for answer in answers for event in answer]
    assert len(events) == 340
    assert all(event == events[0] for event in events)
    assert len({id(event) for event in events}) == 340
    assert len(calendar.calls) == 1


def test_waiters_do_not_hold_the_interpreter() -> None:
    calendar, go = Calendar(), threading.Event()
    calendar.act = lambda user, top: go.wait(30) and None
    cached = CachedGraphEventService(calendar)
    waiting = threading.Thread(target=together, args=(50, lambda number: cached.get_events(ANN)))
    waiting.start()
    wait_until(lambda: cached.stats()["misses"] == 50)
    assert sum(range(1000)) == 499_500, "this thread runs"
    assert cached.get_events, "and so does what it asks of the cache"
    assert cached.stats()["loads"] == 0
    go.set()
    waiting.join(30)
    assert cached.stats()["loads"] == 1


def test_an_expiry_burst_is_one_call() -> None:
    clock, calendar = Clock(), Calendar()
    cached = CachedGraphEventService(calendar, clock=clock)
    cached.get_events(ANN)
    clock.advance(300)
    calendar.act = lambda user, top: time.sleep(0.02)
    together(200, lambda number: cached.recommend(ANN, ["ai"], 5))
    assert len(calendar.calls) == 2


# -- 4.10 leaders ----------------------------------------------------------------------------------


class StrangeError(OSError):
    """Made from what its text does not tell, with attributes of its own."""

    def __init__(self, code: int, *, hint: str) -> None:
        super().__init__(f"strange {code}")
        self.hint = hint


def test_every_waiter_gets_the_leaders_error(capsys: pytest.CaptureFixture[str]) -> None:
    calendar = RaisingCalendar()
    cached = CachedGraphEventService(calendar)
    calendar.act = gathered(cached, 200)
    calendar.error = StrangeError(7, hint="attributes too")
    errors = together(200, lambda number: cached.get_events(ANN))
    assert len(calendar.calls) == 1
    assert {type(error) for error in errors} == {StrangeError}
    assert {(str(error), error.hint) for error in errors} == {("strange 7", "attributes too")}
    assert len({id(error) for error in errors}) == 200, "each has one of its own"
    for error in errors:
        frames = traceback.extract_tb(error.__traceback__)
        assert len(frames) < 12, "no traceback grew by the others'"
        assert frames[-1].name == "get_events", "and each tells where it came from"
    assert cached.stats()["entries"] == 0
    calendar.error = None
    assert cached.get_events(ANN), "the next call tries again"
    say(capsys, "4.10", "200 waiters, 1 call, 200 errors of their own")


def test_an_error_that_cannot_be_made_again_is_shared() -> None:
    error = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")
    calendar = RaisingCalendar()
    cached = CachedGraphEventService(calendar)
    calendar.act, calendar.error = gathered(cached, 5), error
    assert all(got is error for got in together(5, lambda number: cached.get_events(ANN)))


@pytest.mark.parametrize("fatal", [KeyboardInterrupt, SystemExit, GeneratorExit, BaseException])
def test_a_leader_that_dies_is_followed_by_one_waiter(
    fatal: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    calendar = Calendar()
    cached = CachedGraphEventService(calendar)
    died: list[float] = []

    def act(user: Any, top: int) -> None:
        if len(calendar.calls) == 1:
            wait_until(lambda: cached.stats()["misses"] >= 100)
            died.append(time.monotonic())
            raise fatal
        died.append(time.monotonic())

    calendar.act = act
    outcomes = together(100, lambda number: cached.get_events(ANN))
    dead = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(error) for error in dead] == [fatal]
    assert all(type(outcome) is list for outcome in outcomes if outcome not in dead)
    assert len(calendar.calls) == 2
    assert cached.stats()["abandoned"] == 1
    say(capsys, "4.10", f"{fatal.__name__}: taken over in {(died[1] - died[0]) * 1e3:.1f} ms")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_task_that_is_cancelled_is_followed(asynchronous: bool) -> None:
    class Slow(Calendar):
        async def aget_events(self, top: int, user_id: Any = None) -> list[Any]:
            if not self.calls:
                self.calls.append((user_id, top))
                await asyncio.sleep(3600)
            return self.get_events(top=top, user_id=user_id)

    calendar = Slow() if asynchronous else Calendar()
    go = threading.Event()
    if not asynchronous:
        calendar.act = lambda user, top: go.wait(30) and None if len(calendar.calls) == 1 else None
    cached = CachedGraphEventService(calendar)

    async def scenario() -> None:
        tasks = [asyncio.ensure_future(cached.aget_events(ANN)) for _ in range(20)]
        waiter = asyncio.ensure_future(asyncio.to_thread(cached.get_events, ANN))
        while cached.stats()["misses"] < 21:
            await asyncio.sleep(0.001)
        tasks[0].cancel()
        answers = await asyncio.wait_for(asyncio.gather(*tasks[1:], waiter), 30)
        assert len(answers) == 20
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    asyncio.run(scenario())
    assert len(calendar.calls) == 2


def test_a_closed_loop_does_not_stop_other_waiters() -> None:
    """Its tasks are destroyed, as leaders and as waiters."""

    class Slow(Calendar):
        async def aget_events(self, top: int, user_id: Any = None) -> list[Any]:
            await asyncio.sleep(3600)
            raise AssertionError("nobody is here any more")

    calendar = Slow()
    cached = CachedGraphEventService(calendar)
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(cached.aget_events(ANN)) for _ in range(3)]
    loop.run_until_complete(asyncio.sleep(0.01))
    assert cached.stats()["misses"] == 3
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(cached.get_events(ANN)))
    thread.start()
    wait_until(lambda: cached.stats()["misses"] == 4)
    for task in tasks:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    del tasks, task, loop
    gc.collect()
    thread.join(30)
    assert len(answers) == 1


def test_a_waiter_gives_up_a_leader_whose_event_loop_was_abandoned() -> None:
    """The loop is stopped in the middle of a fetch and kept, so that nothing ends the fetch."""

    class Never:
        async def aget_events(self, top: int, user_id: str) -> Any:
            await asyncio.Event().wait()

        def get_events(self, top: int, user_id: str) -> Any:
            raise AssertionError("another caller fetches already")

    default = inspect.signature(CachedGraphEventService).parameters["wait_timeout"].default
    assert isinstance(default, float)
    assert 10 < default <= 60
    cached = CachedGraphEventService(Never())
    assert cached._wait_timeout == default
    cached._wait_timeout = 0.05
    loop = asyncio.new_event_loop()
    task = loop.create_task(cached.aget_events(ANN))
    for _ in range(3):
        loop.run_until_complete(asyncio.sleep(0))
    assert not task.done()
    # Callers of other threads: the leader's own thread does not wait for itself.
    errors = together(3, lambda number: cached.get_events(ANN))
    assert [type(error) for error in errors] == [CacheTimeoutError] * 3
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
    with pytest.raises(AssertionError, match="another caller"):
        cached.get_events(ANN)


def test_waiters_time_out_when_the_leader_never_returns() -> None:
    calendar, go = Calendar(), threading.Event()
    calendar.act = lambda user, top: go.wait(60) and None
    cached = CachedGraphEventService(calendar, wait_timeout=0.05)
    leader = threading.Thread(target=cached.get_events, args=(ANN,))
    leader.start()
    wait_until(lambda: len(calendar.calls) == 1)
    errors = together(20, lambda number: cached.get_events(ANN))
    assert {type(error) for error in errors} == {CacheTimeoutError}
    assert "waited 0.05 s" in str(errors[0])
    assert isinstance(errors[0], TimeoutError)

    async def late() -> None:
        await cached.aget_events(ANN)

    with pytest.raises(CacheTimeoutError):
        asyncio.run(late())
    assert cached.get_events("bob", 1) if go.set() is None else None, "other keys are not held up"
    leader.join(30)
    assert cached.get_events(ANN)
    assert cached.stats()["loads"] == 2


def test_a_waiting_main_thread_can_be_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "2.6", "interrupted_waiter", faults_scale(3, 50))


def test_an_interrupted_leader_is_followed_by_a_waiter(capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "4.10", "interrupted_leader", faults_scale(5, 200))


@pytest.mark.slow
def test_leaders_and_waiters_killed_at_random(capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "4.10", "killed_leaders", faults_scale(150, 10_000))


# -- 4.11 re-entrance ------------------------------------------------------------------------------


def test_a_service_that_asks_for_what_it_fetches() -> None:
    calendar = Calendar()
    cached = CachedGraphEventService(calendar)

    def once(user: Any, top: int) -> Any:
        return cached.get_events(user, top) if len(calendar.calls) == 1 else None

    calendar.act = once
    assert cached.get_events(ANN) == cached.get_events(ANN)
    assert len(calendar.calls) == 2
    assert cached.stats()["bypasses"] == 1
    calendar.act = lambda user, top: cached.recommend(user, ["ai"], top // 2)["sessions"]
    with pytest.raises(CacheRecursionError, match=r"the 10 events of 'bob'"):
        cached.get_events("bob")
    calendar.act = None
    assert cached.get_events("bob")


def test_a_service_that_asks_for_what_it_fetches_from_asyncio() -> None:
    class Both(Calendar):
        async def aget_events(self, top: int, user_id: Any = None) -> list[Any]:
            self.calls.append((user_id, top))
            return await asyncio.ensure_future(cached.aget_events(user_id, top))

    cached = CachedGraphEventService(Both())
    with pytest.raises(CacheRecursionError):
        asyncio.run(cached.aget_events(ANN))

    calendar = Calendar()
    threaded = CachedGraphEventService(calendar)
    calendar.act = lambda user, top: threaded.get_events(user, top)
    with pytest.raises(CacheRecursionError):
        asyncio.run(threaded.aget_events(ANN))
    calendar.act = lambda user, top: asyncio.run(threaded.aget_events(user, top))
    with pytest.raises(CacheRecursionError):
        threaded.get_events(ANN)


def test_a_blocking_call_beside_a_task_that_fetches() -> None:
    """On the loop's own thread it cannot wait for the loop."""
    calendar, go = Calendar(), threading.Event()
    calendar.act = lambda user, top: go.wait(30) and None if len(calendar.calls) == 1 else None
    cached = CachedGraphEventService(calendar)

    async def scenario() -> None:
        task = asyncio.ensure_future(cached.aget_events(ANN))
        while not calendar.calls:
            await asyncio.sleep(0.001)
        assert len(cached.get_events(ANN)) == 10
        go.set()
        assert len(await task) == 10

    asyncio.run(scenario())
    assert cached.stats()["bypasses"] == 1


def test_a_load_may_ask_for_other_keys() -> None:
    calendar = Calendar()
    cached = CachedGraphEventService(calendar)
    calendar.act = lambda user, top: cached.get_events(f"{user}+") if len(user) < 6 else None
    assert cached.get_events("a")
    assert [user for user, _ in calendar.calls] == [f"a{'+' * n}" for n in range(6)]


# -- 4.12 contamination ----------------------------------------------------------------------------


def test_callers_who_change_what_they_get_change_nothing_for_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = faults_scale(2_000, 10_000)
    cached = CachedGraphEventService(Calendar(make_events))
    want = repr(make_events(ANN, 10))
    ranked = repr(cached.recommend(ANN, ["ai", "topic 3"], 5))

    def spoil(number: int) -> int:
        rng, wrong = Random(number), 0
        for _ in range(calls // 8):
            if rng.random() < 0.5:
                events = cached.get_events(ANN)
                wrong += repr(events) != want
            else:
                answer = cached.recommend(ANN, ["ai", "topic 3"], 5)
                wrong += repr(answer) != ranked
                events = answer["sessions"]
            for event in events:
                event["tags"].clear()
                event.update(title="spoilt", popularity=rng.random(), extra=[])
            events.clear()
        return wrong

    assert together(8, spoil, faults_scale(60, 600)) == [0] * 8
    say(capsys, "4.12", f"{calls} callers change what they get: 0 contaminations")


def test_two_users_never_see_each_others_events(capsys: pytest.CaptureFixture[str]) -> None:
    operations = faults_scale(10_000, 1_000_000)
    clock = Clock()
    calendar = Calendar()

    def act(user: Any, top: int) -> Any:
        if len(calendar.calls) % 7 == 0:
            raise OSError("down")
        return make_events(user, top)

    calendar.act = act
    cached = CachedGraphEventService(
        calendar, 300, stale_ttl=100, stale_if_error=200, clock=clock, max_entries=5
    )
    rng = Random(412)
    seen: Counter[str] = Counter()
    for _ in range(operations):
        user = rng.choice(["ann", "bob"])
        kind = rng.random()
        try:
            if kind < 0.6:
                events = cached.get_events(user, rng.choice([1, 5, 10]))
            elif kind < 0.8:
                events = cached.recommend(user, ["ai"], rng.choice([1, 5]))["sessions"]
            elif kind < 0.9:
                events = cached.for_user(user).get_events(rng.choice("12"), top=2)
            elif kind < 0.92:
                cached.invalidate(user)
                continue
            else:
                clock.advance(rng.choice([0.5, 10, 90]))
                continue
        except OSError:
            seen["errors"] += 1
            continue
        assert all(event["title"].endswith(f" of {user}") for event in events)
        seen[cached.last_result.source] += 1
    assert min(seen[source] for source in ("hit", "fresh", "stale", "stale_if_error")) > 0, seen
    say(capsys, "4.12", f"{operations} operations, 0 cross-user answers: {dict(seen)}")


def test_an_invalidation_during_a_refresh_wins_under_load() -> None:
    """Nobody who asks after an invalidation gets what was fetched before it."""
    version = [0]
    calendar = Calendar(lambda user, top: [{"title": str(version[0])}])
    cached = CachedGraphEventService(calendar)
    stop = threading.Event()

    def read(number: int) -> int:
        reads = 0
        while not stop.is_set() or reads == 0:
            floor = version[0] - 1
            assert int(cached.get_events(ANN)[0]["title"]) >= floor
            reads += 1
        return reads

    def write(number: int) -> int:
        for _ in range(faults_scale(2_000, 50_000)):
            version[0] += 1
            cached.invalidate(ANN)
        stop.set()
        return 1

    outcomes = together(5, lambda number: write(number) if number == 0 else read(number))
    assert all(type(outcome) is int for outcome in outcomes), outcomes
    assert cached.get_events(ANN)[0]["title"] == str(version[0])


# -- processes -------------------------------------------------------------------------------------


def test_forked_children_use_the_cache(capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "2.5", "forks", faults_scale(20, 200))


def test_a_fork_at_the_first_use_of_the_cache(capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "2.5", "first_forks", faults_scale(20, 500))


def test_the_interpreter_exits_with_busy_threads(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(faults_scale(1, 50)):
        said = child.run("graph_cache", "exits", 6)
    say(capsys, "2.6", said.strip())


@pytest.mark.slow
def test_the_cache_does_not_leak_memory(capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "3.4", "memory", faults_scale(6_000, 1_000_000))


def test_distinct_keys_do_not_grow_the_cache_without_bound(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene(capsys, "3.7", "distinct_keys", faults_scale(4_000, 1_000_000))
