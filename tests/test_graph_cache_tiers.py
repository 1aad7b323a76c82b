"""`CachedGraphEventService` over what it is made for: `GraphEventService` and `ValkeyStore`.

A Graph of our own on loopback behind it, a real Valkey or Redis server beside it; "workers" are
caches that share nothing but that server.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from calendars import Calendar, Clock, make_events, together
from eventkit.errors import GraphServiceError
from eventkit.graph import CachedGraphEventService, GraphEventService, GraphSettings, ValkeyStore
from graph_simulator import GraphSimulator, make_event, status
from valkey_server import Server

pytest.importorskip("eventkit._eventkit", exc_type=ImportError)

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def graph() -> Iterator[GraphSimulator]:
    with GraphSimulator() as graph:
        graph.put(ANN, *map(make_event, range(8)))
        graph.put(BOB, *(make_event(n, subject=f"Bob's {n}") for n in range(3)))
        yield graph


@pytest.fixture
def service(graph: GraphSimulator) -> Iterator[GraphEventService]:
    with GraphEventService(settings_of(graph)) as service:
        yield service


def settings_of(graph: GraphSimulator, **changes: Any) -> GraphSettings:
    settings = GraphSettings.from_environment(graph.environment(ANN))
    return dataclasses.replace(settings, **changes)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()


class Workers:
    """Caches of several processes, as far as they can tell."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.stores: list[ValkeyStore] = []

    def start(self, service: Any, **settings: Any) -> CachedGraphEventService:
        # A loaded machine is not what these tests are about: the server may take its time.
        self.stores.append(ValkeyStore(self.url, timeout=5.0))
        return CachedGraphEventService(service, store=self.stores[-1], **settings)


@pytest.fixture
def workers(running: Server) -> Iterator[Workers]:
    running.run("FLUSHALL")
    workers = Workers(running.url)
    yield workers
    for store in workers.stores:
        store.close()


def source(cached: CachedGraphEventService) -> str:
    last = cached.last_result
    assert last is not None
    return last.source


# -- the service -----------------------------------------------------------------------------------


def test_a_calendar_of_graph_is_fetched_once(
    graph: GraphSimulator, service: GraphEventService
) -> None:
    cached = CachedGraphEventService(service)
    fifty = cached.get_events(ANN, 50)
    assert fifty == service.get_events(user_id=ANN)
    assert cached.get_events(ANN, 3) == fifty[:3], "the service orders by start"
    answer = cached.recommend(ANN, ["agents"], 2)
    assert answer["scoring"][0]["contributions"]["interest_match"] > 0
    assert cached.get_events(BOB, 50) != fifty
    assert len(graph.calls("events")) == 3


def test_graph_asks_for_patience_and_gets_it(
    graph: GraphSimulator, service: GraphEventService
) -> None:
    clock = Clock()
    cached = CachedGraphEventService(service, clock=clock, stale_if_error=3600)
    good = cached.get_events(ANN)
    clock.advance(300)
    graph.fail(status(429, {"Retry-After": "120"}), times=100)
    for _ in range(3):
        assert cached.get_events(ANN) == good
        assert source(cached) == "stale_if_error"
    with pytest.raises(GraphServiceError) as caught:
        cached.get_events(ANN, 20)
    assert 0 < (caught.value.retry_after or 0) <= 120
    assert len(graph.calls("events")) == 2


@pytest.mark.parametrize("asynchronous", [False, True])
def test_delta(graph: GraphSimulator, service: GraphEventService, asynchronous: bool) -> None:
    clock = Clock()
    cached = CachedGraphEventService(service, clock=clock, delta=True)

    def ask() -> list[str]:
        async def task() -> list[dict[str, Any]]:
            try:
                return await cached.aget_events(ANN, 50)
            finally:
                await service.aclose()

        events = asyncio.run(task()) if asynchronous else cached.get_events(ANN, 50)
        clock.advance(300)
        assert events == service.get_events(user_id=ANN)
        return [event["title"] for event in events]

    first = ask()
    graph.put(ANN, make_event(3, subject="Moved"), make_event(9, subject="New"))
    graph.remove(ANN, "event-0")
    second = ask()
    assert len(second) == len(first)
    assert {"Moved", "New"} <= set(second)
    asked = [call.query for call in graph.calls("delta")]
    assert ["$deltatoken" in query for query in asked] == [False, True]
    graph.forget_changes(ANN)
    graph.put(ANN, make_event(10, subject="After the 410"))
    assert "After the 410" in ask()
    asked = [call.query for call in graph.calls("delta")][2:]
    assert ["$deltatoken" in query for query in asked] == [True, False], "410 starts anew"
    assert cached.stats()["errors"] == 0


# -- both tiers ------------------------------------------------------------------------------------


def test_what_one_worker_fetched_another_has(
    workers: Workers, graph: GraphSimulator, service: GraphEventService
) -> None:
    one, two = workers.start(service), workers.start(service)
    want = one.get_events(ANN)
    assert (source(one), two.get_events(ANN) == want, source(two)) == ("fresh", True, "store")
    assert (two.get_events(ANN) == want, source(two)) == (True, "hit")
    assert two.recommend(ANN, ["agents"], 5) == one.recommend(ANN, ["agents"], 5)
    assert two.get_events(BOB) != want
    assert len(graph.calls("events")) == 2


def test_tasks_use_both_tiers(
    workers: Workers, graph: GraphSimulator, service: GraphEventService
) -> None:
    one, two = workers.start(service), workers.start(service)

    async def scenario() -> None:
        try:
            answers = await asyncio.gather(*(one.aget_events(ANN) for _ in range(20)))
            assert all(answer == answers[0] for answer in answers)
            assert await two.aget_events(ANN) == answers[0]
            assert source(two) == "store"
        finally:
            await service.aclose()
            for store in workers.stores:
                await store.aclose()

    asyncio.run(scenario())
    assert two.get_events(ANN) == one.get_events(ANN)
    assert len(graph.calls("events")) == 1


def test_a_cold_burst_on_two_workers_is_one_fetch(workers: Workers) -> None:
    calendar = Calendar(make_events)
    caches = [workers.start(calendar), workers.start(calendar)]
    answers = together(60, lambda number: caches[number % 2].get_events(ANN))
    assert all(answer == make_events(ANN, 10) for answer in answers)
    assert len(calendar.calls) == 1


def test_an_invalidation_reaches_both_tiers(workers: Workers) -> None:
    calendar = Calendar()
    one, two, three = (workers.start(calendar) for _ in range(3))
    old, other = one.get_events(ANN), one.get_events(BOB)
    two.get_events(ANN)
    one.invalidate(ANN)
    new = three.get_events(ANN)
    assert new != old, "nobody gets from the server what was there before"
    assert one.get_events(ANN) == new
    assert two.get_events(ANN) == old, "what a worker has in memory lives on to its end"
    two.invalidate(ANN)
    newest = two.get_events(ANN)
    assert newest not in (old, new)
    assert three.get_events(BOB) == other, "other users keep theirs"
    three.clear_cache()
    assert workers.start(calendar).get_events(BOB) != other
    assert len(calendar.calls) == 5


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_invalidation_during_a_load_wins_in_both_tiers(
    workers: Workers, asynchronous: bool
) -> None:
    class Both(Calendar):
        async def aget_events(self, top: int, user_id: Any = None) -> list[dict[str, Any]]:
            return self.get_events(top=top, user_id=user_id)

    calendar = Both() if asynchronous else Calendar()
    one, two = workers.start(calendar), workers.start(calendar)

    async def ask() -> list[dict[str, Any]]:
        try:
            return await one.aget_events(ANN)
        finally:
            for store in workers.stores:
                await store.aclose()

    calendar.act = lambda user, top: one.invalidate(user)
    old = asyncio.run(ask()) if asynchronous else one.get_events(ANN)
    calendar.act = None
    assert two.get_events(ANN) != old
    assert one.get_events(ANN) != old
    assert one.stats()["overtaken"] == 1


def test_services_with_users_of_their_own_share_nothing_by_accident(
    workers: Workers, graph: GraphSimulator
) -> None:
    answers = {}
    for user in (ANN, BOB):
        with GraphEventService(settings_of(graph, user_id=user)) as service:
            answers[user] = workers.start(service).get_events(None)
            worker = workers.start(service)
            assert worker.get_events(user) == answers[user]
            assert source(worker) == "store"
    assert answers[ANN] != answers[BOB]
    with GraphEventService(settings_of(graph, time_zone="Europe/Berlin")) as service:
        berlin = workers.start(service)
        berlin.get_events(ANN)
        assert source(berlin) == "fresh", "its times are others"


def test_a_server_that_dies_changes_no_answer(tmp_path: Path) -> None:
    server, clock, calendar = Server(tmp_path), Clock(), Calendar(make_events)
    with closing(ValkeyStore(server.url, timeout=5.0)) as store:
        cached = CachedGraphEventService(calendar, store=store, clock=clock)
        want = cached.get_events(ANN)
        server.kill()
        for _ in range(5):
            assert cached.get_events(ANN) == want
            clock.advance(300)
            assert cached.get_events(ANN) == want
            cached.invalidate(ANN)
        assert store.stats()["opened"] >= 1
        assert cached.stats()["errors"] == 0
    assert len(calendar.calls) >= 6
