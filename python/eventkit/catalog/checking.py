"""Checks the sessions that a catalogue is made of, before the engine compiles them."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from numbers import Real
from os import PathLike
from typing import Any, Literal

from eventkit._warning import warn_of_input

__all__ = ["checked_missing", "checked_sessions", "is_missing"]


# How each library's table gives its rows as dictionaries.
_ROWS = {"to_dicts": "to_dicts()", "to_pylist": "to_pylist()", "to_dict": 'to_dict("records")'}
_NEVER_MISSING = frozenset({bool, dict, int, list, str, tuple})
_MISSING_KINDS = frozenset({"NAType", "NaTType"})  # pandas.NA and pandas.NaT


def checked_sessions(source: Any, missing: Literal["keep", "absent"] = "keep") -> list[Any]:
    """Return the sessions of an iterable as a list.

    Args:
        source: The sessions. A list is returned itself, unless values are missing.
        missing: As for `eventkit.Catalog`.

    Raises:
        TypeError: The source holds no sessions; names what it is and the right constructor.

    Warns:
        InputWarning: The popularity of every session is NaN.
    """
    _refuse_other_sources(source)
    sessions = source if type(source) is list else list(source)
    for kind in set(map(type, sessions)):
        if not hasattr(kind, "get"):
            _refuse_sessions(sessions, kind)
    if missing == "absent":
        return [_without_missing(session) for session in sessions]
    if sessions and all(_is_nan(session.get("popularity")) for session in sessions):
        warn_of_input(
            f"popularity is NaN in all of the {len(sessions):,} sessions, so every score is NaN: "
            'fill the column, or make the catalogue with missing="absent"'
        )
    return sessions


def checked_missing(missing: str) -> None:
    """Raise a `ValueError` if the argument `missing` has no meaning."""
    if missing not in ("keep", "absent"):
        raise ValueError(f"missing is {missing!r}, expected 'keep' or 'absent'")


def _refuse_other_sources(source: Any) -> None:
    shown = f"Catalog() was given {reprlib.repr(source)}"
    if isinstance(source, (str, PathLike)):
        raise TypeError(
            f"{shown}, a path: use Catalog.from_json, Catalog.from_ndjson, or Catalog.open for a "
            "file that Catalog.save wrote"
        )
    if isinstance(source, (bytes, bytearray, memoryview)):
        raise TypeError(f"{shown}, bytes: use Catalog.from_json for JSON")
    if hasattr(source, "columns"):
        kind = type(source)
        rows = next((call for name, call in _ROWS.items() if hasattr(source, name)), "rows")
        raise TypeError(
            f"Catalog() was given a {kind.__name__} of {kind.__module__.partition('.')[0]}, which "
            f"iterates over its columns: use Catalog(table.{rows})"
        )
    if not isinstance(source, Iterable):
        raise TypeError(
            f"{shown}, a {type(source).__name__}: expected a manifest, or an iterable of sessions"
        )


def _refuse_sessions(sessions: list[Any], kind: type) -> None:
    for position, session in enumerate(sessions):
        if type(session) is kind and not hasattr(session, "get"):
            raise TypeError(
                f"sessions[{position}] is {reprlib.repr(session)}, a {kind.__name__}: expected a "
                "mapping such as {'title': 'Agents', 'tags': ['ai']}"
            )


def _without_missing(session: Any) -> Any:
    """Return the session itself, or a copy without its missing values if it has some."""
    if not isinstance(session, Mapping):
        return session
    if not any(map(is_missing, session.values())):
        return session
    return {key: value for key, value in session.items() if not is_missing(value)}


def is_missing(value: Any) -> bool:
    """Return true for ``None``, NaN, ``pandas.NA`` and ``pandas.NaT``."""
    if type(value) in _NEVER_MISSING:
        return False
    return value is None or type(value).__name__ in _MISSING_KINDS or _is_nan(value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, Real) and bool(value != value)
