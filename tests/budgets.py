"""Measures whether a parser takes time in proportion to its input.

Twice the input may take 2.5 times as long. The two sizes are measured in turns, several times each,
and a pair that looks slow is measured again: noise and caches add time to some pairs, while a
quadratic parser takes four times as long in each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

MOST = 2.5
PAIRS = 25
RUNS = 3
WORTH_MEASURING = 0.004
"""Seconds: shorter calls are repeated until they take so long together."""


def seconds(run: Callable[[], object]) -> float:
    """Return the processor time of one call, of as many as are worth measuring."""
    calls = 0
    begun = process_time()
    while (took := process_time() - begun) < WORTH_MEASURING or not calls:
        run()
        calls += 1
    return took / calls


def lowest_ratio(small: Callable[[], object], large: Callable[[], object]) -> float:
    """Return how many times as long the large input takes, in the best of the measured pairs."""
    best = float("inf")
    small()
    for _ in range(PAIRS):
        times = [(seconds(small), seconds(large)) for _ in range(RUNS)]
        best = min(best, min(time for _, time in times) / min(time for time, _ in times))
        if best <= MOST:
            break
    return best
