"""Limits the concurrent requests to a mailbox: Graph answers more than four with 429.

Threads and asyncio tasks count together. Neither `threading.Semaphore` nor `asyncio.Semaphore` can
do that, so each waiter leaves a callback that wakes it.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["ConcurrencyLimit"]

Wake = Callable[[], None]


class ConcurrencyLimit:
    """Limits the concurrent requests to each mailbox. The one that waits longest is next.

    Args:
        most: The most requests to a mailbox at a time.

    Example:
        >>> limit = ConcurrencyLimit(1)
        >>> limit.acquire("ann", timeout=0.0), limit.acquire("ann", timeout=0.0)
        (True, False)
        >>> limit.release("ann")
    """

    def __init__(self, most: int) -> None:
        """Start without requests."""
        self._most = most
        self._active: dict[str, int] = {}
        self._waiting: dict[str, deque[Wake]] = {}
        self._lock = threading.Lock()

    def acquire(self, mailbox: str, timeout: float) -> bool:
        """Wait until a request may begin. Returns false after ``timeout`` seconds.

        A caller that got true must call `release`.
        """
        event = threading.Event()
        wake = event.set
        if self._take(mailbox, wake):
            return True
        try:
            acquired = event.wait(timeout)
        except (
            BaseException
        ):  # After Ctrl-C, a turn that was given just now would never be released.
            if not self._withdraw(mailbox, wake):
                self.release(mailbox)
            raise
        return acquired or not self._withdraw(mailbox, wake)

    async def acquire_async(self, mailbox: str, timeout: float) -> bool:
        """Do as `acquire` without blocking the event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def settle() -> None:
            if not future.done():
                future.set_result(None)

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(settle)
            except RuntimeError:  # The loop is closed: the next waiter gets its turn.
                self.release(mailbox)

        if self._take(mailbox, wake):
            return True
        try:
            await asyncio.wait({future}, timeout=timeout)
        except BaseException:
            if not self._withdraw(mailbox, wake):
                self.release(mailbox)
            raise
        return future.done() or not self._withdraw(mailbox, wake)

    def release(self, mailbox: str) -> None:
        """End a request, and give its turn to the one that waits longest."""
        with self._lock:
            waiting = self._waiting.get(mailbox)
            if waiting:
                wake = waiting.popleft()
            else:
                wake = None
                self._waiting.pop(mailbox, None)
                self._active[mailbox] -= 1
                if self._active[mailbox] == 0:
                    del self._active[mailbox]
        if wake is not None:
            wake()

    def _take(self, mailbox: str, wake: Wake) -> bool:
        with self._lock:
            active = self._active.get(mailbox, 0)
            if active < self._most:
                self._active[mailbox] = active + 1
                return True
            self._waiting.setdefault(mailbox, deque()).append(wake)
            return False

    def _withdraw(self, mailbox: str, wake: Wake) -> bool:
        """Stop waiting. Returns false if the turn was given just now."""
        with self._lock:
            try:
                self._waiting[mailbox].remove(wake)
            except (KeyError, ValueError):
                return False
            return True
