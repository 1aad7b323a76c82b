"""Profiles: the interests that somebody asked to be remembered, as JSON, one key a person.

Saves exclude each other between processes and threads by a lock file beside the profiles, and take
effect by one rename: a reader sees the old file or the new one, and so does whoever comes after a
crash. A file that cannot be read is never overwritten.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from eventkit.errors import ProfileError
from eventkit.files import exclusive

__all__ = ["load_profile", "save_profile"]


def load_profile(file: str | os.PathLike[str], key: Any) -> list[str]:
    """Return somebody's interests, lowered.

    Args:
        file: The profile file.
        key: Whose.

    Returns:
        The interests; an empty list when there is no such file or key, or it is not to be read.

    Example:
        >>> load_profile("no-such-file.json", "ada")
        []
    """
    path = Path(file)
    try:
        interests = json.loads(path.read_text(encoding="utf-8")).get(key, [])
    except Exception:
        return []
    if not isinstance(interests, list):
        return []
    return [str(interest).lower() for interest in interests]


def save_profile(file: str | os.PathLike[str], key: Any, interests: Any) -> None:
    """Remember somebody's interests.

    The file belongs to its owner alone (mode 0600), as does ``<file>.bak``, which holds what was
    there before. ``<file>.lock`` stays behind, empty: removing it would let two savers in.

    Args:
        file: The profile file; its directory must exist.
        key: Whose; written as JSON writes a key (``5`` becomes ``"5"``).
        interests: A list, written as it is.

    Raises:
        ProfileError: The file holds something that is not a JSON object; it was left as it is.
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
        previous = locked.read()
        profiles = _parse(os.fspath(file), previous)
        profiles[key] = interests
        locked.replace(json.dumps(profiles, indent=2).encode("ascii"), mode=0o600)


def _parse(file: str, data: bytes | None) -> dict[Any, Any]:
    # An empty file has nothing to lose: somebody made it by `touch`, or as a temporary file.
    if data is None or not data.strip():
        return {}
    try:
        profiles = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProfileError(file, f"cannot be read as profiles ({error})") from error
    if not isinstance(profiles, dict):
        kind = type(profiles).__name__
        raise ProfileError(file, f"holds a {kind} where profiles are a JSON object")
    return profiles
