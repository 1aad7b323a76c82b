"""Calendars and a clock for the tests of the cache in front of them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any


class Clock:
    """Monotonic seconds that pass when they are told to."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def make_events(user: Any, top: int, version: int = 0) -> list[dict[str, Any]]:
    """Return sessions as the transformation makes them, telling whose and which they are."""
    return [
        {
            "id": f"{user}-{version}-{number}",
            "title": f"Meeting {number} of {user}",
            "start": f"{9 + number % 8:02}:00",
            "end": f"{9 + number % 8:02}:30",
            "location": f"Room {number % 5}",
            "tags": ["AI", "Team", f"topic {number % 7}"],
            "popularity": 0.25 + number % 10 / 20,
        }
        for number in range(top)
    ]


class Calendar:
    """A service of any user's events, which counts its calls and does in them what a test wants."""

    orders_by_start = True

    def __init__(self, act: Callable[[Any, int], Any] | None = None) -> None:
        self.calls: list[tuple[Any, int]] = []
        self.act = act
        self.windows: list[Any] = []
        # Without a lock, which a fork would find held.
        self._numbers = itertools.count(1)

    def get_events(
        self, start_time: Any = None, end_time: Any = None, top: int = 50, *, user_id: Any = None
    ) -> list[dict[str, Any]]:
        version = next(self._numbers)
        self.calls.append((user_id, top))
        self.windows.append((start_time, end_time))
        if self.act is not None:
            acted = self.act(user_id, top)
            if acted is not None:
                return acted
        return make_events(user_id, top, version)


class RaisingCalendar(Calendar):
    """Fails while `error` is set."""

    error: BaseException | None = None

    def get_events(self, *args: Any, **settings: Any) -> list[dict[str, Any]]:
        events = super().get_events(*args, **settings)
        if self.error is not None:
            raise self.error
        return events


def together(count: int, work: Callable[[int], Any], patience: float = 60.0) -> list[Any]:
    """Run work in `count` threads that start together. Return what each returned or raised."""
    outcomes: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait(patience)
        try:
            outcomes[number] = work(number)
        except BaseException as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
        assert not thread.is_alive(), "a caller hangs"
    return outcomes
