"""`RateLimiter` limits how many requests a client may make."""

from __future__ import annotations

from eventkit import _native

__all__ = ["RateLimiter"]


class RateLimiter(_native.RateLimiter):
    """Admits a number of requests a window, for each key (an address, a user).

    A key may make all its requests at once, and gets one back every ``window_seconds`` divided by
    ``requests_per_minute`` (GCRA). So a window never holds twice the limit, and a long time never
    more than the limit a window. Exact in any number of threads; each process counts for itself.

    Keys are stored as seeded hashes, 16 bytes each: at a million keys, two share one limit with a
    chance of 3 in 100 million. A full table forgets the keys whose limit is unused; if there are
    none, those with the fewest recent requests, so a key at its limit is forgotten last. A
    forgotten key starts again. ``forgotten`` counts them, and a ``max_keys`` above the number of
    clients in a window keeps it at 0.

    Args:
        requests_per_minute: The number of requests in a window. The name is the original's.
        window_seconds: The length of a window.
        max_keys: How many keys are stored at most. The default, 1,048,576, takes 36 MB when full.
        clock: Returns seconds from 0 up, never going back; the monotonic clock when not given.

    Example:
        >>> limiter = RateLimiter(requests_per_minute=2, window_seconds=60, clock=lambda: 0.0)
        >>> [limiter.is_allowed("192.0.2.1") for _ in range(3)]
        [True, True, False]
        >>> limiter.check("192.0.2.1")  # seconds until one may be
        30.0
        >>> len(limiter.request_log), "192.0.2.2" in limiter.request_log
        (1, False)
    """
