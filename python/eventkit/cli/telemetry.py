"""The commands ``telemetry stats`` and ``telemetry rotate``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from eventkit.cli import telemetry_views as views
from eventkit.cli.answer import Answer
from eventkit.cli.limits import Limit, parse_limit, parse_since
from eventkit.cli.parser import add_output
from eventkit.cli.programme import read
from eventkit.cli.terminal import show
from eventkit.errors import EventKitError
from eventkit.files import atomic_write
from eventkit.telemetry import Telemetry, get_telemetry, summarize
from eventkit.telemetry.page import build_page
from eventkit.telemetry.summary import with_rotated

__all__ = ["add_arguments", "rotate", "stats"]

LIMIT_EXCEEDED = 1
LEAST_PAUSE_S = 1.0
LARGE = 32_000_000
"""The size in bytes from which a progress bar is shown."""

_Subparsers = Any  # argparse does not name the type


class NotReadableError(EventKitError):
    """The telemetry file does not exist."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``telemetry``."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_stats(commands)
    _add_rotate(commands)


def _add_stats(commands: _Subparsers) -> None:
    summary = "show latencies, counts and errors"
    parser = commands.add_parser("stats", help=summary, description=f"{summary}.")
    parser.set_defaults(command=stats)
    parser.add_argument("files", nargs="*", metavar="FILE", help=_FILE_HELP)
    add = parser.add_argument
    add("--since", metavar="TIME", type=parse_since, help="only rows since 30m, 2h, 7d or a date")
    add("--by", choices=("action", "source", "hour"), default="action", help="(default: action)")
    add("--plot", action="store_true", help="draw how the latencies are distributed")
    add("--html", metavar="FILE", help="write a page with latency curves and a histogram")
    add("--follow", action="store_true", help="repeat the summary when lines are added")
    add(
        "--fail-over",
        metavar="LIMIT",
        action="append",
        type=parse_limit,
        default=[],
        help="exit with status 1 over p95=50ms, explain:p99=1s, max=2s or errors=1%%",
    )
    _add_common(parser)


def _add_rotate(commands: _Subparsers) -> None:
    summary = "rotate once, compress and delete old rotated files"
    parser = commands.add_parser("rotate", help=summary, description=f"{summary}.")
    parser.set_defaults(command=rotate)
    add = parser.add_argument
    add("file", nargs="?", metavar="FILE", help=_FILE_HELP)
    add("--max-bytes", type=int, default=0, metavar="N", help="only a file larger than this")
    add("--compress-after", type=float, default=7, metavar="DAYS", help="(default: 7)")
    add("--delete-after", type=float, default=30, metavar="DAYS", help="(default: 30)")
    _add_common(parser)


_FILE_HELP = "a telemetry file, with its rotated files (default: the manifest's)"


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--manifest",
        metavar="PATH",
        help="a manifest or compiled catalogue (default: agent.json here)",
    )
    add_output(parser)


def stats(arguments: argparse.Namespace, wait: Callable[[float], None] = time.sleep) -> Answer:
    """Summarise telemetry."""
    files = _files(arguments)
    answer = _summarised(arguments, files)
    while arguments.follow:
        seen = _sizes(files)
        show(answer, as_json=arguments.json, as_csv=arguments.csv)
        while _sizes(files) == seen:
            wait(LEAST_PAUSE_S)
            files = _files(arguments)
        began = time.monotonic()
        answer = _summarised(arguments, files)
        # Everything is read again, which is exact and simple. The pause limits that to a fifth of
        # one processor's time.
        wait(4 * (time.monotonic() - began))
    return answer


def _files(arguments: argparse.Namespace) -> list[Path]:
    return with_rotated(arguments.files or [_file(arguments)])


def _sizes(files: list[Path]) -> list[tuple[Path, int]]:
    return [(file, file.stat().st_size) for file in files if file.exists()]


def _file(arguments: argparse.Namespace) -> Path:
    return get_telemetry(read(arguments.manifest).manifest).path


def _summarised(arguments: argparse.Namespace, files: list[Path]) -> Answer:
    since = None if arguments.since is None else arguments.since(time.time())
    summarise = partial(summarize, files, since=since, rotated=False, progress=_progress())
    try:
        summary = summarise(by=arguments.by)
    except FileNotFoundError as error:
        raise NotReadableError(f"{error}; is telemetry enabled in the manifest?") from error
    finally:
        _clear_progress()
    remarks = views.remarks(summary)
    if arguments.html is not None:
        hours = summary if arguments.by == "hour" else summarise(by="hour")
        _clear_progress()
        page = build_page(summary, hours["by"])
        atomic_write(arguments.html, page.encode("utf-8"))
        remarks.append(f"written: {arguments.html}")
    limits: list[Limit] = arguments.fail_over
    exceeded = [text for limit in limits if (text := limit.exceeded_by(summary)) is not None]
    return Answer(
        summary,
        lambda: views.stats(summary, plot=arguments.plot),
        LIMIT_EXCEEDED if exceeded else 0,
        [*remarks, *exceeded],
        lines=True,
    )


def _progress() -> Callable[[int, int], None]:
    def show_progress(done: int, total: int) -> None:
        if total >= LARGE and sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write(f"\r{views.progress_bar(done, total)}")
            sys.stderr.flush()

    return show_progress


def _clear_progress() -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def rotate(arguments: argparse.Namespace) -> Answer:
    """Rotate once, for a scheduler such as cron."""
    file = Path(arguments.file) if arguments.file else _file(arguments)
    telemetry = Telemetry(
        file,
        compress_after_days=arguments.compress_after,
        delete_after_days=arguments.delete_after,
    )
    size = file.stat().st_size if file.exists() else 0
    rotated = telemetry.rotate_only() if size > arguments.max_bytes else None
    compressed, deleted = telemetry.tend()
    result = {
        "rotated": None if rotated is None else str(rotated),
        "compressed": compressed,
        "deleted": deleted,
    }
    return Answer(result, lambda: views.rotation(result))
