"""Times how long it takes to start: ``import eventkit``, and ``eventkit --help``.

Prints each as a multiple of ``python -c "import json, argparse"``, which any program with a command
line pays: the best of many runs, taken in turn, of the processor time of the whole process.

Usage: python benches/startup.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from command import processor_time

ROUNDS = 40
PACKAGE = Path(__file__).resolve().parent.parent / "python"
COMMANDS = {
    "import json, argparse": ["-c", "import json, argparse"],
    "nothing": ["-c", "pass"],
    "import eventkit": ["-c", "import eventkit"],
    "eventkit --help": ["-m", "eventkit", "--help"],
    "eventkit recommend --help": ["-m", "eventkit", "recommend", "--help"],
}


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return the processor time of each command in seconds."""
    best = dict.fromkeys(COMMANDS, float("inf"))
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, arguments in COMMANDS.items():
                command = [sys.executable, *arguments]
                spent, printed = processor_time(command, Path(folder), str(PACKAGE))
                assert bool(printed) is ("--help" in name)
                best[name] = min(best[name], spent)
    return best


def main() -> None:
    """Measure and print the table."""
    times = measure()
    yardstick = times["import json, argparse"]
    print("| start | processor time | times `import json, argparse` |\n|---|---:|---:|")
    for name, seconds in times.items():
        print(f"| {name} | {seconds * 1e3:.1f} ms | {seconds / yardstick:.2f} |")


if __name__ == "__main__":
    main()
