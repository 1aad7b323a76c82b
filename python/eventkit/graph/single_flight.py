"""Single-flight: for each key, one caller leads the load and the others wait for it.

The service is called from here, with no frame of the compiled module on the stack. So a daemon
thread may still be in a call of the service when the interpreter ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, cast

from eventkit import _native
from eventkit.errors import CacheRecursionError, CacheTimeoutError
from eventkit.graph.loading import Loader, retry_after, twin, window_bound

__all__ = ["SingleFlight", "Window", "bounds"]

_within: ContextVar[tuple[int, ...]] = ContextVar("eventkit_graph_cache_within", default=())
"""The loads inside which this call is made. asyncio tasks and `asyncio.to_thread` inherit it."""

Window = tuple[Any, Any]


class SingleFlight(_native.GraphCacheBase):
    """A cache that loads the events that it does not have."""

    _loader: Loader
    _weights: Any
    _wait_timeout: float | None

    def _settle(
        self, found: Any, user_id: str | None, window: Window | None, top: int, shared: bool
    ) -> Any:
        """Return the answer of a look-up, or raise its exception."""
        if found is None:
            found = self._fetch(user_id, window, top, shared)
        if found.__class__ is _native.Ticket:
            self._refresh(found, user_id, window)
            return found.answer
        if found.__class__ is tuple:
            raise _copy_for_caller(*found)
        return found

    def _fetch(self, user_id: str | None, window: Window | None, top: int, shared: bool) -> Any:
        """Lead the load, or wait for its leader."""
        remaining = _TimeLeft(self._wait_timeout)
        again = False
        while True:
            ticket = token = None
            # The ticket is taken inside the `try`. Any later exception abandons the load, or drops
            # the ticket, which does the same.
            try:
                ticket = self._assign_role(
                    user_id, top, *bounds(window), shared, _within.get(), False, again
                )
                if ticket.__class__ is bool:
                    return self._alone(ticket, user_id, window, top, shared)
                if ticket.__class__ is not _native.Ticket or ticket.answer is not None:
                    return ticket
                if not ticket.is_leader:
                    if not ticket.wait(remaining.left(), _is_main_thread()):
                        raise self._late(user_id)
                    outcome = ticket.outcome()
                else:
                    token = _within.set((*_within.get(), ticket.load_id))
                    loaded = self._loader.load(user_id, window, ticket.top, ticket.state)
                    outcome = self._complete(ticket, user_id, loaded)
            except BaseException as error:
                outcome = self._failed(ticket, error)
                # The load keeps the traceback, which keeps this frame.
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
        """Do as `_fetch`, for asyncio."""
        remaining = _TimeLeft(self._wait_timeout)
        again = False
        while True:
            ticket = token = None
            try:
                ticket = self._assign_role(
                    user_id, top, *bounds(window), False, _within.get(), True, again
                )
                if ticket.__class__ is bool:
                    return await self._aalone(ticket, user_id, window, top)
                if ticket.__class__ is not _native.Ticket or ticket.answer is not None:
                    return ticket
                if not ticket.is_leader:
                    if not await _wait_for(ticket, remaining.left()):
                        raise self._late(user_id)
                    outcome = ticket.outcome()
                else:
                    token = _within.set((*_within.get(), ticket.load_id))
                    loaded = await self._loader.aload(user_id, window, ticket.top, ticket.state)
                    outcome = self._complete(ticket, user_id, loaded)
            except BaseException as error:
                outcome = self._failed(ticket, error)
                # The load keeps the traceback, which keeps this frame.
                ticket = None
                if outcome is None:
                    raise
            finally:
                if token is not None:
                    # A coroutine that is closed from another context has nothing to reset there.
                    with contextlib.suppress(ValueError):
                        _within.reset(token)
            if outcome is not None:
                return outcome
            again = True

    def _complete(self, ticket: Any, user_id: str | None, loaded: Any) -> Any:
        outcome, current = ticket.complete(*loaded)
        if not current and self._loader.store is not None:
            # Fetched before the invalidation, and stored in the second tier after it.
            self._loader.store.invalidate(self._loader.prefix(user_id))
        return outcome

    def _failed(self, ticket: Any, error: BaseException) -> Any:
        """End a failed load. Returns the answer if stale events are served instead."""
        if ticket.__class__ is not _native.Ticket or not ticket.is_leader:
            return None
        if not isinstance(error, Exception):
            ticket.abandon()
            return None
        transient = getattr(error, "transient", True) is not False
        return ticket.fail(error, twin(error), transient, retry_after(error))

    def _alone(
        self, first: bool, user_id: str | None, window: Window | None, top: int, shared: bool
    ) -> Any:
        """Answer a call that is made from inside the load that it would wait for."""
        if not first:
            raise CacheRecursionError(user_id, top)
        loaded = self._alone_within(self._loader.load, user_id, window, top)
        self._remember("store" if loaded.from_store else "fresh", loaded.age)
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
        self._remember("store" if loaded.from_store else "fresh", loaded.age)
        return loaded.events

    def _alone_within(
        self, load: Callable[..., Any], user_id: str | None, window: Window | None, top: int
    ) -> Any:
        within = _within.get()
        # The key is added twice, so that the next such call inside this one gives up.
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
        except RuntimeError:  # No thread can start now; the stale events are served anyway.
            ticket.abandon()

    def _refresh_now(self, ticket: Any, user_id: str | None, window: Window | None) -> None:
        try:
            _within.set((ticket.load_id,))
            self._complete(
                ticket,
                user_id,
                self._loader.load(user_id, window, ticket.top, ticket.state),
            )
        except BaseException as error:
            # `stats` and `last_result` report the error, because no caller waits for this load.
            self._failed(ticket, error)
        finally:
            # The load keeps the traceback, which keeps this frame.
            del ticket

    def _late(self, user_id: str | None) -> CacheTimeoutError:
        return CacheTimeoutError(user_id, cast("float", self._wait_timeout))


class _TimeLeft:
    """The time that a call may still wait."""

    __slots__ = ("_until",)

    def __init__(self, timeout: float | None) -> None:
        self._until = None if timeout is None else time.monotonic() + timeout

    def left(self) -> float | None:
        return None if self._until is None else max(0.0, self._until - time.monotonic())


def _copy_for_caller(error: BaseException, traceback: Any, wait: float | None) -> BaseException:
    """Return a new exception for one caller."""
    other = twin(error)
    other.__cause__, other.__suppress_context__ = error.__cause__, error.__suppress_context__
    if wait is not None:
        with contextlib.suppress(Exception):
            other.retry_after = wait  # type: ignore[attr-defined]
    return other.with_traceback(traceback)


async def _wait_for(ticket: Any, timeout: float | None) -> bool:
    """Wait for a load of another task, loop or thread. Returns true if it ended in time."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def wake() -> None:
        # The loop was closed, so no task waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_done, future)

    if not ticket.watch(wake):
        return True
    done, _ = await asyncio.wait([future], timeout=timeout)
    return bool(done)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def bounds(window: Window | None) -> tuple[str | None, str | None]:
    """Return the start and the end of a window as texts."""
    return (None, None) if window is None else (window_bound(window[0]), window_bound(window[1]))


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident
