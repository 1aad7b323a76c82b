"""The measurements of the functions, and the ratio that each must reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import generator
from sides import Answer, Side

TOP = 5
ROTATION = 32
"""The number of interest lists through which the calls of a measurement rotate."""


@dataclass(frozen=True)
class Case:
    """One row: a function at a size, and how many times faster than the opponent it must be."""

    function: str
    sessions: int
    interests: int
    warm_target: float | None
    first_target: float | None

    @property
    def name(self) -> str:
        return f"{self.function} {self.sessions:,} x {self.interests}"

    @property
    def batch(self) -> int:
        """Return the number of fresh manifests of a round: many small ones, or one large one."""
        return max(1, min(200, 20_000 // self.sessions))

    def call(self, side: Side) -> Callable[..., Answer]:
        """Return the function of a side, for `warm_inputs` or `fresh_input`."""
        return getattr(side, self.function)

    def warm_inputs(self) -> list[tuple[Any, ...]]:
        """Return arguments with one manifest and different interests and titles."""
        manifest = fresh_manifest(self.sessions)
        return [self._arguments(manifest, seed) for seed in range(ROTATION)]

    def fresh_input(self) -> Callable[[], tuple[Any, ...]]:
        """Return a function that makes arguments with a newly loaded manifest."""
        seeds: Iterator[int] = count()
        return lambda: self._arguments(fresh_manifest(self.sessions), next(seeds))

    def _arguments(self, manifest: Answer, seed: int) -> tuple[Any, ...]:
        interests = generator.interests(self.interests, seed)
        if self.function == "recommend":
            return manifest, interests, TOP
        if self.function == "explain":
            middle = (self.sessions // 2 + seed % ROTATION) % self.sessions
            return manifest, manifest["sessions"][middle]["title"], interests
        return manifest, interests


CASES = (
    Case("recommend", 5, 3, 4, 1.5),
    Case("recommend", 100, 3, 15, 1.5),
    Case("recommend", 1_000, 5, 80, 2),
    Case("recommend", 10_000, 10, 120, 4),
    Case("recommend", 100_000, 10, 120, 5),
    Case("explain", 1_000, 5, 20, None),
    Case("explain", 100_000, 10, 5, None),
    Case("export", 1_000, 5, 20, None),
)

CURVE = tuple(
    Case("recommend", sessions, 10, None, None)
    for sessions in (5, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
)


@cache
def _text(sessions: int) -> bytes:
    return generator.text(generator.columns(sessions))


def fresh_manifest(sessions: int) -> Answer:
    """Load a manifest as an agent does: all objects are new, also equal strings."""
    return json.loads(_text(sessions))
