"""Every public function against `eventkit.reference`: values, types, objects, errors, side effects.

300 examples a property by default; EVENTKIT_HYPOTHESIS=parity runs 5,000.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

import eventkit
import strategies
from conftest import faults_scale
from eventkit import reference
from eventkit.compat import agent, core, graph_service
from faults import clean, edits, series, spoil
from faults.oddities import Stage
from faults.oracle import difference
from faults.recipe import build
from faults.roads import ROADS

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in.*:RuntimeWarning")

STRATEGIES = {
    "recommend": strategies.recommend_arguments,
    "explain": strategies.explain_arguments,
    "score_session": strategies.score_arguments,
    "count_conflicts": strategies.conflict_arguments,
    "normalize_interests": strategies.normalize_arguments,
    "build_itinerary_markdown": strategies.markdown_arguments,
    "build_adaptive_card": strategies.card_arguments,
    "recommend_from_graph": strategies.graph_arguments,
    "transform_events": strategies.event_arguments,
    "export": strategies.export_arguments,
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The Graph road logs each failure with its traceback, as the original does."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_road_has_a_strategy() -> None:
    assert list(STRATEGIES) == list(ROADS)


@pytest.mark.parametrize("name", STRATEGIES)
def test_function_and_reference_agree(name: str) -> None:
    road = ROADS[name]

    @given(STRATEGIES[name])
    def agree(recipe: tuple[Any, ...]) -> None:
        assert difference(road.fast, road.reference, recipe, texts=road.texts) is None

    agree()


COMPAT = {
    "agent.recommend": (agent.recommend, reference.recommend, "recommend"),
    "agent.explain": (agent.explain, reference.explain, "explain"),
    "agent.score_session": (agent.score_session, reference.score_session, "score_session"),
    "agent._count_conflicts": (
        agent._count_conflicts,
        reference.count_conflicts,
        "count_conflicts",
    ),
    "agent._normalize_interests": (
        agent._normalize_interests,
        reference.normalize_interests,
        "normalize_interests",
    ),
    "agent._build_itinerary_markdown": (
        agent._build_itinerary_markdown,
        reference.build_itinerary_markdown,
        "build_itinerary_markdown",
    ),
    "agent._build_adaptive_card": (
        agent._build_adaptive_card,
        reference.build_adaptive_card,
        "build_adaptive_card",
    ),
    "core.recommend": (core.recommend, reference.recommend, "recommend"),
    "core.explain": (core.explain, reference.explain, "explain"),
    "core.recommend_from_graph": (
        core.recommend_from_graph,
        reference.recommend_from_graph,
        "recommend_from_graph",
    ),
}


@pytest.mark.parametrize("name", COMPAT)
def test_the_original_names_agree(name: str) -> None:
    fast, slow, road = COMPAT[name]

    @given(STRATEGIES[road])
    @settings(max_examples=settings().max_examples // 3)
    def agree(recipe: tuple[Any, ...]) -> None:
        assert difference(fast, slow, recipe, texts=ROADS[road].texts) is None

    agree()


@given(strategies.event_arguments)
def test_graph_service_transforms_as_the_reference(recipe: tuple[Any, ...]) -> None:
    service = graph_service.GraphEventService(None, None)
    transform = service._transform_events
    assert difference(transform, reference.transform_events, recipe, texts=False) is None


@given(strategies.recommend_arguments)
def test_answers_are_fresh(recipe: tuple[Any, ...]) -> None:
    arguments = build(recipe, Stage())
    try:
        first, second = eventkit.recommend(*arguments), eventkit.recommend(*arguments)
    except Exception:
        return
    assert first is not second
    for key in ("sessions", "scoring"):
        assert first[key] is not second[key]
    for mine, yours in zip(first["scoring"], second["scoring"], strict=False):
        assert mine is not yours
        assert mine["contributions"] is not yours["contributions"]


@pytest.mark.parametrize("size", [5, 33, 200])
def test_changing_an_answer_changes_no_later_one(size: int) -> None:
    bench = edits.Workbench(Random(size), size)
    manifest = bench.manifest
    want = repr(reference.recommend(manifest, ["ai"], 5))
    for _ in range(4):
        answer = eventkit.recommend(manifest, ["ai"], 5)
        assert repr(answer) == want
        answer["scoring"][0]["contributions"]["interest_match"] = "mine"
        answer["scoring"].clear()
        answer["sessions"].clear()


@given(st.randoms(use_true_random=False), st.sampled_from([40, 100]))
@settings(max_examples=settings().max_examples // 5)
def test_big_lists_with_one_odd_thing(rng: Random, size: int) -> None:
    recipe = clean.clean_manifest(rng, (6,))
    base = recipe["sessions"]
    many = [
        {**base[place % 6], "title": f"Talk {place}"}
        if type(base[place % 6]) is dict
        else base[place % 6]
        for place in range(size)
    ]
    manifest: Any = {**recipe, "sessions": many}
    manifest = spoil.spoil_manifest(rng, manifest) if rng.randrange(2) else manifest
    arguments = (manifest, ["ai", "web", "rust"], 5)

    def twice(*args: Any) -> Any:
        eventkit.recommend(*args)
        return eventkit.recommend(*args)

    def twice_slowly(*args: Any) -> Any:
        reference.recommend(*args)
        return reference.recommend(*args)

    assert difference(twice, twice_slowly, arguments) is None


class EditsAndCalls(RuleBasedStateMachine):
    """A manifest under every edit of the table, asked after each of them.

    The native road keeps what it compiled of a list of sessions between calls. Whatever is done to
    that
    list, to a session in it, or to a list of tags, the next answer has to be the reference's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bench: edits.Workbench

    @initialize(seed=st.integers(0, 2**20), size=st.sampled_from([1, 5, 31, 32, 33, 64, 100, 200]))
    def begin(self, seed: int, size: int) -> None:
        self.bench = edits.Workbench(Random(seed), size)
        self.ask(Random(seed))
        self.ask(Random(seed))

    @rule(name=st.sampled_from(sorted(edits.EDITS)), rng=st.randoms(use_true_random=True))
    def edit(self, name: str, rng: Random) -> None:
        edits.EDITS[name](rng, self.bench)
        self.ask(rng)

    @rule(rng=st.randoms(use_true_random=True))
    def only_ask(self, rng: Random) -> None:
        self.ask(rng)

    @rule()
    def mend(self) -> None:
        edits.mend(self.bench)

    @rule()
    def clear_cache(self) -> None:
        eventkit.clear_cache()

    @precondition(lambda self: len(self.bench.sessions) > 300)
    @rule()
    def shorten(self) -> None:
        del self.bench.sessions[100:]

    def ask(self, rng: Random) -> None:
        for call in series.calls(rng, self.bench):
            assert series.parted(self.bench, call) is None


def test_edits_between_calls() -> None:

    run_state_machine_as_test(
        EditsAndCalls,
        settings=settings(
            max_examples=faults_scale(25, 20_000),
            stateful_step_count=faults_scale(50, 100),
            suppress_health_check=list(HealthCheck),
        ),
    )
