"""The public functions, each with its opponent: the same function of `eventkit.reference`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import eventkit
from eventkit import functions, reference
from faults import generate


class Road(NamedTuple):
    """A function to prove, its specification, and where its arguments come from.

    ``texts`` says whether the very texts of the caller have to come back, or only equal ones.
    """

    name: str
    fast: Callable[..., Any]
    reference: Callable[..., Any]
    arguments: Callable[[Random], tuple[Any, ...]]
    texts: bool = True


def _reference_export(manifest: Any, interests: Any, top: Any) -> dict[str, Any]:
    recommendation = reference.recommend(manifest, interests, top)
    markdown = reference.build_itinerary_markdown(interests, recommendation)
    return {"markdown": markdown, "sessionCount": len(recommendation["sessions"])}


ROADS = {
    road.name: road
    for road in (
        Road("recommend", eventkit.recommend, reference.recommend, generate.for_recommend),
        Road("explain", eventkit.explain, reference.explain, generate.for_explain),
        Road("score_session", eventkit.score_session, reference.score_session, generate.for_score),
        Road(
            "count_conflicts",
            eventkit.count_conflicts,
            reference.count_conflicts,
            generate.for_conflicts,
        ),
        Road(
            "normalize_interests",
            eventkit.normalize_interests,
            reference.normalize_interests,
            generate.for_normalize,
            texts=False,
        ),
        Road(
            "build_itinerary_markdown",
            eventkit.build_itinerary_markdown,
            reference.build_itinerary_markdown,
            generate.for_markdown,
            texts=False,
        ),
        Road(
            "build_adaptive_card",
            eventkit.build_adaptive_card,
            reference.build_adaptive_card,
            generate.for_card,
        ),
        Road(
            "recommend_from_graph",
            eventkit.recommend_from_graph,
            reference.recommend_from_graph,
            generate.for_graph,
        ),
        Road(
            "transform_events",
            functions.transform_events,
            reference.transform_events,
            generate.for_events,
            texts=False,
        ),
        Road("export", eventkit.export, _reference_export, generate.for_export, texts=False),
    )
}
