"""Bodies that come slowly, on servers whose threads wait for them."""

from __future__ import annotations

import threading
from typing import Any

from eventkit.server.message import Problem

__all__ = ["bounded"]


def bounded(app: Any, most: int) -> Any:
    """Return a WSGI application that reads so many bodies at a time, and answers 503 to one more.

    A WSGI server hands over the connection: a read of it blocks, and nothing in the protocol ends
    it. Clients that send bodies a byte at a time would take all threads; so they leave some for
    requests without a body. Reading in another thread, so as to give up on it, made granian 2.8
    stand still for good. Requests without a body pay for one look into a dictionary.

    Example:
        >>> import io
        >>> def app(environ, start_response):
        ...     return [environ["wsgi.input"].read(5)]
        >>> bounded(app, 1)({"CONTENT_LENGTH": "5", "wsgi.input": io.BytesIO(b"hello")}, print)
        [b'hello']
    """
    free = threading.Semaphore(most)

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _Body(environ["wsgi.input"], free)
        return app(environ, start_response)

    return serve


class _Body:
    """A body that is read if not too many are."""

    def __init__(self, stream: Any, free: threading.Semaphore) -> None:
        self._stream, self._free = stream, free

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or to the end.

        Raises:
            Problem: 503.
        """
        if not self._free.acquire(blocking=False):
            raise Problem(503, "too many bodies at a time", ("Retry-After", "5"))
        try:
            data: bytes = self._stream.read(size)
            return data
        finally:
            self._free.release()
