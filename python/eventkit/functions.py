"""The public functions: each asks the compiled module first, and the reference when it declines.

The native functions hold the interpreter for the whole call, because they read the caller's mutable
dictionaries and every answer must come from one state of them. A call on 100,000 sessions takes
about 10 ms the first time, 40 ms once, when the list is compiled, and 2 ms from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any

from eventkit import _native, external_cache, reference
from eventkit.manifest import PUBLIC_DIRECTORIES, detached, shared_sessions

__all__ = [
    "build_adaptive_card",
    "build_itinerary_markdown",
    "cache_info",
    "clear_cache",
    "count_conflicts",
    "explain",
    "explain_with",
    "normalize_interests",
    "rank",
    "recommend",
    "recommend_from_graph",
    "recommend_with",
    "score_session",
    "transform_events",
]

Directories = Iterable["str | PathLike[str]"]

build_itinerary_markdown = reference.build_itinerary_markdown
build_adaptive_card = reference.build_adaptive_card
normalize_interests = reference.normalize_interests

_REQUIRED: Any = object()
_CACHE_INFO = ("snapshots", "max_snapshots", "sessions", "bytes", "hits", "misses")


def recommend(
    manifest: Any, interests: Any, top: Any = _REQUIRED, *, top_n: Any = _REQUIRED
) -> dict[str, Any]:
    """Recommend the best sessions of a manifest.

    Args:
        manifest: A mapping with ``sessions`` (a list of mappings with ``title``, ``tags``,
            ``popularity``, ``start``, ``end``) and ``weights``; or with
            ``features.externalSessions``, see `eventkit.get_sessions`.
        interests: Lower-case interests; tags are lowered before the look-up, interests are not.
        top: How many, as the end of a slice: ``None`` for all, negative ones from the end.
        top_n: The same, under the original's name.

    Returns:
        ``{"sessions": [...], "scoring": [...], "conflicts": n}``: the very session objects, best
        first (ties in manifest order); for each its title, score and contributions; and the number
        of (start, end) slots that more than one of them has.

    Raises:
        KeyError: Weights, or a title among the best, are missing.
        TypeError: Something cannot be multiplied, compared or sliced, as the original raises.

    Example:
        >>> manifest = {
        ...     "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
        ...     "sessions": [
        ...         {"title": "Intro", "tags": ["web"], "popularity": 0.9},
        ...         {"title": "Agents", "tags": ["AI", "agents"], "popularity": 0.5},
        ...     ],
        ... }
        >>> answer = recommend(manifest, ["ai", "agents"], 1)
        >>> answer["scoring"][0]["title"], answer["scoring"][0]["contributions"]["interest_match"]
        ('Agents', 4.0)
    """
    if top is _REQUIRED:
        if top_n is _REQUIRED:
            raise TypeError("recommend() missing 1 required positional argument: 'top'")
        top = top_n
    elif top_n is not _REQUIRED:
        raise TypeError("recommend() got both 'top' and 'top_n', which are the same argument")
    answer = _native.recommend(manifest, interests, top)
    if answer is NotImplemented:
        return _recommend_declined(manifest, interests, top, PUBLIC_DIRECTORIES)
    return answer


def recommend_with(
    manifest: Any, interests: Any, top: Any, directories: Directories
) -> dict[str, Any]:
    """Recommend from a manifest whose external file is looked up in the given directories too."""
    answer = _native.recommend(manifest, interests, top)
    if answer is NotImplemented:
        return _recommend_declined(manifest, interests, top, directories)
    return answer


def _recommend_declined(
    manifest: Any, interests: Any, top: Any, directories: Directories
) -> dict[str, Any]:
    """Recommend from a manifest that the native function has declined."""
    weights = manifest["weights"]
    sessions, private = shared_sessions(manifest, directories)
    if _has_seen(manifest, sessions):
        return reference.rank_sessions(sessions, weights, interests, top)
    answer = rank(sessions, weights, interests, top)
    return detached(answer) if private else answer


def _has_seen(manifest: Any, sessions: Any) -> bool:
    """Return true if a native function that takes a manifest has declined these very sessions.

    It looks into dictionaries only, and leaves external sessions to Python. Those are worth
    a second native call.
    """
    return type(manifest) is dict and manifest.get("sessions") is sessions


def rank(sessions: Any, weights: Any, interests: Any, top: Any) -> dict[str, Any]:
    """Recommend from given sessions; see `recommend`."""
    answer = _native.recommend_sessions(sessions, weights, interests, top)
    if answer is NotImplemented:
        return reference.rank_sessions(sessions, weights, interests, top)
    return answer


def explain(
    manifest: Any,
    title: Any = _REQUIRED,
    interests: Any = _REQUIRED,
    *,
    session_title: Any = _REQUIRED,
) -> dict[str, Any]:
    """Explain the score of the first session with this title, in any case.

    Args:
        manifest: As for `recommend`.
        title: The session's title.
        interests: As for `recommend`.
        session_title: The title, under the name that the original's ``core`` gives it.

    Returns:
        ``{"title", "score", "contributions", "matched_tags"}`` with the tags as they are written,
        or ``{"error": "session not found", "title": title}``.

    Raises:
        KeyError: A session before the match has no title, or a weight is missing.
        AttributeError: A title before the match is no string.

    Example:
        >>> manifest = {
        ...     "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
        ...     "sessions": [{"title": "Agents", "tags": ["AI", "agents"], "popularity": 0.5}],
        ... }
        >>> explain(manifest, "agents", ["ai"])["matched_tags"]
        ['AI']
        >>> explain(manifest, "Dinner", ["ai"])
        {'error': 'session not found', 'title': 'Dinner'}
    """
    if title is _REQUIRED:
        title = session_title
    elif session_title is not _REQUIRED:
        raise TypeError("explain() got both 'title' and 'session_title', the same argument")
    if title is _REQUIRED or interests is _REQUIRED:
        name = "title" if title is _REQUIRED else "interests"
        raise TypeError(f"explain() missing 1 required positional argument: {name!r}")
    return explain_with(manifest, title, interests, PUBLIC_DIRECTORIES)


def explain_with(
    manifest: Any, title: Any, interests: Any, directories: Directories
) -> dict[str, Any]:
    """Explain a session of a manifest whose external file is looked up in the given directories."""
    answer = _native.explain(manifest, title, interests)
    if answer is not NotImplemented:
        return answer
    weights = manifest["weights"]
    # No copies: an explanation holds numbers and strings only.
    sessions, _private = shared_sessions(manifest, directories)
    if not _has_seen(manifest, sessions):
        answer = _native.explain_sessions(sessions, weights, title, interests)
        if answer is not NotImplemented:
            return answer
    return reference.explain_sessions(sessions, weights, title, interests)


def score_session(session: Any, interests: Any, weights: Any) -> dict[str, Any]:
    """Score one session.

    Args:
        session: A mapping with ``tags`` and ``popularity`` (both may be missing).
        interests: As for `recommend`.
        weights: ``interest``, ``popularity`` and, unless the score shall have two factors only,
            ``diversity``.

    Returns:
        ``{"session": the very session, "score": number, "contributions": {factor: number}}``.
        The score is ``sum()`` of the contributions: hits x ``interest``, popularity x
        ``popularity``, and (different interests x 0.01) x ``diversity``.

    Raises:
        KeyError: A weight is missing.
        TypeError: Something cannot be multiplied or added.

    Example:
        >>> weights = {"interest": 2.0, "popularity": 0.5}
        >>> score_session({"tags": ["AI", "web"], "popularity": 1.0}, ["ai"], weights)["score"]
        2.5
    """
    answer = _native.score_session(session, interests, weights)
    if answer is NotImplemented:
        return reference.score_session(session, interests, weights)
    return answer


def count_conflicts(sessions: Any) -> int:
    """Count the (start, end) slots that more than one session has.

    Slots, not sessions: three sessions in one slot are one conflict, and sessions without times
    share the slot ``(None, None)``.

    Raises:
        TypeError: A start or end cannot be hashed.

    Example:
        >>> count_conflicts([{"start": "9:00"}, {"start": "9:00"}, {"start": "10:00"}])
        1
    """
    answer = _native.count_conflicts(sessions)
    if answer is NotImplemented:
        return reference.count_conflicts(sessions)
    return answer


def recommend_from_graph(
    graph_service: Any, interests: Any, top: Any, weights: Any = None
) -> dict[str, Any]:
    """Recommend from a calendar: ``graph_service.get_events(top=2 * top)``, ranked.

    Args:
        graph_service: Any object with ``get_events(top=...)`` that returns sessions.
        interests: At least one; lowered and stripped here.
        top: How many, at least 1.
        weights: As in a manifest; the original's defaults (2.0, 0.5, 0.3) when left out.

    Returns:
        As `recommend`, with ``"source": "graph"``, and a ``"message"`` when there are no events.

    Raises:
        ValueError: No interest, or ``top`` is not positive.

    Example:
        >>> class Calendar:
        ...     def get_events(self, top):
        ...         return [{"title": "Standup", "tags": ["team"]}][:top]
        >>> recommend_from_graph(Calendar(), ["Team"], 1)["scoring"][0]["title"]
        'Standup'
    """
    return reference.recommend_from_service(graph_service, interests, top, weights, rank)


def transform_events(events: Any) -> list[dict[str, Any]]:
    """Turn Microsoft Graph events into sessions.

    Args:
        events: The ``value`` of a Graph answer: a list of event objects.

    Returns:
        Sessions with ``id``, ``title``, ``start``, ``end`` (``HH:MM``), ``location``, ``tags`` and
        ``popularity``. Cancelled events and those that cannot be read are left out, as in the
        original.

    Example:
        >>> start, end = {"dateTime": "2026-01-31T09:30:00"}, {"dateTime": "2026-01-31T10:00:00"}
        >>> event = {"id": "1", "subject": "Welcome", "start": start, "end": end}
        >>> transform_events([event])[0]["start"]
        '09:30'
    """
    answer = _native.transform_events(events)
    if answer is NotImplemented:
        return reference.transform_events(events)
    return answer


def clear_cache() -> None:
    """Drop every snapshot of a manifest's sessions, and every parsed external sessions file.

    Snapshots are bounded in number, never keep a session alive and are dropped by themselves when
    their manifest is gone; this gives their memory back at once.

    Example:
        >>> clear_cache()
        >>> cache_info()["snapshots"]
        0
    """
    _native.clear_cache()
    external_cache.clear()


def cache_info() -> dict[str, int]:
    """Return what the snapshots hold.

    Returns:
        ``snapshots`` and ``max_snapshots`` (counts), ``sessions`` (in all of them), ``bytes``
        (beyond the caller's own objects), ``hits`` and ``misses`` (calls on lists long enough).

    Example:
        >>> cache_info()["snapshots"] <= cache_info()["max_snapshots"]
        True
    """
    info = _native.cache_info()
    # Without the compiled module nothing is held.
    return dict.fromkeys(_CACHE_INFO, 0) if info is NotImplemented else info
