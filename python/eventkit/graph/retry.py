"""When to ask again: `Retry-After` as RFC 9110 has it, else exponential with full jitter.

Pure functions and a table of closed mailboxes; nobody sleeps here.

How often, after which statuses and how long apart is httpx-retries' `Retry`. Its transport is not
used, by the source of 0.6: it sleeps with `time.sleep` (no clock to inject), has a budget for
sleeps but none for time, cuts a `Retry-After` that exceeds it short and asks too early, believes
one of a day, and keeps nothing for the next caller.
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
    """Read a `Retry-After`: seconds in 0..3600, or ``None`` where it says nothing.

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
        # Its first digits are enough: int() of thousands of them is slow, then refused.
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
    """Return httpx-retries' `Retry` for so many attempts: 429, 502, 503 and 504, exponential.

    It never changes: what is left after an attempt is another one, its ``increment()``.

    Raises:
        MissingExtraError: httpx-retries is not installed.

    Example:
        >>> first = policy(2)
        >>> first.is_retryable_status_code(503), first.is_retryable_status_code(500)
        (True, False)
        >>> first.is_exhausted(), first.increment().is_exhausted()
        (False, True)
    """
    # Without its jitter, which has no source of chance to inject: that of `backoff` is the same.
    return required("httpx_retries").Retry(
        total=attempts - 1, backoff_factor=1.0, backoff_jitter=0.0, max_backoff_wait=_CAP
    )


def backoff(retry: Any, jitter: Callable[[], float] = random.random) -> float:
    """Seconds before the next attempt, when the one that `retry` stands for failed.

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
    """Mailboxes that Graph closed for a while, by its `Retry-After`.

    Args:
        clock: Monotonic seconds.

    Example:
        >>> refusals = Refusals(lambda: 100.0)
        >>> refusals.close("ann@example.com", 5.0)
        >>> refusals.wait("ann@example.com"), refusals.wait("bob@example.com")
        (5.0, 0.0)
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with every mailbox open."""
        self._clock = clock
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def close(self, mailbox: str, seconds: float) -> None:
        """Let nobody ask for so long; a longer refusal stays."""
        now = self._clock()
        with self._lock:
            for other in [name for name, until in self._until.items() if until <= now]:
                del self._until[other]
            self._until[mailbox] = max(self._until.get(mailbox, 0.0), now + seconds)

    def wait(self, mailbox: str) -> float:
        """For how many seconds a mailbox is still closed."""
        until = self._until.get(mailbox)
        return 0.0 if until is None else max(0.0, until - self._clock())
