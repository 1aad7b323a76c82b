"""The command ``batch``: recommend for files of profiles, on one machine or on a cluster."""

from __future__ import annotations

import argparse
from typing import Any

from eventkit.cli.answer import Answer
from eventkit.cli.parser import add_output
from eventkit.cli.progress import ProgressBar
from eventkit.errors import BatchError

__all__ = ["add_arguments"]

_HELP = {
    "profiles": "files, directories, patterns or URLs; .parquet, .ndjson, .jsonl or .csv with the"
    " columns id and interests",
    "catalog": "a compiled catalogue, or the manifest of shards",
    "out": "the directory of the results, or its URL",
    "top": "how many sessions for each profile (default: 5)",
    "engine": "what runs the parts (default: local, which is this process with all cores)",
    "cluster": "the address of a Dask scheduler or a Spark master"
    " (default: processes on this machine)",
    "resume": "continue an interrupted run; inputs that changed are refused",
    "format": "the kind of the result files (default: parquet)",
    "part_rows": "about how many profiles a result file has (default: 250000)",
    "understand": "match what the interests mean: words, aliases, misspellings",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of ``batch``."""

    def add(flag: str, **settings: Any) -> None:
        name = flag.lstrip("-").replace("-", "_")
        parser.add_argument(flag, help=_HELP[name], **settings)

    add("--profiles", nargs="+", required=True, metavar="P")
    add("--catalog", required=True, metavar="C")
    add("--out", required=True, metavar="O")
    add("--top", type=_count, default=5, metavar="N")
    add("--understand", action="store_true")
    add("--engine", choices=("local", "dask", "daft", "spark"), default="local")
    add("--cluster", metavar="ADDRESS")
    add("--resume", action="store_true")
    add("--format", choices=("parquet", "ndjson"), default="parquet")
    add("--part-rows", type=_positive, default=250_000, metavar="N")
    add_output(parser)
    parser.set_defaults(command=_batch)


def _batch(arguments: argparse.Namespace) -> Answer:
    # Imported here, because ``batch --help`` needs no Arrow.
    from eventkit.scale import recommend

    names = ("top", "understand", "engine", "cluster", "resume", "format", "part_rows")
    if arguments.cluster and arguments.engine not in ("dask", "spark"):
        raise BatchError("--cluster", f"the engine {arguments.engine} has no address of a cluster")
    with ProgressBar("recommending", 0) as bar:

        def show(done: int, parts: int) -> None:
            bar.total = parts
            bar.advance(done, f"part {done:,} of {parts:,}")

        result = recommend(
            arguments.profiles,
            arguments.catalog,
            arguments.out,
            progress=show,
            **{name: getattr(arguments, name) for name in names},
        )
    return Answer(result, lambda: _view(result))


def _view(result: dict[str, Any]) -> list[str]:
    counted = "" if result["profiles"] is None else f" for {result['profiles']:,} profiles"
    return [
        f"{result['out']}: {result['parts']:,} files of results{counted}",
        f"computed now: {result['computed']:,} of them",
    ]


def _positive(text: str) -> int:
    number = _count(text)
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number, 1 or more")
    return number


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number, 0 or more")
    return number
