"""`CachedGraphEventService`: what is answered from where, and when it is fetched anew."""

from __future__ import annotations

import asyncio
import copy
import threading
import warnings
from collections import UserDict
from datetime import datetime, timedelta, timezone
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

import eventkit
from calendars import Calendar, Clock, RaisingCalendar, make_events
from eventkit import reference
from eventkit.graph import CachedGraphEventService, LastResult

pytest.importorskip("eventkit._eventkit", exc_type=ImportError)

ANN, BOB = "ann@example.com", "bob@example.com"


def caching(service: Any, clock: Clock | None = None, **settings: Any) -> CachedGraphEventService:
    return CachedGraphEventService(service, 300, clock=clock or Clock(), **settings)


def counts(cached: CachedGraphEventService, *names: str) -> tuple[Any, ...]:
    stats = cached.stats()
    return tuple(stats[name] for name in names)


def finish_refreshes() -> None:
    for thread in threading.enumerate():
        if thread.name == "eventkit-refresh":
            thread.join(30)


class TestPlainTtl:
    """The guide's cache: with the defaults an entry is gone once its age reaches the TTL."""

    @pytest.mark.parametrize(
        ("age", "calls"), [(0, 1), (299.999, 1), (300, 2), (300.001, 2), (1e6, 2)]
    )
    def test_expires_exactly_at_its_age(self, age: float, calls: int) -> None:
        clock, calendar = Clock(), Calendar()
        cached = caching(calendar, clock)
        cached.get_events(ANN)
        clock.advance(age)
        cached.get_events(ANN)
        assert len(calendar.calls) == calls

    def test_each_entry_has_its_own_deadline(self) -> None:
        clock, calendar = Clock(), Calendar()
        cached = caching(calendar, clock)
        cached.get_events(ANN)
        clock.advance(299)
        cached.get_events(BOB)
        clock.advance(1)
        cached.get_events(BOB)
        cached.get_events(ANN)
        assert calendar.calls == [(ANN, 10), (BOB, 10), (ANN, 10)]

    def test_a_clock_that_goes_back_makes_nothing_younger_than_new(self) -> None:
        clock, calendar = Clock(), Calendar()
        cached = caching(calendar, clock)
        cached.get_events(ANN)
        clock.advance(-500)
        cached.get_events(ANN)
        assert cached.last_result == LastResult("hit", 0.0, None)
        clock.advance(800)
        cached.get_events(ANN)
        assert len(calendar.calls) == 2

    def test_jitter_shortens_and_never_lengthens(self) -> None:
        clock, calendar = Clock(), Calendar()
        cached = caching(calendar, clock, jitter=0.5)
        users = [f"user {number}" for number in range(200)]
        for user in users:
            cached.get_events(user, 1)
        clock.advance(149.9)
        for user in users:
            cached.get_events(user, 1)
        assert len(calendar.calls) == 200
        clock.advance(75)
        for user in users:
            cached.get_events(user, 1)
        expired = len(calendar.calls) - 200
        assert 40 < expired < 160, expired


class TestOwnership:
    def test_every_caller_has_objects_of_its_own(self) -> None:
        kept: list[Any] = []

        def keep(user: Any, top: int) -> list[Any]:
            kept.append(make_events(user, top))
            kept[-1][0]["nested"] = {"list": [{"deep": [1]}], "tuple": ([2], 3)}
            return kept[-1]

        cached = caching(Calendar(keep))
        want = copy.deepcopy(make_events(ANN, 10))
        want[0]["nested"] = {"list": [{"deep": [1]}], "tuple": ([2], 3)}
        for _ in range(3):
            got = cached.get_events(ANN)
            assert got == want
            got[0]["tags"].append("mine")
            got[0]["nested"]["list"][0]["deep"].append("mine")
            got[0]["nested"]["tuple"][0].append("mine")
            got[1]["title"] = "mine"
            got.append({"title": "mine"})
            kept[0][0]["tags"].append("the service's")
            kept[0][0]["nested"]["list"].clear()
            kept[0].clear()
            kept[0].extend([{}])
            kept[0][0].update(tags=[], nested={"list": []})
        answer = cached.recommend(ANN, ["ai"], 5)
        answer["sessions"][0]["tags"].clear()
        answer["sessions"][0]["title"] = "mine"
        assert "mine" not in repr(cached.recommend(ANN, ["ai"], 5))
        assert len(kept) == 1

    def test_odd_events_are_copied_as_deepcopy_does(self) -> None:
        cycle: dict[str, Any] = {"title": "cycle", "tags": []}
        cycle["self"] = cycle
        deep: Any = []
        for _ in range(100):
            deep = [deep]
        when = datetime(2026, 1, 31, tzinfo=timezone.utc)
        odd = [cycle, {"title": "deep", "deep": deep}, UserDict(title="user"), {1: {2}, (3,): when}]
        cached = caching(Calendar(lambda user, top: odd))
        first, second = cached.get_events(ANN), cached.get_events(ANN)
        assert first[1:] == second[1:] == odd[1:]
        for got in (first, second):
            assert got[0]["self"] is got[0]
            assert got[0] is not cycle
        assert first[3][1] is not second[3][1]

    def test_shared_events_cannot_be_had(self) -> None:
        cached = caching(Calendar())
        shared = cached._shared(ANN, 10)
        assert len(shared) == 10
        assert [name for name in dir(shared) if not name.startswith("__")] == [
            "explain",
            "recommend",
        ]


class TestKeys:
    def test_two_users_never_share(self) -> None:
        cached = caching(Calendar())
        users = ["a", "ab", "a/b", "", None, "None", "a\0b", "\ud800", "ä", "a%2Fb"]
        for _ in range(2):
            for user in users:
                assert cached.get_events(user, 1)[0]["title"] == f"Meeting 0 of {user}"
        assert counts(cached, "loads", "hits") == (10, 10)

    def test_the_exact_window_is_part_of_the_key(self) -> None:
        calendar = Calendar()
        ann = caching(calendar).for_user(ANN)
        utc = datetime(2026, 1, 31, 3, tzinfo=timezone.utc)
        windows = [
            (None, None),
            (utc, utc),
            (utc, utc + timedelta(hours=3)),
            (utc, None),
            (None, utc),
            (utc.replace(tzinfo=None), None),
            (utc.astimezone(timezone(timedelta(hours=2))), None),
            ("2026-01-31", None),
        ]
        for _ in range(2):
            for window in windows:
                ann.get_events(*window, top=5)
        assert calendar.windows == windows

    def test_top_must_be_a_positive_int(self) -> None:
        cached = caching(Calendar())
        for top in (0, -1, False):
            with pytest.raises(ValueError, match="top must be a positive integer"):
                cached.get_events(ANN, top)
        for top in (1.0, "1", None):
            with pytest.raises(TypeError):
                cached.get_events(ANN, top)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="user_id is 5"):
            cached.get_events(5)  # type: ignore[arg-type]

    def test_many_answer_few_where_they_are_in_order(self) -> None:
        calendar = Calendar()
        cached = caching(calendar)
        fifty = cached.get_events(ANN, 50)
        assert cached.get_events(ANN, 10) == fifty[:10]
        assert len(cached._shared(ANN, 20)) == 20
        assert calendar.calls == [(ANN, 50)]
        cached.get_events(ANN, 51)
        assert calendar.calls == [(ANN, 50), (ANN, 51)]

    def test_and_do_not_where_they_are_not(self) -> None:
        calendar = Calendar()
        calendar.orders_by_start = False
        cached = caching(calendar)
        cached.get_events(ANN, 50)
        cached.get_events(ANN, 10)
        cached.get_events(ANN, 50)
        assert calendar.calls == [(ANN, 50), (ANN, 10)]

    def test_a_service_that_knows_no_user(self) -> None:
        class Own:
            def get_events(self, top: int) -> list[Any]:
                return make_events("me", top)

        with pytest.warns(RuntimeWarning, match="every user of this cache gets the same calendar"):
            cached = caching(Own())
        assert cached.get_events(ANN, 2) == make_events("me", 2)
        with pytest.raises(TypeError, match="takes no start_time"):
            cached.for_user(ANN).get_events("2026-01-31")

    def test_what_takes_anything_gets_the_user(self) -> None:
        class Anything:
            def get_events(self, **settings: Any) -> list[Any]:
                return [settings]

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert caching(Anything()).get_events(ANN, 2) == [{"top": 2, "user_id": ANN}]


class TestRecommend:
    WEIGHTS = ({"interest": 1, "popularity": 2.5}, {}, {"interest": 2.0, "popularity": 0.5}, None)

    @pytest.mark.parametrize("weights", WEIGHTS)
    @pytest.mark.parametrize("top", [1, 3, 25, True])
    @pytest.mark.parametrize(
        "interests", [["AI "], ["team", " topic 3"], ["", " "], [], None, "ai", [5], ["ß", "ai"]]
    )
    def test_answers_as_recommend_from_graph(self, weights: Any, top: Any, interests: Any) -> None:
        cached = caching(Calendar(make_events))
        for _ in range(2):
            assert outcome(
                lambda: cached.recommend(ANN, interests, top, weights=weights)
            ) == outcome(
                lambda: eventkit.recommend_from_graph(cached.for_user(ANN), interests, top, weights)
            )
            assert outcome(
                lambda: cached.recommend(ANN, interests, top, weights=weights)
            ) == outcome(
                lambda: reference.recommend_from_service(
                    cached.for_user(ANN), interests, top, weights, reference.rank_sessions
                )
            )

    @pytest.mark.parametrize("top", [0, -1, False, None, "1", 1.5])
    def test_refuses_as_recommend_from_graph(self, top: Any) -> None:
        cached = caching(Calendar())
        got = outcome(lambda: cached.recommend(ANN, ["ai"], top))
        if top == 1.5:  # Fetching 3.0 events is the service's mistake to make, not the cache's.
            assert got[0] is TypeError
            return
        assert got == outcome(lambda: eventkit.recommend_from_graph(Calendar(), ["ai"], top))

    @pytest.mark.parametrize("events", [[], None, ()])
    def test_no_events(self, events: Any) -> None:
        class Empty:
            def get_events(self, top: int, user_id: Any = None) -> Any:
                return events

        got = caching(Empty()).recommend(ANN, ["ai"], 2)
        assert got == eventkit.recommend_from_graph(Empty(), ["ai"], 2)
        assert got["message"] == "No events found in calendar"

    @pytest.mark.parametrize(
        "events",
        [
            [{"title": "a", "popularity": float("nan"), "tags": ["AI"]}, {"title": "b"}],
            [{"title": "a", "popularity": "x"}],
            [{"tags": ["AI"]}],
            [{"title": "a", "tags": None}],
            [5],
            ({"title": "a", "tags": ("AI",)},),
            [UserDict(title="a", tags=["AI"])],
            {"title": "a"},
            [{"title": "a", "start": []}],
            [{"title": "\ud800", "tags": ["\u0130"]}],
        ],
    )
    def test_odd_events(self, events: Any) -> None:
        class Odd:
            def get_events(self, top: int, user_id: Any = None) -> Any:
                return events

        cached = caching(Odd())
        want = outcome(lambda: eventkit.recommend_from_graph(Odd(), ["ai", "i\u0307"], 2))
        for _ in range(2):
            assert outcome(lambda: cached.recommend(ANN, ["ai", "i\u0307"], 2)) == want

    def test_a_generator_has_no_length(self) -> None:
        class Lazy:
            def get_events(self, top: int, user_id: Any = None) -> Any:
                yield {"title": "a"}

        want = outcome(lambda: eventkit.recommend_from_graph(Lazy(), ["ai"], 2))
        assert outcome(lambda: caching(Lazy()).recommend(ANN, ["ai"], 2)) == want

    def test_twice_as_many_are_fetched_once(self) -> None:
        calendar = Calendar()
        cached = caching(calendar)
        for _ in range(3):
            cached.recommend(ANN, ["ai"], 5)
            cached.recommend(ANN, ["team"], 3)
        assert calendar.calls == [(ANN, 10)]

    def test_what_is_compiled_is_kept_and_counted(self) -> None:
        cached = caching(Calendar())
        cached.get_events(ANN, 10)
        plain = cached.stats()["bytes"]
        shared = cached._shared(ANN, 10)
        assert cached._shared(ANN, 10) is shared
        assert cached.stats()["bytes"] > plain

    def test_explains_what_it_recommends(self) -> None:
        cached = caching(Calendar(make_events))
        manifest = {"sessions": make_events(ANN, 50), "weights": reference.DEFAULT_WEIGHTS}
        for title in ("MEETING 3 of ann@example.com", "nothing", 5):
            got = outcome(partial(cached.explain, ANN, title, [" AI"]))
            assert got == outcome(partial(eventkit.explain, manifest, title, ["ai"]))
        with pytest.raises(ValueError, match="At least one interest is required"):
            cached.explain(ANN, "x", [])


def outcome(call: Any) -> tuple[Any, str]:
    try:
        answer = call()
    except Exception as error:
        return type(error), str(error)
    return dict, repr(answer)


class TestStaleWhileRevalidate:
    def test_the_old_answer_at_once_and_one_refresh(self) -> None:
        go = threading.Event()
        clock = Clock()
        calendar = Calendar(lambda user, top: go.wait(30) and None)
        go.set()
        cached = caching(calendar, clock, stale_ttl=60)
        old = cached.get_events(ANN)
        go.clear()
        clock.advance(300)
        for _ in range(5):
            assert cached.get_events(ANN) == old
            assert cached.last_result == LastResult("stale", 300.0, None)
        go.set()
        finish_refreshes()
        new = cached.get_events(ANN)
        assert new != old
        assert cached.last_result == LastResult("hit", 0.0, None)
        assert len(calendar.calls) == 2
        assert counts(cached, "hits", "stale_hits", "misses", "hit_rate") == (1, 5, 1, 6 / 7)

    def test_beyond_stale_ttl_it_is_fetched(self) -> None:
        clock, calendar = Clock(), Calendar()
        cached = caching(calendar, clock, stale_ttl=60)
        old = cached.get_events(ANN)
        clock.advance(360)
        assert cached.get_events(ANN) != old
        assert cached.last_result == LastResult("fresh", 0.0, None)

    def test_a_third_refresh_is_skipped_and_not_queued(self) -> None:
        go = threading.Event()
        clock = Clock()
        calendar = Calendar(lambda user, top: go.wait(30) and None)
        go.set()
        cached = caching(calendar, clock, stale_ttl=60)
        for user in "abcd":
            cached.get_events(user)
        go.clear()
        clock.advance(301)
        for user in "abcd":
            cached.get_events(user)
        assert counts(cached, "stale_hits", "skipped") == (4, 2)
        go.set()
        finish_refreshes()
        assert calendar.calls[4:] in ([("a", 10), ("b", 10)], [("b", 10), ("a", 10)])
        cached.get_events("c")
        finish_refreshes()
        assert calendar.calls[-1] == ("c", 10)

    def test_a_refresh_that_fails_changes_nothing_and_cools_down(self) -> None:
        clock, calendar = Clock(), RaisingCalendar()
        cached = caching(calendar, clock, stale_ttl=600)
        old = cached.get_events(ANN)
        calendar.error = OSError("down")
        clock.advance(300)
        assert cached.get_events(ANN) == old
        finish_refreshes()
        for _ in range(3):
            assert cached.get_events(ANN) == old
            assert cached.last_result.source == "stale_if_error"
            assert str(cached.last_result.error) == "down"
        clock.advance(59.9)
        cached.get_events(ANN)
        finish_refreshes()
        assert len(calendar.calls) == 2
        clock.advance(0.1)
        calendar.error = None
        cached.get_events(ANN)
        finish_refreshes()
        assert len(calendar.calls) == 3
        assert cached.get_events(ANN) != old


class TestStaleIfError:
    def test_the_last_good_answer_while_the_source_fails(self) -> None:
        clock, calendar = Clock(), RaisingCalendar()
        cached = caching(calendar, clock, stale_if_error=3600)
        good = cached.get_events(ANN)
        calendar.error = OSError("down")
        clock.advance(300)
        assert cached.get_events(ANN) == good
        last = cached.last_result
        assert last is not None
        assert (last.source, last.age, str(last.error)) == ("stale_if_error", 300.0, "down")
        clock.advance(59)
        assert cached.recommend(ANN, ["ai"], 2)["source"] == "graph"
        assert len(calendar.calls) == 2, "it cools down"
        clock.advance(1)
        assert cached.get_events(ANN) == good
        assert len(calendar.calls) == 3
        assert counts(cached, "errors", "stale_errors", "loads") == (2, 3, 1)
        clock.advance(3600)
        with pytest.raises(OSError, match="down"):
            cached.get_events(ANN)
        calendar.error = None
        assert cached.get_events(ANN) != good

    def test_by_default_the_error_is_raised_and_nothing_kept(self) -> None:
        clock, calendar = Clock(), RaisingCalendar()
        cached = caching(calendar, clock)
        calendar.error = OSError("down")
        for calls in (1, 2):
            with pytest.raises(OSError, match="down") as caught:
                cached.get_events(ANN)
            assert caught.value is calendar.error
            assert len(calendar.calls) == calls
        assert counts(cached, "entries", "errors") == (0, 2)

    def test_what_is_not_transient_is_raised(self) -> None:
        clock, calendar = Clock(), RaisingCalendar()
        cached = caching(calendar, clock, stale_if_error=3600)
        cached.get_events(ANN)
        calendar.error = PermissionError("withdrawn")
        calendar.error.transient = False  # type: ignore[attr-defined]
        clock.advance(300)
        for _ in range(2):
            with pytest.raises(PermissionError):
                cached.get_events(ANN)


class TestRetryAfter:
    def limited(self, wait: Any) -> OSError:
        error = OSError("too many requests")
        error.retry_after = wait  # type: ignore[attr-defined]
        return error

    def test_no_call_before_it_and_exactly_one_after(self) -> None:
        clock, calendar = Clock(), RaisingCalendar()
        cached = caching(calendar, clock)
        calendar.error = self.limited(5)
        with pytest.raises(OSError, match="too many requests"):
            cached.get_events(ANN)
        calendar.error = None
        clock.advance(2)
        for top in (10, 20):
            with pytest.raises(OSError, match="too many requests") as caught:
                cached.get_events(ANN, top)
            assert caught.value.retry_after == 3  # type: ignore[attr-defined]
        clock.advance(2.999)
        with pytest.raises(OSError, match="too many requests"):
            cached.get_events(ANN)
        assert len(calendar.calls) == 1
        cached.get_events(BOB)
        clock.advance(0.001)
        cached.get_events(ANN)
        assert calendar.calls == [(ANN, 10), (BOB, 10), (ANN, 10)]
        assert counts(cached, "refusals") == (3,)

    @pytest.mark.parametrize("setting", ["stale_ttl", "stale_if_error"])
    def test_stale_answers_meanwhile(self, setting: str) -> None:
        clock, calendar = Clock(), RaisingCalendar()
        cached = caching(calendar, clock, **{setting: 3600})
        good = cached.get_events(ANN)
        calendar.error = self.limited(500)
        clock.advance(300)
        for _ in range(3):
            assert cached.get_events(ANN) == good
            finish_refreshes()
        clock.advance(499)
        assert cached.get_events(ANN) == good
        assert cached.last_result.source == "stale_if_error"
        assert len(calendar.calls) == 2

    @pytest.mark.parametrize("wait", [float("nan"), -5, 0, None, "7", True])
    def test_what_is_no_time_closes_nothing(self, wait: Any) -> None:
        calendar = RaisingCalendar()
        cached = caching(calendar)
        calendar.error = self.limited(wait)
        for _ in range(2):
            with pytest.raises(OSError, match="too many"):
                cached.get_events(ANN)
        assert len(calendar.calls) == 2

    def test_nothing_closes_for_more_than_an_hour(self) -> None:
        clock, calendar = Clock(), RaisingCalendar()
        cached = caching(calendar, clock)
        calendar.error = self.limited(10**11)
        with pytest.raises(OSError, match="too many"):
            cached.get_events(ANN)
        calendar.error = None
        clock.advance(3600)
        assert cached.get_events(ANN)


class TestBounds:
    def test_the_one_used_longest_ago_makes_room(self) -> None:
        calendar = Calendar()
        cached = caching(calendar, max_entries=3)
        for user in "abcacd":
            cached.get_events(user, 1)
        assert counts(cached, "entries", "evictions") == (3, 1)
        for user in "acd":
            cached.get_events(user, 1)
        assert len(calendar.calls) == 4
        cached.get_events("b", 1)
        assert len(calendar.calls) == 5

    def test_bytes(self) -> None:
        cached = caching(Calendar(), max_bytes=20_000)
        for number in range(100):
            cached.get_events(f"user {number}", 10)
            assert cached.stats()["bytes"] <= 20_000
        assert 1 < cached.stats()["entries"] < 10
        cached.get_events("everything", 1_000)
        assert cached.stats()["entries"] > 1, "what does not fit alone empties nothing"

    def test_what_nobody_can_be_given_goes(self) -> None:
        clock = Clock()
        cached = caching(Calendar(), clock)
        for number in range(10):
            cached.get_events(f"user {number}", 1)
        clock.advance(300)
        for number in range(10):
            cached.get_events(f"other {number}", 1)
        assert counts(cached, "entries", "expirations", "evictions") == (10, 10, 0)

    def test_invalidate_forgets_one_user(self) -> None:
        calendar = Calendar()
        cached = caching(calendar)
        for user in ("a", "ab", None):
            cached.get_events(user, 1)
            cached.for_user(user).get_events("2026-01-31", top=1)
        cached.invalidate("a")
        assert cached.stats()["entries"] == 4
        cached.get_events("ab", 1)
        cached.get_events(None, 1)
        assert len(calendar.calls) == 6
        cached.get_events("a", 1)
        assert len(calendar.calls) == 7
        cached.clear_cache()
        assert counts(cached, "entries", "bytes") == (0, 0)

    def test_an_invalidation_during_a_load_wins(self) -> None:
        calendar = Calendar(lambda user, top: cached.invalidate(user))
        cached = caching(calendar)
        old = cached.get_events(ANN)
        calendar.act = None
        assert counts(cached, "entries", "overtaken") == (0, 1)
        assert cached.get_events(ANN) != old

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("cache_ttl", -1),
            ("stale_ttl", float("nan")),
            ("stale_if_error", -0.1),
            ("cool_down", -1),
            ("jitter", 1.5),
        ],
    )
    def test_settings_that_make_no_sense(self, name: str, value: float) -> None:
        with pytest.raises(ValueError, match=name):
            CachedGraphEventService(Calendar(), **{name: value})


class TestDelta:
    class Delta(Calendar):
        def __init__(self) -> None:
            super().__init__()
            self.states: list[Any] = []

        def refresh_events(
            self, state: Any, *, top: int, user_id: Any = None
        ) -> tuple[list[Any], Any]:
            self.states.append(state)
            return make_events(user_id, top, len(self.states)), len(self.states)

    def test_a_refresh_starts_from_the_last_state(self) -> None:
        clock, calendar = Clock(), self.Delta()
        cached = caching(calendar, clock, delta=True)
        for _ in range(3):
            cached.get_events(ANN)
            cached.get_events(ANN)
            clock.advance(300)
        assert (calendar.states, calendar.calls) == ([None, 1, 2], [])
        cached.invalidate(ANN)
        asyncio.run(cached.aget_events(ANN))
        assert calendar.states[3:] == [None]

    def test_a_task_refreshes_as_a_task_where_it_can(self) -> None:
        class Both(self.Delta):  # type: ignore[name-defined,misc]
            async def arefresh_events(
                self, state: Any, *, top: int, user_id: Any = None
            ) -> tuple[list[dict[str, Any]], Any]:
                return self.refresh_events(state, top=top, user_id=user_id)[0], "of a task"

        clock, calendar = Clock(), Both()
        cached = caching(calendar, clock, delta=True)
        for _ in range(2):
            assert asyncio.run(cached.aget_events(ANN)) == make_events(
                ANN, 10, len(calendar.states)
            )
            clock.advance(300)
        assert calendar.states == [None, "of a task"]

    def test_windows_of_the_caller_are_fetched_whole(self) -> None:
        calendar = self.Delta()
        caching(calendar, delta=True).for_user(ANN).get_events("2026-01-31")
        assert (calendar.states, len(calendar.calls)) == ([], 1)

    def test_needs_a_service_that_offers_it(self) -> None:
        with pytest.raises(TypeError, match="needs a service with refresh_events"):
            caching(Calendar(), delta=True)


class Tier:
    """A second tier in memory."""

    def __init__(self) -> None:
        self.held: dict[str, list[Any]] = {}
        self.invalidated: list[str] = []
        self.age = 0.0

    def get_or_load(self, key: str, ttl: float, load: Any) -> tuple[list[Any], float]:
        if key in self.held:
            return copy.deepcopy(self.held[key]), self.age
        self.held[key] = copy.deepcopy(load())
        return copy.deepcopy(self.held[key]), 0.0

    async def aget_or_load(self, key: str, ttl: float, aload: Any) -> tuple[list[Any], float]:
        if key not in self.held:
            self.held[key] = await aload()
        return copy.deepcopy(self.held[key]), self.age

    def invalidate(self, prefix: str) -> None:
        self.invalidated.append(prefix)
        self.held = {key: held for key, held in self.held.items() if not key.startswith(prefix)}


class TestSecondTier:
    def test_it_answers_before_the_service_and_its_ages_count(self) -> None:
        tier, clock, calendar = Tier(), Clock(), Calendar()
        caching(calendar, clock, store=tier).get_events(ANN)
        tier.age = 200.0
        other = caching(calendar, clock, store=tier)
        other.get_events(ANN)
        assert other.last_result == LastResult("store", 200.0, None)
        clock.advance(99)
        other.get_events(ANN)
        assert other.last_result == LastResult("hit", 299.0, None)
        tier.age = 10.0
        clock.advance(1)
        other.get_events(ANN)
        assert other.last_result == LastResult("store", 10.0, None)
        assert len(calendar.calls) == 1

    def test_its_keys_are_one_a_request_and_begin_with_the_user(self) -> None:
        tier = Tier()
        cached = caching(Calendar(), store=tier)
        users = ["a", "ab", "a/b", "-", "", "a%2Fb", "\ud800"]
        for user in users:
            cached.get_events(user, 1)
            cached.get_events(user, 2)
            cached.for_user(user).get_events("2026-01-31", top=1)
        assert len(tier.held) == 3 * len(users)
        cached.invalidate("a")
        assert len(tier.held) == 3 * len(users) - 3
        cached.clear_cache()
        assert not tier.held

    @pytest.mark.parametrize("asynchronous", [False, True])
    def test_a_calendar_of_nobody_knows_whom_is_not_shared(self, asynchronous: bool) -> None:
        """Of two services that each mean their own user by none, neither gets the other's."""
        tier = Tier()
        for own in ("ann", "bob"):
            cached = caching(Calendar(lambda user, top, own=own: make_events(own, top)), store=tier)
            got = asyncio.run(cached.aget_events(None)) if asynchronous else cached.get_events(None)
            assert got == make_events(own, 10)
        assert not tier.held

    @pytest.mark.parametrize("name", ["tenant_id", "user_id", "time_zone"])
    def test_the_settings_of_a_service_are_part_of_them(self, name: str) -> None:
        tier = Tier()
        for value in ("one", "two"):
            calendar = Calendar()
            calendar.settings = SimpleNamespace(user_id="ann")  # type: ignore[attr-defined]
            setattr(calendar.settings, name, value)  # type: ignore[attr-defined]
            cached = caching(calendar, store=tier)
            cached.get_events(None, 1)
            if name == "user_id":
                caching(calendar, store=tier).get_events(value, 1)
            assert len(calendar.calls) == 1
        assert len(tier.held) == 2
        cached.invalidate(None)
        assert len(tier.held) == (0 if name == "time_zone" else 1)

    def test_the_tenant_is_part_of_them(self) -> None:
        tier, keys = Tier(), []
        for tenant in ("one", "two", None):
            calendar = Calendar()
            calendar.tenant_id = tenant  # type: ignore[attr-defined]
            caching(calendar, store=tier).get_events(ANN, 1)
            keys.append(set(tier.held))
        assert len(keys[2]) == 3

    def test_a_load_that_was_overtaken_is_taken_out_again(self) -> None:
        tier = Tier()
        calendar = Calendar(lambda user, top: cached.invalidate(user))
        cached = caching(calendar, store=tier)
        cached.get_events(ANN)
        assert not tier.held

    def test_what_the_load_raises_passes_through(self) -> None:
        calendar = RaisingCalendar()
        calendar.error = OSError("down")
        with pytest.raises(OSError, match="down"):
            caching(calendar, store=Tier()).get_events(ANN)

    @pytest.mark.parametrize("asynchronous", [False, True])
    def test_from_asyncio(self, asynchronous: bool) -> None:
        class Both(Calendar):
            async def aget_events(self, top: int, user_id: Any = None) -> list[Any]:
                return self.get_events(top=top, user_id=user_id)

        tier, calendar = Tier(), Both() if asynchronous else Calendar()
        first, second = caching(calendar, store=tier), caching(calendar, store=tier)
        assert asyncio.run(first.aget_events(ANN)) == asyncio.run(second.aget_events(ANN))
        assert second.last_result.source == "store"
        assert len(calendar.calls) == 1


def test_many_caches_and_threads_have_last_results_of_their_own() -> None:
    caches = [caching(Calendar()) for _ in range(5)]
    assert all(cached.last_result is None for cached in caches)
    for cached in caches:
        cached.get_events(ANN)
    caches[0].get_events(ANN)
    assert [cached.last_result.source for cached in caches] == ["hit"] + ["fresh"] * 4
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(caches[0].last_result))
    thread.start()
    thread.join()
    assert seen == [None]


def test_a_clock_that_fails_leaves_no_load_behind() -> None:
    def broken() -> float:
        raise OSError("no clock")

    calendar = Calendar()
    cached = CachedGraphEventService(calendar, clock=broken)
    for _ in range(2):
        with pytest.raises(OSError, match="no clock"):
            cached.get_events(ANN)
    assert calendar.calls == []
