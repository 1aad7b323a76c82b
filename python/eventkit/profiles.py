"""Saves and loads profiles: the interests of people, as one JSON object with a key a person.

A lock file beside the profiles lets only one process or thread save at a time. A save takes effect
by one rename, so that a reader sees the old file or the new one, even after a crash. A file that
cannot be read is never overwritten.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
from decimal import Decimal
from typing import Any

from eventkit.errors import ProfileError
from eventkit.files import exclusive, read_regular

__all__ = ["load_profile", "save_profile"]


def load_profile(file: str | os.PathLike[str], key: Any) -> list[str]:
    """Return the interests of a person, in lower case.

    Args:
        file: The profile file.
        key: The person's key.

    Returns:
        The interests. An empty list when the file or the key does not exist, or when the file
        cannot be read as profiles.

    Example:
        >>> load_profile("no-such-file.json", "ada")
        []
    """
    try:
        interests = json.loads(read_regular(file).decode("utf-8")).get(key, [])
    except Exception:
        return []
    if not isinstance(interests, list):
        return []
    return [str(interest).lower() for interest in interests]


def save_profile(file: str | os.PathLike[str], key: Any, interests: Any) -> None:
    """Save the interests of a person.

    Only the owner may read the file (mode 0600) and ``<file>.bak``, which holds the content before
    the save. An empty ``<file>.lock`` stays behind: removing it would let two processes save at
    once. The other people's values keep their exact meaning, numbers beyond a float included.

    Args:
        file: The profile file; its directory must exist.
        key: The person's key; written as JSON writes a key (``5`` becomes ``"5"``).
        interests: A list, written as it is.

    Raises:
        ProfileError: The file holds something that is not a JSON object; it was left as it is.
        FileLockedError: Another process or thread has been saving for ten seconds.
        UnusableFileError: The file, or its lock, is a pipe, a device or a link to nowhere useful.
        TypeError: The interests cannot be written as JSON; the file was left as it is.
        FileNotFoundError: Its directory does not exist.

    Example:
        >>> import tempfile
        >>> file = os.path.join(tempfile.mkdtemp(), "profiles.json")
        >>> save_profile(file, "ada", ["AI", "agents"])
        >>> load_profile(file, "ada")
        ['ai', 'agents']
    """
    with exclusive(file) as locked:
        numbers = _Numbers()
        profiles = _parse(os.fspath(file), locked.read(), numbers)
        profiles[key] = interests
        text = numbers.restored(json.dumps(profiles, indent=2))
        locked.replace(text.encode("ascii"), mode=0o600)


class _Numbers:
    """Carries numbers that no float holds through a parse and a dump, digit by digit."""

    def __init__(self) -> None:
        # Random: a text that is in the file already cannot look like a number of ours.
        self._mark = secrets.token_hex(16)
        self._kept = False

    def parse_float(self, text: str) -> Any:
        """Return the float of a JSON number, or a marked text where the float is another number."""
        value = float(text)
        if math.isfinite(value) and Decimal(repr(value)) == Decimal(text):
            return value
        self._kept = True
        return f"{self._mark}{text}"

    def restored(self, dumped: str) -> str:
        """Return dumped JSON with the marked texts as the numbers that they were."""
        if not self._kept:
            return dumped
        return re.sub(f'"{self._mark}([^"]*)"', r"\1", dumped)


def _parse(file: str, data: bytes | None, numbers: _Numbers) -> dict[Any, Any]:
    # An empty file has nothing to lose: somebody made it by `touch`, or as a temporary file.
    if data is None or not data.strip():
        return {}
    try:
        profiles = json.loads(data.decode("utf-8"), parse_float=numbers.parse_float)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ProfileError(file, f"cannot be read as profiles ({error})") from error
    if not isinstance(profiles, dict):
        kind = type(profiles).__name__
        raise ProfileError(file, f"holds a {kind} where profiles are a JSON object")
    return profiles
