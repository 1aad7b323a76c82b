"""`Catalog.plan`: never two sessions at once, and no choice is better."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given

import catalog_recipes as recipes
import generator
from catalog_reference import Item, Time, apart, best_total, is_plan, length_of, matching
from eventkit import Catalog, Filter, reference
from faults.compare import typed

PROGRAMMES = ["fosdem-2026", "google-io-2019", "gencon-2017"]
PLACES = ["Hall 1", "HALL 1", "Room Ö", "room ö", "", None]


def draw_times(rng: Random, kind: str) -> tuple[Time | None, Time | None]:
    start = 540 + rng.randrange(0, 240, 15)
    end = start + rng.choice((0, 15, 30, 45, 60, 120, -30))
    if rng.randrange(12) == 0:
        return (None, None) if rng.randrange(2) else (Time(start), None)
    if kind == "clock":
        return Time(start), Time(end)
    day = rng.choice((0, 0, 0, 1))
    if kind == "wall":
        return Time(start, day), Time(end, day)
    offset, other = rng.choice((0, 0, 60)), rng.choice((0, 0, 60))
    return Time(start, day, offset), Time(end - offset + other, day, other)


def draw(rng: Random) -> Any:
    kind = rng.choice(("clock", "wall", "instant"))
    sessions, times = [], []
    for place in range(rng.choice((0, 1, 3, 6, 9, 12))):
        start, end = draw_times(rng, kind)
        session = {
            "title": f"T{place}",
            "tags": rng.choice((["AI"], ["ai", "Web"], ["web"], ["rust"], [])),
            "popularity": rng.choice((0.5, 0.25, 1, -9, rng.random())),
            "location": rng.choice(PLACES),
        }
        if start:
            session["start"] = start.text()
        if end:
            session["end"] = end.text()
        sessions.append(session)
        times.append((start, end))
    weights = rng.choice((generator.WEIGHTS, {"interest": 1, "popularity": 1}, None))
    top = rng.choice((None, None, 0, 1, 2, 3, 12))
    return sessions, times, weights or recipes.clean_weights(rng), top, rng.choice((0, 0, 15, 7.5))


def items_of(sessions: Any, times: Any, interests: Any, weights: Any) -> tuple[list[Item], int]:
    """What a plan may hold, in minutes, and how many more have no times."""
    items, untimed = [], 0
    for place, score in matching(sessions, interests, weights):
        start, end = times[place]
        length = length_of(start, end) if start else None
        if not score > 0:
            continue
        if length is None:
            untimed += 1
            continue
        kind = start.kind
        first = {
            "clock": lambda t: t.minute,
            "wall": lambda t: t.wall,
            "instant": lambda t: t.instant,
        }
        at = first[kind](start)
        location = sessions[place]["location"]
        location = None if location is None else location.lower()
        items.append(Item(at, at + length, score, location, place))
    return items, untimed


@given(recipes.drawn(draw))
@pytest.mark.slow
def test_no_choice_is_better(drawn: Any) -> None:
    sessions, times, weights, top, gap = drawn
    interests = ["ai", "web"]
    items, untimed = items_of(sessions, times, interests, weights)
    if any(item.score != item.score or abs(item.score) > 1e15 for item in items):
        return
    catalog = Catalog(sessions, weights=weights)
    try:
        answer = catalog.plan(interests, top, gap=gap)
    except ValueError:
        scores = [reference.score_session(it, interests, weights)["score"] for it in sessions]
        values = [*scores, *weights.values()]
        assert any(not abs(value) <= 2**53 for value in values)
        return
    by_title = {sessions[item.position]["title"]: item for item in items}
    chosen = [by_title[session["title"]] for session in answer["sessions"]]
    assert is_plan(chosen, gap)
    assert top is None or len(chosen) <= top
    best = best_total(items, top, gap)
    assert answer["total"] == best
    total = 0.0
    for item in chosen:
        total += item.score
    assert total == best
    assert answer["untimed"] == untimed
    # The rest is as `recommend` writes it.
    assert all(
        it is sessions[item.position] for it, item in zip(answer["sessions"], chosen, strict=True)
    )
    for row, session in zip(answer["scoring"], answer["sessions"], strict=True):
        want = reference.score_session(session, interests, weights)
        del want["session"]
        assert typed(row) == typed({"title": session["title"], **want})
    assert answer["conflicts"] == reference.count_conflicts(answer["sessions"])
    assert list(answer)[:4] == ["sessions", "scoring", "conflicts", "total"]


@given(recipes.drawn(draw))
@pytest.mark.slow
def test_parts_and_text_plan_alike(drawn: Any) -> None:
    sessions, _times, weights, top, gap = drawn
    sessions = [{**session, "id": f"s{n}"} for n, session in enumerate(sessions)]
    cut = len(sessions) // 2
    extra = {"id": "x", "title": "X", "tags": ["ai"], "start": "09:00", "end": "09:15"}
    parts = Catalog([extra, *sessions[:cut]], weights=weights).with_sessions(sessions[cut:])
    parts = parts.with_sessions(removed=["x"])
    loaded = Catalog.from_json(json.dumps(sessions).encode(), weights=weights)

    def planned(catalog: Catalog) -> str:
        try:
            return typed(catalog.plan(["ai", "web"], top, gap=gap))
        except ValueError as refused:
            return str(refused)

    want = planned(Catalog(sessions, weights=weights))
    assert planned(parts) == want
    assert planned(loaded) == want


def test_a_filter_narrows_a_plan() -> None:
    hours = [("09:00", "12:00", 9), ("09:00", "10:00", 1), ("10:00", "11:00", 1)]
    sessions = [
        {"title": f"T{n}", "tags": ["ai"], "start": start, "end": end, "popularity": value}
        for n, (start, end, value) in enumerate(hours)
    ]
    catalog = Catalog(sessions)

    def titles(**settings: Any) -> list[str]:
        return [session["title"] for session in catalog.plan(["ai"], **settings)["sessions"]]

    assert titles() == ["T0"]
    assert titles(filter=Filter(end="11:00")) == ["T1", "T2"]
    assert titles(filter=Filter(end="11:00"), top=1) == ["T1"]
    assert titles(filter=Filter(locations=[])) == []
    assert titles(weights={"interest": 9.0, "popularity": 0.0}) == ["T1", "T2"]
    # Nobody knows how far it is to a place without a name; of equals the first to end is taken.
    assert titles(weights={"interest": 9.0, "popularity": 0.0}, gap=1) == ["T1"]
    assert catalog.plan(["rust"]) == {
        "sessions": [], "scoring": [], "conflicts": 0, "total": 0.0, "untimed": 0,
        "left_out": [], "unmatched": [{"interest": "rust", "nearest": []}],
    }  # fmt: skip


@pytest.mark.parametrize("gap", [-1, float("nan"), float("inf"), "5"])
def test_a_gap_is_minutes(gap: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        Catalog([{"title": "A", "tags": ["ai"]}]).plan(["ai"], gap=gap)


def test_scores_that_cannot_be_proved_cannot_be_planned() -> None:
    catalog = Catalog([{"title": "A", "tags": ["ai"], "popularity": float("nan")}])
    with pytest.raises(ValueError, match="cannot be planned"):
        catalog.plan(["ai"])
    with pytest.raises(ValueError, match="cannot be planned"):
        Catalog([{"title": "A"}]).plan([5])


def timed(session: dict[str, Any], score: float, place: int) -> Item:
    first, last = (
        datetime.fromisoformat(session[name]).timestamp() / 60 for name in ("start", "end")
    )
    return Item(first, max(last, first + 1 / 60_000), score, session["location"].lower(), place)


def scheduled(items: list[Item]) -> float:
    """The greatest total by the schoolbook's recurrence, for sessions without a gap."""
    items = sorted(items, key=lambda item: item.end)
    totals = [0.0]
    for number, item in enumerate(items):
        low, high = 0, number
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if items[middle].end <= item.start else (low, middle)
        totals.append(max(totals[-1], totals[low] + item.score))
    return totals[-1]


def greedy(items: list[Item]) -> float:
    taken: list[Item] = []
    for item in sorted(items, key=lambda it: (-it.score, it.position)):
        if all(apart(it, item, 0) or apart(item, it, 0) for it in taken):
            taken.append(item)
    return sum(item.score for item in taken)


@pytest.mark.real_data
@pytest.mark.parametrize("name", PROGRAMMES)
@pytest.mark.slow
def test_real_programmes_are_planned(name: str, real_data: Path) -> None:
    file = real_data / f"{name}.sessions.json"
    if not file.is_file():
        pytest.skip(f"no {file}")
    loaded = Catalog.from_json(file)
    sessions = list(loaded)
    tags = [t for t, _ in Counter(t.lower() for s in sessions for t in s["tags"]).most_common()]
    for interests in (tags[:1], tags[:8], tags[5:40:3], tags[-20:]):
        found = matching(sessions, interests, generator.WEIGHTS)
        items = [
            timed(sessions[place], score, place)
            for place, score in found
            if sessions[place].get("end", "") >= sessions[place].get("start", "~")
        ]
        for gap in (0, 10):
            for top in (None, 1, 5):
                answer = loaded.plan(interests, top, gap=gap)
                chosen = [timed(session, 1.0, 0) for session in answer["sessions"]]
                assert is_plan(chosen, gap), (interests, gap, top)
                assert all(first.start < second.start for first, second in pairwise(chosen))
                assert answer["untimed"] == len(found) - len(items)
                assert all(
                    not {tag.lower() for tag in session["tags"]}.isdisjoint(interests)
                    for session in answer["sessions"]
                )
                if top is not None:
                    assert len(chosen) <= top
        total = loaded.plan(interests)["total"]
        assert total == pytest.approx(scheduled(items), rel=1e-12)
        if len(items) < 3_000:
            assert total >= greedy(items) * (1 - 1e-12)
        best = max((item.score for item in items), default=0.0)
        assert loaded.plan(interests, 1)["total"] == best
