"""The answers of `recommend_many`: equal to single ones, and no two share what can change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from eventkit import Catalog

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}

SESSIONS: list[dict[str, Any]] = [
    {"title": "Plain", "tags": ["ai", "web"], "start": "09:00", "end": "10:00", "popularity": 0.5},
    {"title": "Same slot", "tags": ["ai"], "start": "09:00", "end": "10:00", "popularity": 3},
    {"title": "Nested", "tags": ["web"], "extra": {"links": ["a", {"b": [1, None]}]}},
    {"title": "Lists in a list", "tags": ["web"], "rooms": [["A"], []]},
    {"title": ["no", "text"], "tags": ["data"], "popularity": True},
    {"title": "Mittag", "tags": ["data"], "start": "zw\u00f6lf", "end": "eins"},
    {"title": "Numbers", "tags": ["data"], "start": 9, "end": 10.5},
    {"title": "Equal numbers", "tags": ["data"], "start": 9.0, "end": 10.5},
    {"title": "Without tags"},
]
ASKED = [["ai", "web"], ["data"], ["web"], ["ai", "ai"], [], ("data", "web"), {"ai"}, ["missing"]]


def made(how: str, sessions: list[dict[str, Any]]) -> Catalog:
    """Return a catalogue of the objects themselves, or of text that the engine holds."""
    if how == "objects":
        return Catalog({"sessions": sessions, "weights": WEIGHTS})
    held = [it for it in sessions if isinstance(it["title"], str)]
    catalog = Catalog.from_json(json.dumps({"sessions": held, "weights": WEIGHTS}).encode())
    assert catalog[0] is not catalog[0], "the engine holds the text"
    return catalog


def containers(value: Any) -> Iterator[Any]:
    """Yield every dict and list of a value."""
    if isinstance(value, (dict, list)):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


@pytest.mark.parametrize("how", ["objects", "text"])
@pytest.mark.parametrize("top", [1, 3, 5, None])
def test_many_answers_are_equal_and_share_nothing_that_changes(how: str, top: int | None) -> None:
    catalog = made(how, SESSIONS)
    many = ASKED * 10
    answers = catalog.recommend_many(many, top)
    assert repr(answers) == repr([catalog.recommend(interests, top) for interests in many])
    if how == "objects":
        for answer in answers:
            assert all(any(it is own for own in SESSIONS) for it in answer["sessions"])
            answer["sessions"] = [{} for _ in answer["sessions"]]
            for line in answer["scoring"]:
                line["title"] = str(line["title"])
    held = [id(it) for answer in answers for it in containers(answer)]
    assert len(held) == len(set(held))


@pytest.mark.parametrize("how", ["objects", "text"])
def test_more_sessions_than_are_remembered(how: str) -> None:
    """Entries replace one another inside an answer, and time slots are forgotten between two."""
    sessions = [
        {"title": f"{i}", "tags": ["ai"], "start": f"{i % 8_200}", "end": "x", "popularity": i % 7}
        for i in range(8_300)
    ]
    catalog = made(how, sessions)
    want = repr(catalog.recommend(["ai"], None))
    assert "'conflicts': 100}" in want
    for answer in catalog.recommend_many([["ai"]] * 2, None):
        assert repr(answer) == want


def test_a_change_between_two_calls_is_seen() -> None:
    sessions = [dict(it) for it in SESSIONS[:2]]
    catalog = Catalog({"sessions": sessions, "weights": WEIGHTS})
    for title, start in (("One", "09:00"), ("Two", "09:30")):
        sessions[0].update(title=title, start=start)
        got = catalog.recommend_many([["ai", "web"]] * 20, 2)
        assert got == [catalog.recommend(["ai", "web"], 2)] * 20
        assert got[0]["scoring"][0]["title"] == title


def test_a_change_by_code_that_runs_during_the_call_is_seen() -> None:
    sessions = [{"title": "A", "tags": ["ai"]}]

    class Renaming(list[str]):
        def __iter__(self) -> Iterator[str]:
            sessions[0]["title"] = "B"
            return super().__iter__()

    answers = Catalog(sessions).recommend_many([["ai"], Renaming(["ai"]), ["ai"]], 1)
    assert [answer["scoring"][0]["title"] for answer in answers] == ["A", "B", "B"]
