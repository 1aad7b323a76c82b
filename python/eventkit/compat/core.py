"""The original's module ``core``: the agent's functions under its parameter names, and Graph's."""

from __future__ import annotations

from typing import Any

from eventkit import functions
from eventkit.compat import agent

__all__ = ["explain", "recommend", "recommend_from_graph"]


def recommend(manifest: Any, interests: Any, top: Any) -> dict[str, Any]:
    """Rank the sessions of a manifest for somebody's interests."""
    return agent.recommend(manifest, interests, top)


def explain(manifest: Any, session_title: Any, interests: Any) -> dict[str, Any]:
    """Say why a session scores as it does."""
    return agent.explain(manifest, session_title, interests)


def recommend_from_graph(
    graph_service: Any, interests: Any, top: Any, weights: Any = None
) -> dict[str, Any]:
    """Rank the events of somebody's Microsoft Graph calendar."""
    return functions.recommend_from_graph(graph_service, interests, top, weights)
