"""Loads manifests and finds their sessions: in the manifest itself, or in a JSON file beside it.

The original reads and parses the external file at every call. Here `eventkit.external_cache` parses
it again only when it may have changed. Callers still get objects of their own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from eventkit.errors import ManifestError
from eventkit.external_cache import ExternalFile, read_external
from eventkit.files import read_regular
from eventkit.results import Recommendation

__all__ = [
    "COMPILED_HEAD",
    "DEFAULT_EXTERNAL_FILE",
    "PUBLIC_DIRECTORIES",
    "SAMPLE_MANIFEST_PATH",
    "ModulePlaces",
    "Places",
    "check_manifest",
    "default_manifest_path",
    "detached",
    "find_sessions",
    "get_sessions",
    "load_manifest",
    "parse_document",
    "parse_manifest",
    "shared_sessions",
]

SAMPLE_MANIFEST_PATH = Path(__file__).resolve().parent / "data" / "agent.json"
"""The manifest that comes with eventkit: a plausible conference."""

_SAMPLE_DIRECTORY = str(SAMPLE_MANIFEST_PATH.parent)
_PATH = type(SAMPLE_MANIFEST_PATH)

DEFAULT_EXTERNAL_FILE = "sessions_external.json"

COMPILED_HEAD = b"EVKTCAT\0"
"""The first bytes of a file that `eventkit.Catalog.save` wrote."""

Directories = Iterable["str | os.PathLike[str]"]


def default_manifest_path() -> Path:
    """Return ``agent.json`` in the working directory, or the bundled sample without such a file.

    Example:
        >>> default_manifest_path().name
        'agent.json'
    """
    here = Path("agent.json")
    return here if here.exists() else SAMPLE_MANIFEST_PATH


def load_manifest(path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Read a manifest.

    Args:
        path: The file; `default_manifest_path` when left out.

    Returns:
        The manifest, as Python's ``json`` module reads it.

    Raises:
        FileNotFoundError: The file does not exist.
        UnusableFileError: The path names a pipe, a device or a socket, or more than 1 GiB.
        ManifestError: The file is not a JSON object in UTF-8; names file, line and column.

    Example:
        >>> sorted(load_manifest(SAMPLE_MANIFEST_PATH)["weights"])
        ['diversity', 'interest', 'popularity']
    """
    file = default_manifest_path() if path is None else Path(path)
    return parse_manifest(read_regular(file), str(file))


def parse_manifest(data: bytes, origin: str) -> dict[str, Any]:
    """Parse a manifest.

    Args:
        data: The content of its file.
        origin: The name of the file, for error messages.

    Raises:
        ManifestError: The data is not a JSON object in UTF-8; names file, line and column.

    Example:
        >>> parse_manifest(b'{"name": "Day one"}', "agent.json")
        {'name': 'Day one'}
    """
    manifest = parse_document(data, origin)
    if not isinstance(manifest, dict):
        kind = type(manifest).__name__
        raise ManifestError(origin, f"a manifest is a JSON object, this is a {kind}", 1, 1)
    return manifest


def parse_document(data: bytes, origin: str) -> Any:
    """Parse JSON: a manifest, or a list of external sessions.

    Raises:
        ManifestError: The data is not JSON in UTF-8; names file, line and column.

    Example:
        >>> parse_document(b'[{"title": "Agents"}]', "sessions.json")
        [{'title': 'Agents'}]
    """
    if data.startswith(COMPILED_HEAD):
        raise ManifestError(origin, "a compiled catalogue, not JSON: use eventkit.Catalog.open")
    try:
        return json.loads(data.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise ManifestError(origin, error.msg, error.lineno, error.colno) from error
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start])
        raise ManifestError(origin, f"not UTF-8: {error.reason}", line, column) from error
    except (RecursionError, ValueError) as error:
        raise ManifestError(origin, str(error), 1, 1) from error


def check_manifest(manifest: Any, origin: str) -> None:
    """Raise unless a manifest is one that ``eventkit validate`` accepts.

    Args:
        manifest: The manifest, with the sessions that count.
        origin: Its file, for the message.

    Raises:
        ManifestError: Names the first problem, and how many there are.

    Example:
        >>> manifest = {"sessions": [{"title": 2026}], "weights": {"interest": 1, "popularity": 1}}
        >>> check_manifest(manifest, "agent.json")
        Traceback (most recent call last):
        eventkit.errors.ManifestError: agent.json: sessions[0].title is 2026: \
expected a string that is not empty
    """
    # Its classes take longer to import than a small manifest to rank.
    from eventkit.schema import validate

    problems = validate(manifest)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ManifestError(origin, f"{problems[0]}{more}")


def _place(before: bytes) -> tuple[int, int]:
    """Return line and column, from 1, of the place after these bytes of valid UTF-8."""
    last_line = before.rpartition(b"\n")[2]
    return before.count(b"\n") + 1, len(last_line.decode("utf-8")) + 1


def get_sessions(manifest: Any) -> Any:
    """Return the sessions of a manifest: those of its external file, or its own.

    The external file is used only if ``features.externalSessions.enabled`` is set. It is searched
    as written (from the working directory), then beside the running script, then beside the default
    manifest. If the file holds no sessions or cannot be read, the manifest's own are returned.

    Returns:
        The manifest's very list, or a fresh list of fresh dictionaries from the external file.

    Example:
        >>> get_sessions({"sessions": [{"title": "Agents"}]})
        [{'title': 'Agents'}]
    """
    return find_sessions(manifest, PUBLIC_DIRECTORIES)


def find_sessions(manifest: Any, directories: Directories) -> Any:
    """Return the sessions of a manifest; look for an external file in the given directories, too.

    Args:
        manifest: A mapping.
        directories: The directories to search, in this order, if the file does not exist as it is
            written. The iterable is used only then, so it may compute the directories.
    """
    external = find_external(manifest, directories)
    return external.copy_sessions() if external else manifest.get("sessions", [])


def shared_sessions(
    manifest: Any, directories: Directories
) -> tuple[Any, Callable[[Any], Any] | None]:
    """Return the sessions of a manifest without copying those of an unchanged external file.

    Returns:
        The sessions, and a function that copies one of them; ``None`` where the sessions are the
        caller's own. With such a function the sessions are shared with later calls, so that no part
        of them may reach a caller uncopied (see `detached`). While the file does not change, it is
        the very same list.
    """
    external = find_external(manifest, directories)
    if external:
        return external.sessions, external.copy_session if external.private else None
    return manifest.get("sessions", []), None


def find_external(manifest: Any, directories: Directories) -> ExternalFile | None:
    """Return the external sessions of a manifest; ``None`` if its own sessions are to be used.

    Errors in the manifest's settings raise, as in the original. Errors in the file do not.
    """
    settings = manifest.get("features", {}).get("externalSessions", {})
    if not settings.get("enabled", False):
        return None
    name = settings.get("file", DEFAULT_EXTERNAL_FILE)
    # The first that exists is used, even if it cannot be read as sessions.
    path = Path(name)
    if not path.exists():
        for directory in directories:
            path = Path(directory) / name
            if path.exists():
                break
        else:
            return None
    external = read_external(path)
    return external if external.sessions else None


def detached(recommendation: Recommendation, copy: Callable[[Any], Any]) -> Recommendation:
    """Replace the shared sessions of a fresh recommendation by copies, in place.

    The titles in ``scoring`` are replaced as well, because a title in JSON may be a list. Nothing
    else in a recommendation can be part of a session.
    """
    sessions = [copy(session) for session in recommendation["sessions"]]
    recommendation["sessions"] = sessions
    for row, session in zip(recommendation["scoring"], sessions, strict=True):
        row["title"] = session["title"]
    return recommendation


class Places:
    """The directories where an external file is looked for, worked out when they are needed."""

    def names(self) -> tuple[str, ...]:
        """Return the directories of this moment, in the order of the search."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Path]:
        """Iterate over the directories of this moment."""
        return map(Path, self.names())


class ModulePlaces(Places):
    """The directories of an agent's module and of its manifest, as its globals name them now."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        """Take the module's globals, in which both names are looked up at each search."""
        self._namespace = namespace
        self._file: Any = None
        self._manifest: Any = None
        self._names: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the directories of ``__file__`` and of ``MANIFEST_PATH``."""
        file, manifest = self._namespace["__file__"], self._namespace["MANIFEST_PATH"]
        if file is self._file and manifest is self._manifest:
            return self._names
        # Mostly one and the same: each look-up of an absent file costs a microsecond.
        names = tuple(dict.fromkeys((str(Path(file).parent), str(manifest.parent))))
        # Immutable objects name the same directories for ever.
        if type(file) is str and type(manifest) is _PATH:
            self._file, self._manifest, self._names = file, manifest, names
        return names


class _PublicPlaces(Places):
    def names(self) -> tuple[str, ...]:
        script = sys.argv[0] if sys.argv else ""
        # os.path: a tenth of the time of Path, at each call of a public function.
        here = os.path.exists("agent.json")  # noqa: PTH110
        manifest = "" if here else _SAMPLE_DIRECTORY
        return (os.path.dirname(script), manifest) if script else (manifest,)  # noqa: PTH120


PUBLIC_DIRECTORIES = _PublicPlaces()
"""Where the public functions look for an external file: beside the running script, and beside the
default manifest."""
