"""Times several sides fairly: in one process, in turns, with the collector off, best of rounds.

The minimum is taken for every side, because noise on a shared machine only adds time. The rounds of
the sides alternate, so a slow minute affects all of them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

Call = Callable[..., Any]
Arguments = tuple[Any, ...]


def warm_up(side: Call, inputs: Sequence[Arguments]) -> None:
    """Call with every input once, or for a second, so that every index is built."""
    end = perf_counter() + 1.0
    for arguments in inputs:
        side(*arguments)
        if perf_counter() > end:
            return


def warm(sides: Sequence[Call], inputs: Sequence[Arguments], *, rounds: int = 7) -> list[float]:
    """Time calls on a known manifest. Returns the best seconds per call of each side.

    Args:
        sides: The functions to compare.
        inputs: Arguments. Consecutive calls never have the same.
        rounds: The number of rounds of each side.
    """
    for side in sides:
        warm_up(side, inputs)
    counts = [_calls_for(side, inputs, seconds=0.02) for side in sides]
    best = [float("inf")] * len(sides)
    with _Uncollected():
        for _ in range(rounds):
            for i, (side, count) in enumerate(zip(sides, counts, strict=True)):
                batch = [inputs[n % len(inputs)] for n in range(count)]
                best[i] = min(best[i], _time(side, batch) / count)
    return best


def rotations(
    sides: Sequence[Call], inputs: Sequence[Arguments], *, rounds: int = 7, turn: float = 0.02
) -> list[float]:
    """Time whole rotations through the inputs. Returns the best seconds per call of each side.

    One timing is a rotation of quick calls, or one slow call. That is shorter than a time slice of
    the scheduler, so the best of many is undisturbed also on a busy machine. The figure is the mean
    over all inputs.

    Args:
        sides: The functions to compare.
        inputs: Arguments. Consecutive calls never have the same.
        rounds: The number of turns of each side.
        turn: The seconds of a turn, which has at least one rotation.
    """
    parts = []
    for side in sides:
        warm_up(side, inputs)
        quick = _time(side, inputs) < 0.001
        parts.append([inputs] if quick else [[arguments] for arguments in inputs])
    spent = [[float("inf")] * len(part) for part in parts]
    with _Uncollected():
        for _ in range(rounds):
            for side, part, least in zip(sides, parts, spent, strict=True):
                end = perf_counter() + turn
                while True:
                    least[:] = map(min, least, [_time(side, batch) for batch in part])
                    if perf_counter() >= end:
                        break
    return [sum(least) / len(inputs) for least in spent]


def best(*tasks: Callable[[], object], rounds: int = 5) -> list[float]:
    """Time long tasks in turns. Returns the best seconds of each."""
    spent = [float("inf")] * len(tasks)
    with _Uncollected():
        for _ in range(rounds):
            for i, task in enumerate(tasks):
                spent[i] = min(spent[i], _time(task, [()]))
    return spent


def first(
    sides: Sequence[Call], fresh: Callable[[], Arguments], *, batch: int, rounds: int = 7
) -> list[list[float]]:
    """Time the first and the second call on manifests that no side has seen.

    Args:
        sides: The functions to compare.
        fresh: Makes arguments with a newly loaded manifest; not timed.
        batch: The number of manifests for one round of one side.
        rounds: The number of rounds of each side.

    Returns:
        For each side, the best seconds of a first call and of a second call. The second calls come
        after the first calls of the whole batch.
    """
    best = [[float("inf")] * 2 for _ in sides]
    for _ in range(rounds):
        for i, side in enumerate(sides):
            inputs = [fresh() for _ in range(batch)]
            with _Uncollected():
                for visit in (0, 1):
                    best[i][visit] = min(best[i][visit], _time(side, inputs) / batch)
    return best


def _calls_for(side: Call, inputs: Sequence[Arguments], seconds: float) -> int:
    """Return how many calls take about this number of seconds."""
    count = 1
    while True:
        spent = _time(side, [inputs[n % len(inputs)] for n in range(count)])
        if spent >= seconds or count >= 100_000:
            return count
        count = max(count * 2, int(count * seconds / max(spent, 1e-7)))


def _time(side: Call, batch: Sequence[Arguments]) -> float:
    start = perf_counter()
    for arguments in batch:
        side(*arguments)
    return perf_counter() - start


class _Uncollected:
    """Collect garbage, then turn the collector off, as `timeit` does."""

    def __enter__(self) -> None:
        gc.collect()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        gc.enable()
