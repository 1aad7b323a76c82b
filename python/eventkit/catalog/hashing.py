"""Hashes a manifest, as a key for callers who cache answers themselves."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

__all__ = ["manifest_hash"]


def manifest_hash(manifest: Any) -> str:
    """Return a hash of everything in a manifest.

    Unlike a hash of ``json.dumps(manifest, sort_keys=True)``, it depends on everything that can
    change a recommendation: the order of keys and sessions, ``1`` or ``1.0`` or ``"1"``, list or
    tuple. It takes longer than most recommendations (about 3 microseconds a session): hash a
    manifest when it is loaded, not for every query.

    Args:
        manifest: Dictionaries, lists, tuples, strings, numbers, booleans and ``None``.

    Returns:
        64 hexadecimal digits (SHA-256).

    Raises:
        TypeError: The manifest holds a value of another type.
        RecursionError: The manifest holds itself, or is nested very deeply.

    Example:
        >>> manifest_hash({"top": 1}) == manifest_hash({"top": 1})
        True
        >>> manifest_hash({"top": 1}) == manifest_hash({"top": 1.0})
        False
    """
    digest = hashlib.sha256()
    _update(digest, manifest)
    return digest.hexdigest()


def _update(digest: Any, value: Any) -> None:
    kind = type(value)
    if kind is dict:
        digest.update(b"d%d;" % len(value))
        for key, item in value.items():
            _update(digest, key)
            _update(digest, item)
    elif kind is list or kind is tuple:
        digest.update(b"%c%d;" % (b"l" if kind is list else b"t", len(value)))
        for item in value:
            _update(digest, item)
    elif kind is str:
        text = value.encode("utf-8", "surrogatepass")
        digest.update(b"s%d;" % len(text) + text)
    elif kind is float:
        digest.update(b"f" + struct.pack("<d", value))
    elif kind is int or kind is bool or value is None:
        digest.update(f"{kind.__name__}{value};".encode())
    else:
        raise TypeError(
            f"a manifest holds {value!r} of type {kind.__name__}, expected what JSON can hold"
        )
