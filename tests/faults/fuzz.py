"""A seeded differential fuzzer: ``python -m faults.fuzz --seed 7 --cases 50000``.

Prints what it did, with the seed that repeats it, and ends with status 1 at the first differences.
"""

from __future__ import annotations

import argparse
import gc
import logging
import sys
import warnings
from collections.abc import Callable
from random import Random
from typing import Any

import eventkit
from faults import series
from faults.oracle import difference
from faults.roads import ROADS

SIZES = (1, 5, 31, 32, 33, 40, 64, 100, 200)


def compare_road(
    name: str, seed: int, cases: int, fast: Callable[..., Any] | None = None
) -> str | None:
    """Run a road's function against its reference; return the first difference, with its recipe."""
    road = ROADS[name]
    rng = Random(f"{seed} {name}")
    for case in range(cases):
        recipe = road.arguments(rng)
        found = difference(
            fast or road.fast, road.reference, recipe, texts=road.texts, inputs=case % 8 == 0
        )
        if found:
            return f"{name}, seed {seed}, case {case}: {found}\n  recipe {recipe!r}"
        if case % 4096 == 0:
            gc.collect()
    return None


def compare_series(
    seed: int, calls: int, steps: int = 60, fast: Callable[..., Any] | None = None
) -> tuple[int, str | None]:
    """Run series of edits and calls until at least `calls` calls were made."""
    made, number = 0, 0
    while made < calls:
        rng = Random(f"{seed} series {number}")
        more, found = series.run(rng, steps, SIZES, fast or eventkit.recommend)
        made += more
        if found:
            return made, f"series, seed {seed}, number {number}: {found}"
        number += 1
    return made, None


def main() -> int:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=10_000, help="cases of recommend")
    parser.add_argument("--others", type=int, default=2_500, help="cases of each other function")
    parser.add_argument("--calls", type=int, default=10_000, help="calls in series of edits")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    # numpy warns of overflows that plain floats do silently; both roads meet the same ones.
    warnings.simplefilter("ignore", RuntimeWarning)
    version = ".".join(map(str, sys.version_info[:3]))
    failed = 0
    for name in ROADS:
        cases = chosen.cases if name == "recommend" else chosen.others
        found = compare_road(name, chosen.seed, cases)
        print(
            f"{version} seed {chosen.seed} {name}: {cases} cases",
            found or "0 differences",
            flush=True,
        )
        failed += found is not None
    made, found = compare_series(chosen.seed, chosen.calls)
    print(
        f"{version} seed {chosen.seed} series: {made} calls", found or "0 differences", flush=True
    )
    return 1 if failed or found else 0


if __name__ == "__main__":
    sys.exit(main())
