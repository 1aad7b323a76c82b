"""The specification of a recommendation, in plain Python.

The compiled module must give the answers of this module. Every input for which that is not proven
is computed here. So three things matter here that matter in few other files:

* the order in which the caller's objects are read: it decides which error is raised first;
* the arithmetic, including its order. ``float()`` and ``fsum`` are not used. ``sum`` is the
  interpreter's own, which compensates rounding errors of floats from Python 3.12 on;
* the errors, which are the interpreter's: nothing is checked that the computation itself checks.

The module does not need the compiled one. To score n sessions of t tags for i interests costs
O(n * t * i) if the interests are a list, plus O(n log n) for the stable sort.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

from eventkit.manifest import get_sessions
from eventkit.reference_graph import parse_graph_datetime, transform_event, transform_events
from eventkit.results import (
    CalendarRecommendation,
    Explanation,
    Recommendation,
    ScoredSession,
    Scoring,
    SessionNotFound,
)

__all__ = [
    "DEFAULT_WEIGHTS",
    "build_adaptive_card",
    "build_itinerary_markdown",
    "count_conflicts",
    "explain",
    "explain_sessions",
    "normalize_interests",
    "parse_graph_datetime",
    "rank_sessions",
    "recommend",
    "recommend_from_graph",
    "recommend_from_service",
    "score_session",
    "transform_event",
    "transform_events",
]

Ranker = Callable[[Any, Any, Any, Any], Recommendation]

DEFAULT_WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
"""The weights for events of Graph, which have no manifest."""

# The original's logger has this name: handlers that were set up for it keep working.
_log = logging.getLogger("core")


def score_session(session: Any, interests: Any, weights: Any) -> ScoredSession:
    """Score one session.

    Args:
        session: A mapping with ``tags`` and ``popularity`` (both may be missing).
        interests: Lower-case interests. Tags are lowered before they are compared, interests are
            not.
        weights: ``interest``, ``popularity`` and ``diversity``. Without ``diversity`` the score has
            two contributions only.

    Returns:
        ``{"session": the session itself, "score": number, "contributions": {factor: number}}``.

    Example:
        >>> weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
        >>> score_session({"tags": ["AI", "web"], "popularity": 1}, ["ai"], weights)["score"]
        2.503
    """
    tags = [tag.lower() for tag in session.get("tags", [])]
    hits = sum(1 for tag in tags if tag in interests)
    variety = len(set(interests)) * 0.01
    # Not `in`: a mapping may have a `__missing__`, or nothing but [].
    try:
        diversity_weight = weights["diversity"]
        three_factors = True
    except KeyError:
        three_factors = False
    diversity = variety * diversity_weight if three_factors else 0
    contributions: Any = {
        "interest_match": hits * weights["interest"],
        "popularity": session.get("popularity", 0) * weights["popularity"],
    }
    if three_factors:
        contributions["diversity"] = diversity
    return {
        "session": session,
        "score": sum(contributions.values()),
        "contributions": contributions,
    }


def recommend(manifest: Any, interests: Any, top: Any) -> Recommendation:
    """Recommend the best sessions of a manifest.

    Args:
        manifest: A mapping with ``weights`` and ``sessions``.
        interests: Lower-case interests.
        top: The end of a slice: ``None`` is all, ``-1`` all but the last.

    Returns:
        ``{"sessions": the best sessions, "scoring": title, score and contributions of each,
        "conflicts": the number of time slots that several of them have}``. Equal scores keep the
        order of the manifest.

    Example:
        >>> manifest = {
        ...     "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
        ...     "sessions": [{"title": "Keynote", "tags": []}, {"title": "Agents", "tags": ["AI"]}],
        ... }
        >>> [session["title"] for session in recommend(manifest, ["ai"], 1)["sessions"]]
        ['Agents']
    """
    weights = manifest["weights"]
    return rank_sessions(get_sessions(manifest), weights, interests, top)


def rank_sessions(sessions: Any, weights: Any, interests: Any, top: Any) -> Recommendation:
    """Recommend the best of given sessions. `recommend` does this with those of a manifest.

    Example:
        >>> rank_sessions([], None, ["ai"], 3)
        {'sessions': [], 'scoring': [], 'conflicts': 0}
    """
    # All are scored before `top` is used: the error of a bad session comes before that of `top`.
    scored = [score_session(session, interests, weights) for session in sessions]
    scored.sort(key=lambda row: row["score"], reverse=True)
    chosen = scored[:top]
    selected = [row["session"] for row in chosen]
    conflicts = count_conflicts(selected)
    scoring: list[Scoring] = [
        {
            "title": row["session"]["title"],
            "score": row["score"],
            "contributions": row["contributions"],
        }
        for row in chosen
    ]
    return {"sessions": selected, "scoring": scoring, "conflicts": conflicts}


def explain(manifest: Any, title: Any, interests: Any) -> Explanation | SessionNotFound:
    """Explain the score of a session.

    Args:
        manifest: A mapping with ``weights`` and ``sessions``.
        title: A session's title, in upper or lower case. The first session with it counts.
        interests: Lower-case interests.

    Returns:
        ``{"title", "score", "contributions", "matched_tags"}`` with the tags as in the manifest,
        or ``{"error": "session not found", "title": title}``.

    Example:
        >>> explain({"weights": {}, "sessions": []}, "Agents", ["ai"])
        {'error': 'session not found', 'title': 'Agents'}
    """
    weights = manifest["weights"]
    return explain_sessions(get_sessions(manifest), weights, title, interests)


def explain_sessions(
    sessions: Any, weights: Any, title: Any, interests: Any
) -> Explanation | SessionNotFound:
    """Explain the score of one of the given sessions. `explain` does this with a manifest.

    Example:
        >>> weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
        >>> explain_sessions([{"title": "Agents", "tags": ["AI"]}], weights, "agents", ["ai"])
        ... # doctest: +NORMALIZE_WHITESPACE
        {'title': 'Agents', 'score': 2.003,
         'contributions': {'interest_match': 2.0, 'popularity': 0.0, 'diversity': 0.003},
         'matched_tags': ['AI']}
    """
    found = None
    for session in sessions:
        if session["title"].lower() == title.lower():
            found = session
            break
    # Not `is None`: for the original, a session that is falsy is not found.
    if not found:
        return {"error": "session not found", "title": title}
    scored = score_session(found, interests, weights)
    return {
        "title": found["title"],
        "score": scored["score"],
        "contributions": scored["contributions"],
        "matched_tags": [tag for tag in found.get("tags", []) if tag.lower() in interests],
    }


def count_conflicts(sessions: Any) -> int:
    """Count the time slots (pairs of start and end) that several sessions have.

    Sessions without times share the slot ``(None, None)``.

    Example:
        >>> nine = {"start": "09:00", "end": "10:00"}
        >>> count_conflicts([nine, dict(nine), dict(nine), {"start": "11:00", "end": "12:00"}])
        1
    """
    # Not a `Counter`: from Python 3.14 on, its error for a time that has no hash has another text.
    users: dict[Any, list[Any]] = {}
    for session in sessions:
        users.setdefault((session.get("start"), session.get("end")), []).append(session)
    return sum(1 for together in users.values() if len(together) > 1)


def normalize_interests(raw: str) -> list[str]:
    """Split a text into interests at commas and semicolons; lower them and strip blanks.

    The text is lowered before it is split, because a comma after a Greek sigma decides how the
    sigma is lowered.

    Example:
        >>> normalize_interests(" AI ; Web,, agents ")
        ['ai', 'web', 'agents']
    """
    pieces = raw.replace(";", ",").lower().split(",")
    return [piece.strip() for piece in pieces if piece.strip()]


def build_itinerary_markdown(interests: Any, recommendation: Any) -> str:
    """Write an itinerary as Markdown: the original's bytes, so nothing is escaped.

    Args:
        interests: The interests that the sessions were recommended for.
        recommendation: The result of `recommend`. Only ``sessions`` is read.

    Example:
        >>> print(build_itinerary_markdown(["ai"], {"sessions": [{"title": "Agents"}]}))
        # Event Itinerary
        <BLANKLINE>
        **Recommended for:** ai
        <BLANKLINE>
        ## Agents
        <BLANKLINE>
        Time: ? - ? | Location: ?
        <BLANKLINE>
    """
    pieces = ["# Event Itinerary\n", f"**Recommended for:** {', '.join(interests)}\n"]
    for session in recommendation.get("sessions", []):
        title = session.get("title", "Unknown Session")
        start, end = session.get("start", "?"), session.get("end", "?")
        location = session.get("location", "?")
        pieces.append(f"## {title}\n")
        slot = f"Time: {start} - {end} | Location: {location}\n"
        tags = session.get("tags", [])
        pieces.append(f"{slot}Tags: {', '.join(tags)}\n" if tags else slot)
    return "\n".join(pieces)


def build_adaptive_card(sessions: Any) -> dict[str, Any]:
    """Build an Adaptive Card of sessions, with a button for the explanation of each.

    Example:
        >>> card = build_adaptive_card([{"title": "Agents", "start": "09:00", "end": "10:00"}])
        >>> card["body"][1]["items"][1]["text"], card["actions"][0]["title"]
        ('09:00 - 10:00 @ ?', 'Explain #1')
    """
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "text": "Event Recommendations", "weight": "Bolder", "size": "Medium"}
    ]
    actions: list[dict[str, Any]] = []
    for place, session in enumerate(sessions, 1):
        body.append(_card_entry(place, session))
        actions.append(_card_action(place, session))
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": body,
        "actions": actions,
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    }


def _card_entry(place: int, session: Any) -> dict[str, Any]:
    heading = f"{place}. {session['title']}"
    start, end = session.get("start", "?"), session.get("end", "?")
    slot = f"{start} - {end} @ {session.get('location', '?')}"
    return {
        "type": "Container",
        "items": [
            {"type": "TextBlock", "text": heading, "weight": "Bolder"},
            {"type": "TextBlock", "text": slot, "isSubtle": True, "spacing": "None"},
        ],
    }


def _card_action(place: int, session: Any) -> dict[str, Any]:
    return {
        "type": "Action.Submit",
        "title": f"Explain #{place}",
        "data": {
            "action": "explainSession",
            "sessionTitle": session["title"],
            "start": session.get("start"),
            "end": session.get("end"),
            "room": session.get("location"),
        },
    }


def recommend_from_graph(
    graph_service: Any, interests: Any, top: Any, weights: Any = None
) -> CalendarRecommendation:
    """Recommend the best events of a Microsoft Graph calendar.

    The arguments are checked first. Then one call fetches twice as many events as are wanted.

    Args:
        graph_service: An object with ``get_events(top=...)`` that returns sessions.
        interests: At least one. They are lowered, and blanks around them are removed.
        top: How many events, at least 1.
        weights: As in a manifest; `DEFAULT_WEIGHTS` when left out.

    Returns:
        As `recommend`, with ``"source": "graph"``, and a ``"message"`` if the calendar is empty.

    Raises:
        ValueError: There are no interests, or ``top`` is not positive.

    Example:
        >>> class Calendar:
        ...     def get_events(self, top):
        ...         return []
        >>> recommend_from_graph(Calendar(), ["ai"], 3)["message"]
        'No events found in calendar'
    """
    return recommend_from_service(graph_service, interests, top, weights, rank_sessions)


def recommend_from_service(
    graph_service: Any, interests: Any, top: Any, weights: Any, rank: Ranker
) -> CalendarRecommendation:
    """Do the work of `recommend_from_graph`, with a function that ranks like `rank_sessions`."""
    if not interests:
        raise ValueError("At least one interest is required")
    if top <= 0:
        raise ValueError("top must be a positive integer")
    if weights is None:
        weights = dict(DEFAULT_WEIGHTS)
    try:
        wanted = [interest.strip().lower() for interest in interests if interest.strip()]
        sessions = graph_service.get_events(top=top * 2)
        if not sessions:
            return {
                "sessions": [],
                "scoring": [],
                "conflicts": 0,
                "source": "graph",
                "message": "No events found in calendar",
            }
        _log.info("ranking %d events of a Graph calendar", len(sessions))
        found: Any = {**rank(sessions, weights, wanted, top), "source": "graph"}
        return cast("CalendarRecommendation", found)
    except Exception:
        _log.exception("cannot recommend from Graph")
        raise
