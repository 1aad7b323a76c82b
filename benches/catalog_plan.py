"""The measurements of the Catalog and their targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import generator
from eventkit import Catalog
from generator import WEIGHTS, Columns
from plan import ROTATION, TOP

OVER = 5.0
"""The slowest query may take this multiple of the limit for its size."""


@dataclass(frozen=True)
class Size:
    """One row: the time limit of a query, and its target ratio to the best peer."""

    sessions: int
    limit: float
    ratio: float

    @property
    def native(self) -> bool:
        """True if sessions are loaded from JSON, because their objects would fill the memory."""
        return self.sessions > 1_000_000


SIZES = (
    Size(1_000, 3e-6, 5),
    Size(10_000, 4e-6, 12),
    Size(100_000, 10e-6, 50),
    Size(1_000_000, 60e-6, 80),
)
LONG = (Size(10_000_000, 500e-6, 100),)
VARIED = (SIZES[0], SIZES[2], SIZES[3])


@dataclass(frozen=True)
class Query:
    """The lists of interests of successive calls, and the other arguments."""

    name: str
    interests: int = 10
    dense: bool = True
    top: int = TOP
    weights: dict[str, float] | None = None
    columns: bool = False
    """Call `rank_many` with one list, which measures the engine without the answer's objects."""

    def inputs(self, sessions: int) -> list[tuple[Any, ...]]:
        """Return the arguments for the calls of a measurement."""
        draw = partial(generator.interests, self.interests, dense=self.dense)
        lists = [draw(seed) for seed in range(ROTATION)]
        top = min(self.top, sessions)
        return [([wanted] if self.columns else wanted, top) for wanted in lists]

    def call(self, catalog: Catalog) -> Callable[..., Any]:
        """Return the functions to time."""
        ask = catalog.rank_many if self.columns else catalog.recommend
        if self.weights is None:
            return ask
        return lambda interests, top: ask(interests, top, weights=self.weights)


DENSE = Query("dense")


@dataclass(frozen=True)
class Law:
    """Random sessions and their queries."""

    columns: dict[str, Any] = field(default_factory=dict)
    queries: tuple[Query, ...] = ()

    def draw(self, sessions: int) -> Columns:
        return generator.columns(sessions, **self.columns)


POPULAR = {**WEIGHTS, "interest": 0.01, "popularity": 50.0}

LAWS = (
    Law(
        {},
        (
            Query("rare tags", dense=False),
            Query("one interest", 1),
            Query("100 interests", 100),
            Query("top 1", top=1),
            Query("top 1,000 as columns", top=1_000, columns=True),
            Query("popularity dominates", weights=POPULAR),
            Query("the same, rare tags", dense=False, weights=POPULAR),
            Query("hits count against", weights={**WEIGHTS, "interest": -2.0}),
            Query("unpopular ones wanted", weights={**WEIGHTS, "popularity": -0.5}),
            Query("nothing counts", weights={"interest": 0, "popularity": 0, "diversity": 0}),
        ),
    ),
    Law({"zipf": 0.0}, (Query("uniform tags"),)),
    Law({"tags": 5_000}, (Query("5,000 tags"),)),
    Law({"popularity": "equal"}, (Query("popularity equal"),)),
    Law({"popularity": "missing"}, (Query("popularity missing"),)),
    Law({"popularity": "rounded"}, (Query("popularity of two decimals"),)),
)
