"""Files that are replaced whole or not at all, and the lock that makes replacing them safe.

Everything ends in one rename of a complete, synced file in the same directory. Symbolic links are
followed first: it is the file that is replaced, not the link to it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["LockedFile", "atomic_write", "exclusive"]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def atomic_write(path: str | os.PathLike[str], data: bytes, *, mode: int | None = None) -> None:
    """Replace a file, so that everybody sees the old content or the new one, even after a crash.

    Args:
        path: The file; its directory must exist.
        data: The whole new content.
        mode: Its permissions; left out, those it has, or for a new file what the umask leaves.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "itinerary.md"
        >>> atomic_write(file, b"# Event Itinerary")
        >>> file.read_bytes()
        b'# Event Itinerary'
    """
    target = Path(os.path.realpath(path))
    # Short and random: a name made from the target's would be too long when the target's just fits.
    _replace(target, target.with_name(f".{os.urandom(8).hex()}.tmp"), data, mode)


@contextlib.contextmanager
def exclusive(path: str | os.PathLike[str]) -> Iterator[LockedFile]:
    """Keep every other process and thread that asks likewise out of a file, for the block's length.

    The lock is taken on ``<path>.lock``, because a rename takes the file itself from under a lock.
    The kernel lets go of it when its holder dies.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    descriptor = os.open(_beside(target, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield LockedFile(target)
    finally:
        os.close(descriptor)


class LockedFile:
    """A file that nobody else who locks it reads or replaces now."""

    def __init__(self, target: Path) -> None:
        """Stand for a file whose lock is held."""
        self._target = target

    def read(self) -> bytes | None:
        """Return its content; ``None`` when it does not exist."""
        try:
            return self._target.read_bytes()
        except FileNotFoundError:
            return None

    def replace(self, data: bytes, *, mode: int | None = None) -> None:
        """Replace it, and keep what it held as ``<path>.bak`` unless that was nothing."""
        # The lock makes a fixed name safe, and what a killed process leaves there is swept up here.
        temporary = _beside(self._target, ".tmp")
        temporary.unlink(missing_ok=True)
        self._keep_backup(temporary, mode)
        _replace(self._target, temporary, data, mode)

    def _keep_backup(self, temporary: Path, mode: int | None) -> None:
        try:
            held = self._target.stat().st_size
        except FileNotFoundError:
            return
        if not held:
            return
        backup = _beside(self._target, ".bak")
        try:
            # A second name for the old content: nothing is copied, and it is there at once.
            os.link(self._target, temporary)
        except OSError:  # a file system without hard links
            _replace(backup, temporary, self._target.read_bytes(), mode)
            return
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(backup)
        # Where a killed process had already made the backup, both are the same file, and a rename
        # between two names of one file does nothing at all.
        temporary.unlink(missing_ok=True)


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)


def _replace(target: Path, temporary: Path, data: bytes, mode: int | None) -> None:
    descriptor = os.open(temporary, _NEW, 0o666 if mode is None else mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            permissions = _permissions(target) if mode is None else mode
            if permissions is not None:
                os.fchmod(file.fileno(), permissions)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(target.parent)


def _permissions(target: Path) -> int | None:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return None


def _sync_directory(directory: Path) -> None:
    """Make the rename itself last through a power cut, where the file system can."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
