"""Runs the commands of `eventkit` in a new process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any


def run(
    *arguments: str, options: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m eventkit``. The options are those of the interpreter."""
    return subprocess.run(
        [sys.executable, *options, "-m", "eventkit", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def text_of(*arguments: str) -> str:
    """Run a command that must succeed without a message. Returns its standard output."""
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def answer(*arguments: str) -> Any:
    """Run a command that must succeed without a message. Returns the JSON that it prints."""
    return json.loads(text_of(*arguments))
