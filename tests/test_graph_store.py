"""`ValkeyStore` on a real server: what it keeps, for how long, for whom, and who fetches."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventkit.errors import MissingExtraError
from eventkit.graph import ValkeyStore
from eventkit.graph.envelope import Envelope, exact_json
from eventkit.graph.store_client import UnansweredError
from faults import child
from valkey_server import Server

EVENTS = [{"title": "Standup", "start": "09:00", "tags": ["team"], "popularity": 0.35}]
ANN, BOB = "=events/=tenant/=ann@example.com/-/-/10", "=events/=tenant/=bob@example.com/-/-/10"
ANNS = "=events/=tenant/=ann@example.com/"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()


@pytest.fixture
def server(running: Server) -> Server:
    running.run("FLUSHALL")
    return running


@contextmanager
def store_of(url: str, **options: Any) -> Iterator[ValkeyStore]:
    # A loaded machine is not what these tests are about: the server may take its time.
    store = ValkeyStore(url, **{"timeout": 5.0, **options})
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def store(server: Server) -> Iterator[ValkeyStore]:
    with store_of(server.url) as store:
        yield store


@pytest.fixture
def other(server: Server) -> Iterator[ValkeyStore]:
    """Another worker's."""
    with store_of(server.url) as store:
        yield store


def never() -> Any:
    raise AssertionError("loaded, though it lies on the server")


def values(server: Server) -> list[bytes]:
    return list(server.run("KEYS", "*:value:*"))


def test_what_one_worker_fetched_another_gets(store: ValkeyStore, other: ValkeyStore) -> None:
    assert store.get_or_load(ANN, 300, lambda: EVENTS) == (EVENTS, 0.0)
    events, age = other.get_or_load(ANN, 300, never)
    assert events == EVENTS
    assert 0 <= age < 60
    events.append("mine")
    assert other.get_or_load(ANN, 300, never)[0] == EVENTS
    assert {"hits": 2, "misses": 0, "failures": 0}.items() <= other.stats().items()
    assert {"hits": 0, "misses": 1, "stored": 1}.items() <= store.stats().items()


def test_empty_calendars_are_answers_too(store: ValkeyStore, other: ValkeyStore) -> None:
    store.get_or_load(ANN, 300, list)
    assert other.get_or_load(ANN, 300, never)[0] == []


def pass_time(store: ValkeyStore, seconds: int) -> None:
    """Let the server's clock be later, as this store sees it."""
    look = store._client.look

    def looked(*arguments: Any) -> Any:
        found = look(*arguments)
        return found._replace(now=found.now + seconds * 1_000)

    store._client.look = looked  # type: ignore[method-assign]


def test_age_is_what_the_server_says_whatever_the_clocks_do(
    server: Server, store: ValkeyStore, other: ValkeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.get_or_load(ANN, 300, lambda: EVENTS)
    pass_time(other, 200)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert 200 <= other.get_or_load(ANN, 300, never)[1] < 260
    # Who wants it younger loads; at exactly the age of its time to live it is gone.
    assert other.get_or_load(ANN, 200, lambda: []) == ([], 0.0)
    assert other.stats()["expired"] == 1


@pytest.mark.parametrize("ttl", [0, -1, math.nan])
def x(server: Server, store: ValkeyStore, ttl: float) -> None:
    assert store.get_or_load(ANN, ttl, lambda: EVENTS) == (EVENTS, 0.0)
    assert not server.run("KEYS", "*")


def test_nothing_is_kept_for_longer_than_a_day(server: Server, store: ValkeyStore) -> None:
    store.get_or_load(ANN, math.inf, lambda: EVENTS)
    assert 86_000_000 < server.run("PTTL", values(server)[0]) <= 86_400_000


# -- what lies there ----------------------------------------------------------------------------

TEXT = st.text('aA\0\x7f\xe9\u2028\ud83d\ude00\U0001f600"\\', max_size=6)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


def typed(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, typed(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return ["list", *map(typed, value)]
    return type(value), repr(value)


@settings(max_examples=100)
@given(st.lists(JSON, max_size=4))
@pytest.mark.slow
def test_what_is_stored_reads_back_bit_for_bit(events: list[Any]) -> None:
    payload = exact_json(events)
    if payload is None:
        assert any("\ud800" <= c <= "\udfff" for c in json.dumps(events, ensure_ascii=False))
    else:
        assert typed(json.loads(payload)) == typed(events)


@settings(max_examples=25)
@given(events=st.lists(JSON, max_size=4))
def test_sessions_make_the_trip_bit_for_bit(running: Server, events: list[Any]) -> None:
    running.run("FLUSHALL")
    with store_of(running.url) as store:
        store.get_or_load(ANN, 300, lambda: events)
        if store.stats()["stored"]:
            assert typed(store.get_or_load(ANN, 300, never)[0]) == typed(events)


class Title(str):
    """Not what JSON would bring back."""


LOOP: list[Any] = []
LOOP.append(LOOP)
ODD: dict[str, Any] = {
    "tuple": [("a",)],
    "nan": [{"popularity": math.nan}],
    "infinity": [{"popularity": math.inf}],
    "object": [object()],
    "str of one's own": [Title("a")],
    "int as key": [{1: "a"}],
    "bytes": [b"a"],
    "set": [{"a"}],
    "no list": {"events": []},
    "cycle": LOOP,
    "endless int": [10**5_000],
    "pair of surrogates": ["\ud83d\ude00"],
}


@pytest.mark.parametrize("events", ODD.values(), ids=ODD)
def test_what_json_cannot_hold_is_answered_and_not_stored(
    server: Server, store: ValkeyStore, caplog: pytest.LogCaptureFixture, events: Any
) -> None:
    assert store.get_or_load(ANN, 300, lambda: events)[0] is events
    assert not values(server)
    assert store.stats()["unstorable"] == 1
    assert not caplog.records
    # Nobody waits for what will not come.
    assert not server.run("KEYS", "*:lock:*")


def test_a_calendar_that_is_too_large_is_not_stored(server: Server) -> None:
    with store_of(server.url, max_value_bytes=1_000) as store:
        store.get_or_load(ANN, 300, lambda: [{"title": "x" * 2_000}])
        assert not values(server)
        assert store.stats()["too_large"] == 1


def damaged(value: bytes) -> bytes:
    return value.replace(b"Standup", b"Stand-u")


def resealed(namespace: str, secret: str | None, key: str) -> bytes:
    return Envelope(namespace, secret).seal(key, 0, 300_000, "g", b'[{"title": "forged"}]')


class Bomb:
    """Unpickled, it ends the process."""

    def __reduce__(self) -> Any:
        return os._exit, (3,)


LIES: dict[str, Any] = {
    "a byte changed": damaged,
    "pickle": lambda value: pickle.dumps(Bomb()),
    "another schema": lambda value: value.replace(b'"schema":2', b'"schema":3'),
    "another time": lambda value: value.replace(b'"stored":1', b'"stored":2'),
    "no checksum": lambda value: b'{"schema":2}\n' + value.partition(b"\n")[2],
    "another lifetime": lambda value: value.replace(b"300000", b"900000"),
    "another's calendar": lambda value: resealed("eventkit", None, BOB),
    "another namespace": lambda value: resealed("other", None, ANN),
    "never loaded so": lambda value: resealed("eventkit", None, ANN),
    "cut": lambda value: value[:-1],
    "nothing": lambda value: b"",
    "deep": lambda value: b"[" * 500 + b"\n",
    "binary": lambda value: bytes(range(256)) * 10,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_does_not_fit_counts_as_absent(
    server: Server, store: ValkeyStore, other: ValkeyStore, lie: Any
) -> None:
    store.get_or_load(ANN, 300, lambda: EVENTS)
    name = values(server)[0]
    server.run("SET", name, lie(server.run("GET", name)), "PX", 200_000)
    fresh = [{"title": "Fresh"}]
    assert other.get_or_load(ANN, 300, lambda: fresh) == (fresh, 0.0)
    # And it is replaced.
    assert store.get_or_load(ANN, 300, never)[0] == fresh
    assert other.stats()["failures"] == 0


@pytest.mark.parametrize("command", ["PERSIST", "PEXPIRE"])
def test_a_value_that_outlives_its_lifetime_counts_as_absent(
    server: Server, store: ValkeyStore, other: ValkeyStore, command: str
) -> None:
    store.get_or_load(ANN, 300, lambda: EVENTS)
    server.run(command, values(server)[0], *([10**9] if command == "PEXPIRE" else []))
    pass_time(other, 299)
    assert other.get_or_load(ANN, 10_000, never)[0] == EVENTS
    pass_time(other, 1)
    assert other.get_or_load(ANN, 10_000, lambda: [])[0] == []
    assert other.stats()["expired"] == 1


# -- somebody who can write to the server, but does not know the secret --------------------------


def snapshot(server: Server) -> dict[bytes, bytes]:
    return {name: server.run("GET", name) for name in server.run("KEYS", "*")}


def put_back(server: Server, held: dict[bytes, bytes]) -> None:
    for name, value in held.items():
        server.run("SET", name, value, "PX", 10**9)


def test_a_replayed_value_is_a_miss_once_its_lifetime_is_over(server: Server) -> None:
    with store_of(server.url, secret="s3cret") as store:
        store.get_or_load(ANN, 300, lambda: EVENTS)
        held = snapshot(server)
        for lifetimes in (1, 2, 4):
            server.run("FLUSHALL")
            put_back(server, held)
            with store_of(server.url, secret="s3cret") as late:
                pass_time(late, 300 * lifetimes)
                assert late.get_or_load(ANN, 300, lambda: []) == ([], 0.0)
                assert late.stats()["hits"] == 0


@pytest.mark.parametrize("names", ["*:value:*", "*"], ids=["value", "value and generations"])
def test_a_replayed_value_is_a_miss_after_invalidate(server: Server, names: str) -> None:
    with store_of(server.url, secret="s3cret") as store:
        store.get_or_load(ANN, 300, lambda: EVENTS)
        held = {name: server.run("GET", name) for name in server.run("KEYS", names)}
        fresh = [{"title": "Fresh"}]
        for _ in range(3):
            store.invalidate(ANNS)
            put_back(server, held)
            assert store.get_or_load(ANN, 300, lambda: fresh) == (fresh, 0.0)
            # What was loaded is stored again, under generations of this worker's own.
            assert store.get_or_load(ANN, 300, never)[0] == fresh
        assert store.stats()["failures"] == 0


def test_a_worker_that_saw_a_newer_value_refuses_the_old_generations(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker has a memory of its own, as in processes of their own."""
    from eventkit.graph import generations

    own = lambda name: generations.SeenGenerations()  # noqa: E731
    monkeypatch.setattr(generations.SeenGenerations, "of", own)
    with (
        store_of(server.url, secret="s3cret") as store,
        store_of(server.url, secret="s3cret") as other,
        store_of(server.url, secret="s3cret") as unaware,
    ):
        store.get_or_load(ANN, 300, lambda: EVENTS)
        held = snapshot(server)
        store.invalidate(ANNS)
        fresh = [{"title": "Fresh"}]
        store.get_or_load(ANN, 300, lambda: fresh)
        assert other.get_or_load(ANN, 300, never)[0] == fresh
        put_back(server, held)
        # The limit that is documented: nothing tells this worker that there was anything newer.
        assert unaware.get_or_load(ANN, 300, never)[0] == EVENTS
        assert other.get_or_load(ANN, 300, lambda: fresh) == (fresh, 0.0)
        assert other.stats()["rejected"] == 1
        assert unaware.get_or_load(ANN, 300, never)[0] == fresh


def test_a_generation_of_the_future_does_not_stop_later_invalidations(server: Server) -> None:
    with store_of(server.url, secret="s3cret") as store:
        store.get_or_load(ANN, 300, lambda: EVENTS)
        for name in server.run("KEYS", "*:generation:*"):
            server.run("SET", name, b"999999999999999-forged", "PX", 10**9)
        assert store.get_or_load(ANN, 300, lambda: []) == ([], 0.0)
        assert store.get_or_load(ANN, 300, never)[0] == []
        store.invalidate(ANNS)
        assert store.get_or_load(ANN, 300, lambda: EVENTS) == (EVENTS, 0.0)
        assert store.get_or_load(ANN, 300, never)[0] == EVENTS


def test_who_lacks_the_secret_can_neither_read_names_nor_forge(server: Server) -> None:
    with store_of(server.url, secret="s3cret") as store:
        store.get_or_load(ANN, 300, lambda: EVENTS)
        name = values(server)[0].decode()
        assert Envelope("eventkit", None).name("value", ANN) != name
        assert Envelope("eventkit", b"s3cret").name("value", ANN) == name
        server.run("SET", name, resealed("eventkit", "guess", ANN), "PX", 200_000)
        assert store.get_or_load(ANN, 300, lambda: [])[0] == []


def test_no_user_is_named_on_the_server_by_its_keys(server: Server, store: ValkeyStore) -> None:
    store.get_or_load(ANN, 300, lambda: EVENTS)
    store.invalidate(ANNS)
    for name in server.run("KEYS", "*"):
        assert b"ann" not in name
        assert b"ann" not in server.run("GET", name)


# -- who fetches --------------------------------------------------------------------------------


class Workers:
    """Processes that ask for one key, all at once; see `faults.store_worker`."""

    def __init__(self, server: Server, modes: str, folder: Path, **options: Any) -> None:
        command = [sys.executable, "-m", "faults.store_worker", server.url, modes, str(folder)]
        self._parent = subprocess.Popen(
            [*command, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=child.environment(),
        )
        assert self._parent.stdout is not None
        self.ids = [int(said) for said in self._parent.stdout.readline().split()[1:]]
        self._folder = folder

    def go(self) -> None:
        assert self._parent.stdin is not None
        self._parent.stdin.write("go\n")
        self._parent.stdin.flush()

    def end(self) -> None:
        self._parent.communicate(timeout=child.PATIENCE)

    def answers(self) -> list[dict[str, Any]]:
        self.end()
        return [json.loads((self._folder / f"{worker}.json").read_text()) for worker in self.ids]


def fetches(folder: Path) -> int:
    counter = folder / "fetches"
    return counter.stat().st_size if counter.exists() else 0


@pytest.mark.slow
def test_eight_workers_at_a_cold_key_fetch_once(server: Server, tmp_path: Path) -> None:
    workers = Workers(server, ",".join(["sync", "async"] * 4), tmp_path, fetch=0.2)
    workers.go()
    got = workers.answers()
    assert fetches(tmp_path) == 1
    assert [answer["events"] for answer in got] == [got[0]["events"]] * 8
    assert sorted(answer["stats"]["misses"] for answer in got) == [0] * 7 + [1]


@pytest.mark.slow
def test_the_fetcher_is_killed_and_one_of_the_others_fetches(
    server: Server, tmp_path: Path
) -> None:
    doomed = Workers(server, "sync", tmp_path, fetch=60, lock_seconds=1.5)
    others = Workers(server, "sync,async,sync", tmp_path, fetch=0.1, lock_seconds=1.5)
    doomed.go()
    while not fetches(tmp_path):
        time.sleep(0.001)
    os.kill(doomed.ids[0], signal.SIGKILL)
    doomed.end()
    others.go()
    got = others.answers()
    assert fetches(tmp_path) == 2
    assert sorted(answer["stats"]["misses"] for answer in got) == [0, 0, 1]
    assert len({answer["events"][0]["title"] for answer in got}) == 1


def test_forked_workers_connect_anew(server: Server, tmp_path: Path) -> None:
    with store_of(server.url, secret="warm") as store:
        store.get_or_load(ANN, 300, lambda: EVENTS)
    workers = Workers(server, "sync,async,sync", tmp_path, fetch=0, secret="warm")
    workers.go()
    for answer in workers.answers():
        assert answer["events"] == EVENTS
        assert answer["stats"]["hits"] == 1
        assert answer["stats"]["failures"] == 0
    assert not fetches(tmp_path)


def test_who_waits_too_long_fetches(server: Server, store: ValkeyStore) -> None:
    """A worker that never comes back holds nobody off beyond their patience."""
    with store_of(server.url, wait_seconds=0.05) as impatient:
        mine = [{"title": "Mine"}]

        def slowly() -> Any:
            assert impatient.get_or_load(ANN, 300, lambda: mine) == (mine, 0.0)
            return EVENTS

        assert store.get_or_load(ANN, 300, slowly)[0] == EVENTS
        assert impatient.stats()["wait_timeouts"] == 1
        assert impatient.stats()["stored"] == 1


class Interrupt(BaseException):
    pass


@pytest.mark.parametrize("kind", [RuntimeError, Interrupt, StopIteration])
def test_what_the_service_raises_passes_and_holds_nobody_off(
    server: Server, store: ValkeyStore, other: ValkeyStore, kind: type[BaseException]
) -> None:
    error = kind("no")

    def failing() -> Any:
        raise error

    with pytest.raises(kind) as caught:
        store.get_or_load(ANN, 300, failing)
    assert caught.value is error
    assert other.get_or_load(ANN, 300, lambda: EVENTS) == (EVENTS, 0.0)
    assert other.stats()["wait_timeouts"] == 0


def test_a_lock_without_a_fetcher_is_gone_before_it_is_noticed(server: Server) -> None:
    """A look that nobody listens to any more (a slow server) must not hold off the next."""
    with store_of(server.url, timeout=0.015) as store:
        while not store.stats()["failures"]:
            server.run("FLUSHALL")
            store.get_or_load("warm", 300, lambda: EVENTS)
            pause = threading.Thread(target=server.run, args=("DEBUG", "SLEEP", "0.3"))
            pause.start()
            time.sleep(0.05)
            store.get_or_load(ANN, 300, lambda: EVENTS)
            pause.join()
    with store_of(server.url, wait_seconds=30) as other:
        other.get_or_load(ANN, 300, lambda: EVENTS)
        assert other.stats()["wait_timeouts"] == 0
        # Its claim was for a few milliseconds: at most some pauses, never the lock's five seconds.
        assert other.stats()["misses"] + other.stats()["hits"] + other.stats()["waited"] == 1


# -- event loops --------------------------------------------------------------------------------


def test_tasks_get_what_threads_get(server: Server, store: ValkeyStore) -> None:
    async def aload() -> Any:
        return EVENTS

    async def anever() -> Any:
        never()

    async def main() -> None:
        assert await store.aget_or_load(ANN, 300, aload) == (EVENTS, 0.0)
        found = await asyncio.gather(*(store.aget_or_load(ANN, 300, anever) for _ in range(50)))
        assert [events for events, _ in found] == [EVENTS] * 50

    async def main_of_another_loop() -> None:
        assert (await store.aget_or_load(ANN, 300, anever))[0] == EVENTS
        assert store.get_or_load(ANN, 300, never)[0] == EVENTS
        await store.aclose()

    asyncio.run(main())
    asyncio.run(main_of_another_loop())


def test_a_cancelled_task_holds_nobody_off(store: ValkeyStore, other: ValkeyStore) -> None:
    async def main() -> None:
        fetching = asyncio.Event()

        async def endless() -> Any:
            fetching.set()
            await asyncio.sleep(60)

        task = asyncio.create_task(store.aget_or_load(ANN, 300, endless))
        await fetching.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # Cancelled anywhere before, it leaves no lock either.
        for steps in range(8):
            task = asyncio.create_task(store.aget_or_load(ANN, 300, endless))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert other.get_or_load(ANN, 300, lambda: EVENTS)[0] == EVENTS
    assert other.stats()["wait_timeouts"] == 0


def test_the_loop_runs_on_while_the_server_sleeps(server: Server) -> None:
    async def aload() -> Any:
        return EVENTS

    async def main(store: ValkeyStore) -> None:
        task = asyncio.create_task(store.aget_or_load(ANN, 300, aload))
        for _ in range(9):
            await asyncio.sleep(0.001)
            assert not task.done()
        await asyncio.to_thread(server.run, "CLIENT", "UNPAUSE")
        assert await task == (EVENTS, 0.0)

    with store_of(server.url) as store:
        server.run("CLIENT", "PAUSE", "60000", "WRITE")
        asyncio.run(main(store))


# -- invalidation -------------------------------------------------------------------------------


def test_invalidation_reaches_every_worker_and_nobody_else(
    store: ValkeyStore, other: ValkeyStore
) -> None:
    for key in (ANN, BOB):
        store.get_or_load(key, 300, lambda: EVENTS)
    other.invalidate(ANNS)
    assert store.get_or_load(BOB, 300, never)[0] == EVENTS
    assert store.get_or_load(ANN, 300, lambda: []) == ([], 0.0)
    other.invalidate("=events/=tenant/")
    assert store.get_or_load(BOB, 300, lambda: []) == ([], 0.0)


def test_an_odd_prefix_forgets_more_rather_than_less(store: ValkeyStore) -> None:
    for prefix in ("=events/=tenant/=ann", ANN, ANNS + "-/", ""):
        store.get_or_load(ANN, 300, lambda: EVENTS)
        store.invalidate(prefix)
        assert store.get_or_load(ANN, 300, lambda: [])[0] == []
        store.invalidate("")


def test_an_invalidation_during_a_load_wins(store: ValkeyStore, other: ValkeyStore) -> None:
    def load() -> Any:
        other.invalidate(ANNS)
        return EVENTS

    assert store.get_or_load(ANN, 300, load)[0] == EVENTS
    assert store.stats()["invalidated"] == 1
    assert other.get_or_load(ANN, 300, lambda: []) == ([], 0.0)


def test_an_evicted_generation_brings_nothing_back(server: Server, store: ValkeyStore) -> None:
    store.get_or_load(ANN, 300, lambda: EVENTS)
    store.invalidate(ANNS)
    for name in server.run("KEYS", "*:generation:*"):
        server.run("DEL", name)
    assert store.get_or_load(ANN, 300, lambda: [])[0] == []


def test_an_invalidation_that_the_server_missed_is_made_up_for(
    server: Server, store: ValkeyStore, other: ValkeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.get_or_load(ANN, 300, lambda: EVENTS)
    with monkeypatch.context() as patch:
        patch.setattr(store._client._connections, "run", lambda *_: 1 / 0)
        store.invalidate(ANNS)
    assert store.stats()["owed"] == 1
    assert store.get_or_load(ANN, 300, lambda: []) == ([], 0.0)
    assert store.stats()["owed"] == 0
    assert other.get_or_load(ANN, 300, never)[0] == []


def test_an_invalidation_while_another_is_being_told_is_told_too(
    server: Server, store: ValkeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has reached the server; before its answer is here, there is the second."""
    ask = store._client._ask

    def unanswered(*_: Any) -> Any:
        raise UnansweredError

    def asked(*arguments: Any) -> Any:
        reply = ask(*arguments)
        monkeypatch.setattr(store._client, "_ask", unanswered)
        store.invalidate(ANNS)
        return reply

    monkeypatch.setattr(store._client, "_ask", asked)
    store.invalidate(ANNS)
    assert store.stats()["owed"] == 1
    monkeypatch.undo()
    store.get_or_load(ANN, 300, lambda: EVENTS)
    assert store.stats()["owed"] == 0


def test_what_is_owed_is_bounded() -> None:
    with store_of("redis://127.0.0.1:1", failures=1) as lost:
        for number in range(1_500):
            lost.invalidate(f"=events/=tenant/={number}/")
        assert lost.stats()["owed"] <= 1_000


def test_nothing_that_blocks_the_server_is_asked_of_it(server: Server, store: ValkeyStore) -> None:
    server.run("CONFIG", "RESETSTAT")
    store.get_or_load(ANN, 300, lambda: EVENTS)
    store.get_or_load(ANN, 300, never)
    store.invalidate("")
    asked = set(server.run("INFO", "commandstats"))
    asked = {name.removeprefix("cmdstat_") for name in asked if name.startswith("cmdstat_")}
    allowed = {"evalsha", "eval", "get", "set", "del", "time", "pexpire", "ping", "select"}
    assert asked - {"config|resetstat", "config", "info", "client|setinfo"} <= allowed


# -- connecting ---------------------------------------------------------------------------------

CANARY = "c4nary-p4ssword"


def test_the_password_is_used_and_told_to_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server(tmp_path, password=CANARY)
    try:
        with store_of(server.url) as store, store_of(server.url) as other:
            store.get_or_load(ANN, 300, lambda: EVENTS)
            assert other.get_or_load(ANN, 300, never)[0] == EVENTS
            told = [repr(store), str(store), repr(store.stats()), repr(store._settings)]
        wrong = server.url.replace(CANARY, f"{CANARY}-wrong")
        with store_of(wrong, failures=1) as refused:
            assert refused.get_or_load(ANN, 300, lambda: []) == ([], 0.0)
            assert refused.stats()["opened"] == 1
            told.append(repr(refused))
    finally:
        server.kill()
    for url in (f"redis://:{CANARY}/x@host", f"redis://:{CANARY}@host:port", f"{CANARY}://host"):
        with pytest.raises(ValueError, match="not the url") as caught:
            ValkeyStore(url)
        told.append("".join(traceback.format_exception(caught.value)))
    assert len(caplog.records) == 1
    assert CANARY not in "".join([*told, caplog.text]).replace(repr(url), "")


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
def test_tls(tmp_path: Path, scheme: str) -> None:
    ours, theirs = certificate(tmp_path, "ours"), certificate(tmp_path, "theirs")
    options = ["--tls-cert-file", f"{ours}.crt", "--tls-key-file", f"{ours}.key"]
    options += ["--tls-ca-cert-file", f"{ours}.crt", "--tls-auth-clients", "no"]
    server = Server(tmp_path, *options, tls=True)
    url = server.url.replace("rediss", scheme)
    try:
        with store_of(f"{url}?ssl_ca_certs={ours}.crt") as store:
            store.get_or_load(ANN, 300, lambda: EVENTS)
            assert store.get_or_load(ANN, 300, never)[0] == EVENTS
            assert repr(store).startswith("ValkeyStore(valkeys://127.0.0.1:")
        # Another authority, and a name that the certificate is not for.
        for bad in (f"{url}?ssl_ca_certs={theirs}.crt", f"{url}?ssl_ca_certs={ours}.crt"):
            with store_of(bad.replace("127.0.0.1", "localhost")) as store:
                assert store.get_or_load(ANN, 300, lambda: []) == ([], 0.0)
                assert store.stats()["failures"] == 1
    finally:
        server.kill()


def certificate(folder: Path, name: str) -> Path:
    path = folder / name
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", f"{path}.key", "-out", f"{path}.crt"]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return path


def test_options_of_the_url_loosen_nothing(server: Server) -> None:
    with store_of(server.url + "?socket_timeout=900&retry_on_timeout=yes&timeout=900") as store:
        assert store.get_or_load(ANN, 300, lambda: EVENTS)[0] == EVENTS
        assert store.stats()["stored"] == 1


def test_a_closed_store_loads(server: Server, store: ValkeyStore) -> None:
    async def aempty() -> Any:
        return []

    store.get_or_load(ANN, 300, lambda: EVENTS)
    store.close()
    assert store.get_or_load(ANN, 300, lambda: []) == ([], 0.0)
    assert asyncio.run(store.aget_or_load(ANN, 300, aempty)) == ([], 0.0)
    assert store._client._executor is None
    store.invalidate(ANNS)
    store.close()


def test_more_threads_than_connections(server: Server) -> None:
    with store_of(server.url, max_connections=2) as store:
        keys = [f"=events/=tenant/={number}/" for number in range(64)]
        threads = [
            threading.Thread(target=store.get_or_load, args=(key, 300, lambda: EVENTS))
            for key in keys
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.stats()["failures"] == 0
        assert store.stats()["stored"] == 64
        assert server.run("INFO", "clients")["connected_clients"] <= 2 + 2


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkey", None)
    monkeypatch.setitem(sys.modules, "valkey.connection", None)
    with pytest.raises(MissingExtraError, match=r"eventkit-recommender\[redis\]"):
        ValkeyStore("redis://127.0.0.1:1")


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"wait_seconds": -1},
        {"lock_seconds": math.inf},
        {"failures": 0},
        {"namespace": ""},
    ],
    ids=str,
)
def test_settings_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        ValkeyStore("redis://127.0.0.1:1", **options)
