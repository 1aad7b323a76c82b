"""The public functions. They call the compiled module, and the reference for what it declines.

The compiled functions hold the interpreter for the whole call, because they read the caller's
mutable dictionaries: every answer comes from one state of them. A call on 100,000 sessions takes
about 10 ms the first time, 40 ms once, when the list is compiled, and 2 ms from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from types import NotImplementedType
from typing import Any, Literal

from eventkit import _native, external_cache, reference
from eventkit._warning import warn_of_text
from eventkit.external_cache import load_external
from eventkit.manifest import PUBLIC_DIRECTORIES, Places, detached, shared_sessions
from eventkit.results import (
    CalendarRecommendation,
    Explanation,
    Interests,
    Recommendation,
    ScoredSession,
    SessionNotFound,
    Top,
)

__all__ = [
    "build_adaptive_card",
    "build_itinerary_markdown",
    "cache_info",
    "clear_cache",
    "count_conflicts",
    "explain",
    "explain_external",
    "explain_with",
    "normalize_interests",
    "rank",
    "recommend",
    "recommend_external",
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
_CACHE_INFO = ("snapshots", "max_snapshots", "sessions", "bytes", "hits", "misses", "enabled")


def recommend(
    manifest: Mapping[str, Any],
    interests: Interests,
    top: Top = _REQUIRED,
    *,
    top_n: Top = _REQUIRED,
    balance: Literal["interests"] | None = None,
    spread: str | Sequence[str] | None = None,
    understand: bool = False,
    embed: Any = None,
) -> Recommendation:
    """Recommend the best sessions of a manifest.

    Args:
        manifest: A mapping with ``sessions`` (a list of mappings with ``title``, ``tags``,
            ``popularity``, ``start``, ``end``) and ``weights``; or with
            ``features.externalSessions``, see `eventkit.get_sessions`.
        interests: Lower-case interests. Tags are lowered before they are compared, interests are
            not. One text instead of a list gives the original's answer, and an `InputWarning`.
        top: How many sessions, as the end of a slice: ``None`` for all; a negative number leaves
            out as many at the end.
        top_n: The same argument under the original's name.
        balance: ``"interests"`` shares the places among the interests that sessions match, as the
            guide *Balance* states. Sessions that match none are left out, and of sessions with the
            same title only the best is considered. `None` gives the original's answer.
        spread: The name of a field, or several: shares the places among its values. ``"day"`` is
            the date of the start, ``"room"`` is the room or else the location, and any other name
            is a key of the sessions, such as ``"track"``. Several names share the places of each
            value of the first among the values of the second, and so on. With ``balance``, each
            interest's places are shared.
        understand: Match what the interests mean, not only whole tags: see `eventkit.understand`.
            Sessions that match none of them are left out, and ``understood`` tells what each
            interest matched.
        embed: With ``understand``: a function that returns a vector for each of a list of texts.
            Sessions that are near in meaning then follow those that match.

    Returns:
        ``{"sessions": [...], "scoring": [...], "conflicts": n}``: the manifest's own session
        objects, best first (equal scores in the order of the manifest); for each its title, score
        and contributions; and the number of (start, end) slots that several of them have. With
        ``balance`` also ``"shares"``: for each interest how many different sessions match it, and
        how many places it has. With ``balance`` or ``spread`` also ``"unmatched"``: the interests
        that no session has as a tag, each with the tags that are spelt most like it.

    Raises:
        KeyError: The weights, or the title of a recommended session, are missing.
        TypeError: A value cannot be multiplied, compared or used as the end of a slice.
        ValueError: ``balance`` has no meaning, or only the reference can score what is to be
            balanced.

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
    if understand:
        from eventkit.understanding import text_catalog

        return text_catalog(manifest).recommend(
            interests, top, balance=balance, spread=spread, understand=True, embed=embed
        )
    if embed is not None:
        raise TypeError("embed needs understand=True")
    if balance is not None or spread is not None:
        from eventkit.catalog import Catalog

        return Catalog(manifest).recommend(interests, top, balance=balance, spread=spread)
    answer = _native.recommend(manifest, interests, top)
    if answer is NotImplemented:
        return _recommend_declined(manifest, interests, top, PUBLIC_DIRECTORIES)
    return answer


def recommend_with(
    manifest: Any, interests: Any, top: Any, directories: Directories
) -> Recommendation:
    """Recommend from a manifest, and look for its external file in the given directories too."""
    answer = _native.recommend(manifest, interests, top)
    if answer is NotImplemented:
        return _recommend_declined(manifest, interests, top, directories)
    return answer


def _recommend_declined(
    manifest: Any, interests: Any, top: Any, directories: Directories
) -> Recommendation:
    """Recommend from a manifest that the native function has declined."""
    answer: Recommendation | NotImplementedType
    answer = recommend_external(manifest, interests, top, directories)
    if answer is not NotImplemented:
        return answer
    warn_of_text(interests)
    weights = manifest["weights"]
    sessions, copy = shared_sessions(manifest, directories)
    if _has_seen(manifest, sessions):
        return reference.rank_sessions(sessions, weights, interests, top)
    answer = rank(sessions, weights, interests, top)
    return detached(answer, copy) if copy else answer


def recommend_external(manifest: Any, interests: Any, top: Any, directories: Directories) -> Any:
    """Recommend from a manifest that asks for an external file, or return ``NotImplemented``."""
    located = _locate(manifest, directories)
    if located is None:
        return NotImplemented
    sessions, copy = located
    answer = _native.recommend_sessions(sessions, manifest.get("weights"), interests, top)
    return answer if answer is NotImplemented or not copy else detached(answer, copy)


def _locate(
    manifest: Any, directories: Directories
) -> tuple[Any, Callable[[Any], Any] | None] | None:
    """Return the sessions of a manifest that asks for an external file, and a function that copies.

    ``None`` where the manifest does not ask for one, and where only `shared_sessions` or the
    original knows what happens: odd settings, odd names, files that cannot be read.
    """
    if not isinstance(directories, Places):
        return None
    try:
        place = _native.external_place(manifest, directories.names())
        if place is None or place is NotImplemented:
            return None
        external = load_external(place) if place else None
    except Exception:
        return None
    if external is not None and external.sessions:
        return external.sessions, external.copy_session if external.private else None
    return manifest.get("sessions"), None


def _has_seen(manifest: Any, sessions: Any) -> bool:
    """Return true if a native function that takes a manifest has declined these very sessions.

    It looks into dictionaries only, and leaves external sessions to Python. Those are worth
    a second native call.
    """
    return type(manifest) is dict and manifest.get("sessions") is sessions


def rank(sessions: Any, weights: Any, interests: Any, top: Any) -> Recommendation:
    """Recommend from a list of sessions. See `recommend`."""
    answer = _native.recommend_sessions(sessions, weights, interests, top)
    if answer is NotImplemented:
        return reference.rank_sessions(sessions, weights, interests, top)
    return answer


def explain(
    manifest: Mapping[str, Any],
    title: str = _REQUIRED,
    interests: Interests = _REQUIRED,
    *,
    session_title: str = _REQUIRED,
    understand: bool = False,
) -> Explanation | SessionNotFound:
    """Explain the score of the first session with this title.

    Args:
        manifest: As for `recommend`.
        title: The session's title, in upper or lower case.
        interests: As for `recommend`.
        session_title: The title under the name that the original's module ``core`` gives it.
        understand: As for `recommend`. The answer then names each term of the match, with its
            weight, in ``terms``.

    Returns:
        ``{"title", "score", "contributions", "matched_tags"}`` with the tags as in the manifest,
        or ``{"error": "session not found", "title": title}``.

    Raises:
        KeyError: A session before the match has no title, or a weight is missing.
        AttributeError: The title of a session before the match is not a string.

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
    if understand:
        from eventkit.understanding import text_catalog

        return text_catalog(manifest).explain(title, interests, understand=True)
    return explain_with(manifest, title, interests, PUBLIC_DIRECTORIES)


def explain_with(
    manifest: Any, title: Any, interests: Any, directories: Directories
) -> Explanation | SessionNotFound:
    """Explain a session, and look for an external file in the given directories too."""
    answer: Explanation | SessionNotFound | NotImplementedType
    answer = _native.explain(manifest, title, interests)
    if answer is NotImplemented:
        answer = explain_external(manifest, title, interests, directories)
    if answer is not NotImplemented:
        return answer
    warn_of_text(interests)
    weights = manifest["weights"]
    # No copies are needed: an explanation holds numbers and strings only.
    sessions, _copy = shared_sessions(manifest, directories)
    if not _has_seen(manifest, sessions):
        answer = _native.explain_sessions(sessions, weights, title, interests)
        if answer is not NotImplemented:
            return answer
    return reference.explain_sessions(sessions, weights, title, interests)


def explain_external(manifest: Any, title: Any, interests: Any, directories: Directories) -> Any:
    """Explain from a manifest that asks for an external file, or return ``NotImplemented``."""
    located = _locate(manifest, directories)
    if located is None:
        return NotImplemented
    return _native.explain_sessions(located[0], manifest.get("weights"), title, interests)


def score_session(
    session: Mapping[str, Any], interests: Interests, weights: Mapping[str, Any]
) -> ScoredSession:
    """Score one session.

    Args:
        session: A mapping with ``tags`` and ``popularity`` (both may be missing).
        interests: As for `recommend`.
        weights: ``interest``, ``popularity`` and ``diversity``. Without ``diversity`` the score
            has two contributions only.

    Returns:
        ``{"session": the session itself, "score": number, "contributions": {factor: number}}``.
        The score is the ``sum()`` of the contributions: matching tags x ``interest``, popularity x
        ``popularity``, and (different interests x 0.01) x ``diversity``.

    Raises:
        KeyError: A weight is missing.
        TypeError: A value cannot be multiplied or added.

    Example:
        >>> weights = {"interest": 2.0, "popularity": 0.5}
        >>> score_session({"tags": ["AI", "web"], "popularity": 1.0}, ["ai"], weights)["score"]
        2.5
    """
    answer = _native.score_session(session, interests, weights)
    if answer is NotImplemented:
        warn_of_text(interests)
        return reference.score_session(session, interests, weights)
    return answer


def count_conflicts(sessions: Iterable[Mapping[str, Any]]) -> int:
    """Count the (start, end) slots that several sessions have.

    Three sessions in one slot are one conflict. Sessions without times share the slot
    ``(None, None)``.

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
    graph_service: Any, interests: Interests, top: int, weights: Mapping[str, Any] | None = None
) -> CalendarRecommendation:
    """Recommend events of a calendar: ranks ``graph_service.get_events(top=2 * top)``.

    Args:
        graph_service: Any object with ``get_events(top=...)`` that returns sessions.
        interests: At least one. They are lowered, and blanks around them are removed.
        top: How many sessions, at least 1.
        weights: As in a manifest; the original's defaults (2.0, 0.5, 0.3) when left out.

    Returns:
        As `recommend`, with ``"source": "graph"``, and a ``"message"`` if there are no events.

    Raises:
        ValueError: There is no interest, or ``top`` is not positive.

    Example:
        >>> class Calendar:
        ...     def get_events(self, top):
        ...         return [{"title": "Standup", "tags": ["team"]}][:top]
        >>> recommend_from_graph(Calendar(), ["Team"], 1)["scoring"][0]["title"]
        'Standup'
    """
    warn_of_text(interests)
    return reference.recommend_from_service(graph_service, interests, top, weights, rank)


def transform_events(events: Any) -> list[dict[str, Any]]:
    """Turn Microsoft Graph events into sessions.

    Args:
        events: The ``value`` of a response of Graph: a list of event objects.

    Returns:
        Sessions with ``id``, ``title``, ``start``, ``end`` (``HH:MM``), ``location``, ``tags`` and
        ``popularity``. As in the original, cancelled events and events that cannot be read are
        left out.

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
    """Drop all snapshots of sessions and all parsed external sessions files.

    This is needed only to free their memory at once. The number of snapshots is limited, they do
    not keep sessions alive, and they are dropped some time after their manifest is gone.

    Example:
        >>> clear_cache()
        >>> cache_info()["snapshots"]
        0
    """
    _native.clear_cache()
    external_cache.clear()


def cache_info() -> dict[str, int]:
    """Return figures about the snapshots of sessions.

    Returns:
        ``snapshots`` and ``max_snapshots`` (counts), ``sessions`` (in all snapshots), ``bytes``
        (without the caller's own objects), ``hits`` and ``misses`` (calls with lists that are long
        enough for a snapshot), and ``enabled``: 1, or 0 if this interpreter gives no proof that a
        list is unchanged, so that every list is scanned. On Python 3.14 and later a proof needs
        one of the interpreter's eight dict watchers, which other packages may have taken.

    Example:
        >>> cache_info()["snapshots"] <= cache_info()["max_snapshots"]
        True
    """
    info = _native.cache_info()
    # Without the compiled module nothing is held.
    return dict.fromkeys(_CACHE_INFO, 0) if info is NotImplemented else info
