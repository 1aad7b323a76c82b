"""How many requests a mailbox gets at once: Graph answers more than four with 429.

Threads and asyncio tasks count together, so neither `threading.Semaphore` nor `asyncio.Semaphore`
serves: whoever waits leaves a callback that wakes it in its own way.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["Gate"]

Wake = Callable[[], None]


class Gate:
    """Lets at most so many in at once, a mailbox; first come, first served.

    Args:
        most: How many.

    Example:
        >>> gate = Gate(1)
        >>> gate.enter("ann", timeout=0.0), gate.enter("ann", timeout=0.0)
        (True, False)
        >>> gate.leave("ann")
    """

    def __init__(self, most: int) -> None:
        """Nobody is in."""
        self._most = most
        self._inside: dict[str, int] = {}
        self._waiting: dict[str, deque[Wake]] = {}
        self._lock = threading.Lock()

    def enter(self, mailbox: str, timeout: float) -> bool:
        """Wait for a place; whether there was one in time. The caller has to `leave`."""
        event = threading.Event()
        wake = event.set
        if self._take(mailbox, wake):
            return True
        try:
            entered = event.wait(timeout)
        except BaseException:  # Ctrl-C: a place that comes now would be nobody's for ever.
            if not self._withdraw(mailbox, wake):
                self.leave(mailbox)
            raise
        return entered or not self._withdraw(mailbox, wake)

    async def enter_async(self, mailbox: str, timeout: float) -> bool:
        """`enter` for a task."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def settle() -> None:
            if not future.done():
                future.set_result(None)

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(settle)
            except RuntimeError:  # That loop is closed: its place goes to the next.
                self.leave(mailbox)

        if self._take(mailbox, wake):
            return True
        try:
            await asyncio.wait({future}, timeout=timeout)
        except BaseException:
            if not self._withdraw(mailbox, wake):
                self.leave(mailbox)
            raise
        return future.done() or not self._withdraw(mailbox, wake)

    def leave(self, mailbox: str) -> None:
        """Give the place to who waits longest."""
        with self._lock:
            waiting = self._waiting.get(mailbox)
            if waiting:
                wake = waiting.popleft()
            else:
                wake = None
                self._waiting.pop(mailbox, None)
                self._inside[mailbox] -= 1
                if self._inside[mailbox] == 0:
                    del self._inside[mailbox]
        if wake is not None:
            wake()

    def _take(self, mailbox: str, wake: Wake) -> bool:
        with self._lock:
            inside = self._inside.get(mailbox, 0)
            if inside < self._most:
                self._inside[mailbox] = inside + 1
                return True
            self._waiting.setdefault(mailbox, deque()).append(wake)
            return False

    def _withdraw(self, mailbox: str, wake: Wake) -> bool:
        """Stop waiting; false where the place has just been given."""
        with self._lock:
            try:
                self._waiting[mailbox].remove(wake)
            except (KeyError, ValueError):
                return False
            return True
