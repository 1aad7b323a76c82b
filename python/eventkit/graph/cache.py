"""The cache in front of a calendar: `CachedGraphEventService`.

What is held, who loads and who waits is compiled (`src/engine/graph_cache`). Here are the calls of
the service: with nothing of the compiled module on the stack, so that a daemon thread may still be
in one when the interpreter ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple, cast

from eventkit import _native, reference
from eventkit.errors import CacheRecursionError, CacheTimeoutError
from eventkit.graph.loading import Loader, retry_after, twin, window_bound

__all__ = ["CachedGraphEventService", "LastResult", "UserCalendar"]

_within: ContextVar[tuple[int, ...]] = ContextVar("eventkit_graph_cache_within", default=())
"""The loads that this call is made from within: asyncio tasks and `asyncio.to_thread` inherit."""

Window = tuple[Any, Any]


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


class CachedGraphEventService(_native.GraphCacheBase):
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
        wait_timeout: Wait for another caller's fetch for so many seconds at most; for ever when
            left out.
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

    _loader: Loader
    _weights: Any
    _wait_timeout: float | None

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
        wait_timeout: float | None = None,
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
        found = self._look(user_id, top, None, None, False)
        if found.__class__ is list:
            return cast("list[dict[str, Any]]", found)
        return cast("list[dict[str, Any]]", self._settle(found, user_id, None, top, False))

    async def aget_events(self, user_id: str | None, top: int = 10) -> list[dict[str, Any]]:
        """Return a user's events without blocking the event loop: see `get_events`.

        Fetches by the service's ``aget_events``, or by its ``get_events`` in a thread. Tasks of
        any number of loops, and threads, wait for one fetch together.

        Example:
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
    ) -> dict[str, Any]:
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
        found = self._look(user_id, top, None, None, True)
        if found.__class__ is _native.SharedEvents:
            return found
        return self._settle(found, user_id, None, top, True)

    def _get(self, user_id: str | None, window: Window | None, top: int) -> list[dict[str, Any]]:
        found = self._look(user_id, top, *_bounds(window), False)
        return cast("list[dict[str, Any]]", self._settle(found, user_id, window, top, False))

    async def _aget(
        self, user_id: str | None, window: Window | None, top: int
    ) -> list[dict[str, Any]]:
        found = self._look(user_id, top, *_bounds(window), False)
        if found is None:
            found = await self._afetch(user_id, window, top)
        return cast("list[dict[str, Any]]", self._settle(found, user_id, window, top, False))

    def _settle(
        self, found: Any, user_id: str | None, window: Window | None, top: int, shared: bool
    ) -> Any:
        """Turn what a look came to into an answer, or an exception."""
        if found is None:
            found = self._fetch(user_id, window, top, shared)
        if found.__class__ is _native.Ticket:
            self._refresh(found, user_id, window)
            return found.answer
        if found.__class__ is tuple:
            raise _told(*found)
        return found

    def _fetch(self, user_id: str | None, window: Window | None, top: int, shared: bool) -> Any:
        """Load, or wait for who does."""
        patience = _Patience(self._wait_timeout)
        again = False
        while True:
            ticket = token = None
            # The ticket is had inside: whatever is raised from then on gives the flight up, or
            # drops the ticket, which does the same.
            try:
                ticket = self._board(
                    user_id, top, *_bounds(window), shared, _within.get(), False, again
                )
                if ticket.__class__ is bool:
                    return self._alone(ticket, user_id, window, top, shared)
                if ticket.__class__ is not _native.Ticket or ticket.answer is not None:
                    return ticket
                if not ticket.leads:
                    if not ticket.wait(patience.left(), _is_main_thread()):
                        raise self._late(user_id)
                    outcome = ticket.outcome()
                else:
                    token = _within.set((*_within.get(), ticket.flight))
                    loaded = self._loader.load(user_id, window, ticket.top, ticket.state)
                    outcome = self._land(ticket, user_id, loaded)
            except BaseException as error:
                outcome = self._failed(ticket, error)
                # The flight keeps the traceback, and that this frame.
                ticket = None
                if outcome is None:
                    raise
            finally:
                if token is not None:
                    _within.reset(token)
            if outcome is not None:
                return outcome
            again = True

    async def _afetch(self, user_id: str | None, window: Window | None, top: int) -> Any:
        """`_fetch` for asyncio."""
        patience = _Patience(self._wait_timeout)
        again = False
        while True:
            ticket = token = None
            try:
                ticket = self._board(
                    user_id, top, *_bounds(window), False, _within.get(), True, again
                )
                if ticket.__class__ is bool:
                    return await self._aalone(ticket, user_id, window, top)
                if ticket.__class__ is not _native.Ticket or ticket.answer is not None:
                    return ticket
                if not ticket.leads:
                    if not await _landing(ticket, patience.left()):
                        raise self._late(user_id)
                    outcome = ticket.outcome()
                else:
                    token = _within.set((*_within.get(), ticket.flight))
                    loaded = await self._loader.aload(user_id, window, ticket.top, ticket.state)
                    outcome = self._land(ticket, user_id, loaded)
            except BaseException as error:
                outcome = self._failed(ticket, error)
                # The flight keeps the traceback, and that this frame.
                ticket = None
                if outcome is None:
                    raise
            finally:
                if token is not None:
                    # A coroutine that is closed from another context has nothing to undo there.
                    with contextlib.suppress(ValueError):
                        _within.reset(token)
            if outcome is not None:
                return outcome
            again = True

    def _land(self, ticket: Any, user_id: str | None, loaded: Any) -> Any:
        outcome, current = ticket.land(*loaded)
        if not current and self._loader.store is not None:
            # What was fetched before the invalidation reached the second tier after it.
            self._loader.store.invalidate(self._loader.prefix(user_id))
        return outcome

    def _failed(self, ticket: Any, error: BaseException) -> Any:
        """End the flight of a leader; the answer where old events stand in."""
        if ticket.__class__ is not _native.Ticket or not ticket.leads:
            return None
        if not isinstance(error, Exception):
            ticket.abandon()
            return None
        transient = getattr(error, "transient", True) is not False
        return ticket.fail(error, twin(error), transient, retry_after(error))

    def _alone(
        self, first: bool, user_id: str | None, window: Window | None, top: int, shared: bool
    ) -> Any:
        """Answer a call that is made from within the load it would wait for."""
        if not first:
            raise CacheRecursionError(user_id, top)
        loaded = self._alone_within(self._loader.load, user_id, window, top)
        self._note("store" if loaded.from_store else "fresh", loaded.age)
        return _native.share_events(loaded.events, self._weights) if shared else loaded.events

    async def _aalone(
        self, first: bool, user_id: str | None, window: Window | None, top: int
    ) -> Any:
        if not first:
            raise CacheRecursionError(user_id, top)
        within = _within.get()
        token = _within.set(within + within)
        try:
            loaded = await self._loader.aload(user_id, window, top, None)
        finally:
            with contextlib.suppress(ValueError):
                _within.reset(token)
        self._note("store" if loaded.from_store else "fresh", loaded.age)
        return loaded.events

    def _alone_within(
        self, load: Callable[..., Any], user_id: str | None, window: Window | None, top: int
    ) -> Any:
        within = _within.get()
        # Twice: the next such call from within this one gives up.
        token = _within.set(within + within)
        try:
            return load(user_id, window, top, None)
        finally:
            _within.reset(token)

    def _refresh(self, ticket: Any, user_id: str | None, window: Window | None) -> None:
        """Load in the background."""
        work = threading.Thread(
            target=self._refresh_now,
            args=(ticket, user_id, window),
            name="eventkit-refresh",
            daemon=True,
        )
        try:
            work.start()
        except RuntimeError:  # No thread can be had now: the old events are an answer all the same.
            ticket.abandon()

    def _refresh_now(self, ticket: Any, user_id: str | None, window: Window | None) -> None:
        try:
            _within.set((ticket.flight,))
            self._land(
                ticket,
                user_id,
                self._loader.load(user_id, window, ticket.top, ticket.state),
            )
        except BaseException as error:
            # Told by `stats` and `last_result`: nobody is here to be told.
            self._failed(ticket, error)
        finally:
            # The flight keeps the traceback, and that this frame.
            del ticket

    def _late(self, user_id: str | None) -> CacheTimeoutError:
        return CacheTimeoutError(user_id, cast("float", self._wait_timeout))


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


class _Patience:
    """How long a call may still wait."""

    __slots__ = ("_until",)

    def __init__(self, timeout: float | None) -> None:
        self._until = None if timeout is None else time.monotonic() + timeout

    def left(self) -> float | None:
        return None if self._until is None else max(0.0, self._until - time.monotonic())


def _rank(shared: Any, weights: Any, interests: Any, top: Any) -> Any:
    return shared.recommend(interests, top, weights)


def _told(error: BaseException, traceback: Any, wait: float | None) -> BaseException:
    """Return an exception of the caller's own."""
    other = twin(error)
    other.__cause__, other.__suppress_context__ = error.__cause__, error.__suppress_context__
    if wait is not None:
        with contextlib.suppress(Exception):
            other.retry_after = wait  # type: ignore[attr-defined]
    return other.with_traceback(traceback)


async def _landing(ticket: Any, timeout: float | None) -> bool:
    """Wait for a flight of another task, loop or thread; whether it ended in time."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def wake() -> None:
        # A loop that was closed has nobody who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_done, future)

    if not ticket.watch(wake):
        return True
    done, _ = await asyncio.wait([future], timeout=timeout)
    return bool(done)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _bounds(window: Window | None) -> tuple[str | None, str | None]:
    return (None, None) if window is None else (window_bound(window[0]), window_bound(window[1]))


def _window(start: Any, end: Any) -> Window | None:
    return None if start is None and end is None else (start, end)


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident
