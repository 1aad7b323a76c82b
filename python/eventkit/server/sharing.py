"""Shares compiled catalogues among worker processes: files in a private directory.

Each process reads a copy, so that nothing that becomes of a file can end it. A file is named after
the bytes that it was compiled from and this version of eventkit, and appears whole, by one rename.
So workers that start together need no lock: they all save the same, and
the next one opens the file that came last. Old files are deleted when a newer one is saved.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
import time
from pathlib import Path

from eventkit.catalog import Catalog
from eventkit.errors import CatalogFileError

__all__ = ["SharedCatalogs", "private_directory"]

_log = logging.getLogger("eventkit.server")
_MOST_FILES = 3
_MOST_BYTES = 256 << 20
_UNFINISHED_SECONDS = 3_600


class SharedCatalogs:
    """The compiled catalogues that processes share.

    Args:
        directory: Their directory; a private one of the user when not given.
        least_sessions: A smaller catalogue is not shared; 0 for no sharing at all.
    """

    def __init__(self, directory: str | None, least_sessions: int) -> None:
        """Keep the settings; the directory is created when it is needed."""
        self._given = directory
        self._least = least_sessions

    def shared(self, name: str, catalog: Catalog | None) -> Catalog | None:
        """Open the catalogue that is shared under a name, or share one under it.

        Returns:
            The catalogue from the file, whose checksums were verified; ``None`` if there is none,
            or if it cannot be shared (a session that JSON cannot hold, a full disk).
        """
        if not self._least or (catalog is not None and len(catalog) < self._least):
            return None
        try:
            directory = private_directory(self._given)
            file = directory / f"{name}.catalog"
            if catalog is not None:
                catalog.save(file)
                _forget_old(directory, file)
            elif not file.exists():
                return None
            # A copy: a worker survives whatever becomes of the file.
            return Catalog.open(file, verify=True, copy=True)
        except CatalogFileError as error:
            _log.warning("%s; it is compiled anew", error)
        except (OSError, ValueError) as error:
            _log.info("the catalogue is not shared among processes: %s", error)
        return None


def private_directory(given: str | None, purpose: str = "catalogs") -> Path:
    """Return a directory that no other user can write to; create it if it is missing.

    Raises:
        PermissionError: It belongs to another user, or others may write to it.
    """
    directory = Path(given) if given is not None else _usual_place() / purpose
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    seen = directory.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid() or seen.st_mode & 0o022:
        raise PermissionError(f"{directory} is not a private directory of this user")
    return directory


def _usual_place() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / "eventkit"
    place = Path(tempfile.gettempdir()) / f"eventkit-{os.geteuid()}"
    private_directory(str(place))
    return place


def _forget_old(directory: Path, newest: Path) -> None:
    """Delete all but the newest files, so that edits of a manifest do not fill the memory.

    At most `_MOST_FILES` stay, of `_MOST_BYTES` together; the newest stays in any case. A process
    that has a deleted file open keeps its content. Unfinished files of killed processes go, too.
    """
    seen = []
    for file in directory.glob("*.catalog"):
        with contextlib.suppress(OSError):
            status = file.stat()
            seen.append((file != newest, -status.st_mtime_ns, status.st_size, file))
    held = 0
    for number, (_, _, size, file) in enumerate(sorted(seen)):
        held += size
        if number and (number >= _MOST_FILES or held > _MOST_BYTES):
            held -= size
            with contextlib.suppress(OSError):
                file.unlink()
    for file in directory.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > _UNFINISHED_SECONDS:
                file.unlink()
