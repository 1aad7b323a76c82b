"""`CachedGraphEventService`, the cache in front of a calendar.

Compiled code decides which entries are kept, who loads and who waits (`src/engine/calendar/cache`).
The modules `eventkit.graph.loading` and `eventkit.graph.single_flight` load events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from eventkit import _native, reference
from eventkit.graph.loading import Loader
from eventkit.graph.single_flight import SingleFlight, Window, bounds
from eventkit.results import CalendarRecommendation

__all__ = ["CachedGraphEventService", "LastResult", "UserCalendar"]


class LastResult(NamedTuple):
    """The source of a thread's last answer.

    Attributes:
        source: ``"fresh"`` (fetched for this call, or for one that it waited for), ``"hit"``,
            ``"stale"`` (a refresh is running), ``"stale_if_error"`` or ``"store"``.
        age: The seconds since the events were fetched.
        error: The error because of which they are stale, if the service fails.
    """

    source: str
    age: float
    error: BaseException | None


class CachedGraphEventService(SingleFlight):
    """A cache in front of any object with ``get_events(top=...)``.

    Threads, asyncio tasks and event loops that request the same events share one fetch. Each caller
    gets its own copy of the events. Recommendations use events that stay compiled. With the
    defaults, the cache has a plain time to live: an entry expires when its age reaches
    ``cache_ttl``.

    The service is called with ``user_id`` if it accepts one. If it does not, a warning says that
    all users share one calendar. If the service raises an exception, every waiter gets an exception
    of the same type with the same arguments and attributes and its own traceback, and nothing is
    kept. If the leader of a load is interrupted or cancelled, one of the waiters takes over.

    Args:
        service: The service to wrap.
        cache_ttl: The time to live, in seconds.
        stale_ttl: For this number of seconds after the time to live, stale events are returned at
            once while one of two background threads fetches new ones.
        stale_if_error: For this number of seconds after ``cache_ttl``, stale events are returned if
            a fetch fails. An error whose ``transient`` is false (for example, a permission was
            withdrawn) is raised in any case.
        max_entries: The largest number of entries; the longest unused one makes room.
        max_bytes: The largest number of bytes of events.
        jitter: Shortens the time to live of each entry at random, by up to this fraction, so that
            entries do not expire together.
        wait_timeout: The most seconds to wait for another caller's fetch. The default is three
            times the deadline of a `GraphService` call. ``None`` means no limit, even if the event
            loop of the other caller was stopped and never continues.
        clock: Returns monotonic seconds; the system's clock when left out. Waiting always uses the
            system's clock. It is meant for tests: compiled code calls it, and before Python 3.14 no
            daemon thread may be inside such a call when the interpreter ends.
        weights: Weights of `recommend` and `explain`; the original's defaults when left out.
        delta: If true, refreshes by ``service.refresh_events(state, top=..., user_id=...)``.
        store: A second tier that other processes share: ``get_or_load(key, ttl, load)``.
        cool_down: The seconds without another fetch after one failed, while there are stale events
            to return. An error with ``retry_after`` closes its mailbox for that time in any case.

    Raises:
        TypeError: ``delta`` is set, and the service does not offer it.
        ValueError: A time is negative, or the jitter is not in 0..1.

    Example:
        >>> class Calendar:
        ...     orders_by_start = True
        ...     def get_events(self, top, user_id):
        ...         return [{"title": "Standup", "tags": ["Team"]}][:top]
        >>> cached = CachedGraphEventService(Calendar(), cache_ttl=300)
        >>> cached.get_events("ann@example.com")
        [{'title': 'Standup', 'tags': ['Team']}]
        >>> cached.recommend("ann@example.com", ["team"], 1)["sessions"][0]["title"]
        'Standup'
        >>> cached.stats()["loads"], cached.last_result.source
        (1, 'hit')
    """

    def __new__(
        cls,
        service: Any,
        cache_ttl: float = 300,
        *,
        stale_ttl: float = 0,
        stale_if_error: float = 0,
        max_entries: int = 4096,
        max_bytes: int = 64 << 20,
        jitter: float = 0.0,
        wait_timeout: float | None = 30.0,
        clock: Callable[[], float] | None = None,
        weights: Any = None,
        delta: bool = False,
        store: Any = None,
        cool_down: float = 60,
    ) -> CachedGraphEventService:
        """Inspect the service. Nothing is fetched yet."""
        loader = Loader(service, cache_ttl, delta, store)
        weights = dict(reference.DEFAULT_WEIGHTS) if weights is None else weights
        weights = dict(weights) if type(weights) is dict else weights
        base = _native.GraphCacheBase.__new__(
            cls,
            cache_ttl,
            stale_ttl,
            stale_if_error,
            cool_down,
            jitter,
            max_entries,
            max_bytes,
            2,
            getattr(service, "orders_by_start", False) is True,
            delta,
            not loader.takes_user,
            weights,
            clock,
        )
        cached = cast("CachedGraphEventService", base)
        cached._loader = loader
        cached._weights = weights
        cached._wait_timeout = wait_timeout
        return cached

    @property
    def service(self) -> Any:
        """The wrapped service."""
        return self._loader.service

    def get_events(self, user_id: str | None, top: int = 10) -> list[dict[str, Any]]:
        """Return copies of a user's events, for this caller alone.

        Args:
            user_id: The user; ``None`` for the service's default calendar.
            top: The largest number of events, at least 1.

        Raises:
            CacheTimeoutError: Another caller's fetch took longer than ``wait_timeout``.
            CacheRecursionError: The service keeps requesting the events that it is fetching.

        Example:
            >>> class Calendar:
            ...     def get_events(self, top, user_id):
            ...         return [{"title": user_id}]
            >>> CachedGraphEventService(Calendar()).get_events("ann")
            [{'title': 'ann'}]
        """
        found = self._look_up(user_id, top, None, None, False)
        if found.__class__ is list:
            return cast("list[dict[str, Any]]", found)
        return cast("list[dict[str, Any]]", self._settle(found, user_id, None, top, False))

    async def aget_events(self, user_id: str | None, top: int = 10) -> list[dict[str, Any]]:
        """Return a user's events without blocking the event loop: see `get_events`.

        It fetches by the service's ``aget_events``, or by its ``get_events`` in a thread. Tasks of
        any number of loops, and threads, wait for one fetch together.

        Example:
            >>> import asyncio
            >>> class Calendar:
            ...     async def aget_events(self, top, user_id):
            ...         return [{"title": user_id}]
            ...     def get_events(self, top, user_id): ...
            >>> asyncio.run(CachedGraphEventService(Calendar()).aget_events("ann"))
            [{'title': 'ann'}]
        """
        return await self._aget(user_id, None, top)

    def recommend(
        self, user_id: str | None, interests: Any, top: int, *, weights: Any = None
    ) -> CalendarRecommendation:
        """Recommend from a user's calendar. The answer equals `eventkit.recommend_from_graph`.

        The events stay compiled as long as their entry. The sessions of the answer are copies for
        this caller alone.

        Args:
            user_id: The user.
            interests: At least one. They are lowered and stripped here.
            top: The number of sessions, at least 1. Twice as many events are fetched.
            weights: Weights for this answer instead of the cache's.

        Raises:
            ValueError: There is no interest, or ``top`` is not positive.

        Example:
            >>> class Calendar:
            ...     def get_events(self, top, user_id):
            ...         return [{"title": "Standup", "tags": ["Team"]}]
            >>> cached = CachedGraphEventService(Calendar())
            >>> cached.recommend("ann", ["team "], 1)["scoring"][0]["contributions"]
            {'interest_match': 2.0, 'popularity': 0.0, 'diversity': 0.003}
        """
        weights = self._weights if weights is None else weights
        calendar = _SharedCalendar(self, user_id)
        return reference.recommend_from_service(calendar, interests, top, weights, _rank)

    def explain(
        self,
        user_id: str | None,
        title: Any,
        interests: Any,
        *,
        top: int = 50,
        weights: Any = None,
    ) -> dict[str, Any]:
        """Explain the score of the first of a user's events with this title.

        Args:
            user_id: The user.
            title: The title, in any case.
            interests: At least one. They are lowered and stripped, as in `recommend`.
            top: The number of events to search.
            weights: Weights for this answer instead of the cache's.

        Returns:
            As `eventkit.explain`.

        Example:
            >>> class Calendar:
            ...     def get_events(self, top, user_id):
            ...         return [{"title": "Standup", "tags": ["Team"]}]
            >>> cached = CachedGraphEventService(Calendar())
            >>> cached.explain("ann", "standup", ["team"])["matched_tags"]
            ['Team']
        """
        if not interests:
            raise ValueError("At least one interest is required")
        wanted = [interest.strip().lower() for interest in interests if interest.strip()]
        weights = self._weights if weights is None else weights
        return cast("dict[str, Any]", self._shared(user_id, top).explain(title, wanted, weights))

    def for_user(self, user_id: str | None) -> UserCalendar:
        """Return one user's calendar, for code that expects a service.

        Example:
            >>> import eventkit
            >>> class Calendar:
            ...     def get_events(self, top, user_id):
            ...         return [{"title": "Standup", "tags": ["Team"]}]
            >>> ann = CachedGraphEventService(Calendar()).for_user("ann")
            >>> eventkit.recommend_from_graph(ann, ["team"], 1)["scoring"][0]["title"]
            'Standup'
        """
        return UserCalendar(self, user_id)

    def invalidate(self, user_id: str | None) -> None:
        """Forget a user's events, also those that are being fetched, here and in the second tier.

        Callers that wait already get the events that are being fetched, but these are not kept.

        Example:
            >>> class Calendar:
            ...     def get_events(self, top, user_id):
            ...         return []
            >>> cached = CachedGraphEventService(Calendar())
            >>> _ = cached.get_events("ann")
            >>> cached.invalidate("ann")
            >>> cached.stats()["entries"]
            0
        """
        self._forget(user_id)
        if self._loader.store is not None:
            self._loader.store.invalidate(self._loader.prefix(user_id))

    def clear_cache(self) -> None:
        """Forget the events of all users: see `invalidate`.

        Example:
            >>> class Calendar:
            ...     def get_events(self, top, user_id):
            ...         return []
            >>> CachedGraphEventService(Calendar()).clear_cache()
        """
        self._clear()
        if self._loader.store is not None:
            self._loader.store.invalidate(self._loader.prefix())

    @property
    def last_result(self) -> LastResult | None:
        """Return the source of this thread's last answer; ``None`` before the first one.

        It is kept for each thread. A task must read it before its next ``await``.
        """
        last = self._last()
        return None if last is None else LastResult(*last)

    def _shared(self, user_id: str | None, top: int) -> Any:
        found = self._look_up(user_id, top, None, None, True)
        if found.__class__ is _native.SharedEvents:
            return found
        return self._settle(found, user_id, None, top, True)

    def _get(self, user_id: str | None, window: Window | None, top: int) -> list[dict[str, Any]]:
        found = self._look_up(user_id, top, *bounds(window), False)
        return cast("list[dict[str, Any]]", self._settle(found, user_id, window, top, False))

    async def _aget(
        self, user_id: str | None, window: Window | None, top: int
    ) -> list[dict[str, Any]]:
        found = self._look_up(user_id, top, *bounds(window), False)
        if found is None:
            found = await self._afetch(user_id, window, top)
        return cast("list[dict[str, Any]]", self._settle(found, user_id, window, top, False))


class UserCalendar:
    """One user's calendar behind a cache: see `CachedGraphEventService.for_user`."""

    __slots__ = ("_cached", "_user_id")

    def __init__(self, cached: CachedGraphEventService, user_id: str | None) -> None:
        """Keep the cache and the user."""
        self._cached = cached
        self._user_id = user_id

    @property
    def orders_by_start(self) -> bool:
        """True if the service behind the cache orders its events by their start."""
        return getattr(self._cached.service, "orders_by_start", False) is True

    def get_events(
        self, start_time: Any = None, end_time: Any = None, top: int = 50
    ) -> list[dict[str, Any]]:
        """Return the events of exactly this window.

        Args:
            start_time: A datetime, or a str; the service's own window when left out.
            end_time: As ``start_time``.
            top: The largest number of events, at least 1.
        """
        return self._cached._get(self._user_id, _window(start_time, end_time), top)

    async def aget_events(
        self, start_time: Any = None, end_time: Any = None, top: int = 50
    ) -> list[dict[str, Any]]:
        """Return the events of exactly this window, without blocking the event loop."""
        return await self._cached._aget(self._user_id, _window(start_time, end_time), top)


class _SharedCalendar:
    """Replaces the service where its events are shared and compiled."""

    __slots__ = ("_cached", "_user_id")

    def __init__(self, cached: CachedGraphEventService, user_id: str | None) -> None:
        self._cached = cached
        self._user_id = user_id

    def get_events(self, top: int) -> Any:
        return self._cached._shared(self._user_id, top)


def _rank(shared: Any, weights: Any, interests: Any, top: Any) -> Any:
    return shared.recommend(interests, top, weights)


def _window(start: Any, end: Any) -> Window | None:
    return None if start is None and end is None else (start, end)
