"""Types of the results, for editors and type checkers. At run time every result is a plain `dict`.

A score is an ``int`` where all its parts are, else a ``float``; type checkers accept both as
``float``. The sessions in a result are the caller's own objects, so they are not described further.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, SupportsIndex, TypedDict, final

if TYPE_CHECKING:
    from eventkit.understanding import Term, Understood

__all__ = [
    "Alternatives",
    "CalendarRecommendation",
    "Contributions",
    "Explanation",
    "Interests",
    "Itinerary",
    "LeftOut",
    "Plan",
    "Recommendation",
    "ScoredSession",
    "Scoring",
    "SessionNotFound",
    "Share",
    "Step",
    "Top",
    "Unmatched",
    "WhyNot",
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


class Share(TypedDict):
    """How many places of a balanced answer one interest has, and how many sessions match it.

    Example:
        >>> from eventkit import Catalog
        >>> catalog = Catalog([{"title": "Agents", "tags": ["ai"]}])
        >>> share: Share = catalog.recommend(["ai"], 3, balance="interests")["shares"][0]
        >>> share
        {'interest': 'ai', 'sessions': 1, 'places': 1}
    """

    interest: str
    sessions: int
    places: int


class Unmatched(TypedDict):
    """An interest that no session has as a tag, and the tags that are spelt most like it.

    Example:
        >>> from eventkit import Catalog
        >>> catalog = Catalog([{"title": "Agents", "tags": ["agents"]}])
        >>> row: Unmatched = catalog.unmatched(["agent"])[0]
        >>> row
        {'interest': 'agent', 'nearest': ['agents']}
    """

    interest: str
    nearest: list[str]


class _Recommended(TypedDict):
    sessions: list[Any]
    scoring: list[Scoring]
    conflicts: int


class Recommendation(_Recommended, total=False):
    """The result of `eventkit.recommend`: sessions and their scores, best first.

    ``unmatched`` is there with ``balance`` or ``spread``, ``shares`` with ``balance``, and
    ``understood`` with ``understand``.

    Example:
        >>> from eventkit import Catalog
        >>> found: Recommendation = Catalog([{"title": "Agents"}]).recommend(["ai"])
        >>> list(found)
        ['sessions', 'scoring', 'conflicts']
    """

    shares: list[Share]
    unmatched: list[Unmatched]
    understood: list[Understood]


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


class _LeftOut(TypedDict):
    title: str
    score: float
    reason: str


class LeftOut(_LeftOut, total=False):
    """A session that a plan leaves out, and why; see `eventkit.Catalog.plan`.

    Example:
        >>> from eventkit import Catalog
        >>> row: LeftOut = Catalog([{"title": "A", "tags": ["ai"]}]).plan(["ai"])["left_out"][0]
        >>> row["reason"]
        'untimed'
    """

    session: str
    busy: list[str]


class Plan(Recommendation):
    """The result of `eventkit.plan`: sessions that do not overlap, in order of time.

    Example:
        >>> from eventkit import Catalog
        >>> plan: Plan = Catalog([{"title": "Agents", "tags": ["ai"]}]).plan(["ai"])
        >>> plan["total"], plan["untimed"]
        (0.0, 1)
    """

    total: float
    untimed: int
    left_out: list[LeftOut]


class Alternatives(Recommendation):
    """The result of `eventkit.alternatives`: sessions at the time of another one, best first.

    Example:
        >>> from eventkit import Catalog
        >>> catalog = Catalog([{"title": "Lunch", "start": "12:00", "end": "13:00"}])
        >>> found = catalog.alternatives("lunch", ["ai"])
        >>> found["start"] if "error" not in found else None
        '12:00'
    """

    title: str
    start: Any
    end: Any


class Step(TypedDict, total=False):
    """One step of a change that would bring a session in; see `eventkit.why_not`.

    Example:
        >>> step: Step = {"raise_weight": "popularity", "to": 1.25}
        >>> step["to"]
        1.25
    """

    add_interest: str
    raise_weight: str
    to: float
    drop_filter: str


class _WhyNot(TypedDict):
    title: str
    shown: bool
    rank: int | None
    score: float
    gap: float | None
    last: str | None
    slot_taken_by: str | None
    hidden_by: list[str]
    changes: list[list[Step]]
    unmatched: list[Unmatched]


@final
class WhyNot(_WhyNot, total=False):
    """The result of `eventkit.why_not` for a session that exists.

    ``terms`` and ``understood`` are there with ``understand``.

    Example:
        >>> from eventkit import Catalog
        >>> found = Catalog([{"title": "Agents"}]).why_not("agents", ["ai"])
        >>> found["rank"] if "error" not in found else None
        1
    """

    terms: list[Term]
    understood: list[Understood]


class _Explanation(TypedDict):
    title: str
    score: float
    contributions: Contributions
    matched_tags: list[str]


@final
class Explanation(_Explanation, total=False):
    """The result of `eventkit.explain` for a session that exists.

    ``terms`` is there with ``understand``.

    Example:
        >>> from eventkit import Catalog
        >>> found = Catalog([{"title": "Agents", "tags": ["AI"]}]).explain("agents", ["ai"])
        >>> found["matched_tags"] if "error" not in found else None
        ['AI']
    """

    terms: list[Term]


@final
class SessionNotFound(TypedDict):
    """The result of `eventkit.explain` and others for a title that no session has.

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
