"""Writes itineraries to files inside a given directory. A file is written completely or not at all.

The directory is opened first, and all steps are relative to it. So a directory that is renamed or
replaced by a link meanwhile cannot lead the write to another place. The text is written to a new
file with a random name (``O_EXCL``), is synced, and replaces the target by a rename. A link with
that name is replaced and never followed, because the name may come from an untrusted user.
(`eventkit.files.atomic_write` follows links on purpose: there the caller names the file.)
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
    """Write a text to the file `output`, or to `default_name` in it if it is a directory.

    An output that ends with a separator is a directory. It is created if its parent exists.

    Returns:
        The path of the file.

    Raises:
        ExportError: The output contains ``..``, is a link, or has no usable name.
        OSError: The file cannot be written; names the path.
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
    """Write a text to a file inside a directory. For names that come from an untrusted user.

    Args:
        directory: The directory. It is created if it is missing.
        output: A relative name, also in an existing subdirectory; `default_name` when empty.
        default_name: The name to use when `output` is empty.
        text: The text to write.

    Returns:
        The path of the file.

    Raises:
        ExportError: The name is absolute, contains ``..``, or leads through a link.
        OSError: The file cannot be written; names the path.
    """
    base = Path(_checked(directory))
    relative = Path(_checked(output or default_name))
    if relative.is_absolute():
        raise ExportError("output", output, f"must be a name inside {str(base)!r}, not absolute")
    *parents, name = relative.parts or (default_name,)
    base.mkdir(parents=True, exist_ok=True)
    return _write(base, parents, name, text)


def _checked(output: str | os.PathLike[str]) -> str:
    """Return the path as text. Raises `ExportError` if it contains ``..`` or control characters."""
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
            # Each step starts from the open directory, because the path to it may have changed.
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
    # A `Path` has no "/" or "/." at its end. With one of these, a link would be followed.
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
        # The message names the target, because the temporary name would not help the reader.
        raise type(error)(error.errno, error.strerror, path) from None


def _permissions(place: int, name: str, path: str) -> int | None:
    """Return the permissions of the file that is replaced, so that a private file stays private."""
    try:
        mode = os.stat(name, dir_fd=place, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
        # A rename would replace a device such as /dev/null for all programs.
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
