"""Reads and decompresses the body of a response, up to a size limit."""

from __future__ import annotations

import zlib

from eventkit.graph.exchange import Broken

__all__ = ["Body"]

_PIECE = 64 << 10
_GZIP = 31  # zlib's code for gzip's format.


class Body:
    """Collects the bytes of a body as they arrive.

    httpx can decompress too, but has no limit for a chunk: 64 KiB of gzip may hold 64 MiB.

    Args:
        encoding: The ``Content-Encoding``.
        most: The largest number of decompressed bytes.

    Example:
        >>> body = Body("", 8)
        >>> body.add(b"[1, 2]")
        >>> body.finish()
        b'[1, 2]'
    """

    def __init__(self, encoding: str, most: int) -> None:
        """Start with an empty body."""
        self._most = most
        self._bytes = bytearray()
        if encoding.lower() not in ("", "identity", "gzip", "x-gzip"):
            raise Broken(
                f"the answer is encoded as {encoding[:40]!r}, which was not asked for", again=False
            )
        packed = encoding.lower().endswith("gzip")
        self._unpacker = zlib.decompressobj(_GZIP) if packed else None

    def add(self, chunk: bytes) -> None:
        """Add bytes that arrived.

        Raises:
            Broken: The body is too large, or not gzip.
        """
        if self._unpacker is None:
            self._append(chunk)
            return
        try:
            while chunk:
                self._append(self._unpacker.decompress(chunk, _PIECE))
                chunk = self._unpacker.unconsumed_tail
        except zlib.error:
            raise Broken("the answer is no gzip, though it says so", again=False) from None

    def _append(self, piece: bytes) -> None:
        self._bytes += piece
        if len(self._bytes) > self._most:
            self._bytes.clear()  # An exception keeps its frames, and they keep the body.
            raise Broken(f"the answer is larger than {self._most} bytes", again=False)

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            Broken: The end of the gzip data is missing.
        """
        if self._unpacker is not None and not self._unpacker.eof:
            raise Broken("the answer ends too early")
        return bytes(self._bytes)
