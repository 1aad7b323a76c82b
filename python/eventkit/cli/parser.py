"""The command line's grammar: one table of flags, and which command takes which."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from eventkit.cli import commands, evaluation, manifests, serving, telemetry, template
from eventkit.cli.catalogs import add_catalog_commands
from eventkit.itinerary import FORMATS

__all__ = ["build_parser"]

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
    "--top": {
        "type": int,
        "metavar": "N",
        "help": "how many sessions (default: the manifest's recommend.max_sessions_default)",
    },
    "--session": {"required": True, "metavar": "TITLE", "help": "the title of the session"},
    "--output": {
        "metavar": "PATH",
        "help": "the file or directory to write; a name inside features.export.output_dir"
        " where the manifest turns that feature on",
    },
    "--format": {
        "choices": tuple(FORMATS),
        "help": "the itinerary's format (default: what --output ends with, else markdown)",
    },
    "--date": {
        "metavar": "DAY",
        "help": "for ics: the day (as 2026-09-14) of sessions with a clock time only"
        " (default: today)",
    },
    "--escape": {
        "action": "store_true",
        "help": "neutralise markup in the texts of a Markdown itinerary",
    },
    "--profile-load": {"metavar": "KEY", "help": "take the interests saved under this key"},
    "--profile-save": {"metavar": "KEY", "help": "save the interests under this key"},
    "--profile-file": {
        "metavar": "PATH",
        "help": "where interests are saved (default: the manifest's profile.file, else"
        f" {commands.PROFILE_FILE} here)",
    },
    "--manifest": {
        "metavar": "PATH",
        "help": "the manifest (default: agent.json here, else the bundled sample)",
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
}
_PROFILE = ("--profile-load", "--profile-save", "--profile-file")
_SOURCE = ("--source", "--user")
_EVERYWHERE = ("--manifest", "--json")

_Command = tuple[str, str, Callable[[argparse.Namespace], Any], tuple[str, ...]]
_COMMANDS: tuple[_Command, ...] = (
    (
        "recommend",
        "recommend sessions for interests",
        commands.recommend,
        ("--interests", "--top", *_PROFILE, *_SOURCE, *_EVERYWHERE),
    ),
    (
        "explain",
        "explain a session's score",
        commands.explain,
        ("--session", "--interests", *_PROFILE, *_SOURCE, *_EVERYWHERE),
    ),
    (
        "export",
        "write recommended sessions as an itinerary",
        commands.export,
        (
            *("--interests", "--top", "--output", "--format", "--date", "--escape"),
            *(*_PROFILE, *_SOURCE, *_EVERYWHERE),
        ),
    ),
    (
        "accelerate",
        "run a command, its agent accelerated",
        _accelerate,
        (),
    ),
    (
        "evaluate",
        "measure relevance, diversity, conflicts and latency for profiles",
        evaluation.evaluate,
        ("--profiles", "--load", "--top", "--profile-file", *_EVERYWHERE),
    ),
    (
        "template",
        "write sessions to fill in",
        template.template,
        ("--count", "--date", "--output", "--json"),
    ),
    ("schema", "print the manifest's JSON Schema", manifests.schema, ("--json",)),
    ("validate", "check a manifest against the schema", manifests.validate, _EVERYWHERE),
)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="eventkit", description="Session recommendations from an Event Kit manifest."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary, command, flags in _COMMANDS:
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary}.")
        subparser.set_defaults(command=command)
        for flag in flags:
            subparser.add_argument(flag, **_FLAGS[flag])
        if name == "accelerate":
            subparser.add_argument(
                "words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to run"
            )
        if name == "validate":
            subparser.add_argument("file", nargs="?", metavar="FILE", help="the manifest to check")
    add_catalog_commands(subparsers)
    serving.add_to(subparsers)
    telemetry.add_to(subparsers)
    return parser


class _Version(argparse.Action):
    """``--version``, which asks for the version only when somebody wants it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from eventkit import __version__

        print(f"eventkit {__version__}")
        parser.exit()
