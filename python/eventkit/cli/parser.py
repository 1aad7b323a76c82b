"""Defines the arguments of all commands: a table of flags, and the flags of each command.

The arguments of a command, and the module that runs it, are only loaded when the command line
names it. ``eventkit --help`` imports nothing else of the package.
"""

from __future__ import annotations

import argparse
import functools
import sys

TYPE_CHECKING = False  # as in `typing`, whose import takes as long as that of `argparse`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

__all__ = ["FLAGS", "accelerate", "add_output", "build_parser", "did_you_mean"]

BAD_USAGE = 2
MOST_MINUTES = 1440


def _top(text: str) -> int:
    try:
        top = int(text)
    except ValueError:
        top = -1
    if top < 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number, 0 or more")
    return top


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes <= MOST_MINUTES:
        raise argparse.ArgumentTypeError(f"{text!r}, expected minutes from 0 to {MOST_MINUTES}")
    return minutes


def accelerate(arguments: argparse.Namespace) -> NoReturn:
    """Become another command. `eventkit.cli.main` comes here by a shorter way."""
    from eventkit.accelerate.command import main

    sys.exit(main(arguments.words))


FLAGS: dict[str, dict[str, Any]] = {
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
    "--all": {
        "action": "store_true",
        "help": "write every session in the order of the programme; no interests are needed",
    },
    "--profile-load": {"metavar": "KEY", "help": "take the interests saved under this key"},
    "--profile-save": {"metavar": "KEY", "help": "save the interests under this key"},
    "--profile-file": {
        "metavar": "PATH",
        "help": "the file of saved interests (default: the manifest's profile.storage_file)",
    },
    "--manifest": {
        "metavar": "PATH",
        "help": "a manifest, compiled catalogue, feed or list of sessions"
        " (default: agent.json here, else a sample)",
    },
    "--feed": {
        "metavar": "FEED",
        "help": "the programme of a conference instead of a manifest: a file, an http or https"
        " address, or - for standard input",
    },
    "--allow-private": {
        "action": "store_true",
        "help": "fetch feeds from addresses of this machine and of private networks too",
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
    "--balance": {
        "choices": ("interests", "none"),
        "help": "share the places among the interests that sessions match"
        " (default: interests in a table, none in JSON)",
    },
    "--spread": {
        "action": "append",
        "metavar": "FIELD",
        "help": "share the places among the values of track, day, room or another field;"
        " repeat it to share those of each value too",
    },
    "--gap": {
        "type": _minutes,
        "default": 0.0,
        "metavar": "MINUTES",
        "help": "the time it takes from one location to another (default: 0)",
    },
    "--must": {
        "action": "append",
        "default": [],
        "metavar": "SESSION",
        "help": "the id or title of a session that is in the plan; repeat it for more",
    },
    "--avoid": {
        "action": "append",
        "default": [],
        "metavar": "SESSION",
        "help": "the id or title of a session that is not in the plan; repeat it for more",
    },
    "--busy": {
        "action": "append",
        "default": [],
        "metavar": "TIMES",
        "help": "when you are busy: START/END as 12:00/13:00, or an .ics file; repeat it for more",
    },
    "--zone": {
        "metavar": "ZONE",
        "help": "the programme's time zone (as Europe/Berlin), if its times name no offset",
    },
    "--json": {"action": "store_true", "help": "print JSON on a terminal too"},
    "--csv": {"action": "store_true", "help": "print CSV: a row for each session, or each value"},
    "--understand": {
        "action": argparse.BooleanOptionalAction,
        "help": "match what the interests mean: words, aliases, misspellings, not only whole tags"
        " (default: in a table, and not in JSON)",
    },
    "--from-project": {
        "metavar": "DIR",
        "help": "take the languages and dependencies of a software project as interests too",
    },
}
_CHANGED: dict[tuple[str, str], dict[str, Any]] = {
    ("plan", "--top"): {"help": "the most sessions (default, and 0: as many as fit)"},
    ("plan", "--date"): {
        "help": "the day (as 2026-09-14) of sessions with a clock time only, for --busy"
    },
    ("evaluate", "--interest"): {
        "metavar": "NAME=TAG",
        "help": "one interest of a profile, which may hold commas; repeat it for more",
    },
}
_INTERESTS = ("--interests", "--interest")
_MEANING = ("--understand", "--from-project")
_PROFILE = ("--profile-load", "--profile-save", "--profile-file")
_SOURCE = ("--source", "--user")
_OUTPUT = ("--json", "--csv")
_EVERYWHERE = ("--manifest", *_OUTPUT)
_FEED = ("--feed", "--zone", "--allow-private")

_OWN_ARGUMENTS = {
    **{"catalog": "add_arguments", "serve": "add_arguments", "telemetry": "add_arguments"},
    **{"batch": "add_arguments", "completion": "add_arguments"},
    **{"import": "add_import_arguments", "diff": "add_diff_arguments"},
    **{"mcp": "add_mcp_arguments", "agent-files": "add_file_arguments"},
}
"""The commands whose module adds their arguments, and the function that does."""

# Name, summary, module in `eventkit.cli`, flags.
_COMMANDS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "recommend",
        "recommend sessions for interests",
        "commands",
        (
            *(*_INTERESTS, *_MEANING, "--top", "--balance", "--spread"),
            *(*_PROFILE, *_SOURCE, *_FEED, *_EVERYWHERE),
        ),
    ),
    (
        "plan",
        "plan sessions that do not overlap",
        "questions",
        (
            *(*_INTERESTS, *_MEANING, "--top", "--gap", "--must", "--avoid", "--busy", "--date"),
            *(*_PROFILE, *_SOURCE, *_FEED, *_EVERYWHERE),
        ),
    ),
    (
        "why-not",
        "say why a session is not recommended, and what would bring it in",
        "questions",
        (
            *("--session", *_INTERESTS, *_MEANING, "--top"),
            *(*_PROFILE, *_SOURCE, *_FEED, *_EVERYWHERE),
        ),
    ),
    (
        "alternatives",
        "recommend what else runs at the time of a session",
        "questions",
        (
            *("--session", *_INTERESTS, *_MEANING, "--top"),
            *(*_PROFILE, *_SOURCE, *_FEED, *_EVERYWHERE),
        ),
    ),
    (
        "explain",
        "explain a session's score",
        "commands",
        ("--session", *_INTERESTS, *_MEANING, *_PROFILE, *_SOURCE, *_FEED, *_EVERYWHERE),
    ),
    (
        "export",
        "write recommended sessions as an itinerary",
        "commands",
        (
            *(*_INTERESTS, "--top", "--output", "--format", "--date", "--escape"),
            *("--all", *_PROFILE, *_SOURCE, *_FEED, *_EVERYWHERE),
        ),
    ),
    (
        "accelerate",
        "run a command with its agent accelerated",
        "parser",
        (),
    ),
    (
        "evaluate",
        "measure relevance, diversity, conflicts and latency for profiles",
        "evaluation",
        ("--profiles", "--interest", "--load", "--top", "--profile-file", *_EVERYWHERE),
    ),
    (
        "template",
        "write sessions to fill in",
        "template",
        ("--count", "--date", "--output", *_OUTPUT),
    ),
    ("schema", "print the manifest's JSON Schema", "manifests", _OUTPUT),
    (
        "validate",
        "check a manifest, external sessions or a compiled catalogue",
        "manifests",
        _EVERYWHERE,
    ),
    (
        "import",
        "read the programme of a conference, and write a manifest or a compiled catalogue",
        "feeds",
        (),
    ),
    ("diff", "show what changed between two states of a programme", "feeds", ()),
    ("batch", "recommend for files of profiles, on one machine or a cluster", "batch", ()),
    ("catalog", "compile sessions into a file, and show or check such files", "catalogs", ()),
    (
        "serve",
        "serve recommendations, explanations, itineraries, a page and metrics over HTTP",
        "serving",
        (),
    ),
    ("mcp", "offer the tools to agents, by the Model Context Protocol", "agents", ()),
    ("agent-files", "write the files by which agents find the tools", "agents", ()),
    ("telemetry", "summarise and rotate telemetry", "telemetry", ()),
    ("completion", "print the script that completes commands in a shell", "completion", ()),
)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = _Parser(
        prog="eventkit", description="Session recommendations from an Event Kit manifest."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary, module, flags in _COMMANDS:
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary}.")
        subparser.add_later = functools.partial(_add_arguments, name, module, flags)
    return parser


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the flags that choose how an answer is printed."""
    group = parser.add_mutually_exclusive_group()
    for flag in _OUTPUT:
        group.add_argument(flag, **FLAGS[flag])


def _add_arguments(
    name: str, module: str, flags: tuple[str, ...], parser: argparse.ArgumentParser
) -> None:
    """Add the arguments of one command to its parser, and the function that runs it."""
    # Imported here, because ``--help`` needs no other module.
    import importlib

    commands = importlib.import_module(f"eventkit.cli.{module}")
    if name in _OWN_ARGUMENTS:
        getattr(commands, _OWN_ARGUMENTS[name])(parser)
        return
    parser.set_defaults(command=getattr(commands, name.replace("-", "_")))
    # A programme comes from one of them, and an answer is printed in one form.
    groups: dict[str, Any] = {}
    for pair in (("--manifest", "--feed"), _OUTPUT):
        groups |= dict.fromkeys(pair, parser.add_mutually_exclusive_group())
    for flag in flags:
        settings = {**FLAGS[flag], **_CHANGED.get((name, flag), {})}
        if flag == "--format":
            from eventkit.exports import FORMATS

            settings["choices"] = tuple(FORMATS)
        groups.get(flag, parser).add_argument(flag, **settings)
    if name == "accelerate":
        parser.add_argument(
            "words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to run"
        )
    if name == "validate":
        parser.add_argument("file", nargs="?", metavar="FILE", help="the file to check")


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return a question that names the words that are spelt most like another; "" without any.

    Example:
        >>> did_you_mean("recomend", ["recommend", "plan"]), did_you_mean("x", ["recommend"])
        (', did you mean recommend?', '')
    """
    # Imported here, because it is only needed after a mistake.
    from difflib import get_close_matches

    nearest = get_close_matches(word, list(words), n=3)
    return f", did you mean {' or '.join(nearest)}?" if nearest else ""


class _Parser(argparse.ArgumentParser):
    """A parser that reports wrong usage in one line.

    Attributes:
        add_later: A function that adds the arguments before the parser is first used, or ``None``.
    """

    add_later: Callable[[argparse.ArgumentParser], None] | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Add the arguments that were left for later, then parse. Nothing may be left over."""
        known, unknown = super(_Parser, self.completed()).parse_known_args(args, namespace)
        if unknown:
            flag = unknown[0].partition("=")[0]
            flags = [name for name in self._option_string_actions if name.startswith("--")]
            self.error(f"unrecognized arguments: {' '.join(unknown)}{did_you_mean(flag, flags)}")
        return known, unknown

    def completed(self) -> _Parser:
        """Add the arguments that were left for later, and return the parser."""
        if self.add_later is not None:
            add, self.add_later = self.add_later, None
            add(self)
        return self

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is no choice, and name those that are spelt most like it."""
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        meant = did_you_mean(str(value), choices) or f" (choose from {', '.join(choices)})"
        raise argparse.ArgumentError(action, f"invalid choice: {value!r}{meant}")

    def error(self, message: str) -> NoReturn:
        from eventkit.exports import single_line

        self.exit(BAD_USAGE, f"{self.prog}: {single_line(message)} (see {self.prog} --help)\n")


class _Version(argparse.Action):
    """``--version``. It imports eventkit only when the version is needed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from eventkit import __version__

        print(f"eventkit {__version__}")
        parser.exit()
