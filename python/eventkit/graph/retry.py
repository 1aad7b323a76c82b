"""Decides when to repeat a request: by `Retry-After` (RFC 9110), or exponential with full jitter.

Nothing here sleeps: there are pure functions and a table of closed mailboxes.

The `Retry` of httpx-retries decides the number of attempts, their statuses and the times between
them. Its transport (release 0.6) is not used. It calls `time.sleep`, so no clock can be injected.
It limits its sleeps but not the time of a call. It shortens a `Retry-After` beyond its limit and so
asks too early, accepts a `Retry-After` of a day, and does not tell the next caller.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from eventkit._imports import required

__all__ = ["Refusals", "backoff", "parse_retry_after", "policy"]

MOST_SECONDS = 3600.0
_CAP = 60.0


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Read a `Retry-After`. Returns seconds in 0..3600, or ``None`` if it cannot be read.

    Example:
        >>> noon = datetime(2026, 2, 1, 12, tzinfo=timezone.utc)
        >>> parse_retry_after(" 7 ", noon), parse_retry_after("1.5", noon)
        (7.0, None)
        >>> parse_retry_after("Sun, 01 Feb 2026 12:00:30 GMT", noon)
        30.0
        >>> parse_retry_after("99999999999", noon), parse_retry_after("-5", noon)
        (3600.0, None)
    """
    text = (text or "").strip(" \t")
    if text.isascii() and text.isdigit():
        # The first digits are enough. int() is slow for thousands of them, and refuses more.
        return MOST_SECONDS if len(text.lstrip("0")) > 6 else min(float(text), MOST_SECONDS)
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:  # asctime(), the third form, is in GMT.
            date = date.replace(tzinfo=timezone.utc)
        seconds = (date - now).total_seconds()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), MOST_SECONDS)


def policy(attempts: int) -> Any:
    """Return httpx-retries' `Retry` for a number of attempts: 429, 502, 503 and 504, exponential.

    It never changes. After an attempt, its ``increment()`` returns another one.

    Raises:
        MissingExtraError: httpx-retries is not installed.

    Example:
        >>> first = policy(2)
        >>> first.is_retryable_status_code(503), first.is_retryable_status_code(500)
        (True, False)
        >>> first.is_exhausted(), first.increment().is_exhausted()
        (False, True)
    """
    # Without its jitter, whose random numbers cannot be injected. `backoff` adds the same one.
    return required("httpx_retries").Retry(
        total=attempts - 1, backoff_factor=1.0, backoff_jitter=0.0, max_backoff_wait=_CAP
    )


def backoff(retry: Any, jitter: Callable[[], float] = random.random) -> float:
    """Return the seconds before the next attempt, after the attempt of `retry` failed.

    Example:
        >>> retry, most = policy(9), []
        >>> for _ in range(8):
        ...     most.append(backoff(retry, jitter=lambda: 1.0))
        ...     retry = retry.increment()
        >>> most
        [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    """
    return float(jitter() * retry.backoff_strategy())


class Refusals:
    """The mailboxes that Graph closed for a while by `Retry-After`.

    Args:
        clock: Returns monotonic seconds.

    Example:
        >>> refusals = Refusals(lambda: 100.0)
        >>> refusals.close("ann@example.com", 5.0)
        >>> refusals.wait("ann@example.com"), refusals.wait("bob@example.com")
        (5.0, 0.0)
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with all mailboxes open."""
        self._clock = clock
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def close(self, mailbox: str, seconds: float) -> None:
        """Close a mailbox for some seconds. A longer refusal stays in force."""
        now = self._clock()
        with self._lock:
            for other in [name for name, until in self._until.items() if until <= now]:
                del self._until[other]
            self._until[mailbox] = max(self._until.get(mailbox, 0.0), now + seconds)

    def wait(self, mailbox: str) -> float:
        """Return for how many seconds a mailbox is still closed."""
        until = self._until.get(mailbox)
        return 0.0 if until is None else max(0.0, until - self._clock())
