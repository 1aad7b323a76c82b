"""Row 4.13 of the fault matrix: what a calendar costs when the server behind it goes wrong.

Loads are free here, so that the whole time of a call is what the store adds. It is taken twice:
with the breaker, and with one that never opens, where each call meets the fault anew. On a busy
machine a thread wakes up late, which is not the store's doing: how late is measured beside it and
printed, and the short form holds the median to the limit, the long form the 99th of a hundred.
"""

from __future__ import annotations

import logging
import pickle
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import faults_scale
from eventkit.graph import ValkeyStore
from eventkit.graph.envelope import Envelope
from faults import resp
from valkey_server import Server, free_port

pytestmark = pytest.mark.faults

EVENTS = [{"title": "Standup", "tags": ["team"]}]
LIMIT = 0.02
"""What FAULTS.md allows a call in the 99th of a hundred cases."""
HELD = faults_scale(0.5, 0.99)
"""The share of calls that must be within it."""


def key(number: int) -> str:
    return f"=events/=tenant/={number}/-/-/10"


def tell(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        print(f"\n    {text}", end="")


def share(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def lateness(rounds: int) -> float:
    """How much later than it could this machine makes a call, at worst.

    Three threads wake up in a call's way: the server's, a connecting one, and its own.
    """
    worst = 0.0
    for _ in range(rounds):
        begun = time.perf_counter()
        time.sleep(0.005)
        worst = max(worst, time.perf_counter() - begun - 0.005)
    return 3 * worst


def added(store: ValkeyStore, calls: int) -> list[float]:
    """Seconds of each call; the answers are looked at."""
    spent = []
    for number in range(calls):
        begun = time.perf_counter()
        answer = store.get_or_load(key(number), 300, lambda: EVENTS)
        spent.append(time.perf_counter() - begun)
        assert answer == (EVENTS, 0.0)
    return spent


def poisoned(value: bytes) -> resp.Answer:
    return resp.saying(resp.looked_up(value))


class Exploding:
    """Unpickled, it is an exception."""

    def __reduce__(self) -> Any:
        return RuntimeError, ("unpickled",)


def refusing() -> Iterator[str]:
    yield f"redis://127.0.0.1:{free_port()}"


def unresolved() -> Iterator[str]:
    """A name server that takes its time."""
    original = socket.getaddrinfo

    def slow(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == "cache.example.invalid":
            time.sleep(1)
            raise socket.gaierror("no such name")
        return original(host, *arguments, **options)

    socket.getaddrinfo = slow
    yield "redis://cache.example.invalid"
    socket.getaddrinfo = original


def fake(answer: resp.Answer, greets: bool = True) -> Any:
    def faulty() -> Iterator[str]:
        server = resp.FakeServer(answer, greets)
        yield server.url
        server.close()

    return faulty


def other_version() -> bytes:
    sealed = Envelope("eventkit", None).seal(
        key(0), 90_000, 300_000, resp.GENERATIONS.decode(), b"[]"
    )
    return sealed.replace(b'"schema":2', b'"schema":3')


FAULTS: dict[str, Any] = {
    "refused": refusing,
    "accepts and hangs": fake(resp.saying(b""), greets=False),
    "hangs when asked": fake(resp.saying(b"")),
    "RST in reply": fake(resp.resetting),
    "garbage": fake(resp.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    "binary garbage": fake(resp.saying(bytes(range(256)) * 4)),
    "endless answer": fake(resp.saying(b"$2000000000\r\n" + b"x" * 65_536)),
    "OOM error": fake(resp.saying(b"-OOM command not allowed when used memory > 'maxmemory'.\r\n")),
    "200 ms slow": fake(resp.late(0.2)),
    "a byte every 2 ms": fake(resp.dripping),
    "another version's bytes": fake(poisoned(other_version())),
    "pickle payload": fake(poisoned(pickle.dumps(Exploding()))),
    "answers to nothing": fake(resp.saying(b"*0\r\n")),
    "name does not resolve": unresolved,
}


@pytest.fixture
def late() -> float:
    return lateness(faults_scale(20, 200))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_store_server_that_fails_costs_little_and_changes_no_answer(
    fault: Any,
    late: float,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    calls = faults_scale(200, 2_000)
    with contextmanager(fault)() as url:
        now = [0.0]
        store = ValkeyStore(url, clock=lambda: now[0])
        spent = added(store, calls)
        stats = store.stats()
        # Three calls meet the fault, all others pass by; then one a cool-down.
        assert (stats["failures"], stats["opened"]) == (3, 1)
        assert stats["skipped"] == calls - 3
        assert stats["breaker"] == "open"
        now[0] = 5.0
        added(store, 10)
        assert store.stats()["failures"] == 4
        assert [record.name for record in caplog.records] == ["eventkit.graph.store"]
        assert caplog.records[0].levelno == logging.WARNING
        assert not caplog.records[0].exc_info
        store.close()

        each = ValkeyStore(url, failures=10**9)
        # The best of three: what else runs on the machine only ever adds.
        for attempt in range(1, 4):
            every = added(each, faults_scale(15, 200))
            assert each.stats()["failures"] == attempt * len(every)
            if share(every, HELD) <= LIMIT:
                break
        each.close()
    worst = share(every, 0.99)
    tell(
        capsys,
        f"4.13 {request.node.callspec.id}: p99 {share(spent, 0.99) * 1e3:.2f} ms with the breaker; "
        f"without, p50 {share(every, 0.5) * 1e3:.2f} ms, p99 {worst * 1e3:.2f} ms "
        f"(the machine makes a call up to {late * 1e3:.1f} ms late)",
    )
    assert share(every, HELD) <= LIMIT + late
    assert share(spent, HELD) <= LIMIT + late


def test_a_server_that_flaps_never_opens_the_breaker_and_stays_cheap(
    tmp_path: Path, late: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two failures, then a success, again and again."""
    server = Server(tmp_path)
    store = ValkeyStore(server.url, timeout=0.015)
    try:
        run = store._client._connections.run
        count = [0]

        def flapping(script: Any, keys: Any, arguments: Any, seconds: float) -> Any:
            count[0] += 1
            if count[0] % 5 in (1, 2):
                time.sleep(max(0.0, seconds))
                raise TimeoutError
            return run(script, keys, arguments, seconds)

        store._client._connections.run = flapping  # type: ignore[method-assign]
        spent = added(store, faults_scale(60, 600))
    finally:
        store.close()
        server.kill()
    tell(capsys, f"4.13 flapping: p99 {share(spent, 0.99) * 1e3:.2f} ms")
    assert share(spent, HELD) <= LIMIT + late


def test_the_server_is_killed_and_comes_back(
    tmp_path: Path, late: float, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    server = Server(tmp_path)
    now = [0.0]
    store = ValkeyStore(server.url, timeout=5.0, clock=lambda: now[0])
    try:
        added(store, 20)
        assert store.stats()["stored"] == 20
        server.kill()
        spent = added(store, 200)
        assert (store.stats()["failures"], store.stats()["opened"]) == (3, 1)
        server.start()
        assert added(store, 5)
        assert store.stats()["breaker"] == "open"
        now[0] = 5.0
        # The first is the trial; it comes back empty, and everything is stored again.
        added(store, 20)
        assert store.stats()["breaker"] == "closed"
        assert store.stats()["stored"] == 40
        hit = store.get_or_load(key(3), 300, lambda: [])
        assert hit[0] == EVENTS
    finally:
        store.close()
        server.kill()
    said = [record.getMessage().partition(" (")[0] for record in caplog.records]
    address = f"valkey://127.0.0.1:{server.port}/0"
    assert said == [f"{address} does not answer", f"{address} answers again"]
    tell(capsys, f"4.13 killed: p99 {share(spent, 0.99) * 1e3:.2f} ms")
    assert share(spent, HELD) <= LIMIT + late


def test_the_store_server_is_killed_during_a_load(tmp_path: Path) -> None:
    server = Server(tmp_path)
    store = ValkeyStore(server.url, timeout=5.0)

    def load() -> Any:
        server.kill()
        return EVENTS

    try:
        assert store.get_or_load(key(0), 300, load) == (EVENTS, 0.0)
        assert store.stats()["failures"] == 1
    finally:
        store.close()
        server.kill()


def test_the_store_server_is_killed_while_others_wait(tmp_path: Path) -> None:
    """Whoever waits for another's fetch goes its own way when the server is gone."""
    server = Server(tmp_path)
    store, other = (ValkeyStore(server.url, timeout=5.0) for _ in range(2))
    fetching, done = threading.Event(), threading.Event()

    def slowly() -> Any:
        fetching.set()
        done.wait(60)
        return EVENTS

    first = threading.Thread(target=store.get_or_load, args=(key(0), 300, slowly))
    got: list[Any] = []
    waiting = threading.Thread(
        target=lambda: got.append(other.get_or_load(key(0), 300, lambda: EVENTS))
    )
    try:
        first.start()
        assert fetching.wait(60)
        waiting.start()
        while server.run("INFO", "commandstats")["cmdstat_evalsha"]["calls"] < 4:
            time.sleep(0.001)
        server.kill()
        waiting.join(60)
        assert got == [(EVENTS, 0.0)]
    finally:
        done.set()
        first.join()
        for one in (store, other):
            one.close()
        server.kill()


def test_a_full_server_still_gives_what_it_has(
    tmp_path: Path, late: float, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server(tmp_path)
    store = ValkeyStore(server.url, timeout=5.0)
    try:
        added(store, 1)
        server.run("CONFIG", "SET", "maxmemory-policy", "noeviction")
        server.run("CONFIG", "SET", "maxmemory", "1mb")
        assert store.get_or_load(key(0), 300, lambda: [])[0] == EVENTS
        spent = added_from(store, 1, 200)
        assert (store.stats()["failures"], store.stats()["opened"]) == (3, 1)
        assert store.stats()["stored"] == 1
    finally:
        store.close()
        server.kill()
    tell(capsys, f"4.13 maxmemory: p99 {share(spent, 0.99) * 1e3:.2f} ms")
    assert share(spent, HELD) <= LIMIT + late


def added_from(store: ValkeyStore, first: int, calls: int) -> list[float]:
    spent = []
    for number in range(first, first + calls):
        begun = time.perf_counter()
        assert store.get_or_load(key(number), 300, lambda: EVENTS) == (EVENTS, 0.0)
        spent.append(time.perf_counter() - begun)
    return spent


@pytest.mark.parametrize("how", ["DEBUG SLEEP", "CLIENT PAUSE"])
@pytest.mark.slow
def test_a_server_that_stops_for_a_while(
    tmp_path: Path, late: float, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    server = Server(tmp_path)
    store = ValkeyStore(server.url, clock=lambda: 0.0)
    sleep = None
    try:
        # Connected, so that it is the answer that is late.
        while not store.stats()["stored"]:
            store = ValkeyStore(server.url, clock=lambda: 0.0)
            added(store, 3)
        if how == "DEBUG SLEEP":
            sleep = threading.Thread(target=server.run, args=("DEBUG", "SLEEP", "1"))
            sleep.start()
            time.sleep(0.1)
        else:
            server.run("CLIENT", "PAUSE", "60000", "ALL")
        spent = added_from(store, 1_000, 300)
        assert store.stats()["opened"] == 1
        assert store.stats()["skipped"] >= 297
    finally:
        store.close()
        if sleep is not None:
            sleep.join()
        server.kill()
    tell(
        capsys,
        f"4.13 {how}: p99 {share(spent, 0.99) * 1e3:.2f} ms, the worst {max(spent) * 1e3:.2f} ms",
    )
    assert share(spent, HELD) <= LIMIT + late


def test_a_lock_that_outlives_its_time_is_a_lie() -> None:
    """A server that says for ever that somebody else is fetching."""
    held = resp.looked_up(b"", b"other")
    server = resp.FakeServer(resp.saying(held))
    store = ValkeyStore(server.url, timeout=5.0, lock_seconds=0.01, failures=1)
    try:
        store._settings = store._settings._replace(timeout=0.05)
        store._client.settings = store._settings
        assert store.get_or_load(key(0), 300, lambda: EVENTS) == (EVENTS, 0.0)
        assert store.stats()["opened"] == 1
        assert store.stats()["wait_timeouts"] == 0
    finally:
        store.close()
        server.close()
