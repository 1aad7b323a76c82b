"""Compares the functions with plain Python on this interpreter.

Usage: ``python3.14 benches/dict_road.py``, for each version, with an optimised build of the
extension. The opponent is `eventkit.reference` on the same interpreter. The build of the
interpreter is printed first: without optimisation, the opponent is slower, and so the ratio doubles
for the same compiled code.
"""

from __future__ import annotations

import platform
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import eventkit
import generator
import measure
import plan
import sides
from eventkit import reference
from plan import Case

CASES = (
    Case("recommend", 5, 3, 4, 1.5),
    Case("recommend", 100, 3, 30, 5),
    Case("recommend", 1_000, 5, 80, 6),
    Case("recommend", 10_000, 10, 110, 10),
    Case("recommend", 100_000, 10, 130, 20),
)
NOTE_SESSIONS = 1_000
NOTE_MOST = 3.0
"""The limit: a call after a note on a session takes at most 3 times a warm call (from 3.14 on)."""
CATALOG_SESSIONS = 100_000
ROW = "{:>10} {:>12} {:>8} {:>8} {:>5}   {:>8} {:>8} {:>5}"


def build() -> str:
    """Say which interpreter this is, and what is known of how it was compiled."""
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    names = ("enable-optimizations", "with-lto")
    switches = [name for name in names if name in arguments]
    # Debian optimises too, and its configuration does not say so.
    made = " and ".join(switches) if switches else "configured without a switch for optimisation"
    return f"{platform.python_implementation()} {sys.version.split(chr(10))[0]}: {made}"


def rows() -> Iterator[str]:
    """The ratio of a warm and of a first call at each size."""
    yield ROW.format("sessions", "warm", "ratio", "target", "met", "first", "target", "met")
    fast, slow = sides.eventkit_side(), sides.reference_side()
    for case in CASES:
        manifest, interests, top = case.warm_inputs()[0]
        sides.check(manifest, interests, top, slow, fast)
        eventkit.clear_cache()
        calls = [fast.recommend, slow.recommend]
        mine, theirs = measure.rotations(calls, case.warm_inputs(), rounds=5)
        firsts = measure.first(calls, case.fresh_input(), batch=case.batch, rounds=5)
        warm, first = theirs / mine, firsts[1][0] / firsts[0][0]
        yield ROW.format(
            f"{case.sessions:,}",
            f"{mine * 1e6:,.1f} us",
            f"{warm:.1f}",
            f"{case.warm_target:g}",
            met(warm, case.warm_target),
            f"{first:.1f}",
            f"{case.first_target:g}",
            met(first, case.first_target),
        )


def met(ratio: float, target: float | None) -> str:
    """Return whether a target is reached."""
    return "yes" if target is None or ratio >= target else "NO"


def noted() -> float:
    """Return how many plain warm calls one call takes when a session got a note before it."""
    case = Case("recommend", NOTE_SESSIONS, 5, None, None)
    inputs: Sequence[tuple[Any, ...]] = case.warm_inputs()

    def with_note(manifest: Any, interests: Any, top: Any) -> Any:
        manifest["sessions"][7]["seen"] = interests
        return eventkit.recommend(manifest, interests, top)

    calls: list[Callable[..., Any]] = [eventkit.recommend, with_note]
    for side in calls:
        for arguments in inputs[:3]:
            assert side(*arguments) == reference.recommend(*arguments)
    plain, after_note = measure.warm(calls, inputs)
    return after_note / plain


def catalog() -> float:
    """Return the seconds of a `Catalog`'s answer."""
    made = eventkit.Catalog(plan.fresh_manifest(CATALOG_SESSIONS))
    inputs = [(generator.interests(5, seed), 5) for seed in range(32)]
    return measure.rotations([made.recommend], inputs)[0]


def main() -> None:
    """Print everything."""
    print(build())
    print(f"proof of unchanged dicts: {'yes' if eventkit.cache_info()['enabled'] else 'NO'}")
    for line in rows():
        print(line, flush=True)
    ratio = noted()
    asked = met(NOTE_MOST, ratio) if sys.version_info >= (3, 14) else "not asked"
    print(f"a note before each call at {NOTE_SESSIONS:,}: {ratio:.1f} x a plain call ({asked})")
    print(f"Catalog, top 5 of {CATALOG_SESSIONS:,}: {catalog() * 1e6:.2f} us")


if __name__ == "__main__":
    main()
