"""Remembers the newest generations that this process has seen, to detect ones that were put back.

A generation is what a value is stored under; an invalidation replaces it. The server holds it as
``<milliseconds>-<random>``, by the server's own clock. Whoever can write to the server can put an
old generation back, together with an old value, and the value would be believed again. This process
notices that: the generation is older than one that it has seen, in an authentic value or as the
answer to its own invalidation.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import ClassVar
from weakref import WeakValueDictionary

__all__ = ["FUTURE", "SeenGenerations"]

FUTURE = 60_000
"""Milliseconds. A generation that lies further in the future is not one of the server's."""


class SeenGenerations:
    """The newest generation seen under each name on the server.

    All stores of a process that use the same server, namespace and secret share one, and so does a
    forked child with what its parent had seen.

    Args:
        most: The most names to remember. Of the oldest ones beyond that, only the newest time is
            kept: nothing older is believed, whatever its name.

    Example:
        >>> seen = SeenGenerations()
        >>> seen.note(["a", "b"], "1000-x.2000-y")
        >>> seen.stale(["a", "b"], "1000-x.1500-z", now=3_000)
        ['b']
        >>> seen.stale(["a", "b"], "1000-x.9999999-z", now=3_000)  # not of this server's clock
        ['b']
        >>> seen.stale(["a", "b"], "1000-x.2500-z", now=3_000)
        []
    """

    _shared: ClassVar[WeakValueDictionary[str, SeenGenerations]] = WeakValueDictionary()
    _sharing = threading.Lock()

    def __init__(self, most: int = 10_000) -> None:
        """Start with nothing seen."""
        self._most = most
        self._floor = 0
        self._newest: dict[str, int] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, store: str) -> SeenGenerations:
        """Return what this process has seen of a store: the same object for the same name."""
        with cls._sharing:
            seen = cls._shared.get(store)
            if seen is None:
                seen = cls._shared[store] = cls()
            return seen

    def note(self, names: Sequence[str], generations: str) -> None:
        """Remember generations, joined by dots in the order of their names."""
        times = _times(generations)
        if len(times) == len(names):
            self.note_times(names, times)

    def note_times(self, names: Sequence[str], times: Sequence[int]) -> None:
        """Remember when the generations of these names were made."""
        if all(self._newest.get(name, 0) >= at for name, at in zip(names, times, strict=True)):
            return
        with self._lock:
            for name, at in zip(names, times, strict=True):
                if at > self._newest.get(name, 0):
                    self._newest.pop(name, None)
                    self._newest[name] = at
            while len(self._newest) > self._most:
                oldest = next(iter(self._newest))
                self._floor = max(self._floor, self._newest.pop(oldest))

    def stale(self, names: Sequence[str], generations: str, now: int) -> list[str]:
        """Return the names whose generation is older than one seen, or none of the server's.

        Args:
            names: Names on the server.
            generations: What the server holds under them, joined by dots.
            now: The server's time in milliseconds.
        """
        times = _times(generations)
        if len(times) != len(names):
            return list(names)
        # Under a name that is not remembered, everything since the floor is believed.
        return [
            name
            for name, at in zip(names, times, strict=True)
            if at < self._newest.get(name, self._floor) or at > now + FUTURE
        ]


def _times(generations: str) -> list[int]:
    """Return the times of generations; nothing where one is none."""
    times = [generation.partition("-")[0] for generation in generations.split(".")]
    return [int(at) for at in times] if all(at.isdecimal() and len(at) < 16 for at in times) else []
