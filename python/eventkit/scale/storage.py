"""Reads and writes files by path or URL, through fsspec. Writes each file completely or not at all.

A local file is written under a hidden name, synced, and renamed. An object store shows an object
only when its upload is complete, so a file is uploaded under its own name there. On any other
remote system it is uploaded under a hidden name and then moved.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from eventkit._imports import required
from eventkit.errors import BatchError, EventKitError

__all__ = [
    "Location",
    "clean",
    "described",
    "fingerprint",
    "held_alone",
    "join",
    "locate",
    "named",
    "open_input",
    "write_file",
]

_OBJECT_STORES = frozenset(
    ("abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "r2", "s3", "s3a")
)
# What object stores call the version of an object, the most exact first.
_VERSIONS = (
    *("ETag", "etag", "generation", "md5Hash", "content_md5"),
    *("LastModified", "mtime", "last_modified", "updated", "created"),
)


class Location:
    """A path on a file system.

    Attributes:
        url: The text that the user gave.
        fs: The file system of fsspec.
        path: The path on it.
        local: True if it is a path of this machine.
    """

    __slots__ = ("fs", "local", "path", "url")

    def __init__(self, url: str, fs: Any, path: str) -> None:
        """Keep the parts."""
        self.url = url
        self.fs = fs
        self.path = path
        self.local = "file" in _protocols(fs)


def locate(url: str | os.PathLike[str]) -> Location:
    """Find the file system of a path or URL.

    Raises:
        MissingExtraError: fsspec is not installed.
        BatchError: fsspec does not know the kind of URL, or lacks the package for it.

    Example:
        >>> locate("results").local, locate("memory://results").path
        (True, '/results')
    """
    text = os.fspath(url)
    core = required("fsspec.core")
    try:
        fs, path = core.url_to_fs(text)
    except (ImportError, ValueError) as error:
        raise BatchError(text, str(error)) from None
    return Location(text, fs, path)


def join(folder: str, name: str) -> str:
    """Return the path or URL of a file in a folder.

    Example:
        >>> join("s3://bucket/out/", "run.json"), join("out", "run.json")
        ('s3://bucket/out/run.json', 'out/run.json')
    """
    return f"{folder.rstrip('/')}/{name}"


def fingerprint(place: Location) -> dict[str, Any]:
    """Return the size of a file and what changes when it is written again.

    That is the time of the last change for a local file, and the version or time that a remote
    system tells.

    Raises:
        BatchError: The file cannot be read, or the remote system tells no version.
    """
    try:
        if place.local:
            status = os.stat(place.path)  # noqa: PTH116 - fsspec's paths are texts
            return {"size": status.st_size, "version": str(status.st_mtime_ns)}
        place.fs.invalidate_cache()
        info = place.fs.info(place.path)
    except OSError as error:
        raise BatchError(place.url, _reason(error)) from None
    version = next((info[name] for name in _VERSIONS if info.get(name) is not None), None)
    if version is None:
        raise BatchError(place.url, "its file system tells neither a version nor a time of change")
    return {"size": info.get("size"), "version": str(version)}


def open_input(place: Location, compression: str | None = None) -> Any:
    """Open a file for reading bytes.

    Raises:
        BatchError: The file cannot be read.
    """
    try:
        return place.fs.open(place.path, "rb", compression=compression)
    except OSError as error:
        raise BatchError(place.url, _reason(error)) from None


def write_file(place: Location, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file, so that others see all of it or nothing.

    Args:
        place: The file.
        write: A function that writes the content to an open file.

    Raises:
        OSError: The file cannot be written. What there was before is not changed.
    """
    folder, _, name = place.path.rpartition("/")
    hidden = f"{folder}/.{name}.{secrets.token_hex(6)}.tmp"
    if place.local:
        os.makedirs(folder or "/", exist_ok=True)  # noqa: PTH103
        with _removed_on_error(lambda: os.unlink(hidden)):  # noqa: PTH108
            with open(hidden, "xb") as file:  # noqa: PTH123
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(hidden, place.path)  # noqa: PTH105
        _sync(folder)
        return
    with tempfile.NamedTemporaryFile(suffix=".tmp", prefix="eventkit-") as file:
        write(file.file)
        file.file.flush()
        place.fs.makedirs(folder, exist_ok=True)
        if _OBJECT_STORES.intersection(_protocols(place.fs)):
            place.fs.put_file(file.name, place.path)
            return
        with _removed_on_error(lambda: place.fs.rm_file(hidden)):
            place.fs.put_file(file.name, hidden)
            place.fs.mv(hidden, place.path)


def clean(folder: Location, mark: str) -> None:
    """Delete the hidden files that killed writers left in a folder.

    Args:
        folder: The folder.
        mark: A text that is in the name of each such file.
    """
    folder.fs.invalidate_cache()
    try:
        names = folder.fs.ls(folder.path, detail=False)
    except FileNotFoundError:
        return
    for path in names:
        name = path.rpartition("/")[2]
        if name.startswith(".") and name.endswith(".tmp") and mark in name:
            with suppress(FileNotFoundError):
                folder.fs.rm_file(path)


@contextmanager
def held_alone(place: Location) -> Iterator[None]:
    """Keep other processes of this machine from the same run, for a block.

    The lock is on the local file itself, and ends with the process. A remote file has no lock.

    Raises:
        BatchError: Another process has the lock.
    """
    if not place.local or os.name != "posix":
        yield
        return
    import fcntl  # Not on every system.

    with open(place.path, "rb") as file:  # noqa: PTH123
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BatchError(place.url, "another process is working on this run") from None
        yield


def described(error: BaseException) -> str:
    """Return an error as words, also if its own text is empty."""
    if isinstance(error, MemoryError):
        return f"there is not enough memory: {error}"
    return str(error) or type(error).__name__


@contextmanager
def named(place: str) -> Iterator[None]:
    """Turn every error of a block into a `BatchError` that names a file.

    The libraries that read a damaged file raise errors of many types, and few name the file.
    """
    try:
        yield
    except EventKitError:
        raise
    except Exception as error:
        raise BatchError(place, described(error)) from error


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _reason(error: OSError) -> str:
    return error.strerror or f"{type(error).__name__}: {error}"


@contextmanager
def _removed_on_error(remove: Callable[[], object]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            remove()
        raise


def _sync(folder: str) -> None:
    """Sync a directory, so that a rename survives a power failure."""
    with suppress(OSError):
        descriptor = os.open(folder or "/", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
