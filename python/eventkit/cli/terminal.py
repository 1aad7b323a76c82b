"""Prints answers: JSON for programs, lines for a person at a terminal, and remarks."""

from __future__ import annotations

import json
import os
import sys

from eventkit.cli.answer import Answer
from eventkit.exports import single_line

__all__ = ["at_terminal", "complain", "show"]


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer and its remarks."""
    lines = _lines(answer) if not as_json else []
    if lines:
        _never_fail_on_characters()
        print("\n".join(lines))
    elif as_json or not (answer.lines or at_terminal()):
        print(json.dumps(answer.result, indent=answer.indent))
    if sys.stdout is not None:
        sys.stdout.flush()  # Here the error of a closed pipe can still be handled.
    for remark in answer.remarks:
        complain(remark)


def _lines(answer: Answer) -> list[str]:
    if at_terminal():
        return _bold_heads(answer.view())
    return answer.view() if answer.lines else []


def complain(message: str) -> None:
    """Print one line on standard error."""
    print(f"eventkit: {single_line(message)}", file=sys.stderr)


def at_terminal() -> bool:
    """Return true if standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _never_fail_on_characters() -> None:
    """Print ``?`` for characters that the terminal's encoding does not have."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _bold_heads(lines: list[str]) -> list[str]:
    """Return the lines with the first in bold, unless NO_COLOR is set (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    if plain or not lines:
        return lines
    return [f"\x1b[1m{lines[0]}\x1b[0m", *lines[1:]]
