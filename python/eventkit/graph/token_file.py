"""A file that keeps an app's tokens for the next process, encrypted if the platform offers it.

msal-extensions encrypts by DPAPI, Keychain or libsecret. Without one of them (usually on a server),
the file is not encrypted and has mode 0600. It belongs to one tenant and client. A link, a file
that others may read, or a file with other content is ignored.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

from eventkit._imports import required
from eventkit._platform import flag, require
from eventkit.files import atomic_write

__all__ = ["TokenFile"]

_MOST_BYTES = 1 << 20
_READ = os.O_RDONLY | flag("NOFOLLOW", "NONBLOCK", "CLOEXEC")
_log = logging.getLogger(__name__)


class TokenFile:
    """The tokens of one app on disk. An error counts as a file without tokens, and is logged.

    Args:
        path: The file; ``~`` is the user's directory.
        key: A text that identifies tenant and client.
    """

    def __init__(self, path: str, key: str) -> None:
        """Find out whether there is encryption. Nothing is read yet."""
        self._path = Path(path).expanduser()
        self._key = key
        self._encrypted = _encryption(self._path)

    def load(self) -> str | None:
        """Return the serialized cache of MSAL, or ``None`` if there is no valid one."""
        try:
            text = self._encrypted.load() if self._encrypted else self._read()
            return None if text is None else self._believed(text)
        except FileNotFoundError:
            return None
        except Exception as error:
            # By its type: the text of an error in the file's content may quote the content.
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            _log.warning("token file %s is not used: %s", self._path, reason)
            return None

    def save(self, cache: str) -> None:
        """Write a serialized cache."""
        text = json.dumps({"version": 1, "key": self._key, "cache": json.loads(cache)})
        try:
            if self._encrypted:
                self._encrypted.save(text)
            else:
                self._write(text.encode())
        except Exception as error:
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            _log.warning("token file %s is not written: %s", self._path, reason)

    def _read(self) -> str | None:
        require("pwd", "a token file without encryption")
        descriptor = os.open(self._path, _READ)
        with os.fdopen(descriptor, "rb") as file:
            held = os.fstat(descriptor)
            if not stat.S_ISREG(held.st_mode):
                raise OSError(errno.EINVAL, "no regular file")
            if held.st_uid != os.geteuid():
                raise PermissionError(errno.EPERM, "it is another user's")
            if stat.S_IMODE(held.st_mode) & 0o077:
                raise PermissionError(errno.EPERM, "others may read or write it (mode not 0600)")
            return file.read(_MOST_BYTES).decode()

    def _write(self, data: bytes) -> None:
        """Replace the file. A link is replaced and not followed."""
        with contextlib.suppress(FileNotFoundError):
            if self._path.is_symlink():
                self._path.unlink()
        atomic_write(self._path, data, mode=0o600)

    def _believed(self, text: str) -> str | None:
        document = json.loads(text)
        if document["version"] != 1 or document["key"] != self._key:
            return None
        return json.dumps(document["cache"]) if _is_cache(document["cache"]) else None


def _is_cache(cache: Any) -> bool:
    """Return true if MSAL can use it: entries are texts or ``None``, and their ends are numbers."""
    for entry in cache["AccessToken"].values():
        int(entry["expires_on"])
        if not all(isinstance(value, (str, type(None))) for value in entry.values()):
            return False
    return True


def _encryption(path: Path) -> Any | None:
    try:
        return required("msal_extensions").build_encrypted_persistence(os.fspath(path))
    except Exception:
        # PyGObject, the session bus or the keyring may be missing; each raises another exception.
        return None
