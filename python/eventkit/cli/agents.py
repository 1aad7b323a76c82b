"""The commands ``mcp`` and ``agent-files``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from eventkit._platform import require
from eventkit.cli import serving
from eventkit.cli.answer import Answer
from eventkit.cli.parser import add_output

__all__ = ["add_file_arguments", "add_mcp_arguments", "agent_files", "mcp"]


def add_mcp_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``mcp``."""
    parser.set_defaults(command=mcp, json=False)
    parser.add_argument(
        "--http",
        action="store_true",
        help="listen at an address instead of standard input, beside the endpoints of serve",
    )
    serving.add_source_arguments(parser)
    listening = parser.add_argument_group("with --http")
    serving.add_listening_arguments(listening)


def mcp(arguments: argparse.Namespace) -> Answer:
    """Offer the tools until the client leaves, or a signal ends the server."""
    if arguments.http:
        return serving.listen(arguments, mcp=True)
    require("fcntl", "eventkit mcp")
    # Imported here, because no other command needs them.
    from eventkit.mcp import Supply, serve_stdio

    feed = serving.feed_settings(arguments)
    serve_stdio(Supply(lambda: _source(arguments.manifest, feed)))
    return Answer(None, list, lines=True)


def _source(manifest: str | None, chosen: Any) -> Any:
    """Read the manifest, or fetch the feed and keep it up to date."""
    from eventkit.server import Feed, ServerSettings, Source

    settings = ServerSettings.from_environment()
    if chosen is None:
        return Source(manifest, settings)
    feed = Feed(chosen, settings.cache_directory)
    state = feed.prepare()
    if state.trouble is not None:
        print(f"{state.trouble}; the last good state is used", file=sys.stderr)
    source = Source(feed.path, settings)
    source.feed = feed
    feed.start()
    return source


def add_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``agent-files``."""
    parser.set_defaults(command=agent_files)
    parser.add_argument(
        "--out",
        default="agent-files",
        metavar="DIR",
        help="the directory to write to (default: agent-files)",
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace files that exist and say something else"
    )
    parser.add_argument(
        "--url",
        default="https://events.example.org",
        metavar="URL",
        help="where the server will be reached, for the files that name it",
    )
    add_output(parser)


def agent_files(arguments: argparse.Namespace) -> Answer:
    """Write the files."""
    from eventkit.mcp.files import write_files

    written = write_files(arguments.out, arguments.url, replace=arguments.replace)
    return Answer({"written": written}, lambda: [*written], lines=True)
