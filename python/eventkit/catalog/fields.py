"""Writes and reads the members of a manifest that a saved catalogue holds beside its sessions."""

from __future__ import annotations

import json
import math
from typing import Any

from eventkit.errors import CatalogFileError

_EXACT = (type(None), str, bool, int)

__all__ = ["dump_fields", "load_fields"]


def dump_fields(fields: dict[str, Any], path: str) -> bytes:
    """Return the fields as JSON that gives them back exactly.

    Raises:
        CatalogFileError: JSON cannot hold a value as it is (a tuple, NaN or infinity, a key that is
            no string); names the file and the value.
    """
    try:
        for name, value in fields.items():
            _check(value, str(name))
        return json.dumps(fields, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise CatalogFileError(f"{path}: {error}") from None


def load_fields(data: bytes, path: str) -> dict[str, Any]:
    """Read the fields of a saved catalogue.

    Raises:
        CatalogFileError: They are no JSON object that holds weights; names the file.
    """
    try:
        fields = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CatalogFileError(f"{path}: the fields beside the sessions: {error}") from error
    if not isinstance(fields, dict) or "weights" not in fields:
        raise CatalogFileError(f"{path}: the fields beside the sessions hold no weights")
    return fields


def _check(value: Any, place: str) -> None:
    """Raise a `ValueError` that names the first value inside which JSON would change."""
    kind = type(value)
    if kind is dict:
        for name, member in value.items():
            if type(name) is not str:
                raise ValueError(f"a key of {place} is {name!r}, expected a string")
            _check(member, f"{place}.{name}")
    elif kind is list:
        for number, item in enumerate(value):
            _check(item, f"{place}[{number}]")
    elif not (kind in _EXACT or (kind is float and math.isfinite(value))):
        raise ValueError(
            f"{place} is {value!r} of type {kind.__name__}, which JSON cannot hold as it is"
        )
