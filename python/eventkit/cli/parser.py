"""Defines the arguments of all commands: a table of flags, and the flags of each command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from eventkit.cli import commands, evaluation, manifests, serving, telemetry, template
from eventkit.cli.catalogs import add_catalog_commands
from eventkit.exports import FORMATS, single_line

__all__ = ["build_parser"]

BAD_USAGE = 2


def _top(text: str) -> int:
    try:
        top = int(text)
    except ValueError:
        top = -1
    if top < 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number, 0 or more")
    return top


def _accelerate(arguments: argparse.Namespace) -> NoReturn:
    """Become another command. `eventkit.cli.main` comes here by a shorter way."""
    from eventkit.accelerate.command import main

    sys.exit(main(arguments.words))


_FLAGS: dict[str, dict[str, Any]] = {
    "--interests": {
        "default": "",
        "metavar": "LIST",
        "help": "interests, separated by commas or semicolons",
    },
    "--interest": {
        "action": "append",
        "default": [],
        "metavar": "TAG",
        "help": "one interest, which may hold commas; repeat it for more",
    },
    "--top": {
        "type": _top,
        "metavar": "N",
        "help": "how many sessions (default, and 0: the manifest's recommend.max_sessions_default)",
    },
    "--session": {"required": True, "metavar": "TITLE", "help": "the title of the session"},
    "--output": {
        "metavar": "PATH",
        "help": "the file or directory to write; a name inside features.export.output_dir"
        " if the manifest enables that feature",
    },
    "--format": {
        "choices": tuple(FORMATS),
        "help": "the itinerary's format (default: by the ending of --output, else markdown)",
    },
    "--date": {
        "metavar": "DAY",
        "help": "for ics: the day (as 2026-09-14) of sessions with a clock time only"
        " (default: today)",
    },
    "--escape": {
        "action": "store_true",
        "help": "escape markup in the texts of a Markdown itinerary",
    },
    "--profile-load": {"metavar": "KEY", "help": "take the interests saved under this key"},
    "--profile-save": {"metavar": "KEY", "help": "save the interests under this key"},
    "--profile-file": {
        "metavar": "PATH",
        "help": "the file of saved interests (default: the manifest's profile.storage_file)",
    },
    "--manifest": {
        "metavar": "PATH",
        "help": "a manifest or compiled catalogue (default: agent.json here, else a sample)",
    },
    "--source": {
        "choices": ("manifest", "graph"),
        "default": "manifest",
        "help": "where the sessions come from (default: manifest)",
    },
    "--user": {
        "metavar": "ID",
        "help": "whose calendar, with --source graph: an object id or a user principal name"
        " (default: GRAPH_USER_ID)",
    },
    "--profiles": {
        "nargs": "+",
        "metavar": 'NAME="a, b"',
        "help": "profiles to evaluate: a name and its interests",
    },
    "--load": {"action": "store_true", "help": "evaluate the saved profiles too"},
    "--count": {
        "type": int,
        "default": 3,
        "metavar": "N",
        "help": "how many sessions (default: 3)",
    },
    "--json": {"action": "store_true", "help": "print JSON on a terminal too"},
    "--understand": {
        "action": "store_true",
        "help": "match what the interests mean: words, aliases, misspellings, not only whole tags",
    },
    "--from-project": {
        "metavar": "DIR",
        "help": "take the languages and dependencies of a software project as interests too",
    },
}
_CHANGED: dict[tuple[str, str], dict[str, Any]] = {
    ("evaluate", "--interest"): {
        "metavar": "NAME=TAG",
        "help": "one interest of a profile, which may hold commas; repeat it for more",
    }
}
_INTERESTS = ("--interests", "--interest")
_MEANING = ("--understand", "--from-project")
_PROFILE = ("--profile-load", "--profile-save", "--profile-file")
_SOURCE = ("--source", "--user")
_EVERYWHERE = ("--manifest", "--json")

_Command = tuple[str, str, Callable[[argparse.Namespace], Any], tuple[str, ...]]
_COMMANDS: tuple[_Command, ...] = (
    (
        "recommend",
        "recommend sessions for interests",
        commands.recommend,
        (*_INTERESTS, *_MEANING, "--top", *_PROFILE, *_SOURCE, *_EVERYWHERE),
    ),
    (
        "explain",
        "explain a session's score",
        commands.explain,
        ("--session", *_INTERESTS, *_MEANING, *_PROFILE, *_SOURCE, *_EVERYWHERE),
    ),
    (
        "export",
        "write recommended sessions as an itinerary",
        commands.export,
        (
            *(*_INTERESTS, "--top", "--output", "--format", "--date", "--escape"),
            *(*_PROFILE, *_SOURCE, *_EVERYWHERE),
        ),
    ),
    (
        "accelerate",
        "run a command with its agent accelerated",
        _accelerate,
        (),
    ),
    (
        "evaluate",
        "measure relevance, diversity, conflicts and latency for profiles",
        evaluation.evaluate,
        ("--profiles", "--interest", "--load", "--top", "--profile-file", *_EVERYWHERE),
    ),
    (
        "template",
        "write sessions to fill in",
        template.template,
        ("--count", "--date", "--output", "--json"),
    ),
    ("schema", "print the manifest's JSON Schema", manifests.schema, ("--json",)),
    (
        "validate",
        "check a manifest, external sessions or a compiled catalogue",
        manifests.validate,
        _EVERYWHERE,
    ),
)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = _Parser(
        prog="eventkit", description="Session recommendations from an Event Kit manifest."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary, command, flags in _COMMANDS:
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary}.")
        subparser.set_defaults(command=command)
        for flag in flags:
            subparser.add_argument(flag, **{**_FLAGS[flag], **_CHANGED.get((name, flag), {})})
        if name == "accelerate":
            subparser.add_argument(
                "words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to run"
            )
        if name == "validate":
            subparser.add_argument("file", nargs="?", metavar="FILE", help="the file to check")
    add_catalog_commands(subparsers)
    serving.add_to(subparsers)
    telemetry.add_to(subparsers)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that reports wrong usage in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"{self.prog}: {single_line(message)} (see {self.prog} --help)\n")


class _Version(argparse.Action):
    """``--version``. It imports eventkit only when the version is needed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from eventkit import __version__

        print(f"eventkit {__version__}")
        parser.exit()
