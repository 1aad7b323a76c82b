"""The cache in front of a calendar: `CachedGraphEventService`.

Compiled code decides what is held, who loads and who waits (`src/engine/calendar/cache`). The
loading itself is in `eventkit.graph.loading` and `eventkit.graph.flight`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from eventkit import _native, reference
from eventkit.graph.flight import Flights, Window, bounds
from eventkit.graph.loading import Loader
from eventkit.results import CalendarRecommendation

__all__ = ["CachedGraphEventService", "LastResult", "UserCalendar"]


class LastResult(NamedTuple):
    """Where a thread's last answer came from.

    Attributes:
        source: ``"fresh"`` (fetched for this call, or for one it waited for), ``"hit"``,
            ``"stale"`` (a refresh is under way), ``"stale_if_error"`` or ``"store"``.
        age: Seconds since the events were fetched.
        error: Why they are old, where the source fails.
    """

    source: str
    age: float
    error: BaseException | None


class CachedGraphEventService(Flights):
    """A cache in front of any object with ``get_events(top=...)``.

    One fetch at a time for what threads, asyncio tasks and event loops ask together; events that
    no other caller shares; recommendations from events that stay compiled. With the defaults it is
    a plain time to live: an entry is gone once its age reaches ``cache_ttl``.

    The service is called with ``user_id`` where it takes one. Where it does not, a warning says
    so: all users share one calendar then. What the service raises, every caller who waited gets:
    an exception of the same type, arguments and attributes, each with a traceback of its own, and
    nothing is kept. Where the caller who fetches dies (an interrupt, a cancelled task), one of the
    others fetches.

    Args:
        service: What to wrap.
        cache_ttl: Seconds for which events are fresh.
        stale_ttl: For so many seconds beyond, the old events are the answer, at once, while one of
            two background threads fetches new ones.
        stale_if_error: For so many seconds beyond ``cache_ttl``, the old events are the answer
            where fetching fails. An error whose ``transient`` is false (a permission that was
            withdrawn) is raised all the same.
        max_entries: At most so many entries; the one used longest ago makes room.
        max_bytes: At most so many bytes of events.
        jitter: Let each entry live shorter by up to this share, so that not all end at once.
        wait_timeout: The most seconds to wait for another caller's fetch. The default is three
            times the deadline of a `GraphService` call. ``None`` waits for ever, also for a caller
            whose event loop was stopped and never goes on.
        clock: Monotonic seconds; the system's when left out. Waiting is by the system's always.
            For tests: compiled code calls it, which before Python 3.14 a daemon thread must not
            be in when the interpreter ends.
        weights: Weights of `recommend` and `explain`; the original's defaults when left out.
        delta: Refresh by ``service.refresh_events(state, top=..., user_id=...)``.
        store: A second tier that other processes share: ``get_or_load(key, ttl, load)``.
        cool_down: Seconds without a fetch of what just failed, while old events can be given.
            An error with ``retry_after`` closes its mailbox for that long in any case.

    Raises:
        TypeError: ``delta`` without a service that offers it.
        ValueError: A negative time, or a jitter beyond 0..1.

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
        """Look at the service; nothing is fetched yet."""
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
        """What is wrapped."""
        return self._loader.service

    def get_events(self, user_id: str | None, top: int = 10) -> list[dict[str, Any]]:
        """Return a user's events: objects that no other caller has.

        Args:
            user_id: Whose; ``None`` for the calendar that the service has by itself.
            top: At most so many, at least 1.

        Raises:
            CacheTimeoutError: Another caller's fetch took longer than ``wait_timeout``.
            CacheRecursionError: The service asks the cache for what it is fetching, endlessly.

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

        Fetches by the service's ``aget_events``, or by its ``get_events`` in a thread. Tasks of
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
        """Recommend from a user's calendar: the answer of `eventkit.recommend_from_graph`, exactly.

        The events stay compiled with their entry, so that nothing is rebuilt while it lives. The
        sessions of the answer are the caller's own.

        Args:
            user_id: Whose calendar.
            interests: At least one; lowered and stripped here.
            top: How many, at least 1; twice as many events are fetched.
            weights: Weights for this answer instead of the cache's.

        Raises:
            ValueError: No interest, or ``top`` is not positive.

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
            user_id: Whose calendar.
            title: The title, in any case.
            interests: At least one; lowered and stripped here, as `recommend` does.
            top: Look among so many events.
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
        """Return one user's calendar, which stands where a service is expected.

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

        Callers who wait already get what is being fetched; it is not kept.

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
        """Forget everybody's events: see `invalidate`.

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
        """Where this thread's last answer came from; ``None`` before its first.

        By thread, and written when the answer is: a task reads it before its next ``await``.
        """
        last = self._last()
        return None if last is None else LastResult(*last)

    # -- loading ----------------------------------------------------------------------------------

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
        """Keep both."""
        self._cached = cached
        self._user_id = user_id

    @property
    def orders_by_start(self) -> bool:
        """Whether the service behind the cache orders its events by their start."""
        return getattr(self._cached.service, "orders_by_start", False) is True

    def get_events(
        self, start_time: Any = None, end_time: Any = None, top: int = 50
    ) -> list[dict[str, Any]]:
        """Return the events of exactly this window.

        Args:
            start_time: A datetime, or a str; the service's own window when left out.
            end_time: Likewise.
            top: At most so many, at least 1.
        """
        return self._cached._get(self._user_id, _window(start_time, end_time), top)

    async def aget_events(
        self, start_time: Any = None, end_time: Any = None, top: int = 50
    ) -> list[dict[str, Any]]:
        """Return the events of exactly this window, without blocking the event loop."""
        return await self._cached._aget(self._user_id, _window(start_time, end_time), top)


class _SharedCalendar:
    """Stands for a service whose events are shared and compiled."""

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
