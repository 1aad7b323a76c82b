"""The commands ``import`` and ``diff``, and the feed that ``--feed`` names."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import IO, Any

from eventkit import feeds
from eventkit.catalog import Catalog, first_bytes, is_compiled
from eventkit.cli import differences
from eventkit.cli.answer import Answer
from eventkit.cli.parser import FLAGS, add_output
from eventkit.cli.programme import Programme
from eventkit.cli.progress import ProgressBar
from eventkit.exports import single_line
from eventkit.feeds import fetch, is_url, parse, portable_settings, without_password
from eventkit.files import atomic_write

__all__ = [
    "add_diff_arguments",
    "add_feed_settings",
    "add_import_arguments",
    "programme_of_feed",
    "read_feed",
]

_STANDARD_INPUT = "-"
_COMPILED = (".cat", ".catalog")
_FEED = "a file, an http or https address, or - for standard input"


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``import``."""
    parser.set_defaults(command=import_feed)
    parser.add_argument("feed", metavar="FEED", help=_FEED)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="the file to write: a compiled catalogue if it ends in .cat or .catalog, else a"
        " manifest (default: only say what was understood)",
    )
    add_feed_settings(parser)
    parser.add_argument(
        "--as",
        dest="feed_format",
        choices=("auto", *feeds.FORMATS),
        default="auto",
        metavar="FORMAT",
        help="refuse feeds of other formats (default: recognise the format)",
    )
    add_output(parser)


def add_diff_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``diff``."""
    parser.set_defaults(command=diff)
    parser.add_argument("old", metavar="OLD", help=f"a feed, manifest or catalogue: {_FEED}")
    parser.add_argument("new", metavar="NEW", help="likewise")
    parser.add_argument(
        "--format", choices=differences.FORMATS, help="how to print it (default: text)"
    )
    add_feed_settings(parser)
    add_output(parser)


def add_feed_settings(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how a feed is read."""
    for flag in ("--zone", "--allow-private"):
        parser.add_argument(flag, **FLAGS[flag])


def import_feed(arguments: argparse.Namespace) -> Answer:
    """Read a feed, and write what was asked for."""
    programme = read_feed(
        arguments.feed, arguments.zone, arguments.allow_private, arguments.feed_format
    )
    settings, left_out = portable_settings(programme)
    report = programme.report
    result: dict[str, Any] = {
        "source": programme.source,
        "format": programme.format,
        "name": programme.name,
        "zone": programme.zone,
        "sessions": len(programme),
        "skipped": report.skipped,
        "reasons": [reason._asdict() for reason in report.reasons],
        "tags": report.tags,
        "notes": list(report.notes),
    }
    if arguments.output is not None:
        _write(arguments.output, programme, settings)
        result["saved"] = arguments.output
    remarks = []
    if left_out:
        members = ", ".join(left_out)
        remarks.append(f"left out, because a feed may not change settings of yours: {members}")
    return Answer(result, lambda: _understood(programme, arguments.output), remarks=remarks)


def _understood(programme: feeds.Programme, output: str | None) -> list[str]:
    """Return lines that say what a feed is and what became of it."""
    name = f"{programme.name or programme.source}: {programme.format}"
    lines = [name + (f", {programme.zone}" if programme.zone else "")]
    lines += str(programme.report).split("\n")
    lines += [f"Written to {output}."] if output is not None else []
    return [single_line(line) for line in lines]


def _write(output: str, programme: feeds.Programme, settings: dict[str, Any]) -> None:
    if Path(output).suffix.lower() in _COMPILED:
        programme.catalog(settings).save(output)
        return
    manifest = {**settings, "sessions": programme.sessions}
    # The readers refuse lone surrogates, so that every text has a UTF-8 form.
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    atomic_write(output, text.encode())


def diff(arguments: argparse.Namespace) -> Answer:
    """Compare two states of a programme."""
    if arguments.old == arguments.new == _STANDARD_INPUT:
        raise feeds.FeedError(_STANDARD_INPUT, "can be read once only: OLD or NEW must be a file")
    old, new = (_sessions(name, arguments) for name in (arguments.old, arguments.new))
    arguments.json = arguments.json or arguments.format == "json"
    return differences.answer(feeds.compare(old, new), arguments.format or "text")


def _sessions(source: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the sessions of a feed, a manifest or a compiled catalogue."""
    if source != _STANDARD_INPUT and not is_url(source) and is_compiled(first_bytes(source)):
        return list(Catalog.open(source))
    return read_feed(source, arguments.zone, arguments.allow_private).sessions


def read_feed(
    source: str, zone: str | None = None, allow_private: bool = False, format: str = "auto"
) -> feeds.Programme:
    """Read a feed that a command names; show the progress of a long download at a terminal.

    Args:
        source: A path, an http or https address, or ``-`` for standard input.
        zone: As for `eventkit.feeds.read`.
        allow_private: Likewise.
        format: Likewise.

    Raises:
        FeedError: As `eventkit.feeds.read`.
        OSError: Likewise.
    """
    if source == _STANDARD_INPUT:
        data = _standard_input().read(feeds.MOST_BYTES + 1)
        return parse(data, "standard input", format=format, zone=zone)
    if not is_url(source):
        return feeds.read(source, format=format, zone=zone)
    with ProgressBar("fetching", 0) as bar:

        def show(received: int, total: int) -> None:
            bar.total = total
            bar.advance(received, f"{received / 1e6:,.1f} MB")

        data = fetch(source, allow_private=allow_private, progress=show).data or b""
    return parse(data, without_password(source), format=format, zone=zone)


def _standard_input() -> IO[bytes]:
    if sys.stdin is None:
        raise feeds.FeedError(_STANDARD_INPUT, "there is no standard input")
    return sys.stdin.buffer


def programme_of_feed(arguments: argparse.Namespace) -> Programme:
    """Return the sessions that ``--feed`` names, for a command that otherwise reads a manifest."""
    programme = read_feed(arguments.feed, arguments.zone, arguments.allow_private)
    settings, _ = portable_settings(programme)
    if programme.format == "manifest":
        # Its sessions may be of any shape, which only the functions of a manifest explain.
        return Programme(programme.source, {**settings, "sessions": programme.sessions})
    return Programme(programme.source, settings, programme.catalog(settings))
