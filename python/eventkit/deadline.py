"""Sockets that fail when the deadline of their call is over, even if data arrives slowly.

httpx limits only the pause between two bytes, so a server that sends one byte a second can hold a
call for ever. Every read and write passes through httpcore's network backend.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from eventkit._imports import required

__all__ = ["Deadlines"]


class Deadlines:
    """A network backend of httpcore with a deadline for each thread.

    Args:
        backend: The backend that connects.
    """

    def __init__(self, backend: Any) -> None:
        """Start without a deadline."""
        self._backend = backend
        self._local = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Set the deadline of all reads and writes of this thread."""
        self._local.until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._local.until = None

    def left(self, timeout: float | None, error: str) -> float | None:
        """Return the timeout of one read or write. Raises httpcore's error if no time is left."""
        until: float | None = getattr(self._local, "until", None)
        if until is None:
            return timeout
        left = until - time.monotonic()
        if left <= 0:
            raise getattr(required("httpcore"), error)("the time for the answer is over")
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Connect, and guard the stream."""
        timeout = self.left(timeout, "ConnectTimeout")
        stream = self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> Any:
        """Connect, and guard the stream."""
        timeout = self.left(timeout, "ConnectTimeout")
        return _Stream(self._backend.connect_unix_socket(path, timeout, socket_options), self)

    def sleep(self, seconds: float) -> None:
        """Sleep as the backend does."""
        self._backend.sleep(seconds)


class _Stream:
    """A connection whose reads and writes end by the deadline of the calling thread."""

    def __init__(self, stream: Any, deadlines: Deadlines) -> None:
        self._stream = stream
        self._deadlines = deadlines

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        return self._stream.read(max_bytes, self._deadlines.left(timeout, "ReadTimeout"))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadlines.left(timeout, "WriteTimeout"))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        timeout = self._deadlines.left(timeout, "ConnectTimeout")
        stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Stream(stream, self._deadlines)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
