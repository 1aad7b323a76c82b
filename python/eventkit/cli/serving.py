"""The command ``serve``: starts the HTTP server."""

from __future__ import annotations

import argparse
import dataclasses

from eventkit._platform import require
from eventkit.cli.answer import Answer
from eventkit.cli.terminal import complain

__all__ = ["add_arguments", "serve"]

CANNOT_LISTEN = 1
PORT = 8010


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``serve``."""
    parser.set_defaults(command=serve, json=False)
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
        "--interface",
        choices=("wsgi", "asgi"),
        help="wsgi is faster, asgi refuses request bodies that come too slowly (default: wsgi, or"
        " asgi if EVENTKIT_TRUSTED_PROXIES is set)",
    )
    add("--card", action="store_true", help="add an Adaptive Card to the responses of /recommend")
    add(
        "--manifest",
        metavar="PATH",
        help="a manifest or compiled catalogue (default: agent.json here, else a sample)",
    )
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


def serve(arguments: argparse.Namespace) -> Answer:
    """Serve until a signal ends the server."""
    require("fcntl", "eventkit serve")
    # Imported here, because no other command needs a server.
    from eventkit.server import ServerSettings, run

    settings = ServerSettings.from_environment()
    hosts = (*settings.allowed_hosts, *arguments.allowed_host)
    card = settings.card or arguments.card
    settings = dataclasses.replace(settings, allowed_hosts=hosts, card=card)
    try:
        run.serve(
            arguments.manifest,
            host=arguments.host,
            port=arguments.port,
            workers=arguments.workers,
            interface=arguments.interface,
            insecure=arguments.insecure,
            settings=settings,
            say=complain,
        )
    except run.ListenError as error:
        return Answer(None, list, CANNOT_LISTEN, [str(error)], lines=True)
    return Answer(None, list, lines=True)


def _port(text: str) -> int:
    return _number(text, 0, 65_535)


def _workers(text: str) -> int:
    return _number(text, 1, 1_000)


def _number(text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from {least} to {most}")
