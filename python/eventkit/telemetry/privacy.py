"""Decides what telemetry may contain by default: no names, no texts, no titles, no interests.

A line holds counts, times and words from fixed lists. A user is written as a keyed hash. The key is
in a file beside the telemetry and never leaves the machine: a user has the same pseudonym in every
process, and only who has the key can compute it.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Any

from eventkit._platform import flag

__all__ = ["Pseudonyms", "error_kind", "safe_correlation_id"]

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CLASS_NAME = re.compile(
    r"[A-Z][A-Za-z]{0,50}(?:Error|Exception|Warning|Timeout|Interrupt|Exit|Group)"
)
_KNOWN = {
    "empty_interests": "empty_interests",
    "no interests provided": "empty_interests",
    "session not found": "session_not_found",
    "session required": "session_required",
    "not found": "not_found",
    "unauthorized": "unauthorized",
    "Graph credentials not configured": "graph_not_configured",
    "Graph API support not available": "graph_not_available",
}
_KNOWN_BEGINNINGS = (
    ("Graph API error", "graph_api_error"),
    ("Graph credentials not configured", "graph_not_configured"),
    ("Authentication failed", "authentication_failed"),
)
_KEY_BYTES = 32
_DIGITS = 16
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | flag("NOFOLLOW", "CLOEXEC")
_OLD = os.O_RDONLY | flag("NOFOLLOW", "NONBLOCK", "CLOEXEC")


def error_kind(error: Any) -> str | None:
    """Return the kind of an error: the name of a class, or a fixed word for a known text.

    Example:
        >>> error_kind(KeyError("ada@example.com")), error_kind("no interests provided")
        ('KeyError', 'empty_interests')
        >>> error_kind("mail to ada@example.com failed"), error_kind(None)
        ('other', None)
    """
    if error is None:
        return None
    if isinstance(error, BaseException):
        return type(error).__name__
    text = str(error)
    known = _KNOWN.get(text)
    if known is not None:
        return known
    for beginning, kind in _KNOWN_BEGINNINGS:
        if text.startswith(beginning):
            return kind
    return text if _CLASS_NAME.fullmatch(text) else "other"


def safe_correlation_id(value: Any) -> str | None:
    """Return an id unchanged if it has the form of one; ``None`` otherwise.

    Example:
        >>> safe_correlation_id("4bf92f3577b34da6"), safe_correlation_id("ada@example.com")
        ('4bf92f3577b34da6', None)
    """
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    return text if _CORRELATION_ID.fullmatch(text) else None


class Pseudonyms:
    """Computes keyed hashes of users. The key file (mode 0600) is created at the first use."""

    def __init__(self, file: str | os.PathLike[str]) -> None:
        """Take the path of the key file; nothing is read yet."""
        self._file = Path(file)
        self._key: bytes | None = None

    def of(self, user: Any) -> str:
        """Return the pseudonym of a user: 16 hexadecimal digits."""
        if self._key is None:
            self._key = self._load()
        name = str(user).encode("utf-8", "backslashreplace")
        return hmac.digest(self._key, name, "sha256").hex()[:_DIGITS]

    def _load(self) -> bytes:
        """Read or create the key file; if neither is possible, return a key for this process."""
        try:
            return self._read() or self._create()
        except OSError:
            return secrets.token_bytes(_KEY_BYTES)

    def _read(self) -> bytes | None:
        try:
            descriptor = os.open(self._file, _OLD)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            key = file.read(_KEY_BYTES) if stat.S_ISREG(status.st_mode) else b""
        if len(key) < _KEY_BYTES or status.st_mode & 0o077:
            raise PermissionError(f"{self._file} is not a key that only its owner can read")
        return key

    def _create(self) -> bytes:
        # Linked into place when it is complete, so that no process reads half a key.
        key = secrets.token_bytes(_KEY_BYTES)
        temporary = self._file.with_name(f".{secrets.token_hex(8)}.tmp")
        descriptor = os.open(temporary, _NEW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
            try:
                os.link(temporary, self._file)
            except FileExistsError:
                return self._read() or key
        finally:
            temporary.unlink()
        return key
