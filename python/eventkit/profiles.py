"""Loads and saves profiles: a JSON object with a list of interests for each key.

A lock file beside the profiles keeps processes and threads from saving at the same time. A save
takes effect by one rename, so readers see the old file or the new one, even after a crash. A file
that cannot be parsed is never overwritten.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from eventkit.errors import ProfileError
from eventkit.files import exclusive, read_regular

__all__ = ["load_profile", "profile_file", "profile_names", "save_profile"]


def profile_file(manifest: Mapping[str, Any]) -> Path | None:
    """Return the profile file that a manifest names.

    The name is ``profile.storage_file``, or ``profile.file`` if that is not there. ``~`` is the
    user's home directory.

    Returns:
        The file, or ``None`` if the manifest names none: there are no profiles then.

    Example:
        >>> profile_file({"profile": {"storage_file": "profiles.json"}}).name
        'profiles.json'
        >>> profile_file({"weights": {}}) is None
        True
    """
    settings = manifest.get("profile")
    if not isinstance(settings, Mapping):
        return None
    name = settings.get("storage_file") or settings.get("file")
    return Path(str(name)).expanduser() if name else None


def profile_names(file: str | os.PathLike[str]) -> list[str]:
    """Return the keys of all profiles in a file; none if the file cannot be read.

    Example:
        >>> profile_names("no-such-file.json")
        []
    """
    try:
        return list(_parse(os.fspath(file), read_regular(file), _Numbers()))
    except (OSError, ValueError):
        return []


def load_profile(file: str | os.PathLike[str], key: Any) -> list[str]:
    """Return the interests of one profile, in lower case.

    Args:
        file: The profile file.
        key: The key of the profile.

    Returns:
        The interests; an empty list if there is no such file or key, or the file cannot be read.

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
    """Save the interests of one profile.

    Only the owner can read the file (mode 0600) and ``<file>.bak``, which holds the previous
    content. The empty file ``<file>.lock`` stays: if it were removed, two processes could save at
    the same time. The values of other profiles keep their exact meaning, even numbers beyond a
    float.

    Args:
        file: The profile file; its directory must exist.
        key: The key of the profile, written as JSON writes keys (``5`` becomes ``"5"``).
        interests: A list, written unchanged.

    Raises:
        ProfileError: The file holds something that is not a JSON object; it was not changed.
        FileLockedError: Another process or thread has been saving for ten seconds.
        UnusableFileError: The file, or its lock, is a pipe, a device or a link to nowhere useful.
        TypeError: The interests cannot be written as JSON; the file was not changed.
        FileNotFoundError: The file's directory does not exist.

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
        # Random, so that no text of the file looks like a marked number.
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
    # An empty file may be overwritten: it was made by `touch`, or as a temporary file.
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
