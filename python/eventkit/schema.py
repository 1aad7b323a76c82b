"""Validates manifests against their JSON Schema, without a dependency.

The schema file is the only description of a manifest. The validator interprets the few keywords of
JSON Schema 2020-12 that the file uses; a keyword that it does not know raises a KeyError in the
tests. It looks no deeper into a manifest than the schema does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["MISSING", "SCHEMA_PATH", "Problem", "load_schema", "validate", "validate_sessions"]

SCHEMA_PATH = Path(__file__).with_name("data") / "manifest.schema.json"

Schema = dict[str, Any]
Check = Callable[[str, Schema, Any], Iterator["Problem"]]


class _Missing:
    """The value of a member that is not there (``None`` is JSON's null)."""

    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a manifest.

    Attributes:
        path: The place, as ``sessions[3].popularity``; ``manifest`` for the whole.
        value: The value there, or `MISSING`.
        expected: A description of the values that are allowed there.
    """

    path: str
    value: Any
    expected: str

    def __str__(self) -> str:
        """Return the problem as one line of text."""
        found = "is missing" if self.value is MISSING else f"is {_shown(self.value)}"
        return f"{self.path} {found}: expected {self.expected}"


def validate(manifest: object) -> list[Problem]:
    """Check a manifest against the schema.

    Args:
        manifest: The manifest as `json.loads` returns it.

    Returns:
        The problems, in the order of the schema; an empty list for a good manifest.

    Example:
        >>> session = {"title": "Opening", "popularity": "high"}
        >>> weights = {"interest": 2.0, "popularity": 0.5}
        >>> for problem in validate({"sessions": [session], "weights": weights}):
        ...     print(problem)
        sessions[0].popularity is 'high': expected a number, 0 or more
    """
    return list(_check("", _shared_schema(), manifest))


def validate_sessions(sessions: object) -> list[Problem]:
    """Check the content of an external sessions file against the schema.

    Example:
        >>> [str(problem) for problem in validate_sessions([{"title": "Opening"}, 5])]
        ['sessions[1] is 5: expected an object with a title']
    """
    return list(_check("sessions", _shared_schema()["properties"]["sessions"], sessions))


def load_schema() -> Schema:
    """Return the JSON Schema of a manifest, as a new dictionary at each call.

    Example:
        >>> load_schema()["title"]
        'Event Kit manifest'
    """
    schema: Schema = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    return schema


_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description"})
_QUICK = frozenset({"type", "minimum", "maximum", "minLength", "required", "properties", "items"})


@lru_cache(maxsize=1)
def _shared_schema() -> Schema:
    return load_schema()  # one parse for all validations; never handed out


def _check(path: str, schema: Schema, value: Any) -> Iterator[Problem]:
    schema = _resolved(schema)
    kind = schema.get("type")
    if kind is not None and not _TYPES[kind](value):
        # A value of the wrong type says all: the other keywords would only repeat it.
        yield _problem(path, schema, value)
        return
    for keyword in schema:
        if keyword not in _ANNOTATIONS:
            yield from _CHECKS[keyword](path, schema, value)


def _resolved(schema: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Schema = _shared_schema()["$defs"][reference.removeprefix("#/$defs/")]
    return found


def _problem(path: str, schema: Schema, value: object) -> Problem:
    return Problem(path or "manifest", value, schema.get("description", "a value"))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    whole = isinstance(value, float) and value.is_integer()
    return whole or (isinstance(value, int) and not isinstance(value, bool))


_TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "integer": _is_integer,
}


def _check_nothing(_path: str, _schema: Schema, _value: Any) -> Iterator[Problem]:
    yield from ()


def _check_required(path: str, schema: Schema, value: Any) -> Iterator[Problem]:
    members = schema.get("properties", {})
    for name in schema["required"] if isinstance(value, dict) else ():
        if name not in value:
            yield _problem(_joined(path, name), _resolved(members.get(name, {})), MISSING)


def _check_properties(path: str, schema: Schema, value: Any) -> Iterator[Problem]:
    for name, member in schema["properties"].items() if isinstance(value, dict) else ():
        if name in value:
            yield from _check(_joined(path, name), member, value[name])


def _check_items(path: str, schema: Schema, value: Any) -> Iterator[Problem]:
    passes = _compiled(schema["items"])
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if not passes(item):
            yield from _check(f"{path}[{index}]", schema["items"], item)


def _check_any_of(path: str, schema: Schema, value: Any) -> Iterator[Problem]:
    choices = schema["anyOf"]
    if all(any(True for _ in _check(path, choice, value)) for choice in choices):
        yield _problem(path, {"description": choices[0]["description"]}, value)


def _compiled(schema: Schema) -> Callable[[Any], bool]:
    """Return a function that returns true if it is certain that a value has no problem.

    A manifest has thousands of sessions, and nearly all are valid. Looking for problems took 38 us
    a session; this takes 13 us together with the rest. The function returns false for a keyword
    that it does not know; `_check` then decides.
    """
    schema = _resolved(schema)
    is_kind = _TYPES[schema["type"]] if "type" in schema else lambda _value: True
    lowest: float = schema.get("minimum", -math.inf)
    highest: float = schema.get("maximum", math.inf)
    shortest: int = schema.get("minLength", 0)
    required: list[str] = schema.get("required", [])
    members = {name: _compiled(member) for name, member in schema.get("properties", {}).items()}
    items = _compiled(schema["items"]) if "items" in schema else None
    is_simple = schema.keys() <= _ANNOTATIONS | _QUICK

    def passes(value: Any) -> bool:
        if not (is_simple and is_kind(value)):
            return False
        if isinstance(value, dict):
            return all(name in value for name in required) and all(
                passes(value[name]) for name, passes in members.items() if name in value
            )
        if isinstance(value, list):
            return items is None or all(map(items, value))
        if isinstance(value, str):
            return bool(len(value) >= shortest)
        return bool(not _is_number(value) or lowest <= value <= highest)

    return passes


def _check_minimum(path: str, schema: Schema, value: Any) -> Iterator[Problem]:
    if _is_number(value) and value < schema["minimum"]:
        yield _problem(path, schema, value)


def _check_maximum(path: str, schema: Schema, value: Any) -> Iterator[Problem]:
    if _is_number(value) and value > schema["maximum"]:
        yield Problem(path, value, f"at most {schema['maximum']:g}")


def _check_min_length(path: str, schema: Schema, value: Any) -> Iterator[Problem]:
    if isinstance(value, str) and len(value) < schema["minLength"]:
        yield _problem(path, schema, value)


_CHECKS: dict[str, Check] = {
    "type": _check_nothing,  # done first, in `_check`
    "required": _check_required,
    "properties": _check_properties,
    "items": _check_items,
    "anyOf": _check_any_of,
    "minimum": _check_minimum,
    "maximum": _check_maximum,
    "minLength": _check_min_length,
}


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    """Return a short text for a value; of a container only its kind and size."""
    if isinstance(value, dict):
        return f"an object of {len(value)} members"
    if isinstance(value, list):
        return f"an array of {len(value)} items"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
