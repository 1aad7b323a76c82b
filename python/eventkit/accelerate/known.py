"""The table of known functions: their fingerprints, and what each name that they read must be."""

from __future__ import annotations

import contextlib
import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Form", "extended", "forms", "is_known_name", "module_of"]

_TABLE = Path(__file__).with_name("known.json")


class Form(NamedTuple):
    """One known form of a function.

    Attributes:
        sha256: Its fingerprint.
        reads: The global names that it reads.
        parts: Short hashes of its pieces, to name the first difference of an unknown function.
    """

    sha256: str
    reads: frozenset[str]
    parts: frozenset[str]


Table = dict[str, dict[str, tuple[Form, ...]]]
_table: Table = {}
_added: list[Table] = []


def _load(entries: Any) -> Table:
    return {
        module: {
            name: tuple(
                Form(
                    form["sha256"],
                    frozenset(form["reads"]),
                    frozenset(form.get("parts", "").split()),
                )
                for form in found
            )
            for name, found in functions.items()
        }
        for module, functions in entries.items()
    }


def _modules() -> Table:
    if not _table:
        _table.update(_load(json.loads(_TABLE.read_text(encoding="utf-8"))["modules"]))
    return _table


def forms(module: str, name: str) -> tuple[Form, ...]:
    """Return the known forms of a function, by the original's names of its module and itself."""
    found = _modules().get(module, {}).get(name, ())
    for table in _added:
        found += table.get(module, {}).get(name, ())
    return found


def is_known_name(module: str, name: str) -> bool:
    """Return true if there is a known function of that name."""
    return bool(forms(module, name))


def module_of(name: str) -> str | None:
    """Return the module whose function an agent's code means by a global name."""
    return next((each for each in ("agent", "core") if is_known_name(each, name)), None)


@contextlib.contextmanager
def extended(entries: Any) -> Iterator[None]:
    """Know more functions for the length of a block: the tests' own agent is no public one.

    Args:
        entries: As ``modules`` of the table.
    """
    table = _load(entries)
    _added.append(table)
    try:
        yield
    finally:
        _added.remove(table)


ALIASES = types.MappingProxyType({"_recommend_impl": "recommend", "_explain_impl": "explain"})
"""Names under which the original's module ``core`` imports functions of ``agent``."""

STANDARD = types.MappingProxyType(
    {
        "json": "json",
        "pathlib": "pathlib",
        "time": "time",
        "datetime": "datetime.datetime",
        "timedelta": "datetime.timedelta",
        "timezone": "datetime.timezone",
        "Path": "pathlib.Path",
        "defaultdict": "collections.defaultdict",
    }
)
"""What a global name must be where a known function reads a part of the standard library."""

ATTRIBUTES = types.MappingProxyType(
    {
        "json": ("json.loads", "json.load"),
        "pathlib": ("pathlib.Path",),
        "pathlib.Path": (
            "pathlib.Path.exists", "pathlib.Path.read_text", "pathlib.Path.open",
            "pathlib.Path.stat", "pathlib.PurePath.parent", "pathlib.PurePath.__truediv__",
        ),
    }
)  # fmt: skip
"""Functions of those modules that a known function calls: a patched one is somebody's own code."""

PATHS = frozenset(("MANIFEST_PATH", "__file__"))
"""Constants that name places; their values are looked up at each call, whatever they are."""
