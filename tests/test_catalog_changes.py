"""Catalogues made of others: a shared one answers as one that is built anew."""

from __future__ import annotations

import json
import multiprocessing
import pickle
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

import catalog_recipes as recipes
import generator
from budgets import ratio
from catalog_child import digest
from eventkit import Catalog, Filter
from faults.compare import attempt, objects_in, typed, written

WEIGHTS = generator.WEIGHTS
CHOSEN = Filter(any_tags=["ai", "web"], no_tags=["rust"], exclude=["s1"])


def same_answers(got: Catalog, want: Catalog, rng: Random, known: Any = None) -> None:
    """Ask both the same; with `known` objects, they must give the very same ones."""
    for _ in range(2):
        interests, top = recipes.clean_interests(rng), recipes.clean_top(rng)
        weights = recipes.clean_weights(rng)
        for ask in (
            lambda it, i=interests, t=top: it.recommend(i, t),
            lambda it, i=interests, t=top, w=weights: it.recommend(i, t, weights=w),
            lambda it, i=interests, t=top: it.recommend_json(i, t),
            lambda it, i=interests, t=top: it.recommend_many([i] * 17, t),
            lambda it, i=interests, t=top: it.recommend(i, t, filter=CHOSEN),
            lambda it, i=interests: it.explain("TALK 1", i),
            lambda it, i=interests: it.score("s2", i),
            lambda it, i=interests: [table.tolist() for table in it.rank_many([i, []], 4)],
            lambda it, i=interests: it.plan(i, 3),
        ):
            first, second = attempt(ask, (got,)), attempt(ask, (want,))
            assert written(first, known or {}) == written(second, known or {})


def check(changed: Catalog, model: list[Any], rng: Random, known: Any = None) -> None:
    assert len(changed) == len(model)
    if known:
        assert all(mine is yours for mine, yours in zip(changed, model, strict=True))
    else:
        assert typed(list(changed)) == typed(model)
    ids = {session.get("id") for session in model}
    for name in ("s0", "s1", "s5", "s20", "nobody"):
        assert (name in changed) is (name in ids)
    if model:
        place = rng.randrange(len(model))
        assert typed(changed[place]) == typed(model[place])
        assert typed(changed[place - len(model)]) == typed(model[place])
    with pytest.raises(IndexError):
        changed[len(model)]
    same_answers(changed, Catalog(model, weights=changed.weights), rng, known)


@given(recipes.drawn(lambda rng: rng))
@settings(max_examples=100)
@pytest.mark.slow
def test_a_chain_of_changes_is_a_new_catalogue(rng: Random) -> None:
    weights = recipes.clean_weights(rng)
    model = recipes.plain_sessions(rng, rng.choice((0, 1, 5, 70)))
    number = len(model)
    native = rng.randrange(2) == 0 and all("extra" not in session for session in model)
    held: list[Any] = [model]
    changed = Catalog(model, weights=weights)
    if native:
        changed = Catalog.from_json(json.dumps(model).encode(), weights=weights)
    for _ in range(rng.randrange(1, 9)):
        before = (changed, list(model))
        added = recipes.plain_sessions(rng, rng.choice((0, 1, 1, 2, 9)), number)
        number += len(added)
        ids = [session["id"] for session in model]
        removed = rng.sample(ids, min(len(ids), rng.choice((0, 0, 1, 2, 5, 68))))
        changed = changed.with_sessions(added, removed)
        model = [session for session in model if session["id"] not in removed] + added
        held.append(added)
        known = None if native else objects_in(tuple(held), texts=False)
        check(changed, model, rng, known)
        assert typed(list(before[0])) == typed(before[1])


def test_an_id_goes_with_all_that_have_it_and_is_found_again_when_added() -> None:
    sessions = [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}, {"id": "a", "title": "C"}]
    catalog = Catalog(sessions)
    without = catalog.with_sessions(removed=["a"])
    assert [session["title"] for session in without] == ["B"]
    assert "a" not in without
    again = without.with_sessions([{"id": "a", "title": "D"}])
    assert [session["title"] for session in again] == ["B", "D"]
    assert "a" in again
    swapped = catalog.with_sessions([{"id": "b", "title": "E"}], removed=["b"])
    assert [session["title"] for session in swapped] == ["A", "C", "E"]
    assert swapped.score("b", [])["session"]["title"] == "E"
    empty = catalog.with_sessions(removed=["a", "b"])
    assert len(empty) == 0
    assert empty.recommend(["ai"], 3)["sessions"] == []
    assert [session["title"] for session in empty.with_sessions(iter(sessions))] == ["A", "B", "C"]
    for missing in (["c"], ["a", "c"], ["c", "a"], [""]):
        with pytest.raises(KeyError, match="no session has the id"):
            catalog.with_sessions(removed=missing)
    with pytest.raises(TypeError):
        catalog.with_sessions(removed=[5])
    assert len(catalog) == 3


def test_a_thousand_single_additions_stay_few_parts() -> None:
    made = generator.manifest(1_300)["sessions"]
    catalog = Catalog(made[:300], weights=WEIGHTS)
    for session in made[300:]:
        catalog = catalog.with_sessions([session])
    whole = Catalog(made, weights=WEIGHTS)
    assert list(catalog) == made
    for seed in range(20):
        interests = generator.interests(5, seed)
        assert repr(catalog.recommend(interests, 40)) == repr(whole.recommend(interests, 40))
    # Shared names and tables are held once for each part.
    assert catalog.nbytes < 4 * whole.nbytes
    assert ratio(lambda: ask(whole), lambda: ask(catalog), most=20) <= 20


def ask(catalog: Catalog) -> Any:
    return catalog.recommend(["agents basics", "art basics"], 5)


@pytest.mark.slow
def test_a_change_costs_what_changes() -> None:
    """A ratio of one process, an order of magnitude beside what is measured."""
    sessions = generator.manifest(50_000)["sessions"]
    more = [{"id": "new", "title": "New", "tags": ["agents basics"]}]
    removed = ["s000001", "s049999"]
    assert sessions[1]["id"] == removed[0]
    text = json.dumps(sessions).encode()
    for build in (lambda: Catalog(sessions), lambda: Catalog.from_json(text)):
        catalog = build()
        for change in ({"added": more}, {"removed": removed}):
            changing = partial(catalog.with_sessions, **change)
            assert ratio(build, changing, most=1 / 20, fewest=2) <= 1 / 20
        changed = catalog.with_sessions(more, removed)
        assert changed.nbytes < 1.05 * catalog.nbytes
        assert ratio(partial(ask, catalog), partial(ask, changed), most=20) <= 20


@pytest.mark.parametrize("native", [False, True])
def test_a_pickle_is_the_same_catalogue(native: bool) -> None:
    manifest = generator.manifest(200)
    catalog = Catalog.from_json(json.dumps(manifest).encode()) if native else Catalog(manifest)
    changed = catalog.with_sessions([{"id": "new", "title": "É"}], removed=["s000003"])
    for it in (catalog, changed, Catalog([]), Catalog([{"title": "a", "tags": {1}}])):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            copy = pickle.loads(pickle.dumps(it, protocol))
            assert type(copy) is Catalog
            assert typed(list(copy)) == typed(list(it))
            assert typed(copy.weights) == typed(it.weights)
    same_answers(pickle.loads(pickle.dumps(changed)), changed, Random(3))
    copy = pickle.loads(pickle.dumps(catalog))
    assert copy.export(["agents basics"]) == catalog.export(["agents basics"])


class Named(Catalog):
    """A subclass of a caller's."""


def test_a_subclass_stays_one() -> None:
    named = Named([{"id": "a", "title": "A"}])
    assert type(named.with_sessions([{"title": "B"}])) is Named
    assert type(pickle.loads(pickle.dumps(named))) is Named
    assert type(Named.from_json(b"[]")) is Named
    assert repr(named) == "Named(1 session)"


def test_a_child_process_gives_the_same_answers() -> None:
    catalogs = [
        Catalog(generator.manifest(300)),
        Catalog.from_json(json.dumps(generator.manifest(300)).encode()),
    ]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        answers = pool.map_async(digest, catalogs).get(timeout=60)
    assert answers == [digest(catalog) for catalog in catalogs]
    assert answers[0] == answers[1]
