"""Serves the protocol over standard input and output.

Standard output belongs to the protocol. Whatever else writes to it, such as a warning of a library
or a child process, goes to standard error: file descriptor 1 is duplicated for the protocol, and
then points to 2. Standard input is taken too, so that nothing else reads the client's messages.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from io import BufferedReader, TextIOWrapper
from typing import Any

from eventkit._imports import required
from eventkit.errors import EventKitError
from eventkit.mcp.supply import Supply

__all__ = ["Lines", "serve_stdio"]

_LONGEST_LINE = 4 * 1_048_576
# A manifest is read by then, and a mistake in it ends the server with a message.
_PATIENCE_SECONDS = 2.0


class Lines:
    """Reads lines, and returns an empty message for one that is too long to be kept in memory."""

    def __init__(self, stream: BufferedReader, longest: int = _LONGEST_LINE) -> None:
        """Keep the stream."""
        self._stream, self._longest = stream, longest

    def readline(self) -> str:
        """Return a line; ``""`` at the end of the stream."""
        line = self._stream.readline(self._longest + 1)
        if len(line) <= self._longest:
            return line.decode("utf-8", "replace")
        while line and not line.endswith(b"\n"):
            line = self._stream.readline(self._longest)
        return "\n"


def serve_stdio(supply: Supply) -> None:
    """Serve until the client closes standard input.

    Args:
        supply: The programme; loaded by this function.

    Raises:
        MissingExtraError: The SDK is not installed.
        EventKitError: The manifest cannot be read.
    """
    with _own_streams() as (received, sent):
        supply.start()
        # The SDK takes 0.9 seconds to import, in which the programme is loaded.
        required("mcp")
        import anyio

        from eventkit.mcp.server import build_server

        if supply.wait(_PATIENCE_SECONDS) and supply.trouble is not None:
            raise EventKitError(supply.trouble)
        # A thread may be waiting for the client; nothing has to be saved.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            anyio.run(_serve, build_server(supply), received, sent)
        except Exception as error:
            if not _is_farewell(error):
                raise
        finally:
            supply.close()


def _is_farewell(error: BaseException) -> bool:
    """Return true if an error, or each of a group, says that the client no longer reads."""
    group = getattr(error, "exceptions", None)
    if group is None:
        return isinstance(error, BrokenPipeError)
    return all(map(_is_farewell, group))


async def _serve(server: Any, received: Lines, sent: TextIOWrapper) -> None:
    import anyio
    from mcp.server.stdio import stdio_server

    # The SDK only iterates over one and writes to the other.
    lines: Any = received
    async with stdio_server(anyio.wrap_file(lines), anyio.wrap_file(sent)) as streams:
        await server.run(*streams, server.create_initialization_options())


@contextlib.contextmanager
def _own_streams() -> Iterator[tuple[Lines, TextIOWrapper]]:
    """Take standard input and output for the protocol, and give them back at the end."""
    sys.stdout.flush()
    wire_in, wire_out = _above_standard(0), _above_standard(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    python_output, sys.stdout = sys.stdout, sys.stderr
    try:
        yield (
            Lines(os.fdopen(wire_in, "rb", closefd=False)),
            TextIOWrapper(os.fdopen(wire_out, "wb", closefd=False), encoding="utf-8"),
        )
    finally:
        sys.stdout = python_output
        os.dup2(wire_in, 0)
        os.dup2(wire_out, 1)


def _above_standard(descriptor: int) -> int:
    """Duplicate a descriptor to a number above 2, which no child process inherits."""
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
