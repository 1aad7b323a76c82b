"""Measures the cost of an external sessions file: `python benches/external.py`.

The manifest that comes with the original asks for an external file that is usually absent. This
compares the agent of the tests, which looks for the file and reads it at each call, with the
functions of eventkit, on the programme of FOSDEM 2026: the file absent, and the file present.
"""

from __future__ import annotations

import importlib.util
import json
import os
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import generator
import plan
from eventkit import external_cache, functions
from eventkit.manifest import ModulePlaces
from measure import Call, rotations

ROOT = Path(__file__).resolve().parent.parent
FILE = "sessions_external.json"
WANTED = 100


def programme() -> list[dict[str, Any]]:
    """Return the real programme if it is available, else as many generated sessions."""
    folder = Path(os.environ.get("EVENTKIT_REAL_DATA") or ROOT / "../shared/data")
    path = folder / "fosdem-2026.sessions.json"
    if path.is_file():
        sessions: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return sessions
    return generator.manifest(1_079)["sessions"]


def load_agent(folder: Path) -> Any:
    """Import the copy of the tests' agent in a folder."""
    path = folder / "agent.py"
    path.write_bytes((ROOT / "tests/fixtures/agent/agent.py").read_bytes())
    spec = importlib.util.spec_from_file_location("agent_of_the_bench", path)
    assert spec is not None
    assert spec.loader is not None
    agent = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(agent)
    return agent


def lines(folder: Path) -> Iterator[str]:
    """Compare the answers, then time both sides. First without the file, then with it."""
    agent, sessions = load_agent(folder), programme()
    manifest = {
        "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
        "features": {"externalSessions": {"enabled": True, "file": FILE}},
        "sessions": sessions,
    }
    tags = sorted({tag.lower() for each in sessions for tag in each.get("tags", [])})
    queries = [tags[start : start + 3] for start in range(0, 30, 3)]
    titles = [each["title"] for each in sessions[:: len(sessions) // 10]]
    places = ModulePlaces(vars(agent))
    for state in ("absent", "present"):
        if state == "present":
            (folder / FILE).write_text(json.dumps(sessions), encoding="utf-8")
            time.sleep(external_cache.SETTLED / 1e9)
        yield _line(
            f"recommend, the file {state}",
            partial(agent.recommend, manifest),
            partial(functions.recommend_with, manifest, directories=places),
            [(query, plan.TOP) for query in queries],
        )
        yield _line(
            f"explain, the file {state}",
            partial(agent.explain, manifest),
            partial(functions.explain_with, manifest, directories=places),
            list(zip(titles, queries, strict=False)),
        )


def _line(name: str, slow: Call, quick: Call, inputs: list[tuple[Any, ...]]) -> str:
    for arguments in inputs * 3:
        assert quick(*arguments) == slow(*arguments), (name, arguments)
    before, after = rotations([slow, quick], inputs)
    times = f"{before * 1e6:10.1f} us {after * 1e6:8.1f} us {before / after:8.1f} x"
    return f"{name:<30}{times}   (recommend: >= {WANTED} x)"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        for line in lines(Path(folder)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
