"""The command ``completion``: prints a shell's script, and answers it when a key is pressed.

The scripts know no command. They ask ``eventkit completion SHELL ...`` at each key press, so that
commands and flags are always those of the installed parser, and tags and titles those of the
programme that the command line names.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from eventkit.cli.answer import Answer

__all__ = ["SHELLS", "add_arguments", "answer_shell"]

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``completion``."""
    parser.set_defaults(command=_script, json=False)
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def _script(arguments: argparse.Namespace) -> Answer:
    """Print the script of a shell."""
    script = Path(__file__).with_name(f"eventkit.{arguments.shell}").read_text(encoding="utf-8")
    return Answer(None, lambda: script.rstrip("\n").split("\n"), lines=True)


def answer_shell(shell: str, words: Sequence[str]) -> int:
    """Print what a word on the command line may become, for the script of a shell.

    The first line says what the others are: ``values``, ``open`` (values that may be continued) or
    ``files`` (any file, by the shell's own rules).

    Args:
        shell: The shell whose script asks.
        words: For bash the line up to the cursor. For the others the words after the name of the
            program; the last one is the word at the cursor.

    Returns:
        The exit status.
    """
    from eventkit.cli.completion.candidates import candidates
    from eventkit.cli.completion.quoting import bash_words, for_bash

    if shell == "bash":
        place = bash_words(words[0] if words else "")
        found = candidates(place.words)
        values = [for_bash(value, place) for value, _ in found.values]
    else:
        found = candidates(list(words) or [""])
        values = [f"{value}\t{help}" if help else value for value, help in found.values]
    print("\n".join([found.kind, *values]))
    return 0
