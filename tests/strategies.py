"""Hypothesis strategies: recipes of arguments for every public function.

A drawn recipe is built as often as a test wants; see `faults.recipe`. The generators are the seeded
fuzzer's, on a ``Random`` whose choices Hypothesis records and shrinks.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

from faults import generate

Arguments = tuple[Any, ...]


def _from(generator: Callable[[Random], Arguments]) -> st.SearchStrategy[Arguments]:
    return st.randoms(use_true_random=False).map(generator)


recommend_arguments = _from(generate.for_recommend)
explain_arguments = _from(generate.for_explain)
score_arguments = _from(generate.for_score)
conflict_arguments = _from(generate.for_conflicts)
normalize_arguments = _from(generate.for_normalize)
markdown_arguments = _from(generate.for_markdown)
card_arguments = _from(generate.for_card)
graph_arguments = _from(generate.for_graph)
event_arguments = _from(generate.for_events)
export_arguments = _from(generate.for_export)
