"""`Source` reads the manifest that is served, and reads it again when its files change.

A check of the files costs two `stat` calls, at most every ``reload_seconds``. A change is noticed
by size, times (also ctime, which cannot be set), inode and device. For two seconds after a change,
in which a coarse clock may hide another one, the bytes are compared. If a new state cannot be
served, the last good one stays in use. The error is logged once and shown by ``/ready``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventkit.errors import EventKitError, ManifestError
from eventkit.external_cache import SETTLED
from eventkit.files import read_regular
from eventkit.manifest import default_manifest_path
from eventkit.server.external import External, read_external_sessions
from eventkit.server.revision import (
    ResponseCache,
    Revision,
    build_revision,
    digest_of,
    external_file,
    read_revision,
)
from eventkit.server.settings import ServerSettings
from eventkit.server.sharing import SharedCatalogs

if TYPE_CHECKING:
    from eventkit.server.feed import Feed

__all__ = ["Source"]

_log = logging.getLogger("eventkit.server")

_Signature = tuple[tuple[int, int, int, int, int] | None, ...]


class Source:
    """The manifest that an application serves.

    Attributes:
        revision: The revision that is served; `current` checks for a newer one first.
        trouble: Why the present state of the files cannot be served; ``None`` if it is served.
        feed: The feed that the manifest is made of, if it is made of one.
        reloads: How often a changed manifest replaced another.
        failures: How often a changed manifest could not be served.

    Args:
        manifest: A file, or a mapping, which is taken as it is now and never checked again;
            ``agent.json`` here, else the bundled sample, when not given.
        settings: The settings of the application.
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
        """Read the manifest."""
        self.settings = settings
        self.clock = clock
        self.trouble: str | None = None
        self.feed: Feed | None = None
        self.reloads = self.failures = 0
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._catalogs = SharedCatalogs(settings.cache_directory, settings.share_sessions)
        self._due = float("inf")
        if isinstance(manifest, Mapping):
            self.revision = self._served(build_revision(manifest))
            return
        self._path = Path(default_manifest_path() if manifest is None else manifest).absolute()
        self._signature, self._settled = self._look(), False
        self.revision = self._read()
        self._report(self._external_trouble)
        self._due = clock() + settings.reload_seconds

    def feed_trouble(self) -> str | None:
        """Return why the feed could not be fetched or read the last time; ``None`` if it was."""
        return None if self.feed is None else self.feed.state().trouble

    def is_due(self, now: float) -> bool:
        """Return true if `current` would check the files, and perhaps read them."""
        return now >= self._due and not self._lock.locked()

    def current(self, now: float) -> Revision:
        """Return the revision to answer from; check the files first if it is time to.

        While one thread reads a changed file, the others get the last revision.
        """
        if now >= self._due and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._due = now + self.settings.reload_seconds
                self._lock.release()
        return self.revision

    def _refresh(self) -> None:
        signature = self._look()
        if signature == self._signature and self._settled:
            return
        try:
            self._signature = signature
            read = self._read()
            self.reloads += read is not self.revision
            self.revision = read
        except (EventKitError, OSError) as error:
            # It stays broken until the files look different or the clock can be trusted.
            self._settled = self._is_settled(self._signature)
            self._report(f"{type(error).__name__}: {error}")
            return
        self._report(self._external_trouble)

    def _report(self, trouble: str | None) -> None:
        """Count and log a new trouble, or that there is none any more."""
        if trouble is not None and trouble != self.trouble:
            self.failures += 1
            _log.error("%s; the last good state is served", trouble)
        elif trouble is None and self.trouble is not None:
            _log.warning("%s can be served again", self._path)
        self.trouble = trouble

    def _read(self) -> Revision:
        """Read the files; return the present revision when they hold the same as before.

        Raises:
            OSError: The manifest cannot be read.
            ManifestError: It cannot be served; or its external sessions were lost, although there
                is a revision with them, which stays in use.
        """
        assert self._path is not None
        before = self._signature
        data = read_regular(self._path)
        self._external = external_file(data)
        external = read_external_sessions(self._candidates())
        known: Revision | None = getattr(self, "revision", None)
        self._require_external(external, is_first=known is None)
        digest = digest_of(data, external.data)
        if known is None or known.digest != digest:
            read = read_revision(self._path, data, external, digest, self._catalogs.shared)
            known = self._served(read)
        self._external_problem = external.problem
        # The original does without a file that is not there or cannot be read. One that is not
        # there was perhaps never meant to be; one that cannot be read is broken.
        self._external_trouble = external.problem if external.exists else None
        self._signature = self._look()
        self._settled = self._is_settled(before) and before == self._signature
        return known

    def _require_external(self, external: External, *, is_first: bool) -> None:
        """Raise if external sessions were lost; the first revision does without them."""
        if external.problem in (None, self._external_problem) or is_first:
            return
        raise ManifestError(str(self._path), f"external sessions: {external.problem}")

    def _served(self, revision: Revision) -> Revision:
        settings = self.settings
        revision.cache = ResponseCache(
            settings.cache_entries, settings.cache_bytes, settings.cache_seconds
        )
        return revision

    _external: str | None = None
    _external_problem: str | None = None
    _external_trouble: str | None = None

    def _candidates(self) -> list[Path]:
        """Return where the external sessions may be; the first file that exists counts."""
        if self._external is None or self._path is None:
            return []
        return [Path(self._external), self._path.parent / self._external]

    def _look(self) -> _Signature:
        assert self._path is not None
        return tuple(_signature(path) for path in (self._path, *self._candidates()))

    def _is_settled(self, signature: _Signature) -> bool:
        """Return true if a later change of the files would change their signature."""
        youngest = max((max(seen[0], seen[1]) for seen in signature if seen), default=0)
        return self._wall_clock() - youngest >= SETTLED


def _signature(path: Path) -> tuple[int, int, int, int, int] | None:
    try:
        seen = path.stat()
    except (OSError, ValueError):
        return None
    return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino, seen.st_dev
