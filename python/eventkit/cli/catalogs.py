"""The commands ``catalog build``, ``catalog info`` and ``catalog verify``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eventkit.catalog import Catalog
from eventkit.catalog.tables import ENDINGS, open_table
from eventkit.cli.answer import Answer
from eventkit.cli.parser import add_output
from eventkit.cli.programme import read
from eventkit.cli.progress import ProgressBar
from eventkit.errors import ManifestError

__all__ = ["add_arguments"]

_LINES = (".ndjson", ".jsonl")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``catalog``."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    build = commands.add_parser(
        "build", help="compile a manifest, or sessions, into a file for --manifest"
    )
    build.add_argument(
        "source",
        metavar="SOURCE",
        help="a manifest, feed or list of sessions, one session a line in .ndjson or .jsonl, or a "
        "table in .parquet, .arrow or .feather (needs the extra [arrow])",
    )
    build.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="the file to write (default: that of SOURCE, ending in .catalog)",
    )
    build.add_argument(
        "--text",
        action="store_true",
        help="compile the words of titles and abstracts too, for --understand",
    )
    add_output(build)
    build.set_defaults(command=_build)
    info = commands.add_parser("info", help="show what a file holds")
    info.add_argument("file", metavar="FILE")
    add_output(info)
    info.set_defaults(command=_info)
    verify = commands.add_parser("verify", help="check every byte of a file")
    verify.add_argument("file", metavar="FILE")
    add_output(verify)
    verify.set_defaults(command=_verify)


def _build(arguments: argparse.Namespace) -> Answer:
    source, file = Path(arguments.source), arguments.file
    if file is None:
        if source.suffix == ".catalog":
            raise ManifestError(str(source), "name the file to write: this one would be replaced")
        file = str(source.with_suffix(".catalog"))
    catalog = _of_table(source) if source.suffix in ENDINGS else _of_text(source)
    if arguments.text:
        catalog.with_text()
    catalog.save(file)
    return _shown(catalog, file, saved=file)


def _of_table(source: Path) -> Catalog:
    table, rows = open_table(source)
    with ProgressBar("loading", rows) as bar:

        def show(_: int, sessions: int) -> None:
            bar.advance(sessions, f"{sessions:,} sessions")

        try:
            return Catalog.from_arrow(table, progress=show)
        except ValueError as error:
            raise ManifestError(str(source), str(error)) from None


def _of_text(source: Path) -> Catalog:
    with ProgressBar("loading", source.stat().st_size) as bar:

        def show(done: int, sessions: int) -> None:
            bar.advance(done, f"{sessions:,} sessions")

        return _load(source, show)


def _load(source: Path, progress: Callable[[int, int], None]) -> Catalog:
    if source.suffix in _LINES:
        return Catalog.from_ndjson(source, progress=progress)
    try:
        return Catalog.from_json(source, progress=progress)
    except (KeyError, ManifestError):  # a feed, or a catalogue that was compiled before
        programme = read(str(source))
        return programme.computed(programme.compiled)


def _info(arguments: argparse.Namespace) -> Answer:
    return _shown(Catalog.open(arguments.file), arguments.file)


def _verify(arguments: argparse.Namespace) -> Answer:
    size = Path(arguments.file).stat().st_size
    with ProgressBar("verifying", size) as bar:
        catalog = Catalog.open(
            arguments.file, verify=True, progress=lambda done, _: bar.advance(done)
        )
    return _shown(catalog, arguments.file, verified=True)


def _shown(catalog: Catalog, file: str, **more: Any) -> Answer:
    result = {
        "file": file,
        "sessions": len(catalog),
        "bytes": Path(file).stat().st_size,
        "weights": catalog.weights,
        **more,
    }
    return Answer(result, lambda: [f"{name}: {value}" for name, value in result.items()])
