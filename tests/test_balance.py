"""`balance` and `spread`: the places are shared by the stated rule, and no other list is better.

`tests/share.rs` tries every list for 100,000 small cases. These tests go through the public
functions.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest

import eventkit
from conftest import faults_scale
from eventkit import Catalog, Filter

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}


def programme(*rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Sessions of (title, tags, popularity, and other keys)."""
    return [
        {"title": row[0], "tags": row[1].split(), "popularity": row[2], **(row[3:] or ({},))[0]}
        for row in rows
    ]


ONE_SIDED = programme(
    *((f"Rust {number}", "rust", 0.9) for number in range(10)),
    *((f"Security {number}", "security", 0.5) for number in range(10)),
    ("Plumbers", "plumbers", 0.1),
)


def titles(answer: Any) -> list[str]:
    return [session["title"] for session in answer["sessions"]]


def shares(answer: Any) -> list[int]:
    return [share["places"] for share in answer["shares"]]


def test_without_balance_the_best_interest_fills_all_places() -> None:
    found = Catalog(ONE_SIDED).recommend(["rust", "security", "plumbers"], 10)
    assert {session["tags"][0] for session in found["sessions"]} == {"rust"}
    assert list(found) == ["sessions", "scoring", "conflicts"]


def test_the_places_are_shared() -> None:
    interests = ["security", "rust", "plumbers", "cobol"]
    found = Catalog(ONE_SIDED).recommend(interests, 10, balance="interests")
    assert shares(found) == [5, 4, 1, 0]
    assert [share["sessions"] for share in found["shares"]] == [10, 10, 1, 0]
    assert titles(found) == [
        *(f"Rust {number}" for number in range(4)),
        *(f"Security {number}" for number in range(5)),
        "Plumbers",
    ]
    assert [row["interest"] for row in found["unmatched"]] == ["cobol"]


@pytest.mark.parametrize("top", range(12))
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_interests_without_common_sessions_get_the_share_of_the_formula(
    count: int, top: int
) -> None:
    names = [f"i{number}" for number in range(count)]
    rows = [(f"{name} {number}", name, 0.5) for name in names for number in range(12)]
    found = Catalog(programme(*rows)).recommend(names, top, balance="interests")
    assert shares(found) == [(top + count - number) // count for number in range(1, count + 1)]


def test_a_manifest_and_a_catalogue_give_the_same_answer() -> None:
    manifest = {"weights": WEIGHTS, "sessions": ONE_SIDED}
    arguments: Any = {"balance": "interests", "spread": "day"}
    expected = Catalog(manifest).recommend(["rust", "security"], 5, **arguments)
    assert eventkit.recommend(manifest, ["rust", "security"], 5, **arguments) == expected
    assert eventkit.recommend(manifest, ["rust", "security"], top_n=5, **arguments) == expected
    opened = Catalog.from_json(__import__("json").dumps(manifest).encode())
    assert opened.recommend(["rust", "security"], 5, **arguments) == expected


def test_scores_and_order_are_those_of_recommend() -> None:
    catalog = Catalog(ONE_SIDED)
    every = catalog.recommend(["rust", "security"], None)
    found = catalog.recommend(["rust", "security"], 6, balance="interests")
    places = [every["scoring"].index(row) for row in found["scoring"]]
    assert places == sorted(places)


def test_repeated_titles_collapse() -> None:
    sessions = programme(("Talk", "ai", 0.1), ("TALK", "ai web", 0.2), ("Other", "ai", 0.0))
    found = Catalog(sessions).recommend(["ai"], 3, balance="interests")
    assert titles(found) == ["TALK", "Other"]
    assert found["shares"] == [{"interest": "ai", "sessions": 2, "places": 2}]


def test_sessions_that_match_nothing_are_left_out() -> None:
    found = Catalog(ONE_SIDED).recommend(["plumbing"], 3, balance="interests")
    assert found["sessions"] == []
    assert found["unmatched"] == [{"interest": "plumbing", "nearest": ["plumbers"]}]


def test_a_field_is_spread() -> None:
    rooms = [{"room": "A"}, {"room": "A"}, {"location": "a"}, {"room": "B"}, {}]
    rows = [(f"T{n}", "ai", 0.9 - n / 10, room) for n, room in enumerate(rooms)]
    catalog = Catalog(programme(*rows))
    assert titles(catalog.recommend(["ai"], 3, spread="room")) == ["T0", "T3", "T4"]
    assert titles(catalog.recommend(["ai"], 4, spread=["room"])) == ["T0", "T1", "T3", "T4"]


def test_days_are_dates_of_the_start_whatever_its_form() -> None:
    import datetime

    starts = ["2026-01-31T09:00+01:00", datetime.datetime(2026, 1, 31, 10), "2026-02-01", "09:00"]
    rows = [(f"T{n}", "ai", 0.9 - n / 10, {"start": start}) for n, start in enumerate(starts)]
    assert titles(Catalog(programme(*rows)).recommend(["ai"], 3, spread="day")) == [
        *("T0", "T2", "T3")
    ]


def test_several_fields_are_spread_one_within_the_other() -> None:
    keys = [("x", 1), ("x", 1), ("x", 2), ("y", 1), ("y", 1)]
    rows = [
        (f"T{n}", "ai", 0.9 - n / 10, {"track": track, "level": level})
        for n, (track, level) in enumerate(keys)
    ]
    catalog = Catalog(programme(*rows))
    assert titles(catalog.recommend(["ai"], 3, spread=("track", "level"))) == ["T0", "T2", "T3"]


def test_each_interest_s_places_are_spread() -> None:
    rows = [
        ("A", "ai", 0.9, {"track": "x"}),
        ("B", "ai", 0.8, {"track": "x"}),
        ("C", "ai", 0.1, {"track": "y"}),
        ("D", "web", 0.2, {"track": "x"}),
    ]
    catalog = Catalog(programme(*rows))
    found = catalog.recommend(["ai", "web"], 3, balance="interests", spread="track")
    assert titles(found) == ["A", "D", "C"]


def test_a_filter_narrows_the_shares() -> None:
    catalog = Catalog(ONE_SIDED)
    only = Filter(no_tags=["rust"])
    found = catalog.recommend(["rust", "security"], 4, balance="interests", filter=only)
    assert shares(found) == [0, 4]


def test_wrong_arguments_are_named() -> None:
    catalog = Catalog(ONE_SIDED)
    with pytest.raises(ValueError, match="balance is 'rooms', expected 'interests' or None"):
        catalog.recommend(["rust"], 3, balance="rooms")  # type: ignore[call-overload, arg-type]
    with pytest.raises(TypeError, match="spread is 5, expected the name of a field"):
        catalog.recommend(["rust"], 3, spread=5)  # type: ignore[call-overload, arg-type]
    with pytest.raises(TypeError, match="one text; expected a list of texts"):
        catalog.recommend("rust", 3, balance="interests")
    odd = Catalog([{"title": "A", "tags": ["ai"], "popularity": float("nan")}, *ONE_SIDED])
    with pytest.raises(ValueError, match="cannot be balanced"):
        odd.recommend(["ai"], 3, balance="interests")
    with pytest.raises(TypeError, match="unsupported operand"):
        Catalog([{"title": "A", "popularity": None}]).recommend(["ai"], 3, balance="interests")
    with pytest.raises(KeyError, match="weights"):
        eventkit.recommend({"sessions": ONE_SIDED}, ["ai"], 3, balance="interests")


def best_lists(
    sessions: list[dict[str, Any]], interests: list[str], places: list[int]
) -> list[tuple[int, ...]]:
    """All lists that fill these places, one session a place, by trying them all."""
    slots = [
        interest for interest, count in zip(interests, places, strict=True) for _ in range(count)
    ]
    fits = []
    for chosen in combinations(range(len(sessions)), len(slots)):
        orders = permutations(chosen)
        if any(
            all(slot in sessions[at]["tags"] for slot, at in zip(slots, order, strict=True))
            for order in orders
        ):
            fits.append(chosen)
    return fits


def test_no_list_that_fills_the_places_has_a_higher_total() -> None:
    rng = Random(15)
    for _ in range(faults_scale(150, 5_000)):
        interests = ["a", "b", "c"][: rng.randint(1, 3)]
        sessions = [
            {
                "title": f"T{number}",
                "tags": [tag for tag in ("a", "b", "c") if rng.randrange(2)],
                "popularity": rng.randrange(8) / 4,
            }
            for number in range(rng.randint(0, 6))
        ]
        top = rng.randint(0, 5)
        catalog = Catalog(sessions)
        found = catalog.recommend(interests, top, balance="interests")
        scores = [catalog.score(it["title"], interests)["score"] for it in sessions]
        lists = best_lists(sessions, interests, shares(found))
        best = max(sum(sorted(scores[at] for at in chosen)) for chosen in lists)
        assert sum(sorted(row["score"] for row in found["scoring"])) == best
        matching = [it for it in sessions if {*it["tags"]} & {*interests}]
        assert len(found["sessions"]) == min(top, len(matching)) == sum(shares(found))


@pytest.mark.real_data
def test_every_interest_of_a_real_programme_is_covered(real_data: Path) -> None:
    catalog = Catalog.from_json(real_data / "fosdem-2026.sessions.json")
    tags = Counter(tag.lower() for session in catalog for tag in session["tags"])
    interests = [tag for tag, _ in tags.most_common(8)]
    found = catalog.recommend(interests, 10, balance="interests")
    assert all(
        any(interest in map(str.lower, session["tags"]) for session in found["sessions"])
        for interest in interests
    )
    assert len(found["sessions"]) == 10
