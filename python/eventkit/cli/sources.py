"""Reads the file that ``--manifest`` names, whichever kind of programme it holds."""

from __future__ import annotations

import json
from typing import Any

from eventkit.catalog import Catalog, first_bytes, is_compiled, open_programme
from eventkit.errors import FeedError, ManifestError
from eventkit.files import read_regular

__all__ = ["holds_feed", "open_source"]


_BLANK = b"\xef\xbb\xbf \t\r\n"


def open_source(path: str) -> dict[str, Any] | Catalog:
    """Open a manifest, a compiled catalogue, a list of sessions, or a feed. The content decides.

    An object with weights is a manifest. A list is one of sessions, unless it is in the format of
    a feed. Lists get the original's default weights.

    Raises:
        OSError: The file cannot be read.
        ManifestError: It is none of them; names file, line and column.
        FeedError: It is a damaged feed.
        CatalogFileError: It is a damaged catalogue, or was written by a newer eventkit.
    """
    try:
        opened = open_programme(path)
    except ManifestError as error:
        return _from_other(path, error)
    if isinstance(opened, Catalog) or "weights" in opened:
        return opened
    return _feed(path) or opened


def holds_feed(path: str) -> bool:
    """Return true if a file holds a feed or a list of sessions, and no manifest or catalogue.

    Raises:
        OSError: The file cannot be read.
    """
    if is_compiled(first_bytes(path)):
        return False
    data = read_regular(path)
    is_object = data.lstrip(_BLANK)[:1] == b"{"
    return not (is_object and b'"weights"' in data) and _feed(path, data) is not None


def _from_other(path: str, error: ManifestError) -> dict[str, Any]:
    """Return the manifest of a file that holds no object. The error is that of a manifest."""
    data = read_regular(path)
    start = data.lstrip(_BLANK)[:1]
    if start in (b"<", b"B"):  # XML, or BEGIN:VCALENDAR
        found = _feed(path, data, strict=start == b"<")
    else:
        # Sessions in a list of no other format are taken as they are.
        found = _list(data) if start == b"[" else None
        found = _feed(path, data, unlike="other-json" if found else None) or found
    if found is None:
        raise error
    return found


def _feed(
    path: str, data: bytes | None = None, *, strict: bool = False, unlike: str | None = None
) -> dict[str, Any] | None:
    """Return the manifest of a feed.

    Args:
        path: The file.
        data: Its content, if it was read already.
        strict: Raise the error of a damaged feed.
        unlike: A format that is not wanted.

    Returns:
        ``None`` if the file holds no feed.
    """
    # Imported here, because most files are manifests.
    from eventkit.feeds import parse, portable_manifest

    try:
        programme = parse(read_regular(path) if data is None else data, path)
    except FeedError:
        if strict:
            raise
        return None
    if programme.format == unlike:
        return None
    manifest, _ = portable_manifest(programme)
    return manifest


def _list(data: bytes) -> dict[str, Any] | None:
    from eventkit.reference import DEFAULT_WEIGHTS

    try:
        sessions = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not sessions or not all(isinstance(session, dict) for session in sessions):
        return None
    return {"weights": dict(DEFAULT_WEIGHTS), "sessions": sessions}
