"""Makes a `Telemetry` from the settings in a manifest."""

from __future__ import annotations

import logging
from typing import Any

from eventkit.telemetry.log import Telemetry

__all__ = ["get_telemetry"]

_log = logging.getLogger("eventkit.telemetry")
_FILE = "telemetry.jsonl"
_ARGUMENTS = {
    "maxSizeBytes": "max_bytes",
    "daily": "daily",
    "compressAfterDays": "compress_after_days",
    "deleteAfterDays": "delete_after_days",
    "durability": "durability",
    "payload": "payload",
}


def get_telemetry(manifest: Any) -> Telemetry:
    """Make a `Telemetry` from the settings in a manifest.

    The settings are read from ``features.telemetry``, as the original does, and from the top-level
    ``telemetry`` that the guide shows. If both set the same name, ``features`` is used, and a
    difference is logged as a warning to ``eventkit.telemetry``.

    Args:
        manifest: A mapping. ``enabled`` and ``file`` are the original's settings, ``maxSizeBytes``
            the guide's; ``daily``, ``compressAfterDays``, ``deleteAfterDays``, ``durability`` and
            ``payload`` are the arguments of `Telemetry`.

    Returns:
        A `Telemetry` that writes nothing unless ``enabled`` is set.

    Example:
        >>> get_telemetry({"telemetry": {"enabled": True, "maxSizeBytes": 1000}}).enabled
        True
        >>> get_telemetry({}).enabled
        False
    """
    settings = _settings(manifest)
    arguments = {
        ours: settings[theirs] for theirs, ours in _ARGUMENTS.items() if theirs in settings
    }
    enabled = bool(settings.get("enabled"))
    return Telemetry(settings.get("file") or _FILE, enabled=enabled, **arguments)


def _settings(manifest: Any) -> dict[str, Any]:
    ours, guide = _block(_block(manifest, "features"), "telemetry"), _block(manifest, "telemetry")
    for name in ours.keys() & guide.keys():
        if ours[name] != guide[name]:
            _log.warning(
                "the manifest says %r for features.telemetry.%s and %r for telemetry.%s; "
                "the first counts",
                *(ours[name], name, guide[name], name),
            )
    return {**guide, **ours}


def _block(mapping: Any, name: str) -> dict[str, Any]:
    block = mapping.get(name)
    return block if isinstance(block, dict) else {}
