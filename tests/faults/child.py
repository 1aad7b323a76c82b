"""Run a scenario in a process of its own, where it may hang, crash or be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 300
"""Seconds after which a child counts as hung: far beyond what the slowest machine needs."""


def environment(**changes: str) -> dict[str, str]:
    """Return an environment in which a child imports what this process imports."""
    here = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join([here, *[entry for entry in sys.path if entry]])
    return {**os.environ, "PYTHONPATH": path, **changes}


def run(
    scenario: str,
    *arguments: object,
    options: Sequence[str] = (),
    patience: float = PATIENCE,
    **changes: str,
) -> str:
    """Run ``python -m faults.<scenario>``; return its output.

    Raises:
        AssertionError: It did not end with status 0 in time; the text holds all that it said.
    """
    command = [sys.executable, "-X", "faulthandler", *options, "-m", f"faults.{scenario}"]
    return finish([*command, *map(str, arguments)], patience, environment(**changes))


def finish(
    command: Sequence[str], patience: float, env: dict[str, str], cwd: str | None = None
) -> str:
    """Run a command to its end; see `run`."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=patience, env=env, cwd=cwd, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"{command} hung\n{late.stdout!r}\n{late.stderr!r}") from late
    assert done.returncode == 0, (
        f"{command}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    )
    return done.stdout
