"""Gets the bytes of a feed, and has the engine read them."""

from __future__ import annotations

import json
import os
from typing import IO, Any

from eventkit import _native
from eventkit.errors import FeedError, UnusableFileError
from eventkit.feeds.fetching import fetch, is_url, without_password
from eventkit.feeds.programme import Programme, Report, Skipped
from eventkit.files import read_regular
from eventkit.manifest import parse_manifest

__all__ = ["FORMATS", "MOST_BYTES", "parse", "read"]

MOST_BYTES = 256 << 20
"""The largest feed that is read, in bytes."""

FORMATS: tuple[str, ...] = _native.feed_formats() if _native.AVAILABLE else ()
"""The names of the formats, for the argument `format` of `read`."""

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]


def read(
    source: Source, *, format: str = "auto", zone: str | None = None, allow_private: bool = False
) -> Programme:
    r"""Read the programme of a conference.

    Args:
        source: A path, an http or https address, the content as bytes, or an open binary file.
        format: One of `FORMATS`; ``"auto"`` recognises it by the content.
        zone: The IANA name of the zone in which times without an offset are meant. Times in UTC
            are shown in it. The zone that the feed names is used where this is left out.
        allow_private: True to fetch from addresses of this machine and of private networks too.

    Raises:
        FeedError: The source cannot be fetched, is no feed, is damaged, or cannot be read without
            guessing; names the source, what is wrong and, if it has one, the place.
        OSError: The file cannot be read.
        MissingExtraError: The source is an address, and httpx is not installed.

    Example:
        >>> feed = b"title,start,end,room\nAgents,2026-09-14 09:30,2026-09-14 10:00,Hall 1\n"
        >>> programme = read(feed, zone="Europe/Berlin")
        >>> programme.format, programme.sessions[0]["start_at"]
        ('csv', '2026-09-14T09:30:00+02:00')
    """
    data, origin = _content(source, allow_private)
    return parse(data, origin, format=format, zone=zone)


def parse(data: bytes, origin: str, *, format: str = "auto", zone: str | None = None) -> Programme:
    """Read the programme that bytes hold.

    Args:
        data: The content of a feed.
        origin: Its file or address, for messages.
        format: As for `read`.
        zone: As for `read`.

    Raises:
        FeedError: As for `read`.
    """
    sessions, about = _native.read_feed(data, origin, None if format == "auto" else format, zone)
    if about["format"] == "manifest":
        return _of_manifest(data, origin, about)
    report = _report(len(sessions), about)
    return Programme.of_engine(sessions, **_head(origin, about), report=report)


def _content(source: Source, allow_private: bool) -> tuple[bytes, str]:
    """Return the bytes of a source, and its name."""
    if isinstance(source, str) and is_url(source):
        return fetch(source, allow_private=allow_private).data or b"", without_password(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), "bytes"
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        try:
            return read_regular(path, MOST_BYTES), path
        except UnusableFileError as error:
            raise FeedError(error.path, error.reason) from error
    if not hasattr(source, "read"):
        kind = type(source).__name__
        raise TypeError(f"source is a {kind}, expected a path, bytes or an open binary file")
    origin = str(getattr(source, "name", "file"))
    data = source.read(MOST_BYTES + 1)
    if not isinstance(data, bytes):
        raise TypeError(f"{origin} gives {type(data).__name__}: open it in binary mode ('rb')")
    return data, origin


def _head(origin: str, about: dict[str, Any]) -> dict[str, Any]:
    head = {name: about[name] for name in ("name", "zone", "format")}
    return {**head, "source": origin}


def _report(taken: int, about: dict[str, Any]) -> Report:
    return Report(
        taken=taken,
        skipped=about["skipped"],
        reasons=tuple(Skipped(place, reason) for place, reason in about["reasons"]),
        tags=about["tags"],
        notes=tuple(about["notes"]),
    )


def _of_manifest(data: bytes, origin: str, about: dict[str, Any]) -> Programme:
    """Take the sessions of a manifest as they are, with all their members."""
    try:
        manifest = parse_manifest(data.removeprefix(b"\xef\xbb\xbf"), origin)
    except ValueError as error:
        place = getattr(error, "line", None), getattr(error, "column", None)
        raise FeedError(origin, getattr(error, "reason", str(error)), *place) from error
    sessions = manifest["sessions"]
    for position, session in enumerate(sessions):
        if not isinstance(session, dict):
            shown = json.dumps(session)[:60]
            raise FeedError(origin, f"sessions[{position}] is {shown}, expected an object")
    fields = {name: value for name, value in manifest.items() if name != "sessions"}
    about["name"] = str(fields.get("name", ""))
    about["tags"] = {"keyword": sum(len(session.get("tags") or ()) for session in sessions)}
    report = _report(len(sessions), about)
    head = _head(origin, about)
    return Programme(sessions=list(sessions), report=report, fields=fields, **head)
