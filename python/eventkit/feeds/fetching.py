"""Fetches a feed over HTTP, within limits of size, time and redirects.

A response is read in pieces, and no more of it is kept than `Limits.nbytes` allows: a feed that
grows for ever, or a small gzip body that unpacks to a large one, ends in an error. Proxies of the
environment are not used, because the address of the host has to be checked here.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from eventkit._imports import optional
from eventkit.deadline import Deadlines
from eventkit.errors import FeedError, MissingExtraError
from eventkit.feeds.addresses import AddressRefused, PublicAddresses

__all__ = ["Fetched", "Limits", "fetch", "is_url", "without_password"]

Progress = Callable[[int, int], object]

_PIECE = 1 << 18
_PAUSE_SECONDS = 15.0
_GZIP = 31  # zlib's number for a gzip header and the largest window
_ACCEPT = "application/json, application/xml, text/calendar, text/csv, */*;q=0.5"


@dataclass(frozen=True)
class Limits:
    """The limits of a fetch.

    Attributes:
        nbytes: The largest feed, in bytes, once it is unpacked.
        seconds: The longest time for all of it, redirects included. The resolver of names has a
            limit of its own.
        redirects: The largest number of redirects.
    """

    nbytes: int = 256 << 20
    seconds: float = 60.0
    redirects: int = 5


class Fetched(NamedTuple):
    """The result of a fetch.

    Attributes:
        data: The feed; ``None`` if it has not changed.
        etag: The ``ETag`` of the response, for the next fetch.
        last_modified: Its ``Last-Modified``, likewise.
    """

    data: bytes | None
    etag: str | None = None
    last_modified: str | None = None


def is_url(source: str) -> bool:
    """Return true if a source is an http or https address.

    Example:
        >>> is_url("https://example.org/schedule.json"), is_url("schedule.json")
        (True, False)
    """
    return source[:8].lower().startswith(("http://", "https://"))


def without_password(url: str) -> str:
    """Return an address without the user's name and password.

    Example:
        >>> without_password("https://ann:secret@example.org:8443/a?b=c")
        'https://example.org:8443/a?b=c'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def fetch(
    url: str,
    *,
    allow_private: bool = False,
    known: Fetched | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Fetch a feed.

    Args:
        url: An http or https address.
        allow_private: True to connect to addresses of this machine and of private networks too.
        known: The result of an earlier fetch. The server is asked to answer only if the feed has
            changed since.
        limits: The limits; those of `Limits` when left out.
        progress: Is called with the bytes received and the bytes announced, 0 if unknown.

    Raises:
        FeedError: The feed cannot be fetched; names the address and the reason.
        MissingExtraError: httpx is not installed.
    """
    httpx, core = optional("httpx"), optional("httpcore")
    if httpx is None or core is None:
        raise MissingExtraError("httpx", "feeds")
    limits = limits or Limits()
    deadlines = Deadlines(PublicAddresses(core.SyncBackend(), allow_private=allow_private))
    shown = without_password(url)
    try:
        with (
            _client(httpx, deadlines, limits) as client,
            deadlines.within(limits.seconds),
        ):
            return _follow(client, url, _headers(known), limits, progress)
    except AddressRefused as error:
        reason = f"its host has the address {error}, which is not public: allow private addresses"
        raise FeedError(shown, f"{reason} if this is meant (--allow-private)") from None
    except httpx.TimeoutException as error:
        raise FeedError(shown, f"cannot be fetched in {limits.seconds:g} s ({error})") from error
    except (httpx.HTTPError, httpx.InvalidURL, zlib.error, UnicodeError) as error:
        raise FeedError(shown, f"cannot be fetched: {error or type(error).__name__}") from error


def _client(httpx: Any, deadlines: Deadlines, limits: Limits) -> Any:
    transport = httpx.HTTPTransport(trust_env=False)
    # httpx has no parameter for httpcore's `network_backend`.
    transport._pool._network_backend = deadlines
    pause = min(_PAUSE_SECONDS, limits.seconds)
    return httpx.Client(transport=transport, trust_env=False, timeout=pause)


def _headers(known: Fetched | None) -> dict[str, str]:
    from eventkit._native import __version__

    headers = {
        "Accept": _ACCEPT,
        "Accept-Encoding": "gzip",
        "User-Agent": f"eventkit/{__version__}",
    }
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _follow(
    client: Any, url: str, headers: dict[str, str], limits: Limits, progress: Progress | None
) -> Fetched:
    """Fetch an address, and follow its redirects."""
    first = without_password(url)
    seen = [url]
    while True:
        with client.stream("GET", url, headers=headers) as response:
            if response.next_request is None:
                return _result(response, first, headers, limits, progress)
            url = str(response.next_request.url)
        _check_redirect(first, seen, url, limits)
        seen.append(url)


def _check_redirect(first: str, seen: list[str], url: str, limits: Limits) -> None:
    target = without_password(url)
    if not is_url(url):
        raise FeedError(first, f"is redirected to {target}, expected an http or https address")
    if seen[-1].lower().startswith("https:") and not url.lower().startswith("https:"):
        raise FeedError(first, f"is redirected from https to {target}, which is not encrypted")
    if url in seen:
        raise FeedError(first, f"is redirected in a circle, back to {target}")
    if len(seen) > limits.redirects:
        raise FeedError(first, f"is redirected more than {limits.redirects} times")


def _result(
    response: Any, shown: str, headers: dict[str, str], limits: Limits, progress: Progress | None
) -> Fetched:
    status = response.status_code
    etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    if status == 304 and headers.keys() & {"If-None-Match", "If-Modified-Since"}:
        return Fetched(None, etag, modified)
    if status != 200:
        phrase = f"{status} {response.reason_phrase}".strip()
        raise FeedError(shown, f"the server answered {phrase}, expected 200 OK")
    return Fetched(_body(response, shown, limits, progress), etag, modified)


def _body(response: Any, shown: str, limits: Limits, progress: Progress | None) -> bytes:
    announced = response.headers.get("Content-Length", "")
    total = int(announced) if announced.isascii() and announced.isdigit() else 0
    if total > limits.nbytes:
        raise _too_large(shown, limits)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise FeedError(shown, f"is compressed with {encoding!r}, expected gzip or nothing")
    unpack = _Unpacking() if encoding != "identity" else None
    body, received = bytearray(), 0
    for piece in response.iter_raw(_PIECE):
        received += len(piece)
        if progress is not None:
            progress(received, total)
        for part in [piece] if unpack is None else unpack.parts(piece):
            body += part
            if len(body) > limits.nbytes:
                raise _too_large(shown, limits)
    if unpack is not None and not unpack.complete:
        raise FeedError(shown, "the gzip stream of the response was cut off")
    return bytes(body)


def _too_large(shown: str, limits: Limits) -> FeedError:
    return FeedError(shown, f"has more than {limits.nbytes:,} bytes, the most that are read")


class _Unpacking:
    """Unpacks a gzip stream in parts of limited size."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    @property
    def complete(self) -> bool:
        return self._stream.eof

    def parts(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            if self._stream.eof:  # a further member follows
                self._stream = zlib.decompressobj(_GZIP)
            yield self._stream.decompress(piece, _PIECE)
            piece = self._stream.unconsumed_tail or self._stream.unused_data
