"""Reads the external sessions of a manifest for the server, and describes what is wrong with them.

`eventkit.get_sessions` answers as the original does: a file that cannot be read leaves the
manifest's own sessions. A server that reloads must know the difference, because an editor or a
deployment may have written half of the file only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from eventkit.catalog import Catalog
from eventkit.errors import ManifestError
from eventkit.files import read_regular

__all__ = ["External", "read_external_sessions"]


class External(NamedTuple):
    """One state of the external sessions of a manifest.

    Attributes:
        data: The bytes of the file; empty if it could not be read.
        sessions: Its sessions, compiled if the engine could read them; empty if the manifest's own
            sessions are used.
        problem: Why the file cannot be read as sessions; ``None`` if it can be read, or if the
            manifest has no external sessions.
        exists: True if the file exists.
        wanted: True if the manifest asks for external sessions.
    """

    data: bytes = b""
    sessions: Catalog | tuple[dict[str, Any], ...] = ()
    problem: str | None = None
    exists: bool = True
    wanted: bool = True


def read_external_sessions(candidates: Iterable[Path]) -> External:
    """Read the first file of the candidates that exists; no candidates mean that none is asked for.

    Example:
        >>> read_external_sessions([Path("no-such-file.json")]).problem
        'no-such-file.json does not exist'
    """
    candidates = list(candidates)
    if not candidates:
        return External(wanted=False)
    path = next(filter(_exists, candidates), None)
    if path is None:
        return External(problem=f"{candidates[-1]} does not exist", exists=False)
    try:
        data = read_regular(path)
        compiled = _compiled(data)
        if compiled is not None:
            return External(data, compiled)
        # Decoded here: json.loads would guess UTF-16 from bytes, and skip a byte order mark.
        document = json.loads(data.decode("utf-8"))
    except OSError as error:
        return External(problem=str(error))
    except (ValueError, RecursionError) as error:
        return External(problem=f"{path} cannot be read as sessions ({error})")
    if not isinstance(document, list):
        kind = type(document).__name__
        return External(problem=f"{path} holds a {kind}, expected an array of sessions")
    return External(data, tuple(entry for entry in document if isinstance(entry, dict)))


def _compiled(data: bytes) -> Catalog | None:
    """Return the sessions if the engine can read them; other threads run meanwhile.

    Python's parser held the interpreter for half a second at 100,000 sessions.
    """
    if not data.lstrip().startswith(b"["):
        return None
    try:
        return Catalog.from_json(data, weights={})
    except ManifestError:  # Python's parser leaves out what is no object, and names other faults
        return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
