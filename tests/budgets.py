"""Measures whether a reader takes time in proportion to its input.

Twice the input may take 2.5 times as long: a quadratic reader takes four times as long. Only ratios
of processor time are compared, which other processes do not use up. Two runs are timed in turns,
and the least time of each counts, because a disturbance only ever adds time. Timing goes on until
the ratio is small enough, for ten seconds at most: other programs empty the caches for a moment,
and a reader that is too slow stays so.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time

MOST = 2.5
"""The largest ratio for twice the input."""

EIGHTFOLD, BETWEEN = 8, 22.6
"""Eight times the input takes 8 or 64 times as long; half-way, as factors go, is 22.6.

The controls use it, which show that a quadratic reader is found: no noise bridges a factor of 2.8.
"""

FEWEST, ROUNDS, SECONDS = 5, 1_000, 10.0
WORTH_MEASURING = 0.002
"""Seconds: shorter runs are repeated until they take so long together."""

Run = Callable[[], object]
Clock = Callable[[], float]


def ratio(
    small: Run,
    large: Run,
    *,
    most: float = MOST,
    fewest: int = FEWEST,
    rounds: int = ROUNDS,
    clock: Clock = process_time,
) -> float:
    """Return how many times as long the large run takes as the small one.

    Args:
        small: The run that should be short.
        large: The run that may take `most` times as long.
        most: Timing ends early at this ratio.
        fewest: The rounds that are made in any case, as noise may not decide about the small run.
        rounds: The most rounds. They end after ten seconds of processor time, too.
        clock: The processor time; of one thread where others have work of their own.
    """
    # The collector of cycles reads all objects of the process: its time says nothing of a reader.
    collects = gc.isenabled()
    gc.disable()
    try:
        best = _least((small, large), most, fewest, rounds, clock)
    finally:
        if collects:
            gc.enable()
    return best[1] / best[0]


def _least(
    runs_of: tuple[Run, Run], most: float, fewest: int, rounds: int, clock: Clock
) -> list[float]:
    """Return the least time of each run."""
    runs = [(run, repetitions(run, clock)) for run in runs_of]
    best, until = [float("inf")] * 2, clock() + SECONDS
    for number in range(rounds):
        for place, (run, times) in enumerate(runs):
            begun = clock()
            for _ in range(times):
                run()
            best[place] = min(best[place], (clock() - begun) / times)
        if number + 1 >= fewest and (best[1] <= most * best[0] or clock() >= until):
            break
    return best


def repetitions(run: Run, clock: Clock) -> int:
    """Return how many runs are worth measuring together."""
    begun = clock()
    run()
    return max(1, int(WORTH_MEASURING / max(clock() - begun, 1e-7)))


def is_quadratic(make: Callable[[int], Run], size: int, clock: Clock = process_time) -> bool:
    """Return true if eight times the size takes far longer than eight times as long."""
    small, large = make(size), make(EIGHTFOLD * size)
    return ratio(small, large, most=0.0, rounds=20, clock=clock) > BETWEEN
