"""A circuit breaker: a server that failed several times in a row gets no calls for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Breaker"]


class Breaker:
    """Opens after a number of failures in a row. After a cool-down it allows one trial.

    If a trial never reports its result, because its caller was killed, the next trial is allowed
    after another cool-down.

    Args:
        failures: The number of failures in a row that open it.
        cool_down: The seconds from opening, or from a trial, to the next trial.
        clock: Returns monotonic seconds.

    Example:
        >>> now = [0.0]
        >>> breaker = Breaker(failures=1, cool_down=5.0, clock=lambda: now[0])
        >>> breaker.failed(), breaker.admits(), breaker.state
        (True, False, 'open')
        >>> now[0] = 5.0
        >>> breaker.state, breaker.admits(), breaker.admits()  # one trial, not two
        ('half-open', True, False)
        >>> breaker.succeeded(), breaker.admits(), breaker.state
        (True, True, 'closed')
    """

    def __init__(
        self,
        failures: int = 3,
        cool_down: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start closed."""
        self._limit = failures
        self._cool_down = cool_down
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._since: float | None = None

    def admits(self) -> bool:
        """Return true if a call is allowed now. While it is a trial, no other call is allowed."""
        if self._since is None:
            return True
        with self._lock:
            if self._since is None:
                return True
            now = self._clock()
            if now - self._since < self._cool_down:
                return False
            self._since = now
            return True

    def succeeded(self) -> bool:
        """Close the breaker. Returns true if it was open."""
        if self._since is None and not self._failures:
            return False
        with self._lock:
            opened, self._since, self._failures = self._since is not None, None, 0
            return opened

    def failed(self) -> bool:
        """Count a failure. Returns true if it opened the breaker."""
        with self._lock:
            self._failures += 1
            if self._since is not None:
                self._since = self._clock()
                return False
            if self._failures < self._limit:
                return False
            self._since = self._clock()
            return True

    @property
    def state(self) -> str:
        """Return ``"closed"``, ``"open"``, or ``"half-open"`` if a trial is allowed."""
        since = self._since
        if since is None:
            return "closed"
        return "open" if self._clock() - since < self._cool_down else "half-open"
