"""The result cache, and a hash for callers who keep their own."""

from __future__ import annotations

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalog_recipes as recipes
import generator
from eventkit import Catalog, Filter, manifest_hash
from faults.compare import attempt, typed
from faults.oddities import Stage
from faults.recipe import build, is_pure

SESSIONS = generator.manifest(50)["sessions"]


class Clock:
    """Time as a test has it pass."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_without_a_cache_nothing_is_counted() -> None:
    catalog = Catalog(SESSIONS)
    catalog.recommend(["ai"], 1)
    stats = catalog.stats()
    assert [stats[name] for name in ("hits", "misses", "evictions", "hit_rate")] == [0, 0, 0, 0.0]


@given(recipes.drawn(recipes.for_recommend))
@pytest.mark.slow
def test_a_cached_answer_is_the_answer(recipe: Any) -> None:
    if not is_pure(recipe[:2]):
        return
    manifest, interests, top = build(recipe, Stage())
    plain, cached = attempt(Catalog, (manifest,)), attempt(_cached, (manifest,))
    assert plain[0] == cached[0]
    if plain[0] == "error":
        return
    for _ in range(3):
        want = attempt(plain[1].recommend, (interests, top))
        got = attempt(cached[1].recommend, (interests, top))
        assert typed(got) == typed(want)
        if got[0] == "ok":
            # What a caller does to an answer reaches nobody else.
            got[1]["scoring"].append(1)
            got[1]["sessions"].append(1)
            for row in got[1]["scoring"][:-1]:
                row["contributions"]["interest_match"] = "mine"
        got = attempt(cached[1].recommend_json, (interests, top))
        assert typed(got) == typed(attempt(plain[1].recommend_json, (interests, top)))


def _cached(manifest: Any) -> Catalog:
    return Catalog(manifest, cache_size=8, cache_ttl=300)


@pytest.mark.slow
def test_questions_that_differ_are_kept_apart() -> None:
    catalog, plain = Catalog(SESSIONS, cache_size=128), Catalog(SESSIONS)
    tags = SESSIONS[0]["tags"]
    questions: list[Any] = []
    for interests in ([], tags, tags[:1], tags[::-1], [*tags, "x"], ["".join(tags)], [tags[0], ""]):
        for top in (1, 1.0, True, 2, None, -1, 0, "1"):
            for weights in (
                None,
                {"interest": 1, "popularity": 1},
                {"interest": 1.0, "popularity": 1},
                {"interest": 1, "popularity": 1, "diversity": 0},
                {"interest": 1, "popularity": 1, "diversity": -0.0},
            ):
                questions.append((interests, top, weights))
    chosen = Filter(no_tags=tags[:1])
    for _ in range(2):
        for interests, top, weights in questions:
            for filter_ in (None, chosen):
                got, want = (
                    attempt(
                        lambda i, t, it=it, w=weights, f=filter_: it.recommend(
                            i, t, weights=w, filter=f
                        ),
                        (interests, top),
                    )
                    for it in (catalog, plain)
                )
                assert typed(got) == typed(want)


def test_hits_misses_and_evictions() -> None:
    catalog = Catalog(SESSIONS, cache_size=2, cache_ttl=300, clock=Clock())
    for interest in ("a", "b", "a", "c", "b", "b"):
        catalog.recommend([interest], 1)
    # a, b; a again; c makes b go; b makes a go; b again.
    stats = catalog.stats()
    assert (stats["hits"], stats["misses"], stats["evictions"]) == (2, 4, 2)
    assert stats["hit_rate"] == pytest.approx(2 / 6)


def test_an_answer_grows_old() -> None:
    clock = Clock()
    catalog = Catalog(SESSIONS, cache_size=2, cache_ttl=10, clock=clock)
    for now, hits in ((1_000.0, 0), (1_009.9, 1), (1_010.0, 1), (1_019.0, 2), (1_030.0, 2)):
        clock.now = now
        catalog.recommend(["a"], 1)
        assert catalog.stats()["hits"] == hits


@pytest.mark.parametrize(
    "settings",
    [{"cache_size": -1}, {"cache_size": "2"}, {"cache_ttl": -1.0}, {"cache_ttl": float("nan")}],
)
def test_what_is_no_cache_is_refused(settings: Any) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        Catalog(SESSIONS, **{"cache_size": 1, **settings})


def test_a_clock_that_raises_is_heard() -> None:
    def broken() -> float:
        raise ArithmeticError("no time")

    with pytest.raises(ArithmeticError, match="no time"):
        Catalog(SESSIONS, cache_size=1, clock=broken).recommend(["a"], 1)


def test_threads_share_a_cache() -> None:
    catalog, plain = Catalog(SESSIONS, cache_size=3), Catalog(SESSIONS)
    questions = [tags for session in SESSIONS[:8] for tags in [session["tags"]]]
    want = [repr(plain.recommend(question, 3)) for question in questions]

    def ask(number: int) -> bool:
        return all(
            repr(catalog.recommend(questions[place % 8], 3)) == want[place % 8]
            for place in range(number, number + 400)
        )

    with ThreadPoolExecutor(10) as pool:
        assert all(pool.map(ask, range(10)))
    stats = catalog.stats()
    assert stats["hits"] + stats["misses"] == 4_000


VALUES = st.recursive(
    st.sampled_from(
        [None, True, False, 0, 1, -1, 0.0, -0.0, 1.0, "", "1", "a", "1;", "d1;", 10**40]
    )
    | st.text(max_size=3)
    | st.integers()
    | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["a", "b", "", 1, "1", None]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES, VALUES)
@settings(max_examples=150)
def test_a_hash_tells_apart_what_differs(first: Any, second: Any) -> None:
    assert manifest_hash(first) == manifest_hash(copy.deepcopy(first))
    assert (manifest_hash(first) == manifest_hash(second)) is (typed(first) == typed(second))
    assert len(manifest_hash(first)) == 64


@given(recipes.drawn(lambda rng: rng))
def test_any_edit_of_a_manifest_changes_its_hash(rng: Random) -> None:
    manifest = json.loads(json.dumps(generator.manifest(3)))
    before = manifest_hash(manifest)
    session = manifest["sessions"][rng.randrange(3)]
    edits = (
        lambda: session.update(popularity=session["popularity"] + 1),
        lambda: session["tags"].append("x"),
        lambda: session["tags"].reverse(),
        lambda: session.update(tags=tuple(session["tags"])),
        lambda: session.update({"title": session.pop("title")}),
        lambda: manifest["sessions"].reverse(),
        lambda: manifest["weights"].update(interest=2),
        lambda: manifest.update(extra=None),
        lambda: manifest.pop("name"),
        lambda: session.update(location=session["location"] + "\ud800"),
    )
    rng.choice(edits)()
    assert manifest_hash(manifest) != before


def test_a_hash_is_stable_and_refuses_what_json_cannot_hold() -> None:
    assert manifest_hash(generator.manifest(2)) == manifest_hash(generator.manifest(2))
    for odd in ({1, 2}, object(), b"x", 1j, {"a": [{"b": {1}}]}):
        with pytest.raises(TypeError, match="expected what JSON can hold"):
            manifest_hash(odd)
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises((RecursionError, ValueError)):
        manifest_hash(cycle)
