"""The original's module ``core``: the agent's functions with its parameter names, and Graph's."""

from __future__ import annotations

from typing import Any

from eventkit import functions
from eventkit.compat import agent
from eventkit.results import (
    CalendarRecommendation,
    Explanation,
    Recommendation,
    SessionNotFound,
)

__all__ = ["explain", "recommend", "recommend_from_graph"]


def recommend(manifest: Any, interests: Any, top: Any) -> Recommendation:
    """Recommend the best sessions of a manifest."""
    return agent.recommend(manifest, interests, top)


def explain(manifest: Any, session_title: Any, interests: Any) -> Explanation | SessionNotFound:
    """Explain the score of a session."""
    return agent.explain(manifest, session_title, interests)


def recommend_from_graph(
    graph_service: Any, interests: Any, top: Any, weights: Any = None
) -> CalendarRecommendation:
    """Recommend the best events of a Microsoft Graph calendar."""
    return functions.recommend_from_graph(graph_service, interests, top, weights)
