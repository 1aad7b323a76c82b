"""Reads files without blocking on pipes and devices, and replaces files completely or not at all.

Replacing ends in one rename of a complete, synced file in the same directory. Symbolic links are
followed first: the file is replaced, not the link to it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from eventkit._platform import flag, require
from eventkit.errors import FileLockedError, UnusableFileError

__all__ = [
    "LARGEST",
    "LockedFile",
    "atomic_write",
    "exclusive",
    "open_regular",
    "read_regular",
    "require_size",
]

LARGEST = 1 << 30
"""The size limit in bytes of manifests, external session files and profiles."""

LOCK_SECONDS = 10.0
"""The seconds that `exclusive` waits for a lock of another process or thread."""

_LOCK_PAUSE = 0.01
_PIECE = 1 << 16
_READ = os.O_RDONLY | flag("NONBLOCK", "NOCTTY", "CLOEXEC", "BINARY")
_LOCK = os.O_RDWR | os.O_CREAT | flag("NOFOLLOW", "NONBLOCK", "NOCTTY", "CLOEXEC")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | flag("CLOEXEC", "BINARY")
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)


def open_regular(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a file for reading. Never blocks on a pipe or a device.

    Raises:
        UnusableFileError: The path names a pipe, a device or a socket.
        IsADirectoryError: It names a directory.
        OSError: The operating system refused, for example with `FileNotFoundError`.

    Example:
        >>> open_regular(os.devnull)
        Traceback (most recent call last):
        eventkit.errors.UnusableFileError: /dev/null is a character device, expected a regular file
    """
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device without a driver
            _require_regular(os.stat(path).st_mode, path)  # noqa: PTH116 - the path may be a str
        raise
    try:
        _require_regular(os.fstat(descriptor).st_mode, path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: str | os.PathLike[str], largest: int = LARGEST) -> bytes:
    """Return the content of a file.

    Args:
        path: The file.
        largest: The size limit in bytes.

    Raises:
        UnusableFileError: The file is larger, or no regular file; names the path.
        OSError: As for `open_regular`.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     _ = file.write(b"12345")
        ...     file.flush()
        ...     read_regular(file.name, 5)
        b'12345'
    """
    with open_regular(path) as file:
        # In pieces, because a read of a number of bytes reserves memory for all of them.
        pieces = [file.read(require_size(file, path, largest))]
        length = len(pieces[0])
        while piece := file.read(_PIECE):  # The file grew meanwhile, or is in /proc.
            pieces.append(piece)
            length += len(piece)
            if length > largest:
                raise _too_large(path, length, largest)
    return b"".join(pieces)


def require_size(file: IO[bytes], path: str | os.PathLike[str], largest: int) -> int:
    """Return the size of an open file.

    Raises:
        UnusableFileError: It has more bytes than allowed; names the path and both numbers.
    """
    size = os.fstat(file.fileno()).st_size
    if size > largest:
        raise _too_large(path, size, largest)
    return size


def _too_large(path: str | os.PathLike[str], size: int, largest: int) -> UnusableFileError:
    reason = f"has {size} bytes, expected at most {largest}"
    return UnusableFileError(errno.EFBIG, os.fspath(path), reason)


def atomic_write(path: str | os.PathLike[str], data: bytes, *, mode: int | None = None) -> None:
    """Replace a file, so that readers see the old content or the new one, even after a crash.

    Args:
        path: The file; its directory must exist.
        data: The whole new content.
        mode: The permissions of the new file. By default, they are those of the replaced file. If
            there is none, the umask decides.

    Raises:
        UnusableFileError: The path names a pipe, a device or a socket, which stays as it is.
        OSError: The operating system refused; the old file is still there.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "itinerary.md"
        >>> atomic_write(file, b"# Event Itinerary")
        >>> file.read_bytes()
        b'# Event Itinerary'
    """
    target = Path(os.path.realpath(path))
    # Short and random, because a name made from a long target's name could be too long.
    _replace(target, target.with_name(f".{os.urandom(8).hex()}.tmp"), data, mode)


@contextlib.contextmanager
def exclusive(
    path: str | os.PathLike[str],
    *,
    seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[LockedFile]:
    """Lock a file against other processes and threads that lock it in this way, for a block.

    The lock is on ``<path>.lock``, because the file itself is replaced by a rename. The kernel
    releases the lock when its holder dies.

    Args:
        path: The file.
        seconds: The most seconds to wait for the lock; `LOCK_SECONDS` by default.
        clock: Returns monotonic seconds.
        pause: Sleeps for some seconds.

    Yields:
        The locked file.

    Raises:
        FileLockedError: The lock was not free in time.
        UnusableFileError: ``<path>.lock`` is a symbolic link, a pipe or a device.
        IsADirectoryError: The path names a directory.
        UnsupportedPlatformError: The system has no locks that end with their process.
        OSError: The operating system refused.
    """
    require("fcntl", "locking a file")
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    lock = _beside(target, ".lock")
    descriptor = _open_lock(lock)
    try:
        _acquire(descriptor, lock, LOCK_SECONDS if seconds is None else seconds, clock, pause)
        yield LockedFile(target)
    finally:
        os.close(descriptor)


class LockedFile:
    """A locked file. Others that lock it cannot read or replace it now."""

    def __init__(self, target: Path) -> None:
        """Take the path of the file."""
        self._target = target

    def read(self) -> bytes | None:
        """Return the content; ``None`` when the file does not exist.

        Raises:
            UnusableFileError: As for `read_regular`.
            OSError: Likewise.
        """
        try:
            return read_regular(self._target)
        except FileNotFoundError:
            return None

    def replace(self, data: bytes, *, mode: int | None = None) -> None:
        """Replace the file, and keep the old content as ``<path>.bak`` unless it was empty.

        Raises:
            OSError: The operating system refused; the old file is still there.
        """
        # Only the holder of the lock uses this name. A killed process may have left such a file.
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
            # A hard link to the old content, which needs no copy.
            os.link(self._target, temporary)
        except OSError:  # The file system has no hard links.
            _replace(backup, temporary, read_regular(self._target), mode)
            return
        try:
            if mode is not None:
                temporary.chmod(mode)
            temporary.replace(backup)
        finally:
            # Where a killed process had already made the backup, both are the same file, and a
            # rename between two names of one file does nothing at all.
            temporary.unlink(missing_ok=True)


def _require_regular(mode: int, path: str | os.PathLike[str]) -> None:
    """Raise unless the mode is that of a regular file."""
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    kind = next((name for test, name in _KINDS if test(mode)), "of an unknown kind")
    reason = f"is {kind}, expected a regular file"
    raise UnusableFileError(errno.EINVAL, os.fspath(path), reason)


def _open_lock(lock: Path) -> int:
    """Open a lock file, and create it if it is missing. Returns its descriptor."""
    try:
        descriptor = os.open(lock, _LOCK, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            reason = "is a symbolic link, expected a lock file of eventkit's own"
            raise UnusableFileError(errno.ELOOP, str(lock), reason) from None
        if error.errno == errno.ENXIO:
            _require_regular(lock.lstat().st_mode, lock)
        raise
    try:
        _require_regular(os.fstat(descriptor).st_mode, lock)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _acquire(
    descriptor: int,
    lock: Path,
    seconds: float,
    clock: Callable[[], float],
    pause: Callable[[float], object],
) -> None:
    """Take a lock. Tries again until it is free or the time is over."""
    import fcntl  # Not on every system; `exclusive` has asked.

    end = clock() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if clock() >= end:
                raise FileLockedError(str(lock), seconds) from None
        pause(_LOCK_PAUSE)


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)


def _replace(target: Path, temporary: Path, data: bytes, mode: int | None) -> None:
    permissions = _permissions(target)
    descriptor = os.open(temporary, _NEW, 0o666 if mode is None else mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            permissions = permissions if mode is None else mode
            if permissions is not None and hasattr(os, "fchmod"):
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
    """Return the permissions of the file to be replaced, or ``None`` if there is no file.

    Raises:
        UnusableFileError: There is a pipe, a device or a socket.
    """
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return None
    _require_regular(mode, target)
    return stat.S_IMODE(mode)


def _sync_directory(directory: Path) -> None:
    """Sync the directory, so that the rename survives a power failure.

    The file is replaced already, so an error here is ignored.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | flag("DIRECTORY", "CLOEXEC"))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
