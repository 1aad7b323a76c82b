"""Types of the results, for editors and type checkers. At run time every result is a plain `dict`.

A score is an ``int`` where all its parts are, else a ``float``; type checkers accept both as
``float``. The sessions in a result are the caller's own objects, so they are not described further.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, SupportsIndex, TypedDict, final

__all__ = [
    "CalendarRecommendation",
    "Contributions",
    "Explanation",
    "Interests",
    "Itinerary",
    "Plan",
    "Recommendation",
    "ScoredSession",
    "Scoring",
    "SessionNotFound",
    "Top",
]

Interests = Iterable[str]
"""A list of texts. One text alone is an iterable too, but `eventkit.Catalog` refuses it."""

Top = SupportsIndex | None
"""How many sessions, as the end of a slice: ``None`` is all."""


class _TwoContributions(TypedDict):
    interest_match: float
    popularity: float


class Contributions(_TwoContributions, total=False):
    """The parts of a score. Weights without ``diversity`` give no ``diversity``.

    Example:
        >>> parts: Contributions = {"interest_match": 2.0, "popularity": 0.25, "diversity": 0.003}
        >>> sum(parts.values())
        2.253
    """

    diversity: float


class Scoring(TypedDict):
    """The score of one recommended session.

    Example:
        >>> from eventkit import Catalog
        >>> row: Scoring = Catalog([{"title": "Agents"}]).recommend(["ai"])["scoring"][0]
        >>> row["title"]
        'Agents'
    """

    title: str
    score: float
    contributions: Contributions


class ScoredSession(TypedDict):
    """The result of `eventkit.score_session`.

    Example:
        >>> from eventkit import Catalog
        >>> scored: ScoredSession = Catalog([{"title": "Agents"}]).score("Agents", ["ai"])
        >>> scored["contributions"]["interest_match"]
        0.0
    """

    session: Any
    score: float
    contributions: Contributions


class Recommendation(TypedDict):
    """The result of `eventkit.recommend`: sessions and their scores, best first.

    Example:
        >>> from eventkit import Catalog
        >>> found: Recommendation = Catalog([{"title": "Agents"}]).recommend(["ai"])
        >>> list(found)
        ['sessions', 'scoring', 'conflicts']
    """

    sessions: list[Any]
    scoring: list[Scoring]
    conflicts: int


class CalendarRecommendation(Recommendation, total=False):
    """The result of `eventkit.recommend_from_graph`. A message explains why there are no sessions.

    Example:
        >>> found: CalendarRecommendation = {
        ...     "sessions": [], "scoring": [], "conflicts": 0, "source": "graph"
        ... }
        >>> found["source"]
        'graph'
    """

    source: str
    message: str


class Plan(Recommendation):
    """The result of `eventkit.Catalog.plan`: sessions that do not overlap, in order of time.

    Example:
        >>> from eventkit import Catalog
        >>> plan: Plan = Catalog([{"title": "Agents", "tags": ["ai"]}]).plan(["ai"])
        >>> plan["total"], plan["untimed"]
        (0.0, 1)
    """

    total: float
    untimed: int


@final
class Explanation(TypedDict):
    """The result of `eventkit.explain` for a session that exists.

    Example:
        >>> from eventkit import Catalog
        >>> found = Catalog([{"title": "Agents", "tags": ["AI"]}]).explain("agents", ["ai"])
        >>> found["matched_tags"] if "error" not in found else None
        ['AI']
    """

    title: str
    score: float
    contributions: Contributions
    matched_tags: list[str]


@final
class SessionNotFound(TypedDict):
    """The result of `eventkit.explain` for a title that no session has.

    Example:
        >>> from eventkit import Catalog
        >>> found = Catalog([{"title": "Agents"}]).explain("Dinner", ["ai"])
        >>> found["error"] if "error" in found else None
        'session not found'
    """

    error: str
    title: str


class _CountedItinerary(TypedDict):
    sessionCount: int


class Itinerary(_CountedItinerary, total=False):
    """The result of `eventkit.export`. It has one of the keys ``markdown`` to ``card``.

    Example:
        >>> from eventkit import Catalog
        >>> found: Itinerary = Catalog([{"title": "Agents"}]).export(["ai"])
        >>> found["markdown"].splitlines()[0]
        '# Event Itinerary'
    """

    markdown: str
    ics: str
    html: str
    json: Recommendation
    card: dict[str, Any]
    csv: str
    skipped: list[str]
    saved: str
