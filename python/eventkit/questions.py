"""`plan`, `why_not` and `alternatives` for sessions that are not compiled yet.

Each call compiles the sessions, in time O(sessions + tags). To ask about the same sessions often,
make an `eventkit.Catalog` once, and call its methods or pass it here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from eventkit._native import Filter
from eventkit.busy import Busy
from eventkit.catalog import Catalog
from eventkit.results import Alternatives, Interests, Plan, SessionNotFound, WhyNot

__all__ = ["alternatives", "plan", "why_not"]


def plan(
    source: Any,
    interests: Interests,
    top: int | None = None,
    *,
    gap: float = 0.0,
    weights: Mapping[str, Any] | None = None,
    filter: Filter | None = None,
    must: Iterable[str] = (),
    avoid: Iterable[str] = (),
    busy: Busy = (),
    date: datetime.date | str | None = None,
    zone: str | None = None,
    understand: bool = False,
) -> Plan:
    """Plan the best itinerary of sessions that do not overlap. See `eventkit.Catalog.plan`.

    Args:
        source: A manifest, a list of sessions, or an `eventkit.Catalog`.
        interests: Lower-case interests.
        top: The largest number of sessions; ``None`` for as many as fit.
        gap: The minutes it takes to get from one location to another.
        weights: Weights to score with; those of the source when left out.
        filter: The sessions to choose from.
        must: Ids or titles of sessions that are in the plan.
        avoid: Ids or titles of sessions that are not.
        busy: Times at which no session is planned: pairs, events of Graph, or an .ics file.
        date: The day of a programme whose sessions have times of day only.
        zone: The time zone of the programme, if its sessions name no offset from UTC.
        understand: Rank by what the interests mean, not only by whole tags: see `understand`.

    Example:
        >>> slot = {"tags": ["ai"], "start": "9:00", "end": "10:00"}
        >>> later = {"tags": ["ai"], "start": "13:00", "end": "14:00"}
        >>> sessions = [{"title": "A", **slot}, {"title": "B", **later}]
        >>> found = plan(sessions, ["ai"], busy=[("8:30", "9:30")])
        >>> [session["title"] for session in found["sessions"]], found["left_out"][0]["reason"]
        (['B'], 'busy')
    """
    return _compiled(source, understand).plan(
        interests,
        top,
        gap=gap,
        weights=weights,
        filter=filter,
        must=must,
        avoid=avoid,
        busy=busy,
        date=date,
        zone=zone,
        understand=understand,
    )


def why_not(
    source: Any,
    title: str,
    interests: Interests,
    top: int = 5,
    *,
    weights: Mapping[str, Any] | None = None,
    filter: Filter | None = None,
    understand: bool = False,
) -> WhyNot | SessionNotFound:
    """Say why a session is not among the first ``top``, and which changes would bring it in.

    Args:
        source: A manifest, a list of sessions, or an `eventkit.Catalog`.
        title: The session's id or, if no session has that id, its title in any case.
        interests: Lower-case interests.
        top: How many sessions are recommended.
        weights: Weights to score with; those of the source when left out.
        filter: The filter of the recommendation.
        understand: Ask about `recommend` with ``understand=True``.

    Returns:
        ``"shown"`` (whether it is recommended), ``"rank"`` (from 1; ``None`` if the filter hides
        it), ``"score"``, ``"last"`` (the title of the last session that is recommended) and
        ``"gap"`` (what the score lacks to that session's), ``"hidden_by"`` (the conditions of the
        filter that hide it), ``"slot_taken_by"`` (the best session before it at the same time), and
        ``"changes"``. Each change is a list of steps that, taken together, bring the session in:
        ``{"add_interest": tag}``, ``{"raise_weight": name, "to": value}`` or ``{"drop_filter":
        condition}``. All changes have the same number of steps, up to three, and no change of fewer
        steps would do. A weight is the smallest whole hundredth from -1,000 to 1,000 that does.
        There is at most one change of each kind. ``"unmatched"`` is as in `plan`. If there is no
        such session: ``{"error": "session not found", "title": title}``.

        With ``understand``, ``"terms"`` names the terms of the session's match. A session that
        matches nothing has no terms, and neither rank nor gap, because it is left out. The texts
        that are tried as interests are the first 16 of the session's tags and the words of its
        title. No change of fewer steps with these texts would do.

    Raises:
        TypeError: Interests are one text instead of a list.
        ValueError: ``top`` is negative, or only the reference can score the sessions.

    Example:
        >>> sessions = [
        ...     {"title": "Keynote", "tags": ["ai"], "popularity": 0.95},
        ...     {"title": "Agents", "tags": ["ai", "agents"], "popularity": 0.1},
        ...     {"title": "Compilers", "tags": ["rust"], "popularity": 0.5},
        ... ]
        >>> weights = {"interest": 0.3, "popularity": 0.5, "diversity": 0.3}
        >>> found = why_not(sessions, "agents", ["ai", "agents"], 1, weights=weights)
        >>> found["rank"], found["changes"]
        (2, [[{'raise_weight': 'interest', 'to': 0.43}]])
        >>> why_not(sessions, "compilers", ["ai"], 2)["changes"][0]
        [{'add_interest': 'rust'}]
    """
    return _compiled(source, understand).why_not(
        title, interests, top, weights=weights, filter=filter, understand=understand
    )


def alternatives(
    source: Any,
    title: str,
    interests: Interests,
    top: int | None = None,
    *,
    weights: Mapping[str, Any] | None = None,
    understand: bool = False,
) -> Alternatives | SessionNotFound:
    """Recommend what else runs at the time of a session, best first.

    Args:
        source: A manifest, a list of sessions, or an `eventkit.Catalog`.
        title: As for `why_not`.
        interests: Lower-case interests. Sessions that match none come last, by popularity.
        top: The largest number of sessions; ``None`` for all.
        weights: Weights to score with; those of the source when left out.
        understand: Rank by what the interests mean, not only by whole tags: see `understand`.

    Returns:
        As `eventkit.recommend`: the sessions that overlap this one, without it; with its
        ``"title"``, ``"start"`` and ``"end"``, and ``"unmatched"`` as in `plan`. If there is no
        such session: ``{"error": "session not found", "title": title}``. If it has no time:
        ``{"error": "session has no time", "title": title}``.

    Raises:
        TypeError: Interests are one text instead of a list.
        ValueError: ``top`` is negative, or only the reference can score the sessions.

    Example:
        >>> sessions = [
        ...     {"title": "Lunch", "start": "12:00", "end": "13:00"},
        ...     {"title": "Agents", "tags": ["ai"], "start": "12:30", "end": "13:30"},
        ...     {"title": "Later", "tags": ["ai"], "start": "13:00", "end": "14:00"},
        ... ]
        >>> [row["title"] for row in alternatives(sessions, "lunch", ["ai"])["scoring"]]
        ['Agents']
    """
    return _compiled(source, understand).alternatives(
        title, interests, top, weights=weights, understand=understand
    )


def _compiled(source: Any, understand: bool) -> Catalog:
    if isinstance(source, Catalog):
        return source
    if understand:
        # Imported here, because it reads the aliases. It keeps the catalogues with their words.
        from eventkit.understanding import text_catalog

        return text_catalog(source)
    return Catalog(source)
