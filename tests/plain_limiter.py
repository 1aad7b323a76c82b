"""The rate limiter in plain Python: the oracle that tests compare the compiled one with.

It runs the same algorithm on the keys themselves, under one lock, with exact arithmetic.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from fractions import Fraction

__all__ = ["RateLimiter"]


class RateLimiter:
    """Admits a number of requests a window, for each key."""

    def __init__(
        self,
        requests_per_minute: int = 100,
        window_seconds: float = 60.0,
        *,
        max_keys: int = 1 << 20,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """See `eventkit.server.RateLimiter`."""
        if requests_per_minute < 1:
            raise ValueError(f"requests_per_minute is {requests_per_minute}, expected 1 or more")
        if not window_seconds > 0:
            raise ValueError(f"window_seconds is {window_seconds}, expected seconds above 0")
        if max_keys < 1:
            raise ValueError(f"max_keys is {max_keys}, expected 1 or more")
        self.requests_per_minute = requests_per_minute
        self.window_seconds = window_seconds
        self.max_keys = max_keys
        self.forgotten = 0
        self.request_log: dict[str, Fraction] = {}
        self._interval = Fraction(window_seconds) / requests_per_minute
        self._clock = clock or time.monotonic
        self._lock = threading.Lock()

    def check(self, key: str) -> float:
        """Return 0.0 where the request is admitted, else seconds until one may be."""
        now = Fraction(self._clock())
        with self._lock:
            rest = max(self.request_log.get(key, now), now)
            early = rest - now - (self.requests_per_minute - 1) * self._interval
            if early > 0:
                return float(early)
            if key not in self.request_log and len(self.request_log) >= self.max_keys:
                self._make_room(now)
            self.request_log[key] = rest + self._interval
            return 0.0

    def is_allowed(self, key: str) -> bool:
        """Return whether a request is admitted."""
        return self.check(key) == 0.0

    def cleanup_old_entries(self) -> int:
        """Forget the keys at rest; how many."""
        now = Fraction(self._clock())
        with self._lock:
            before = len(self.request_log)
            self._forget_rested(now)
            return before - len(self.request_log)

    def _forget_rested(self, now: Fraction) -> None:
        for key in [key for key, rest in self.request_log.items() if rest <= now]:
            del self.request_log[key]

    def _make_room(self, now: Fraction) -> None:
        self._forget_rested(now)
        if len(self.request_log) >= self.max_keys:
            del self.request_log[min(self.request_log, key=self.request_log.__getitem__)]
            self.forgotten += 1
