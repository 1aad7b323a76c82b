"""Edit, call, compare, again: what a snapshot that outlives a call has to survive."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import eventkit
from eventkit import reference
from faults import edits, generate
from faults.compare import attempt, objects_in, written

Call = tuple[str, Callable[..., Any], Callable[..., Any], tuple[Any, ...]]


def parted(bench: edits.Workbench, call: Call) -> str | None:
    """Make one call on both roads, on the same objects; say how the answers differ."""
    name, fast, slow, arguments = call
    known = objects_in((bench.manifest, *arguments[1:]))
    got = written(attempt(fast, arguments), known)
    want = written(attempt(slow, arguments), known)
    return None if got == want else f"{name}{arguments[1:]!r}\n  got  {got}\n  want {want}"


def calls(rng: Random, bench: edits.Workbench, recommend: Any = eventkit.recommend) -> list[Call]:
    """Choose the next calls: mostly recommendations, twice with the same interests."""
    manifest, interests = bench.manifest, generate.clean_interests(rng)
    top = rng.choice((0, 1, 3, 5, 5, None, -1, 1000))
    chosen: list[Call] = [
        ("recommend", recommend, reference.recommend, (manifest, interests, top)),
        ("recommend", recommend, reference.recommend, (manifest, interests[:2], 5)),
    ]
    kind = rng.randrange(6)
    if kind == 0:
        title = rng.choice(("keynote", "TALK 1", f"talk {rng.randrange(bench.made + 1)}", "merged"))
        chosen.append(("explain", eventkit.explain, reference.explain, (manifest, title, interests)))
    elif kind == 1:
        chosen.append(
            ("count_conflicts", eventkit.count_conflicts, reference.count_conflicts, (bench.sessions,))
        )
    elif kind == 2 and bench.sessions:
        session = bench.any_session(rng)
        arguments = (session, interests, manifest["weights"])
        chosen.append(("score_session", eventkit.score_session, reference.score_session, arguments))
    return chosen


def run(
    rng: Random, steps: int, sizes: tuple[int, ...], recommend: Any = eventkit.recommend
) -> tuple[int, str | None]:
    """Run one series; return the number of calls made and the first difference."""
    bench = edits.Workbench(rng, rng.choice(sizes))
    common = [name for name in edits.EDITS if name not in edits.RARE]
    done: list[str] = []
    made = 0
    for _ in range(steps):
        for call in calls(rng, bench, recommend):
            made += 1
            found = parted(bench, call)
            if found:
                return made, f"after {done}: {found}"
        for _ in range(rng.choice((0, 1, 1, 2))):
            rare = rng.randrange(40) == 0
            name = rng.choice(sorted(edits.RARE) if rare else common)
            done.append(name)
            edits.EDITS[name](rng, bench)
        if rng.randrange(12) == 0:
            edits.mend(bench)
        if rng.randrange(30) == 0:
            done.append("clear_cache")
            eventkit.clear_cache()
    return made, None
