"""`Catalog` against the functions: the same answers, types, objects and errors."""

from __future__ import annotations

import json
from collections import OrderedDict
from contextlib import suppress
from datetime import datetime, tzinfo
from random import Random
from typing import Any

import pytest
from hypothesis import given

import catalog_recipes as recipes
import eventkit
import generator
from eventkit import Catalog, functions, reference
from eventkit.exports import calendar
from faults.clean import clean_manifest, clean_session
from faults.compare import attempt, objects_in, written
from faults.oddities import Stage
from faults.recipe import Make, build, is_pure

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in.*:RuntimeWarning")


def recommend(manifest: Any, interests: Any, top: Any) -> Any:
    return Catalog(manifest).recommend(interests, top)


def recommend_with_weights(manifest: Any, interests: Any, top: Any) -> Any:
    if manifest["weights"] is None:
        return reference.rank_sessions(manifest["sessions"], None, interests, top)
    weights = manifest["weights"]
    return Catalog(manifest["sessions"]).recommend(interests, top, weights=weights)


def rank(manifest: Any, interests: Any, top: Any) -> Any:
    return reference.rank_sessions(manifest["sessions"], manifest["weights"], interests, top)


def explain(manifest: Any, title: Any, interests: Any) -> Any:
    return Catalog(manifest).explain(title, interests)


@given(recipes.drawn(recipes.for_recommend))
def test_recommend_is_the_functions(recipe: Any) -> None:
    assert recipes.parted(recommend, reference.recommend, recipe) is None


@given(recipes.drawn(recipes.for_recommend))
def test_the_querys_own_weights_count(recipe: Any) -> None:
    assert recipes.parted(recommend_with_weights, rank, recipe) is None


@given(recipes.drawn(recipes.for_explain))
def test_explain_is_the_functions(recipe: Any) -> None:
    assert recipes.parted(explain, reference.explain, recipe) is None


@given(recipes.drawn(recipes.for_recommend))
def test_asking_again_gives_the_same_and_a_fresh_answer(recipe: Any) -> None:
    if not is_pure(recipe[:2]):
        return
    manifest, interests, top = build(recipe, Stage())
    known = objects_in((manifest, interests))
    try:
        catalog = Catalog(manifest)
        first = catalog.recommend(interests, top)
    except Exception:
        return
    before = written(("ok", first), known)
    first["scoring"].append("mine")
    first["sessions"].clear()
    for row in first["scoring"][:-1]:
        row["contributions"].clear()
    assert written(attempt(catalog.recommend, (interests, top)), known) == before


def named(sessions: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The session meant: the first with this id, or else with this title in any case."""
    by_id = (session for session in sessions if session.get("id") == name)
    by_title = (session for session in sessions if session["title"].lower() == name.lower())
    return next(by_id, None) or next(by_title, None)


@given(recipes.drawn(lambda rng: rng))
def test_score_finds_an_id_first_then_a_title(rng: Random) -> None:
    _, interests = recipes.manifest_and_interests(rng)
    weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    sessions = [clean_session(rng, place) for place in range(rng.randrange(9))]
    for session in sessions:
        if rng.randrange(4) == 0:
            session["title"] = rng.choice(("s1", "S2", "ΑΣ", "\u03b1ς", "\ud800"))
    interests = build(interests, Stage()) if is_pure(interests) else ["ai"]
    catalog = Catalog(sessions, weights=weights)
    for name in (
        "s0",
        "s1",
        "s2",
        "S1",
        "talk 1",
        "KEYNOTE",
        "\u03b1\u03c3",
        "ΑΣ",
        "\ud800",
        "nobody",
    ):
        session = named(sessions, name)
        got = attempt(catalog.score, (name, interests))
        if session is None:
            assert got[0] == "error"
            assert "KeyError" in got[1][0]
            assert ascii(name).strip("'") in got[1][0].replace("\\\\", "\\")
        else:
            known = objects_in((sessions,))
            want = attempt(reference.score_session, (session, interests, weights))
            assert written(got, known) == written(want, known)


@given(recipes.drawn(recipes.for_many))
def test_many_is_each(recipe: Any) -> None:
    if not is_pure(recipe):
        recipe = (clean_manifest(Random(0)), [["ai"], ("web", "ai"), {"ai"}, [1], []], recipe[2])
    manifest, many, top = build(recipe, Stage())
    known = objects_in((manifest,))
    catalog = attempt(Catalog, (manifest,))
    if catalog[0] == "error":
        return

    def each(many: Any, top: Any) -> Any:
        return [catalog[1].recommend(interests, top) for interests in many]

    got = attempt(catalog[1].recommend_many, (many, top))
    assert written(got, known) == written(attempt(each, (many, top)), known)


def test_sources_of_every_kind() -> None:
    sessions = [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}]
    manifest = {"weights": {}, "sessions": sessions}
    for source in (sessions, tuple(sessions), iter(sessions), manifest):
        catalog = Catalog(source)
        assert [session["id"] for session in catalog] == ["a", "b"]
        assert all(mine is yours for mine, yours in zip(catalog, sessions, strict=True))
    assert len(Catalog([])) == 0
    assert Catalog([]).recommend(["ai"], 3) == {"sessions": [], "scoring": [], "conflicts": 0}
    with pytest.raises(KeyError, match="weights"):
        Catalog({"sessions": sessions})


def test_it_is_a_sequence_of_its_sessions() -> None:
    sessions = [{"id": f"s{place}", "title": "T"} for place in range(1_000)]
    catalog = Catalog(sessions)
    assert len(catalog) == 1_000
    assert repr(catalog) == "Catalog(1,000 sessions)"
    assert repr(Catalog(sessions[:1])) == "Catalog(1 session)"
    assert catalog[0] is sessions[0]
    assert catalog[-1] is catalog[999] is sessions[999]
    for position in (1_000, -1_001, 2**62):
        with pytest.raises(IndexError, match="1000"):
            catalog[position]
    assert "s999" in catalog
    assert all(other not in catalog for other in ("s1000", "S1", "", 5, None, [1]))
    assert list(catalog) == sessions


def test_nothing_that_it_gives_changes_it() -> None:
    weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    sessions = [{"id": "a", "title": "A", "tags": ["AI"]}]
    catalog = Catalog(sessions, weights=weights)
    before = repr(catalog.recommend(["ai"], 1))
    weights["interest"] = 9.0
    sessions.append({"id": "b", "title": "B"})
    with suppress(TypeError):
        catalog.weights["interest"] = 9.0
    assert len(catalog) == 1
    assert repr(catalog.recommend(["ai"], 1)) == before
    # Interests of this type are for the reference: another road, the same weights.
    assert repr(catalog.recommend({"ai": 1}.keys(), 1)) == before
    for name in ("weights", "nbytes", "anything"):
        with pytest.raises(AttributeError):
            setattr(catalog, name, 1)


class StoppedClock(datetime):
    """A clock that shows one moment, because a calendar bears the moment at which it was made."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> StoppedClock:
        return cls(2026, 5, 4, 9, tzinfo=tz)


def test_export_is_the_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "datetime", StoppedClock)
    manifest = generator.manifest(50)
    for settings in ({}, {"format": "ics"}, {"top": 3, "escape": True}):
        want = eventkit.export(manifest, ["ai"], **settings)
        assert Catalog(manifest).export(["ai"], **settings) == want
        loaded = Catalog.from_json(json.dumps(manifest).encode())
        assert loaded.export(["ai"], **settings) == want


def test_a_mapping_that_is_no_dict_is_a_session_all_the_same() -> None:
    plain = {"id": "b", "title": "B", "tags": ["AI"], "location": "Hall", "start": "09:00"}
    catalog = Catalog([{"id": "a", "title": "A"}, OrderedDict(plain)])
    assert "b" in catalog
    assert len(catalog.with_sessions(removed=["b"])) == 1
    want = functions.score_session(plain, ["ai"], reference.DEFAULT_WEIGHTS)["score"]
    assert catalog.score("b", ["ai"])["score"] == want


def test_big_numbers_and_missing_titles_find_the_reference() -> None:
    sessions = [{"title": "A", "tags": ["ai"], "popularity": 2**62}, {"tags": ["ai"]}]
    recipe = (sessions, {"interest": 4, "popularity": 3, "diversity": 1}, Make(iter, ["ai"]))
    for top in (0, 1, 2):
        manifest, interests = {"sessions": recipe[0], "weights": recipe[1]}, recipe[2]
        assert recipes.parted(recommend, reference.recommend, (manifest, interests, top)) is None
        assert recipes.parted(recommend, reference.recommend, (manifest, ["ai"], top)) is None
