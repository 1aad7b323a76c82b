"""Writing itineraries: one file, whole or not at all, inside the directory that was given.

The directory is opened first and everything happens relative to it, so nothing that is renamed or
replaced by a link meanwhile can lead the write elsewhere. The text goes to a new file of a random
name (``O_EXCL``), is synced, and takes the place of the target by a rename: a link of that name is
replaced, never followed. (`eventkit.files.atomic_write` follows links on purpose: there the caller
names his own file, here a name may come from anybody.)
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from eventkit._platform import flag
from eventkit.errors import ExportError
from eventkit.files import atomic_write

__all__ = ["save", "save_beneath"]

_DIRECTORY = os.O_RDONLY | flag("DIRECTORY", "NOFOLLOW", "CLOEXEC")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | flag("NOFOLLOW", "CLOEXEC")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def save(output: str | os.PathLike[str], default_name: str, text: str) -> str:
    """Write a text to `output`, or into it under `default_name` if it is a directory.

    An output that ends with a separator is a directory, and is made if its parent is there.

    Returns:
        The path written.

    Raises:
        ExportError: if the output holds ``..``, is a link, or has no usable name.
        OSError: if the file system refuses, with the path in question.
    """
    path = Path(_checked(output))
    if path.is_dir():
        return _write(path, [], default_name, text)
    if os.fspath(output).endswith(os.sep):
        if not _has_directories():
            path.mkdir(exist_ok=True)
            return _write(path, [], default_name, text)
        with _opened(path.parent, None) as parent, suppress(FileExistsError):
            os.mkdir(path.name, dir_fd=parent)
        return _write(path, [], default_name, text)
    return _write(path.parent, [], path.name, text)


def save_beneath(
    directory: str | os.PathLike[str], output: str | None, default_name: str, text: str
) -> str:
    """Write a text under a name that may not leave a directory: the road for names from outside.

    Args:
        directory: where to write; made when missing.
        output: a relative name, perhaps in a subdirectory that exists; `default_name` when empty.
        default_name: the name otherwise.
        text: what to write.

    Returns:
        The path written.

    Raises:
        ExportError: if the name is absolute, holds ``..`` or goes through a link.
        OSError: if the file system refuses, with the path in question.
    """
    base = Path(_checked(directory))
    relative = Path(_checked(output or default_name))
    if relative.is_absolute():
        raise ExportError("output", output, f"must be a name inside {str(base)!r}, not absolute")
    *parents, name = relative.parts or (default_name,)
    base.mkdir(parents=True, exist_ok=True)
    return _write(base, parents, name, text)


def _checked(output: str | os.PathLike[str]) -> str:
    """The path as text, if nothing in it is a trick."""
    path = os.fspath(output)
    if not path:
        raise ExportError("output", path, "must not be empty")
    if os.pardir in Path(path).parts:
        raise ExportError("output", path, "must not hold '..'")
    if any(character < " " or character == "\x7f" for character in path):
        raise ExportError("output", path, "must not hold control characters")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise ExportError("output", path, "cannot be a file name in this locale") from None
    return path


def _write(directory: Path, parents: list[str], name: str, text: str) -> str:
    path = directory.joinpath(*parents, name)
    if not _has_directories():
        _write_by_path(path, len(parents), text)
        return str(path)
    with ExitStack() as places:
        place = places.enter_context(_opened(directory, None))
        for parent in parents:
            # Each step from the directory that is open: the path to it may have changed since.
            place = places.enter_context(_opened(parent, place))
        _replace(place, name, text, str(path))
    return str(path)


def _has_directories() -> bool:
    """Return true if files can be named relative to an open directory; on Windows they cannot."""
    return os.open in os.supports_dir_fd


def _write_by_path(path: Path, parents: int, text: str) -> None:
    """Write a file whose directories cannot be held open. Somebody may exchange one meanwhile."""
    for place in (path, *path.parents)[: parents + 2]:
        if place.is_symlink():
            raise ExportError("output", str(place), "is a link: name the file or directory itself")
    atomic_write(path, _encoded(text))


def _encoded(text: str) -> bytes:
    # Lone surrogates have no UTF-8: "\ufffd" stands for them, as everywhere in an itinerary's file.
    return _LONE_SURROGATE.sub("\ufffd", text).encode("utf-8")


@contextmanager
def _opened(directory: Path | str, within: int | None) -> Iterator[int]:
    # A `Path` has no "/" or "/." at its end, which would have a link followed after all.
    try:
        place = os.open(directory, _DIRECTORY, dir_fd=within)
    except OSError:
        if _is_link(directory, within):
            reason = "is a link: name the directory itself"
            raise ExportError("output", str(directory), reason) from None
        raise
    try:
        yield place
    finally:
        os.close(place)


def _is_link(path: Path | str, within: int | None) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path, dir_fd=within).st_mode)
    except OSError:
        return False


def _replace(place: int, name: str, text: str, path: str) -> None:
    data = _encoded(text)
    temporary = f".itinerary-{secrets.token_hex(8)}.tmp"
    try:
        _write_new(place, temporary, data, _permissions(place, name, path))
        try:
            os.rename(temporary, name, src_dir_fd=place, dst_dir_fd=place)
        except BaseException:
            os.unlink(temporary, dir_fd=place)
            raise
        os.fsync(place)
    except OSError as error:
        # The temporary name would say nothing to a reader of the message.
        raise type(error)(error.errno, error.strerror, path) from None


def _permissions(place: int, name: str, path: str) -> int | None:
    """Return the permissions of the file that is replaced: a private one stays private."""
    try:
        mode = os.stat(name, dir_fd=place, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
        # Renaming over it would take /dev/null, say, away from everybody.
        raise ExportError("output", path, "is a pipe, a device or a socket")
    return stat.S_IMODE(mode) if stat.S_ISREG(mode) else None


def _write_new(place: int, temporary: str, data: bytes, permissions: int | None) -> None:
    handle = os.open(temporary, _NEW_FILE, 0o666, dir_fd=place)
    try:
        with os.fdopen(handle, "wb") as file:
            if permissions is not None:
                os.fchmod(file.fileno(), permissions)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(temporary, dir_fd=place)
        raise
