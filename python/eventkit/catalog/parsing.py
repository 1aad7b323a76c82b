"""Reads sessions that only Python's JSON reader accepts (NaN, lone surrogates, odd types)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from eventkit.errors import ManifestError

__all__ = ["parsed_lines", "parsed_source", "uses_external_sessions"]


def parsed_source(data: bytes, origin: str) -> Any:
    """Parse a manifest or an array of sessions.

    Raises:
        ManifestError: The data is neither.
    """
    source = _parsed(data, origin)
    sessions = source.get("sessions", []) if isinstance(source, dict) else source
    if not isinstance(sessions, list):
        kind = type(sessions).__name__
        raise ManifestError(
            origin, f"expected a manifest or an array of sessions, not {kind}", 1, 1
        )
    for position, session in enumerate(sessions):
        if not isinstance(session, dict):
            reason = f"sessions[{position}] is {session!r}, expected an object"
            raise ManifestError(origin, reason, 1, 1)
    return source


def parsed_lines(lines: Iterable[bytes], origin: str) -> Iterator[dict[str, Any]]:
    """Parse the session of each line that is not blank.

    Raises:
        ManifestError: A line is not a JSON object.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        session = _parsed(line.rstrip(b"\r\n"), origin, number)
        if not isinstance(session, dict):
            raise ManifestError(origin, f"expected an object, not {session!r}", number, 1)
        yield session


def uses_external_sessions(members: dict[str, bytes] | None) -> bool:
    """Return true if a manifest with these members has its sessions in another file."""
    features = json.loads((members or {}).get("features", b"null"))
    external = features.get("externalSessions") if isinstance(features, dict) else None
    return bool(external.get("enabled")) if isinstance(external, dict) else False


def _parsed(data: bytes, origin: str, line: int = 1) -> Any:
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        raise ManifestError(origin, error.msg, line + error.lineno - 1, error.colno) from error
    except (RecursionError, ValueError) as error:
        raise ManifestError(origin, str(error), line, 1) from error
