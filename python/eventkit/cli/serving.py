"""The command ``serve``: starts the HTTP server."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import re
from typing import Any

from eventkit._platform import require
from eventkit.cli.answer import Answer
from eventkit.cli.feeds import add_feed_settings
from eventkit.cli.terminal import complain

__all__ = [
    "add_arguments",
    "add_listening_arguments",
    "add_source_arguments",
    "feed_settings",
    "listen",
    "serve",
]

CANNOT_LISTEN = 1
PORT = 8010
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``serve``."""
    parser.set_defaults(command=serve, json=False)
    add = parser.add_argument
    add_listening_arguments(parser)
    add(
        "--interface",
        choices=("wsgi", "asgi"),
        help="wsgi is faster, asgi refuses request bodies that come too slowly (default: wsgi, or"
        " asgi if EVENTKIT_TRUSTED_PROXIES is set)",
    )
    add("--card", action="store_true", help="add an Adaptive Card to the responses of /recommend")
    add_source_arguments(parser)


def add_listening_arguments(parser: argparse._ActionsContainer) -> None:
    """Add the flags that say where a server listens, and to whom."""
    add = parser.add_argument
    add(
        "--port",
        type=_port,
        default=PORT,
        metavar="N",
        help=f"the port; 0 for a free one (default: {PORT})",
    )
    add("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    add("--workers", type=_workers, default=1, metavar="N", help="processes (default: 1)")
    add(
        "--allowed-host",
        action="append",
        default=[],
        metavar="HOST",
        help="accept requests for this host too, beside localhost and --host; may be repeated",
    )
    add(
        "--insecure",
        action="store_true",
        help="allow an address that other machines can reach, without an API_TOKEN",
    )


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say what is served, and how often a feed is fetched."""
    sources = parser.add_mutually_exclusive_group()
    sources.add_argument(
        "--manifest",
        metavar="PATH",
        help="a manifest, compiled catalogue, feed or list of sessions"
        " (default: agent.json here, else a sample)",
    )
    sources.add_argument(
        "--feed",
        metavar="FEED",
        help="the programme of a conference instead of a manifest: a file or an http or https"
        " address",
    )
    parser.add_argument(
        "--refresh",
        type=_seconds,
        default=_seconds("15m"),
        metavar="TIME",
        help="how often the feed is fetched, such as 90s, 15m or 2h (default: 15m)",
    )
    add_feed_settings(parser)


def serve(arguments: argparse.Namespace) -> Answer:
    """Serve until a signal ends the server."""
    return listen(arguments, interface=arguments.interface, card=arguments.card)


def listen(
    arguments: argparse.Namespace,
    *,
    interface: str | None = None,
    card: bool = False,
    mcp: bool = False,
) -> Answer:
    """Start the server of ``serve``, or of ``mcp --http``, and wait for its end."""
    require("fcntl", "eventkit serve")
    # Imported here, because no other command needs a server.
    from eventkit.server import ServerSettings, run

    settings = ServerSettings.from_environment()
    hosts = (*settings.allowed_hosts, *arguments.allowed_host)
    settings = dataclasses.replace(settings, allowed_hosts=hosts, card=settings.card or card)
    feed = feed_settings(arguments)
    try:
        run.serve(
            arguments.manifest,
            host=arguments.host,
            port=arguments.port,
            workers=arguments.workers,
            interface=interface,
            insecure=arguments.insecure,
            settings=settings,
            feed=feed,
            mcp=mcp,
            say=complain,
        )
    except run.ListenError as error:
        return Answer(None, list, CANNOT_LISTEN, [str(error)], lines=True)
    return Answer(None, list, lines=True)


def feed_settings(arguments: argparse.Namespace) -> Any:
    """Return the settings of the feed to serve; ``None`` if a manifest is served."""
    from eventkit.errors import FeedError
    from eventkit.server.feed import FeedSettings

    if arguments.feed is None and arguments.manifest is not None:
        from eventkit.cli.sources import holds_feed

        # A file that cannot be read is reported by the server, after what it says of its settings.
        with contextlib.suppress(OSError):
            if holds_feed(arguments.manifest):
                arguments.feed, arguments.manifest = arguments.manifest, None
    if arguments.feed is None:
        return None
    if arguments.feed == "-":
        raise FeedError("-", "standard input cannot be read again: write it to a file first")
    return FeedSettings(arguments.feed, arguments.refresh, arguments.zone, arguments.allow_private)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})([smh]?)", text, re.ASCII)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if seconds == 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a time such as 90s, 15m or 2h")
    return float(seconds)


def _port(text: str) -> int:
    return _number(text, 0, 65_535)


def _workers(text: str) -> int:
    return _number(text, 1, 1_000)


def _number(text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from {least} to {most}")
