"""`Revision` is one state of a manifest, compiled, with the answers cached for it."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from eventkit._native import __version__, load_json
from eventkit.catalog import Catalog, catalog_from_bytes, check_catalog, is_compiled
from eventkit.errors import ManifestError
from eventkit.exports import default_top
from eventkit.manifest import DEFAULT_EXTERNAL_FILE, check_manifest, get_sessions, parse_manifest
from eventkit.server.external import External
from eventkit.server.message import Response
from eventkit.telemetry import get_telemetry

__all__ = [
    "ResponseCache",
    "Revision",
    "build_revision",
    "digest_of",
    "external_file",
    "read_revision",
]

_MOST_TAGS = 2_000
_MAPPING = "the manifest"
_PROBE = "eventkit"
_OBJECT = re.compile(rb"[ \t\r\n]*\{")

Shared = Callable[[str, Catalog | None], "Catalog | None"]


class ResponseCache:
    """Caches the responses of one revision; drops the oldest first.

    Reading takes no lock: the operations of a dictionary are atomic, and a response that another
    thread has just dropped is still right.

    Args:
        entries: The largest number of responses; 0 for no cache.
        nbytes: The size limit of all of them together.
        seconds: How long a response stays.
    """

    def __init__(self, entries: int, nbytes: int, seconds: float) -> None:
        """Start empty."""
        self._entries, self._bytes, self._seconds = entries, nbytes, seconds
        self._held = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, tuple[float, Response, int]] = OrderedDict()

    def get(self, key: Any, now: float) -> Response | None:
        """Return a response, ``None`` if there is none or it is too old."""
        found = self._kept.get(key)
        return found[1] if found is not None and now < found[0] else None

    def put(self, key: Any, answer: Response, now: float) -> None:
        """Add a response, unless it alone is too large."""
        size = _size(key, answer)
        if not self._entries or size > self._bytes:
            return
        with self._lock:
            self._drop(key)
            self._kept[key] = now + self._seconds, answer, size
            self._held += size
            while len(self._kept) > self._entries or self._held > self._bytes:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Any) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._held -= dropped[2]


_ENTRY = 400
"""Bytes of an entry's own objects: a place in the dictionary, a tuple, two numbers, a response."""


def _size(key: Any, answer: Response) -> int:
    """Return the most memory in bytes that a kept answer takes.

    Its body may be compressed and its headers encoded later: both count from the start.
    """
    compressed = len(answer.body) + 500
    headers = 2 * _memory(answer.cached_headers) + _memory(answer.headers)
    return _ENTRY + compressed + sum(map(_memory, (answer.body, key, answer.payload))) + headers


def _memory(value: Any) -> int:
    """Return the memory of a value and of all that it holds, as if nothing of it were shared."""
    held: Iterable[Any] = ()
    if isinstance(value, dict):
        held = chain.from_iterable(value.items())
    elif isinstance(value, (list, tuple)):
        held = value
    # The allocator rounds up to 16 bytes.
    return sys.getsizeof(value) + 15 + sum(map(_memory, held))


class Revision:
    """One state of a manifest.

    Attributes:
        catalog: The sessions, compiled.
        fields: The manifest without its sessions.
        digest: Identifies the revision; the same in every process that reads the same bytes.
        default_top: How many sessions to recommend if a request does not say.
        telemetry: The telemetry log that the manifest configures.
        cache: The cached responses.
    """

    def __init__(self, catalog: Catalog, fields: dict[str, Any], digest: str) -> None:
        """Keep the parts."""
        self.catalog = catalog
        self.fields = fields
        self.digest = digest
        self.default_top: int = default_top(fields)
        self.telemetry = get_telemetry(fields)
        self.cache = ResponseCache(0, 0, 0.0)
        self._tags: bytes | None = None

    def tags(self) -> bytes:
        """Return the tags as JSON, in lower case, the most frequent first; computed once."""
        if self._tags is None:
            counts: Counter[str] = Counter()
            for session in self.catalog:
                tags = session.get("tags") or []
                counts.update({tag.lower() for tag in tags if isinstance(tag, str)})
            ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_TAGS]
            listed = [{"tag": tag, "sessions": count} for tag, count in ranked]
            self._tags = json.dumps({"tags": listed}).encode("ascii")
        return self._tags


def build_revision(manifest: Mapping[str, Any]) -> Revision:
    """Compile a manifest that is a mapping, from the JSON that it is as a file.

    Raises:
        ManifestError: JSON cannot hold it, or ``eventkit validate`` refuses it; names the first
            problem.
    """
    own = {name: value for name, value in manifest.items() if name != "sessions"}
    dumped = _dumped(own)
    fields = json.loads(dumped)
    # First without sessions: where those are is one of the settings.
    check_manifest({**fields, "sessions": []}, _MAPPING)
    data = _dumped({"weights": fields["weights"], "sessions": get_sessions(manifest)})
    try:
        sessions = Catalog.from_json(data)
    except ManifestError:
        check_manifest({**fields, **json.loads(data)}, _MAPPING)
        raise
    catalog = Catalog.from_parts(sessions, fields)
    check_catalog(catalog, _MAPPING)
    return _probed(catalog, digest_of(dumped, data))


def _dumped(value: Any) -> bytes:
    """Return JSON of a value: tuples become arrays, and all mappings objects."""
    try:
        return json.dumps(value, default=_as_dict).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ManifestError(_MAPPING, f"cannot be written as JSON ({error})") from error


def _as_dict(value: Any) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"it holds {value!a:.60} of type {type(value).__name__}")


def digest_of(data: bytes, external: bytes) -> str:
    """Return a hash of a manifest file, its external sessions, and the version of eventkit."""
    digest = hashlib.sha256(b"%s\0%d\0" % (__version__.encode(), len(data)))
    digest.update(data)
    digest.update(external)
    return digest.hexdigest()[:32]


def read_revision(
    path: Path, data: bytes, external: External, digest: str, shared: Shared
) -> Revision:
    """Compile a manifest file that ``eventkit validate`` accepts.

    Args:
        path: The file, for messages.
        data: The content of the file.
        external: Its external sessions; its own count when there are none.
        digest: Identifies this state of the file.
        shared: Given a digest, returns the catalogue that another process saved under it; given a
            catalogue too, saves that and returns the saved one. ``None`` where it does not share.

    Raises:
        ManifestError: It cannot be parsed, or ``eventkit validate`` refuses it; names the file and
            the first problem.
    """
    catalog = shared(digest, None)
    if catalog is not None:
        return Revision(catalog, catalog.fields, digest)
    compiled = _compiled(path, data, external)
    # Before it is shared: other processes trust what they find there.
    check_catalog(compiled, str(path))
    revision = _probed(compiled, digest, str(path))
    return Revision(shared(digest, revision.catalog) or revision.catalog, revision.fields, digest)


def external_file(data: bytes) -> str | None:
    """Return the name of the external sessions file that a manifest's text asks for.

    Returns ``None`` if it asks for none. It is parsed only if the setting's name is in it, so that
    most manifests are not parsed twice.
    """
    if b"externalSessions" not in data:
        return None
    try:
        settings = _features(data).get("externalSessions", {})
        if settings.get("enabled", False):
            return str(settings.get("file", DEFAULT_EXTERNAL_FILE))
    except (AttributeError, ManifestError):
        pass
    return None


def _features(data: bytes) -> Any:
    loaded = load_json(data, "", None)  # other threads run meanwhile
    if loaded is None:
        return parse_manifest(data, "").get("features", {})
    return json.loads((loaded[1] or {}).get("features", b"{}"))


def _compiled(path: Path, data: bytes, external: External) -> Catalog:
    if is_compiled(data):
        return catalog_from_bytes(data, path)
    try:
        # An array of sessions is a catalogue, but no manifest: the parser says so.
        if _OBJECT.match(data) and not external.wanted:
            return Catalog.from_json(data)
        manifest = parse_manifest(data, str(path))
        sessions = _counting(external, manifest.get("sessions", []))
        return Catalog.from_parts(sessions, manifest)
    except ManifestError as error:
        raise ManifestError(str(path), error.reason, error.line, error.column) from error
    except Exception as error:
        # The words of ``eventkit validate`` name the place, where they cover the fault.
        manifest = parse_manifest(data, str(path))
        if len(external.sessions):
            manifest["sessions"] = list(external.sessions)
        check_manifest(manifest, str(path))
        raise _unusable(str(path), error) from error


def _counting(external: External, own: Any) -> Any:
    """Return the sessions that count: the external ones if there are some, else the manifest's."""
    if not len(external.sessions):
        return own
    return external.sessions if isinstance(external.sessions, Catalog) else list(external.sessions)


def _probed(catalog: Catalog, digest: str, path: str = _MAPPING) -> Revision:
    """Ask for a recommendation, so that a manifest that makes every request fail is found here."""
    try:
        catalog.recommend_json([_PROBE], 1)
        revision = Revision(catalog, catalog.fields, digest)
        if not isinstance(revision.default_top, int):
            raise TypeError(f"recommend.max_sessions_default is {revision.default_top!r}")
    except Exception as error:
        raise _unusable(path, error) from error
    return revision


def _unusable(path: str, error: Exception) -> ManifestError:
    return ManifestError(path, f"cannot be recommended from ({type(error).__name__}: {error})")
