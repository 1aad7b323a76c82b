"""Makes manifests of feeds that are safe to use on this machine.

A manifest may name files to read and to write: external sessions, itineraries, profiles, telemetry.
A feed comes from somebody else, so of a manifest that is read as a feed only harmless members stay.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from eventkit.feeds.programme import Programme

__all__ = ["portable_manifest", "portable_settings"]

_KEPT = ("$schema", "name", "description", "version", "zone", "weights", "recommend")


def portable_manifest(programme: Programme) -> tuple[dict[str, Any], list[str]]:
    r"""Return the manifest of a programme, and the names of the members that were left out.

    Example:
        >>> from eventkit.feeds import read
        >>> feed = b'{"weights": {}, "profile": {"storage_file": "/etc/x"}, "sessions": []}'
        >>> manifest, left_out = portable_manifest(read(feed))
        >>> sorted(manifest), left_out
        (['name', 'sessions', 'weights'], ['profile'])
    """
    settings, left_out = portable_settings(programme)
    return {**settings, "sessions": programme.sessions}, left_out


def portable_settings(programme: Programme) -> tuple[dict[str, Any], list[str]]:
    """Return the manifest of a programme without its sessions, as `portable_manifest` does."""
    whole = programme.settings()
    if not programme.name:
        # The whole source would tell a path of this machine to whoever gets the manifest.
        whole["name"] = PurePath(programme.source).stem or programme.source
    left_out = [name for name in whole if name not in _KEPT]
    return {name: value for name, value in whole.items() if name in _KEPT}, left_out
