"""`why_not`: each change brings the session in when it is made, and no smaller one does."""

from __future__ import annotations

from itertools import combinations
from random import Random
from typing import Any

import pytest

import eventkit
from changed_question import made
from conftest import faults_scale
from eventkit import Catalog, Filter, reference

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
TAGS = ["a", "b", "c", "d", "e"]


def draw(rng: Random) -> tuple[list[dict[str, Any]], dict[str, float], list[str], int]:
    popularities = rng.choice(([0, 1, 2], [0.1, 0.2, 0.3, 0.7], [0.25, 0.5, 0.75], [rng.random()]))
    sessions = [
        {
            "title": f"T{number}",
            "tags": [tag.upper() for tag in TAGS for _ in range(rng.choice((0, 0, 1, 1, 2)))],
            "popularity": rng.choice(popularities),
        }
        for number in range(rng.randint(1, 7))
    ]
    weights = {
        "interest": rng.choice((2.0, 0.5, 1, 0, 0.1, -1.0)),
        "popularity": rng.choice((0.5, 2.0, 1, 0, 0.3, -0.5)),
        "diversity": 0.3,
    }
    return sessions, weights, rng.sample([*TAGS, "x"], rng.randint(1, 3)), rng.randint(1, 3)


def rank_of(sessions: Any, title: str, interests: list[str], weights: Any) -> int:
    ranked = reference.rank_sessions(sessions, weights, interests, None)["sessions"]
    return [session["title"] for session in ranked].index(title) + 1


def is_in(sessions: Any, title: str, interests: list[str], weights: Any, top: int) -> bool:
    return rank_of(sessions, title, interests, weights) <= top


def check(sessions: Any, weights: Any, interests: list[str], top: int, title: str) -> None:
    found = Catalog(sessions, weights=weights).why_not(title, interests, top)
    assert "error" not in found
    rank = rank_of(sessions, title, interests, weights)
    assert (found["rank"], found["shown"]) == (rank, rank <= top)
    if rank <= top:
        assert found["changes"] == []
        assert found["gap"] is None
        return
    session = next(it for it in sessions if it["title"] == title)
    own = dict.fromkeys(tag.lower() for tag in session["tags"])
    new = [tag for tag in own if tag not in interests]
    changes = found["changes"]
    for change in changes:
        wanted, changed = made(change, interests, weights)
        assert is_in(sessions, title, wanted, changed, top), change
    sizes = {len(change) for change in changes}
    assert len(sizes) <= 1
    size = sizes.pop() if sizes else 4
    kinds = [tuple(sorted(step.get("raise_weight", "+") for step in it)) for it in changes]
    assert len(kinds) == len({*kinds})
    for smaller in range(1, min(size, 3) + 1):
        adds = [
            tags
            for tags in combinations(new, smaller)
            if is_in(sessions, title, [*interests, *tags], weights, top)
        ]
        assert bool(adds) == (smaller == size and ("+",) * smaller in kinds)


def test_each_change_brings_the_session_in_and_no_fewer_tags_do() -> None:
    """Makes the changes with the reference. `tests/why_not.rs` tries smaller weights, too."""
    rng = Random(15)
    for _ in range(faults_scale(300, 100_000)):
        sessions, weights, interests, top = draw(rng)
        check(sessions, weights, interests, top, rng.choice(sessions)["title"])


CONFERENCE = [
    {
        "id": "k",
        "title": "Keynote",
        "tags": ["ai"],
        "popularity": 0.9,
        "start": "9:00",
        "end": "10:00",
    },
    {"id": "a", "title": "Agents", "tags": ["ai", "Agents"], "popularity": 0.1},
    {
        "id": "c",
        "title": "Compilers",
        "tags": ["Rust"],
        "popularity": 0.5,
        "start": "9:30",
        "end": "10:30",
    },
    {
        "id": "d",
        "title": "Databases",
        "tags": [],
        "popularity": 0.4,
        "start": "10:00",
        "end": "11:00",
    },
]


def test_the_answer_of_a_session_that_is_not_shown() -> None:
    found = Catalog(CONFERENCE).why_not("COMPILERS", ["ai"], 2)
    assert found == {
        "title": "Compilers",
        "shown": False,
        "rank": 3,
        "score": 0.253,
        "gap": pytest.approx(1.8),
        "last": "Agents",
        "slot_taken_by": "Keynote",
        "hidden_by": [],
        "changes": [
            [{"add_interest": "rust"}],
            [{"raise_weight": "popularity", "to": 5.01}],
        ],
        "unmatched": [],
    }


def test_the_slot_is_taken_by_a_session_before_it_at_that_time() -> None:
    catalog = Catalog(CONFERENCE)
    assert catalog.why_not("d", ["ai"], 1)["slot_taken_by"] == "Compilers"
    assert catalog.why_not("k", ["ai"], 1)["slot_taken_by"] is None
    assert catalog.why_not("a", ["ai"], 1)["slot_taken_by"] is None


def test_an_id_comes_before_a_title() -> None:
    sessions = [{"id": "B", "title": "A"}, {"id": "A", "title": "B"}]
    assert Catalog(sessions).why_not("A", ["x"])["title"] == "B"


def test_all_sources_give_the_same_answer() -> None:
    manifest = {"weights": WEIGHTS, "sessions": CONFERENCE}
    expected = Catalog(manifest).why_not("compilers", ["ai"], 1)
    assert eventkit.why_not(manifest, "compilers", ["ai"], 1) == expected
    assert eventkit.why_not(CONFERENCE, "compilers", ["ai"], 1, weights=WEIGHTS) == expected
    assert eventkit.why_not(Catalog(manifest), "compilers", ["ai"], 1) == expected


@pytest.mark.parametrize(
    ("conditions", "hidden_by"),
    [
        ({"start": "12:00"}, ["start/end"]),
        ({"no_tags": ["rust"]}, ["no_tags"]),
        ({"exclude": ["c"], "any_tags": ["ai"]}, ["any_tags", "exclude"]),
        ({"locations": ["Hall"], "all_tags": ["x"]}, ["locations", "all_tags"]),
    ],
)
def test_the_conditions_that_hide_a_session_are_named(conditions: Any, hidden_by: Any) -> None:
    found = Catalog(CONFERENCE).why_not("c", ["rust"], 3, filter=Filter(**conditions))
    assert (found["rank"], found["shown"], found["hidden_by"]) == (None, False, hidden_by)
    assert found["changes"] == [[{"drop_filter": condition} for condition in hidden_by]]


def test_a_hidden_session_may_need_more_than_the_filter_dropped() -> None:
    catalog = Catalog(CONFERENCE)
    found = catalog.why_not("c", ["ai"], 1, filter=Filter(no_tags=["rust"]))
    drop = {"drop_filter": "no_tags"}
    assert found["changes"] == [[drop, {"raise_weight": "popularity", "to": 5.01}]] or all(
        change[0] == drop and len(change) == 2 for change in found["changes"]
    )
    for change in found["changes"]:
        interests, weights = made(change[1:], ["ai"], WEIGHTS)
        assert is_in(CONFERENCE, "Compilers", interests, weights, 1)


def test_more_conditions_than_steps_leave_no_change() -> None:
    hiding = Filter(start="12:00", locations=["x"], all_tags=["x"], exclude=["c"])
    found = Catalog(CONFERENCE).why_not("c", ["rust"], 3, filter=hiding)
    assert len(found["hidden_by"]) == 4
    assert found["changes"] == []


def test_what_cannot_be_answered_says_so() -> None:
    catalog = Catalog(CONFERENCE)
    assert catalog.why_not("Dinner", ["ai"]) == {"error": "session not found", "title": "Dinner"}
    with pytest.raises(ValueError, match="top is -1"):
        catalog.why_not("c", ["ai"], -1)
    with pytest.raises(TypeError, match="one text"):
        catalog.why_not("c", "ai")
    odd = Catalog([*CONFERENCE, {"title": "Odd", "popularity": float("nan")}])
    with pytest.raises(ValueError, match="cannot be explained"):
        odd.why_not("c", ["ai"])


def test_with_no_places_nothing_brings_a_session_in() -> None:
    found = Catalog(CONFERENCE).why_not("c", ["ai"], 0)
    assert (found["last"], found["gap"], found["changes"]) == (None, None, [])


def test_a_near_interest_is_suggested() -> None:
    found = Catalog(CONFERENCE).why_not("a", ["agent"], 1)
    assert found["unmatched"] == [{"interest": "agent", "nearest": ["agents"]}]
    assert [{"add_interest": "agents"}] in found["changes"]


@pytest.mark.parametrize("popularity", [-1e18, -1e6, -1000.005])
def test_a_weight_far_below_0_is_raised_within_the_weights_that_are_tried(
    popularity: float,
) -> None:
    """Hundredths from so far below would never end: from 2**53 on, adding one changes nothing."""
    sessions = [
        {"title": "shown", "tags": ["ai"], "popularity": 0.1},
        {"title": "asked", "tags": ["ai"], "popularity": 0.9},
    ]
    weights = {"interest": 2.0, "popularity": popularity, "diversity": 0.3}
    answer = eventkit.why_not({"sessions": sessions, "weights": weights}, "asked", ["ai"], 1)
    for [step] in answer["changes"]:
        assert step["raise_weight"] == "popularity"
        raised = {**weights, "popularity": step["to"]}
        best = reference.recommend({"sessions": sessions, "weights": raised}, ["ai"], 1)
        assert best["sessions"][0]["title"] == "asked"
        assert step["to"] == 0.01
    assert answer["changes"]
