"""Prints answers: JSON or CSV for programs, tables for a person at a terminal, and remarks."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence

from eventkit.cli.answer import Answer
from eventkit.cli.table import Table, plain_lines
from eventkit.exports import single_line

__all__ = ["at_terminal", "complain", "is_table", "plain", "show", "understands"]


def show(answer: Answer, *, as_json: bool, as_csv: bool = False) -> None:
    """Print an answer and its remarks."""
    if as_csv:
        _print_csv(answer)
    elif as_json or not (answer.lines or at_terminal()):
        print(json.dumps(answer.result, indent=answer.indent))
    else:
        _print_view(answer.view())
    if sys.stdout is not None:
        sys.stdout.flush()  # Here the error of a closed pipe can still be handled.
    for remark in answer.remarks:
        complain(remark)


def _print_csv(answer: Answer) -> None:
    if answer.failed_result:
        return
    # Imported here, because most commands print no CSV.
    from eventkit.cli.records import csv_text

    text = csv_text(answer.result)
    _never_fail_on_characters()
    print(text, end="")


def _print_view(parts: Sequence[str | Table]) -> None:
    if not parts:
        return
    _never_fail_on_characters()
    width = shutil.get_terminal_size().columns
    if not at_terminal() or not _has_colour():
        print("\n".join(plain(parts, width)))
        return
    # Imported here, because an answer in a pipe needs no colours.
    from eventkit.cli.colour import coloured

    if not coloured(parts, width, sys.stdout):
        first, *rest = plain(parts, width)
        print("\n".join([f"\x1b[1m{first}\x1b[0m", *rest]))


def plain(parts: Sequence[str | Table], width: int) -> list[str]:
    """Return lines and tables as lines of plain text for a terminal of this width."""
    lines: list[str] = []
    for part in parts:
        lines += plain_lines(part, width) if isinstance(part, Table) else [part]
    return lines


def complain(message: str) -> None:
    """Print one line on standard error."""
    print(f"eventkit: {single_line(message)}", file=sys.stderr)


def at_terminal() -> bool:
    """Return true if standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def is_table(arguments: argparse.Namespace) -> bool:
    """Return true if the answer of a command is shown as a table, not as JSON or CSV."""
    return at_terminal() and not arguments.json and not arguments.csv


def understands(arguments: argparse.Namespace) -> bool:
    """Return true if a command reads what the interests mean: by default for a table only.

    Events of a calendar are compared by whole tags, as in the original, unless the flag is given.
    """
    if arguments.understand is not None:
        return bool(arguments.understand)
    return is_table(arguments) and arguments.source != "graph"


def _has_colour() -> bool:
    """Return false if NO_COLOR is set (https://no-color.org), or the terminal has no colours."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def _never_fail_on_characters() -> None:
    """Print ``?`` for characters that the output's encoding does not have."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
