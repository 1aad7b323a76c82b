"""Limits how many request bodies a WSGI server reads at a time."""

from __future__ import annotations

import threading
from typing import Any

from eventkit.server.message import Problem

__all__ = ["limit_bodies"]


def limit_bodies(app: Any, most: int) -> Any:
    """Return a WSGI application that reads at most a number of bodies at a time.

    One more is answered 503. In WSGI, a read of the body blocks, and nothing in the protocol ends
    it: clients that send a byte at a time would take all threads. With the limit, threads are left
    for requests without a body, which pay for one dictionary lookup. Reading in a thread of its
    own, so as to give up on it, made granian 2.8 hang.

    Args:
        app: The application.
        most: How many bodies may be read at a time.

    Example:
        >>> import io
        >>> def app(environ, start_response):
        ...     return [environ["wsgi.input"].read(5)]
        >>> limit_bodies(app, 1)({"CONTENT_LENGTH": "5", "wsgi.input": io.BytesIO(b"hello")}, print)
        [b'hello']
    """
    free = threading.Semaphore(most)

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _Body(environ["wsgi.input"], free)
        return app(environ, start_response)

    return serve


class _Body:
    """A body that can be read while the semaphore has room."""

    def __init__(self, stream: Any, free: threading.Semaphore) -> None:
        self._stream, self._free = stream, free

    def read(self, size: int = -1) -> bytes:
        """Read a number of bytes, or to the end.

        Raises:
            Problem: 503: too many bodies are being read.
        """
        if not self._free.acquire(blocking=False):
            raise Problem(503, "too many bodies at a time", ("Retry-After", "5"))
        try:
            data: bytes = self._stream.read(size)
            return data
        finally:
            self._free.release()
