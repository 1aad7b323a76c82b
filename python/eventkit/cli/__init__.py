"""The command line ``eventkit COMMAND``. See ``eventkit --help``.

Exit status: 0 for success; 1 if there is no such session, a manifest has problems, or a limit is
exceeded; 2 for bad input; 130 if interrupted; 141 if the reader of standard output went away.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in `typing`, whose import takes as long as that of `argparse`
if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventkit.errors import GraphServiceError

__all__ = ["main"]

BAD_INPUT = 2
INTERRUPTED = 130
READER_GONE = 141
_EXAMPLES = """\
eventkit recommends sessions of a conference and plans a visit. Three examples:

  eventkit recommend --interests "ai, security"
  eventkit plan --feed schedule.xml --interests "rust, databases" --busy 12:00/13:00
  eventkit serve --feed https://conference.example/schedule.ics

eventkit --help lists all commands."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments without the name of the program; those of the process when left out.

    Returns:
        The exit status.

    Raises:
        SystemExit: The arguments are wrong, or ask for help or the version.

    Example:
        >>> main(["recommend"])
        {"error": "no interests provided"}
        2
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == ["accelerate"]:
        from eventkit.accelerate.command import main as accelerate

        return accelerate(words[1:])
    if not words:
        # Checks that this package is not mixed with the other one of its name.
        import eventkit.errors  # noqa: F401

        print(_EXAMPLES)
        return 0
    try:
        return _run(words)
    except SystemExit:  # Without this line, `--help` would import the errors of the last clause.
        raise
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return READER_GONE
    except _expected_errors() as error:
        from eventkit.cli.terminal import complain

        complain(_description(error))
        _give_up_output()
        return BAD_INPUT


def _run(words: list[str]) -> int:
    """Run a command and print its answer. Each way imports only what it needs."""
    if words[:1] == ["completion"] and len(words) > 2:
        from eventkit.cli.completion import answer_shell

        return answer_shell(words[1], words[2:])
    if words[:1] == ["recommend"]:
        from eventkit.cli import quick

        if quick.answer(words):
            return 0
    from eventkit.cli.parser import build_parser

    arguments = build_parser().parse_args(words)
    from eventkit.cli.terminal import show

    try:
        answer = arguments.command(arguments)
    except _calendar_error() as error:
        if getattr(arguments, "source", None) != "graph":
            raise
        from eventkit.cli import calendar

        answer = calendar.refused(error)
    show(answer, as_json=arguments.json, as_csv=getattr(arguments, "csv", False))
    status: int = answer.status
    return status


def _calendar_error() -> type[GraphServiceError]:
    """Return the error of a calendar. It is called only when there is an error."""
    from eventkit.errors import GraphServiceError

    return GraphServiceError


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return the errors that one line explains. It is called only when there is an error."""
    from eventkit.errors import EventKitError

    return EventKitError, OSError


def _description(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _give_up_output() -> None:
    """Flush standard output after an error, or discard it if the error was its own (disk full)."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _forget_output()


def _forget_output() -> None:
    """Discard what the interpreter would otherwise write to standard output when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
