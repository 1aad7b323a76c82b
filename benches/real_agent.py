"""A real agent's modules, loaded from the folder of its `agent.py`."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

# The recorded answers and their runner are the tests'.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from parity.case import EXACT_KINDS, load_cases
from parity.runner import Agent, difference, run

SHOWN = 5
NEIGHBOURS = re.compile(r"\b[CG]\.|\bgraph\(")
"""Cases of `core` and `graph_service`: the times are those of `agent` alone."""


def load(folder: str) -> Agent:
    """Import `agent`, `core` and `graph_service` from a folder; the last two may be missing."""
    where = Path(folder).resolve()
    if not (where / "agent.py").is_file():
        raise SystemExit(f"no agent.py in {where}")
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
    """Refuse an agent that is not the recorded one: its times would compare different work."""
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
