"""`Source`: the manifest as it is now, compiled once for each state that its file takes.

A look at the files costs two `stat` calls, at most every ``reload_seconds``. A change is seen by
size, times (ctime too, which nobody can set), inode and device; within two seconds of a change,
which a coarse clock may hide another one in, by the bytes themselves. A state that cannot be served
leaves the last good one in place, is said once, and shows in ``/ready``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eventkit.catalog.hashing import manifest_hash
from eventkit.errors import EventKitError, ManifestError
from eventkit.external_cache import SETTLED
from eventkit.files import read_regular
from eventkit.manifest import default_manifest_path
from eventkit.server.edition import (
    Answers,
    Edition,
    build_edition,
    check_edition,
    digest_of,
    external_file,
    read_edition,
)
from eventkit.server.external import External, read_external_sessions
from eventkit.server.settings import ServerSettings
from eventkit.server.sharing import Shelf

__all__ = ["Source"]

_log = logging.getLogger("eventkit.server")

_Signature = tuple[tuple[int, int, int, int, int] | None, ...]


class Source:
    """The manifest that an application serves.

    Attributes:
        edition: What is served; `current` looks for a newer one first.
        trouble: Why the manifest's present state cannot be served; ``None`` when it is.
        reloads: How often a changed manifest took the place of another.
        failures: How often one could not.

    Args:
        manifest: A file, or a mapping, which is taken as it is now and never looked at again;
            ``agent.json`` here, else the bundled sample, when not given.
        settings: The application's.
        clock: Monotonic seconds.
        wall_clock: Nanoseconds since the epoch.

    Raises:
        OSError: The file cannot be read.
        ManifestError: It cannot be served.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any] | str | os.PathLike[str] | None,
        settings: ServerSettings,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """See the class."""
        self.settings = settings
        self.clock = clock
        self.trouble: str | None = None
        self.reloads = self.failures = 0
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._shelf = Shelf(settings.cache_directory, settings.share_sessions)
        self._due = float("inf")
        if isinstance(manifest, Mapping):
            self.edition = self._served(build_edition(manifest, _digest(manifest)))
            return
        self._path = Path(default_manifest_path() if manifest is None else manifest).absolute()
        self._signature, self._settled = self._look(), False
        self.edition = self._read()
        self._due = clock() + settings.reload_seconds

    def is_due(self, now: float) -> bool:
        """Whether `current` would look at the files, and perhaps read them."""
        return now >= self._due and not self._lock.locked()

    def current(self, now: float) -> Edition:
        """Return the edition to answer from, looking at the files first when it is time to.

        While one thread reads a changed file, the others answer from the last edition.
        """
        if now >= self._due and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._due = now + self.settings.reload_seconds
                self._lock.release()
        return self.edition

    def _refresh(self) -> None:
        signature = self._look()
        if signature == self._signature and self._settled:
            return
        try:
            self._signature = signature
            read = self._read()
            self.reloads += read is not self.edition
            self.edition = read
        except (EventKitError, OSError) as error:
            self._fail(error)
            return
        if self.trouble is not None:
            self.trouble = None
            _log.warning("%s can be served again", self._path)

    def _fail(self, error: Exception) -> None:
        # Settled or not, it stays broken until it looks different or the clock can be trusted.
        self._settled = self._is_settled(self._signature)
        trouble = f"{type(error).__name__}: {error}"
        if trouble != self.trouble:
            self.trouble = trouble
            self.failures += 1
            _log.error("%s; the last good state of it is served", error)

    def _read(self) -> Edition:
        """Read the files; return the present edition when they hold the same as before.

        Raises:
            OSError: The manifest cannot be read.
            ManifestError: It cannot be served; or, when there is an edition to go on with, its
                external sessions cannot be read, or ``eventkit validate`` refuses it.
        """
        assert self._path is not None
        before = self._signature
        data = read_regular(self._path)
        self._external = external_file(data)
        external = read_external_sessions(self._candidates())
        known: Edition | None = getattr(self, "edition", None)
        self._require_external(external, is_first=known is None)
        digest = digest_of(data, external.data)
        if known is None or known.digest != digest:
            read = read_edition(self._path, data, external.sessions, digest, self._shelf.shared)
            if known is not None:
                check_edition(read, self._path)
            known = self._served(read)
        self._external_problem = external.problem
        self._signature = self._look()
        self._settled = self._is_settled(before) and before == self._signature
        return known

    def _require_external(self, external: External, *, is_first: bool) -> None:
        """Raise if external sessions were lost; the first edition does without, as the original."""
        if external.problem is None or external.problem == self._external_problem:
            return
        if not is_first:
            raise ManifestError(str(self._path), f"external sessions: {external.problem}")
        _log.warning("%s: external sessions: %s", self._path, external.problem)

    def _served(self, edition: Edition) -> Edition:
        settings = self.settings
        edition.answers = Answers(
            settings.cache_entries, settings.cache_bytes, settings.cache_seconds
        )
        return edition

    _external: str | None = None
    _external_problem: str | None = None

    def _candidates(self) -> list[Path]:
        """Return where the external sessions may be; the first file that exists counts."""
        if self._external is None or self._path is None:
            return []
        return [Path(self._external), self._path.parent / self._external]

    def _look(self) -> _Signature:
        assert self._path is not None
        return tuple(_signature(path) for path in (self._path, *self._candidates()))

    def _is_settled(self, signature: _Signature) -> bool:
        """Whether a later change of the files would change their signature."""
        youngest = max((max(seen[0], seen[1]) for seen in signature if seen), default=0)
        return self._wall_clock() - youngest >= SETTLED


def _signature(path: Path) -> tuple[int, int, int, int, int] | None:
    try:
        seen = path.stat()
    except (OSError, ValueError):
        return None
    return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino, seen.st_dev


def _digest(manifest: Mapping[str, Any]) -> str:
    try:
        return manifest_hash(dict(manifest))[:32]
    except (TypeError, RecursionError):  # it holds what JSON cannot: its address must do
        return f"{id(manifest):x}-{time.time_ns():x}"
