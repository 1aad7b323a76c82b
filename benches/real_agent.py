"""Loads the modules of a real agent from the folder of its `agent.py`."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from random import Random

import eventkit
import generator

# The tests hold the recorded answers and their runner.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from faults.compare import objects_in, typed
from parity.case import EXACT_KINDS, load_cases
from parity.runner import Agent, difference, run

SHOWN = 5
RANDOM_CALLS = 2_000
NEIGHBOURS = re.compile(r"\b[CG]\.|\bgraph\(")
"""Cases of `core` and `graph_service` are left out, because only `agent` is timed."""


def load(folder: str) -> Agent:
    """Import `agent`, `core` and `graph_service` from a folder; the last two may be missing.

    Each call makes new copies, so one can be accelerated while another stays plain.
    """
    where = Path(folder).resolve()
    if not (where / "agent.py").is_file():
        raise SystemExit(f"no agent.py in {where}")
    for name in ("agent", "core", "graph_service"):
        sys.modules.pop(name, None)
    sys.path.insert(0, str(where))
    try:
        agent = importlib.import_module("agent")
        rest = [
            importlib.import_module(name) if (where / f"{name}.py").is_file() else agent
            for name in ("core", "graph_service")
        ]
    finally:
        sys.path.remove(str(where))
    return Agent(agent, *rest)


def check_recorded(agent: Agent) -> None:
    """Raise an error if an agent is not the recorded one, because it would do different work."""
    cases = [
        case
        for case in load_cases()
        if case.kind in EXACT_KINDS and not NEIGHBOURS.search(case.code)
    ]
    wrong = [text for case in cases if (text := difference(case, run(case, agent)))]
    if wrong:
        first = "\n".join(wrong[:SHOWN])
        raise SystemExit(f"{len(wrong)} of {len(cases)} recorded answers differ, first:\n{first}")
    print(f"the agent gives all of {len(cases)} recorded answers")


def check_random(agent: Agent, count: int = RANDOM_CALLS) -> None:
    """Raise an error if an agent answers differently from eventkit in one of many random calls."""
    rng = Random(count)
    module = agent.agent
    for number in range(count):
        popularity = rng.choice(("random", "rounded", "equal", "missing"))
        size = rng.choice((0, 1, 2, 5, 12, 40))
        manifest = generator.manifest(size, tags=20, popularity=popularity, seed=number)
        interests = generator.interests(rng.randint(1, 6), number, tags=20)
        top = rng.choice((0, 1, 3, 5, 50, -1, None))
        title = f"{rng.choice(generator.tag_names(20))}, part {rng.randint(0, 40)}".upper()
        recommended = module.recommend(manifest, interests, top)
        pairs = (
            (recommended, eventkit.recommend(manifest, interests, top)),
            (
                module.explain(manifest, title, interests),
                eventkit.explain(manifest, title, interests),
            ),
            (
                module._build_itinerary_markdown(interests, recommended),
                eventkit.build_itinerary_markdown(interests, recommended),
            ),
        )
        known = objects_in((manifest,), texts=False)
        for theirs, ours in pairs:
            if typed(theirs, known) != typed(ours, known):
                raise SystemExit(f"random call {number} differs:\n{theirs}\n{ours}")
    print(f"the agent agrees with eventkit on {count:,} random calls")
