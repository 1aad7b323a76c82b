"""A server that speaks RESP as badly as it is told to, once somebody has connected."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable

Answer = Callable[[socket.socket, list[bytes]], None]

PONG = b"+PONG\r\n"


def saying(data: bytes) -> Answer:
    """Answer so, always."""
    return lambda connection, command: connection.sendall(data)


GENERATIONS = b".".join([b"1-x"] * 4)


def looked_up(value: bytes, holder: bytes = b"", now: int = 100_000) -> bytes:
    """Return the server's reply to a lookup: a value, or who loads it, and the server's time."""
    parts = (len(value), value, now, len(holder), holder, len(GENERATIONS), GENERATIONS)
    return b"*4\r\n$%d\r\n%b\r\n:%d\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % parts


def resetting(connection: socket.socket, command: list[bytes]) -> None:
    """Half an answer, then RST."""
    connection.sendall(b"*4\r\n$100\r\nhalf")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def dripping(connection: socket.socket, command: list[bytes]) -> None:
    """A byte every two milliseconds: never late by any single read."""
    with contextlib.suppress(OSError):
        for byte in b"*4\r\n$2000\r\n" + b"x" * 2_000:
            connection.sendall(bytes([byte]))
            time.sleep(0.002)


def late(seconds: float) -> Answer:
    """A right answer, late."""

    def answer(connection: socket.socket, command: list[bytes]) -> None:
        time.sleep(seconds)
        with contextlib.suppress(OSError):
            connection.sendall(looked_up(b"", b"x"))

    return answer


class FakeServer:
    """Listens on a free port; ``commands`` counts what it was asked after the PING.

    Args:
        answer: What becomes of a command.
        greets: Whether it answers AUTH and PING; one that does not hangs at once.
    """

    def __init__(self, answer: Answer, greets: bool = True) -> None:
        self._answer = answer
        self._greets = greets
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.commands = 0
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for one in (self._listener, *self._open):
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection.makefile("rb") as lines:
            while head := lines.readline():
                command = []
                for _ in range(int(head[1:])):
                    command.append(lines.read(int(lines.readline()[1:]) + 2)[:-2])
                if command == [b"PING"]:
                    if self._greets:
                        connection.sendall(PONG)
                    continue
                self.commands += 1
                self._answer(connection, command)
