"""`Edition`: one state of a manifest, compiled; what of an answer depends on nothing else."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eventkit._native import __version__
from eventkit.catalog import Catalog
from eventkit.errors import ManifestError
from eventkit.itinerary.export import default_top
from eventkit.manifest import DEFAULT_EXTERNAL_FILE, check_manifest, parse_manifest
from eventkit.server.message import Response
from eventkit.telemetry import get_telemetry

__all__ = [
    "Answers",
    "Edition",
    "build_edition",
    "check_edition",
    "digest_of",
    "external_file",
    "read_edition",
]

_MOST_TAGS = 2_000
_PROBE = "eventkit"
_OBJECT = re.compile(rb"[ \t\r\n]*\{")

Shared = Callable[[str, Catalog | None], "Catalog | None"]


class Answers:
    """Answers kept ready, the oldest dropped first; exact as long as their edition is served.

    Reading takes no lock: a dictionary's own operations are atomic, and an answer that another
    thread has just dropped is as right as ever.
    """

    def __init__(self, entries: int, nbytes: int, seconds: float) -> None:
        """Keep at most so many, so large, so long."""
        self._entries, self._bytes, self._seconds = entries, nbytes, seconds
        self._held = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, tuple[float, Response]] = OrderedDict()

    def get(self, key: Any, now: float) -> Response | None:
        """Return an answer that is not too old."""
        found = self._kept.get(key)
        return found[1] if found is not None and now < found[0] else None

    def put(self, key: Any, answer: Response, now: float) -> None:
        """Keep an answer."""
        size = _size(answer)
        if not self._entries or size > self._bytes:
            return
        with self._lock:
            self._drop(key)
            self._kept[key] = now + self._seconds, answer
            self._held += size
            while len(self._kept) > self._entries or self._held > self._bytes:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Any) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._held -= _size(dropped[1])


def _size(answer: Response) -> int:
    """Return the bytes of an answer at most: the body, compressed as well; the key, the objects."""
    return 2 * len(answer.body) + 1_000


class Edition:
    """One state of a manifest.

    Attributes:
        catalog: Its sessions, compiled.
        fields: The manifest without its sessions.
        digest: Tells editions apart, the same in every process that reads the same bytes.
        default_top: How many sessions it recommends when nobody says.
        telemetry: The log that it asks for.
        answers: Those kept ready.
    """

    def __init__(self, catalog: Catalog, fields: dict[str, Any], digest: str) -> None:
        """Take what was compiled."""
        self.catalog = catalog
        self.fields = fields
        self.digest = digest
        self.default_top: int = default_top(fields)
        self.telemetry = get_telemetry(fields)
        self.answers = Answers(0, 0, 0.0)
        self._tags: bytes | None = None

    def tags(self) -> bytes:
        """Return the tags as JSON, in lower case, the most frequent first; worked out once."""
        if self._tags is None:
            counts: Counter[str] = Counter()
            for session in self.catalog:
                tags = session.get("tags") or []
                counts.update({tag.lower() for tag in tags if isinstance(tag, str)})
            ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_TAGS]
            listed = [{"tag": tag, "sessions": count} for tag, count in ranked]
            self._tags = json.dumps({"tags": listed}).encode("ascii")
        return self._tags


def build_edition(manifest: Mapping[str, Any], digest: str) -> Edition:
    """Compile a manifest that is no file: it is taken as it is now."""
    return _probed(Catalog(manifest), digest)


def digest_of(data: bytes, external: bytes) -> str:
    """Name a state of a manifest file and its external sessions, and who compiles it."""
    digest = hashlib.sha256(b"%s\0%d\0" % (__version__.encode(), len(data)))
    digest.update(data)
    digest.update(external)
    return digest.hexdigest()[:32]


def read_edition(
    path: Path, data: bytes, external: Sequence[dict[str, Any]], digest: str, shared: Shared
) -> Edition:
    """Compile a manifest file.

    Args:
        path: The file, for messages.
        data: The content of the file.
        external: Its external sessions; the manifest's own count when there are none.
        digest: Names this state of it.
        shared: Given a digest, returns the catalogue that another process saved under it; given a
            catalogue too, saves that and returns the saved one. ``None`` where it does not share.

    Raises:
        ManifestError: It cannot be served; names the file and the fault.
    """
    catalog = shared(digest, None)
    if catalog is not None:
        return Edition(catalog, catalog.fields, digest)
    edition = _probed(_compiled(path, data, external), digest, str(path))
    return Edition(shared(digest, edition.catalog) or edition.catalog, edition.fields, digest)


def check_edition(edition: Edition, path: Path) -> None:
    """Raise unless ``eventkit validate`` accepts the manifest of an edition.

    Raises:
        ManifestError: It does not; names the file and the first problem.
    """
    check_manifest({**edition.fields, "sessions": list(edition.catalog)}, str(path))


def external_file(data: bytes) -> str | None:
    """Return the name of the external sessions file that a manifest's text asks for.

    Looks for the word before it parses: a manifest of 100,000 sessions that has no such setting is
    not read twice.
    """
    if b"externalSessions" not in data:
        return None
    try:
        settings = parse_manifest(data, "").get("features", {}).get("externalSessions", {})
        if settings.get("enabled", False):
            return str(settings.get("file", DEFAULT_EXTERNAL_FILE))
    except (AttributeError, ManifestError):
        pass
    return None


def _compiled(path: Path, data: bytes, external: Sequence[dict[str, Any]]) -> Catalog:
    try:
        # An array of sessions is a catalogue, but no manifest: the parser says so.
        if _OBJECT.match(data) and external_file(data) is None:
            return Catalog.from_json(data)
        manifest = parse_manifest(data, str(path))
        sessions = list(external) or manifest.get("sessions", [])
        return Catalog.from_parts(sessions, manifest)
    except ManifestError as error:
        raise ManifestError(str(path), error.reason, error.line, error.column) from error
    except Exception as error:
        raise _unusable(str(path), error) from error


def _probed(catalog: Catalog, digest: str, path: str = "the manifest") -> Edition:
    """Ask once, so that what fails at every question fails here."""
    try:
        catalog.recommend_json([_PROBE], 1)
        edition = Edition(catalog, catalog.fields, digest)
        if not isinstance(edition.default_top, int):
            raise TypeError(f"recommend.max_sessions_default is {edition.default_top!r}")
    except Exception as error:
        raise _unusable(path, error) from error
    return edition


def _unusable(path: str, error: Exception) -> ManifestError:
    return ManifestError(path, f"cannot be recommended from ({type(error).__name__}: {error})")
