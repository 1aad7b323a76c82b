"""The command ``accelerate``: runs another command in its place."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from eventkit.accelerate.launch import launch
from eventkit.cli.terminal import complain

__all__ = ["accelerate"]

BAD_INPUT = 2


def accelerate(arguments: argparse.Namespace) -> NoReturn:
    """Run a command, and accelerate the agent in every Python process that it starts."""
    words = arguments.words
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        complain("no command to run: write eventkit accelerate -- python agent.py ...")
        sys.exit(BAD_INPUT)
    if not 0 <= arguments.shadow <= 1:
        complain(f"--shadow {arguments.shadow}: expected a share of calls, 0 to 1")
        sys.exit(BAD_INPUT)
    options = {"strict": arguments.strict, "shadow": arguments.shadow}
    sys.exit(launch(command, with_report=arguments.report, **options))
