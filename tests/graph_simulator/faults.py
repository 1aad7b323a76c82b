"""Faults: functions `(handler, make_answer) -> None` that answer a request wrongly, or not at all.

`make_answer()` gives the right body, so that a fault can spoil it. None runs longer than the
simulator: a hanging one waits on the event that is set when it closes.
"""

from __future__ import annotations

import json
import socket
import struct
import zlib
from collections.abc import Callable
from typing import Any

Fault = Callable[[Any, Callable[[], bytes]], None]


def status(code: int, headers: dict[str, str] | None = None, text: str = "") -> Fault:
    """Answer with this status, and an error body as Graph writes it."""
    error = {"error": {"code": "Simulated", "message": text or f"simulated {code}"}}
    return lambda handler, _: handler.answer(code, json.dumps(error).encode(), headers)


def body(content: bytes, code: int = 200, headers: dict[str, str] | None = None) -> Fault:
    """Answer with exactly this body."""
    return lambda handler, _: handler.answer(code, content, headers)


def reset() -> Fault:
    """Close the connection with a TCP reset, having answered nothing."""

    def act(handler: Any, _: Callable[[], bytes]) -> None:
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.close_connection = True
        handler.connection.close()

    return act


def hang(seconds: float = 60.0) -> Fault:
    """Answer nothing for so long."""

    def act(handler: Any, _: Callable[[], bytes]) -> None:
        handler.simulator.closing.wait(seconds)
        handler.close_connection = True

    return act


def trickle(pause: float = 1.0, *, headers: bool = False) -> Fault:
    """Send the body, or already the headers, one byte at a time with a pause after each."""

    def act(handler: Any, make_answer: Callable[[], bytes]) -> None:
        content = make_answer()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        handler.close_connection = True
        if not headers:
            handler.wfile.write(head)
        for byte in (head if headers else b"") + content:
            handler.wfile.write(bytes([byte]))
            if handler.simulator.closing.wait(pause):
                return

    return act


def truncated(keep: float = 0.5) -> Fault:
    """Send the first part of the JSON, as if it were all."""

    def act(handler: Any, make_answer: Callable[[], bytes]) -> None:
        content = make_answer()
        handler.answer(200, content[: int(len(content) * keep)])

    return act


def wrong_length(more: int = 100) -> Fault:
    """Promise more bytes than are sent, then close."""

    def act(handler: Any, make_answer: Callable[[], bytes]) -> None:
        content = make_answer()
        handler.close_connection = True
        handler.answer(200, content, {"Content-Length": str(len(content) + more)})

    return act


def bad_gzip() -> Fault:
    """Say that it is gzip, and send something else."""
    return lambda handler, make_answer: handler.answer(
        200, make_answer(), {"Content-Encoding": "gzip"}
    )


def huge(size: int = 50 << 20) -> Fault:
    """Send a body of valid JSON that is this big."""

    def act(handler: Any, _: Callable[[], bytes]) -> None:
        handler.close_connection = True
        handler.begin(200, size)
        block, tail = b" " * 65536, b'{"value": []}'
        for _block in range((size - len(tail)) // len(block)):
            handler.wfile.write(block)
        handler.wfile.write(b" " * ((size - len(tail)) % len(block)) + tail)

    return act


def gzip_bomb(size: int = 50 << 20) -> Fault:
    """Send a small gzip that unfolds to this size. It is made in pieces, which cost no memory."""
    packer = zlib.compressobj(wbits=31)
    packed = b"".join(packer.compress(b" " * 65536) for _ in range(size // 65536))
    packed += packer.compress(b'{"value": []}') + packer.flush()
    return body(packed, headers={"Content-Encoding": "gzip"})


def link(url: str) -> Fault:
    """Answer rightly, but with this `@odata.nextLink`."""

    def act(handler: Any, make_answer: Callable[[], bytes]) -> None:
        answer = json.loads(make_answer()) | {"@odata.nextLink": url}
        handler.answer(200, json.dumps(answer).encode())

    return act
