"""`Filter` against a reading of each session, one by one."""

from __future__ import annotations

import copy
import datetime
import pickle
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

import catalog_recipes as recipes
from catalog_reference import Time, Wish
from eventkit import Catalog, Filter, reference
from faults.compare import attempt, objects_in, written

PLACES = ["Hall 1", "hall 1", "ROOM Σ", "room ς", "room \u03c3", "", "Ö", "ö", None, 5]
TAGS = ["AI", "ai", "Web", "ΑΣ", "\u03b1ς", "\u03b1\u03c3", "rust", ""]
JUNK = ["TBD", "", "25:00", "2026-02-30", "2026-01-01T10", None, 9, "10.30", "2026-01-01T10:00+1"]
OFFSETS = [0, 60, -300, 345, -720]


def draw_time(rng: Random, kind: str) -> Time:
    # Few different times: what matters is where the ends of sessions and windows meet.
    minute = rng.choice((0, 540, 600, 600, 660, 720, 1380, rng.randrange(0, 1440, 30)))
    day = None if kind == "clock" else rng.choice((0, 0, 0, 1))
    offset = rng.choice((0, 60, 60, rng.choice(OFFSETS))) if kind == "instant" else None
    return Time(minute, day, offset, rng.randrange(60))


def draw_kind(rng: Random) -> str:
    return rng.choice(("clock", "wall", "instant"))


Session = tuple[dict[str, Any], tuple[Time | None, Time | None]]


def draw_session(rng: Random, place: int, kind: str) -> Session:
    kind = draw_kind(rng) if rng.randrange(4) == 0 else kind
    start, end = draw_time(rng, kind), draw_time(rng, kind)
    if kind != "clock" and rng.randrange(6) and end.day is not None and start.day is not None:
        end = Time(end.minute, max(end.day, start.day), end.offset, end.style)
    session = {
        "id": rng.choice((f"s{place}", f"s{place}", "S1", "\u0131", 5)),
        "title": f"Talk {place}",
        "tags": [rng.choice(TAGS) for _ in range(rng.randrange(4))],
        "popularity": rng.choice((0.5, 1, 0.25)),
        "start": start.text(),
        "end": end.text(),
        "location": rng.choice(PLACES),
    }
    times: list[Time | None] = [start, end]
    for number, name in enumerate(("start", "end")):
        if rng.randrange(10) == 0:
            session[name], times[number] = rng.choice(JUNK), None
    if rng.randrange(8) == 0:
        name = rng.choice(("tags", "location", "id", "popularity"))
        del session[name]
    return session, (times[0], times[1])


def draw_wish(rng: Random, kind: str) -> Wish:
    wish = Wish(fit=rng.choice(("within", "overlapping", "starting")))
    if rng.randrange(3):
        low, high = draw_time(rng, kind), draw_time(rng, kind)
        if kind == "wall" and low.wall > high.wall:
            low, high = high, low
        if kind == "instant" and low.instant > high.instant:
            low, high = high, low
        fate = rng.randrange(4)
        wish.start, wish.end = (low, high) if fate < 2 else ((low, None), (None, high))[fate - 2]
    some = [rng.choice(TAGS) for _ in range(rng.randrange(3))]
    if rng.randrange(3) == 0:
        wish.locations = [it for it in rng.sample(PLACES, rng.randrange(4)) if type(it) is str]
    for name in ("all_tags", "any_tags", "no_tags"):
        if rng.randrange(4) == 0:
            setattr(wish, name, list(some))
    if rng.randrange(4) == 0:
        wish.exclude = [rng.choice(("s0", "s1", "S1", "s99", "\u0131", "5")) for _ in range(3)]
    return wish


def draw(rng: Random) -> tuple[list[Session], Wish, Random]:
    kind = draw_kind(rng)
    sessions = [draw_session(rng, place, kind) for place in range(rng.choice((0, 1, 3, 8, 20)))]
    return sessions, draw_wish(rng, draw_kind(rng) if rng.randrange(4) == 0 else kind), rng


@given(recipes.drawn(draw))
@pytest.mark.slow
def test_a_filter_leaves_what_a_reading_leaves(drawn: Any) -> None:
    made, wish, rng = drawn
    sessions = [session for session, _ in made]
    admitted = [session for session, times in made if wish.admits(session, times)]
    weights = recipes.clean_weights(rng)
    interests = recipes.clean_interests(rng)
    known = objects_in((sessions,))
    catalog = Catalog(sessions, weights=weights)
    chosen = Filter(**wish.arguments())
    for top in (None, 1, 3, -1, -2, len(admitted), 10**30):
        want = written(attempt(reference.rank_sessions, (admitted, weights, interests, top)), known)
        asked = attempt(lambda i, t: catalog.recommend(i, t, filter=chosen), (interests, top))
        assert written(asked, known) == want
        # A set of interests of a type that only the reference takes: the other road.
        keys = dict.fromkeys(interests).keys()
        asked = attempt(lambda i, t: catalog.recommend(i, t, filter=chosen), (keys, top))
        assert written(asked, known) == want


@given(recipes.drawn(draw))
@settings(max_examples=100)
def test_a_filter_knows_no_parts(drawn: Any) -> None:
    """The same of a catalogue that was added to and taken from."""
    made, wish, rng = drawn
    made = [(dict(session, id=f"s{n}"), times) for n, (session, times) in enumerate(made)]
    cut = rng.randrange(len(made) + 1)
    catalog = Catalog([session for session, _ in made[:cut]])
    catalog = catalog.with_sessions([session for session, _ in made[cut:]])
    gone = {f"s{n}" for n in range(len(made)) if rng.randrange(4) == 0}
    catalog = catalog.with_sessions(removed=sorted(gone))
    left = [(session, times) for session, times in made if session["id"] not in gone]
    admitted = [session for session, times in left if wish.admits(session, times)]
    interests = recipes.clean_interests(rng)
    chosen = Filter(**wish.arguments())
    for top in (None, 2, -1):
        want = reference.rank_sessions(admitted, catalog.weights, interests, top)
        got = catalog.recommend(interests, top, filter=chosen)
        assert repr(got) == repr(want)
        assert list(map(id, got["sessions"])) == list(map(id, want["sessions"]))


@pytest.mark.parametrize(
    ("window", "session", "fits"),
    [
        # Half-open: to touch is not to overlap.
        ("09:00 12:00", "08:00 09:00", "---"),
        ("09:00 12:00", "12:00 13:00", "---"),
        ("09:00 12:00", "09:00 12:00", "wos"),
        ("2026-01-31 2026-02-01", "2026-01-30T23:00 2026-01-31T00:00", "---"),
        ("2026-01-31 2026-02-01", "2026-02-01T00:00 2026-02-01T01:00", "---"),
        ("2026-01-31 2026-02-01", "2026-01-31T00:00 2026-02-01T00:00", "wos"),
        ("2026-01-31T09:00Z 2026-01-31T10:00Z", "2026-01-31T09:00+01 2026-01-31T10:00+01", "---"),
        ("2026-01-31T09:00Z 2026-01-31T10:00Z", "2026-01-31T10:00+01 2026-01-31T11:00+01", "wos"),
        ("2026-01-31T09:00Z 2026-01-31T10:00Z", "2026-01-31T09:00 2026-01-31T10:00", "---"),
        # No length is a moment; a window of no length is none.
        ("09:00 12:00", "12:00 12:00", "---"),
        ("09:00 12:00", "09:00 09:00", "wos"),
        ("09:00 09:00", "08:00 10:00", "---"),
        ("2026-01-31T09:00 2026-01-31T09:00", "2026-01-31T08:00 2026-01-31T10:00", "---"),
        # An end of another kind than the start, or before it, is not known.
        ("2026-01-31 2026-02-01", "2026-01-31T09:00 2026-01-31T10:00Z", "-os"),
        ("2026-01-31 2026-02-01", "2026-01-31T09:00 10:00", "-os"),
        ("2026-01-31 2026-02-01", "2026-01-31T09:00 2026-01-31T08:00", "-os"),
        ("2026-01-31 2026-02-01", "2026-01-31T09:00 late", "-os"),
        ("2026-01-31 2026-02-01", "early 2026-01-31T09:00", "---"),
        # Times of day are on every day, and past midnight.
        ("22:00 02:00", "23:30 01:00", "wos"),
        ("22:00 02:00", "2026-01-31T23:30 2026-02-01T01:00", "wos"),
        ("22:00 02:00", "01:00 03:00", "-os"),
        ("2026-01-31 2026-02-01", "09:00 10:00", "---"),
    ],
)
def test_how_sessions_lie_to_windows(window: str, session: str, fits: str) -> None:
    ends = dict(zip(("start", "end"), session.split(), strict=True))
    catalog = Catalog([{"title": "A", **ends}])
    start, end = window.split()
    for fit, mark in zip(("within", "overlapping", "starting"), fits, strict=True):
        chosen = Filter(start=start, end=end, fit=fit)
        found = catalog.recommend([], 1, filter=chosen)["sessions"]
        assert len(found) == (mark != "-"), fit


def test_an_empty_list_admits_nothing_and_no_list_everything() -> None:
    catalog = Catalog([{"title": "A", "tags": ["ai"], "location": "x"}, {"title": "B"}])

    def left(**wish: Any) -> int:
        return len(catalog.recommend(["ai"], None, filter=Filter(**wish))["sessions"])

    assert left() == 2
    assert left(locations=[]) == 0
    assert left(any_tags=[]) == 0
    assert left(all_tags=[], no_tags=[], exclude=[]) == 2
    assert left(all_tags=("AI",)) == left(all_tags={"ai"}) == left(all_tags=iter(["Ai"])) == 1


@pytest.mark.parametrize(
    ("wish", "error", "text"),
    [
        ({"start": "noon"}, ValueError, "noon"),
        ({"end": ""}, ValueError, "is no time"),
        ({"start": "2026-02-01", "end": "2026-01-31"}, ValueError, "ends before it starts"),
        ({"start": "09:00", "end": "2026-01-31"}, ValueError, "both"),
        ({"start": "2026-01-31T09:00Z", "end": "2026-01-31T10:00"}, ValueError, "both"),
        ({"fit": "inside"}, ValueError, "inside"),
        ({"locations": "Hall"}, TypeError, "Hall"),
        ({"all_tags": ["ai", 5]}, TypeError, "5"),
        ({"any_tags": [None]}, TypeError, "None"),
        ({"exclude": 5}, TypeError, "int"),
        ({"no_tags": b"ai"}, TypeError, "no_tags"),
        ({"start": 5}, TypeError, "int"),
        ({"room": "x"}, TypeError, "room"),
    ],
)
def test_what_is_no_filter_says_why(wish: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Filter(**wish)


def test_a_filter_shows_what_it_asks() -> None:
    shown = repr(Filter(start="09:00", fit="starting", locations=["Hall"], exclude=("a",)))
    for part in ("start='09:00'", "fit='starting'", "locations=['Hall']", "exclude=('a',)"):
        assert part in shown.replace('"', "'")
    assert repr(Filter()) == "Filter()"


def test_a_filter_survives_pickle_and_copy() -> None:
    catalog = Catalog(
        [
            {"id": name, "title": name, "tags": ["AI", "Web"][: 1 + number], "location": "Hall"}
            for number, name in enumerate("ab")
        ]
    )
    wishes: list[dict[str, Any]] = [
        {},
        {"locations": []},
        {"all_tags": iter(["AI"]), "exclude": {"a"}},
        {"start": "09:00", "end": "10:00", "fit": "overlapping", "no_tags": ("web",)},
        {"start": datetime.time(9), "any_tags": ["\u0130"], "locations": ["hall"]},
    ]
    for wish in wishes:
        made = Filter(**wish)
        for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
            for answer in (other, pickle.loads(pickle.dumps(other))):
                assert catalog.recommend(["ai"], filter=answer) == catalog.recommend(
                    ["ai"], filter=made
                )


def test_sessions_that_only_the_reference_scores_are_filtered_by_their_tags() -> None:
    sessions = [
        {"title": "A", "tags": ["AI"], "popularity": Decimal("0.5"), "location": "x"},
        {"title": "B", "tags": ["AI"], "popularity": 1, "location": "x"},
        {"title": "C", "tags": ["Web"], "popularity": Decimal(2), "location": "y"},
    ]
    catalog = Catalog(sessions, weights={"interest": 2, "popularity": 1})

    def left(**wish: Any) -> str:
        answer = catalog.recommend(["ai"], None, filter=Filter(**wish))
        return "".join(sorted(session["title"] for session in answer["sessions"]))

    assert left(all_tags=["ai"]) == left(any_tags=["AI"]) == "AB"
    assert left(no_tags=["ai"]) == "C"
    assert left(locations=["X"]) == "AB"


def test_ids_are_compared_and_not_their_hashes() -> None:
    """Of 200,000 ids a few share 32 bits of hash, by the birthday paradox."""
    ids = [f"session-{number}" for number in range(200_000)]
    catalog = Catalog([{"id": one, "title": "t"} for one in ids])
    chosen = Filter(exclude=ids[::2])
    left = catalog.recommend([], None, filter=chosen)["sessions"]
    assert [session["id"] for session in left] == ids[1::2]
