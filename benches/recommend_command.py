"""Times ``eventkit recommend`` beside the plain agent: whole processes, as JSON in a pipe.

Prints, for manifests of several sizes, the ratios of processor time and of elapsed time (eventkit
divided by the agent): medians of runs in turn. The answers are compared first, byte for byte.

Usage: python benches/recommend_command.py
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from command import FIXTURE, RECOMMEND, write_agent

ROUNDS = {5: 21, 1_079: 21, 20_000: 9, 100_000: 5}
EVENTKIT = str(Path(sys.executable).with_name("eventkit"))


class Times(NamedTuple):
    """Seconds of one process."""

    processor: float
    elapsed: float


def run(command: list[str], folder: Path) -> tuple[Times, bytes]:
    """Run a command; return its times and its output."""
    # As installed programs run: with the bytecode of their modules.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    elapsed, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Times(spent, elapsed), done.stdout


def ratios(sessions: int, rounds: int) -> Times:
    """Return the median ratios, eventkit divided by the agent, for a manifest of a size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_agent(FIXTURE, folder, sessions)
        agent = [sys.executable, "agent.py", *RECOMMEND]
        ours = [EVENTKIT, *RECOMMEND]
        assert run(agent, folder)[1] == run(ours, folder)[1] != b""
        pairs = [(run(agent, folder)[0], run(ours, folder)[0]) for _ in range(rounds)]
    return Times(
        *(
            statistics.median(after[part] / before[part] for before, after in pairs)
            for part in range(2)
        )
    )


def main() -> None:
    """Measure and print the table."""
    print("| sessions | processor time, of the agent's | elapsed time |\n|---:|---:|---:|")
    for sessions, rounds in ROUNDS.items():
        found = ratios(sessions, rounds)
        print(f"| {sessions:,} | {found.processor:.2f} | {found.elapsed:.2f} |", flush=True)


if __name__ == "__main__":
    main()
