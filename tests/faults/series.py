"""Edit, call, compare, again: what a snapshot that outlives a call has to survive."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import eventkit
from eventkit import reference
from faults import clean, edits
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
    manifest, interests = bench.manifest, clean.clean_interests(rng)
    top = rng.choice((0, 1, 3, 5, 5, None, -1, 1000))
    chosen: list[Call] = [
        ("recommend", recommend, reference.recommend, (manifest, interests, top)),
        ("recommend", recommend, reference.recommend, (manifest, interests[:2], 5)),
    ]
    kind = rng.randrange(6)
    if kind == 0:
        title = rng.choice(("keynote", "TALK 1", f"talk {rng.randrange(bench.made + 1)}", "merged"))
        chosen.append(
            ("explain", eventkit.explain, reference.explain, (manifest, title, interests))
        )
    elif kind == 1:
        chosen.append(
            (
                "count_conflicts",
                eventkit.count_conflicts,
                reference.count_conflicts,
                (bench.sessions,),
            )
        )
    elif kind == 2 and bench.sessions:
        session = bench.any_session(rng)
        arguments = (session, interests, manifest["weights"])
        chosen.append(("score_session", eventkit.score_session, reference.score_session, arguments))
    return chosen


Script = list[tuple[str, int]]
"""Names of edits (or ``ask``, ``mend``, ``clear_cache``), each with the seed of its own choices."""


def write_script(rng: Random, steps: int) -> Script:
    """Choose what a series does."""
    common = [name for name in edits.EDITS if name not in edits.RARE]
    script: Script = [("ask", rng.getrandbits(32))]
    for _ in range(steps):
        for _ in range(rng.choice((0, 1, 1, 2))):
            names = sorted(edits.RARE) if rng.randrange(40) == 0 else common
            script.append((rng.choice(names), rng.getrandbits(32)))
        if rng.randrange(12) == 0:
            script.append(("mend", 0))
        if rng.randrange(30) == 0:
            script.append(("clear_cache", 0))
        script.append(("ask", rng.getrandbits(32)))
    return script


def play(
    script: Script, seed: int, size: int, recommend: Any = eventkit.recommend
) -> tuple[int, str | None]:
    """Play a script on a fresh manifest; return the number of calls made and the first
    difference."""
    bench = edits.Workbench(Random(seed), size)
    made = 0
    for name, choices in script:
        if name == "mend":
            edits.mend(bench)
        elif name == "clear_cache":
            eventkit.clear_cache()
        elif name != "ask":
            edits.EDITS[name](Random(choices), bench)
        else:
            for call in calls(Random(choices), bench, recommend):
                made += 1
                if found := parted(bench, call):
                    return made, found
    return made, None


def shorten(script: Script, seed: int, size: int, recommend: Any = eventkit.recommend) -> Script:
    """Drop every step that the difference does not need."""
    place = len(script) - 1
    while place >= 0:
        shorter = script[:place] + script[place + 1 :]
        if play(shorter, seed, size, recommend)[1]:
            script = shorter
        place -= 1
    return script


def run(
    rng: Random, steps: int, sizes: tuple[int, ...], recommend: Any = eventkit.recommend
) -> tuple[int, str | None]:
    """Play one series; return the number of calls made and the first difference, shortened."""
    script, seed, size = write_script(rng, steps), rng.getrandbits(32), rng.choice(sizes)
    made, found = play(script, seed, size, recommend)
    if found:
        short = shorten(script, seed, size, recommend)
        found = f"play({short!r}, {seed}, {size}): {play(short, seed, size, recommend)[1] or found}"
    return made, found
