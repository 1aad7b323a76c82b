"""The table of known functions: their fingerprints, and what each name that they read must be."""

from __future__ import annotations

import json
import types
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Form", "forms", "loaded", "module_of", "table"]

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


@cache
def table() -> dict[str, dict[str, tuple[Form, ...]]]:
    """Return the known forms of each function, by the original's names of its module and itself."""
    with _TABLE.open(encoding="utf-8") as file:
        return loaded(json.load(file)["modules"])


def loaded(modules: Any) -> dict[str, dict[str, tuple[Form, ...]]]:
    """Return a table that was read from JSON."""
    return {
        module: {name: tuple(map(_form, found)) for name, found in functions.items()}
        for module, functions in modules.items()
    }


def _form(form: dict[str, Any]) -> Form:
    pieces = form.get("parts", "").split()
    return Form(form["sha256"], frozenset(form["reads"]), frozenset(pieces))


def forms(module: str, name: str) -> tuple[Form, ...]:
    """Return the known forms of a function."""
    return table().get(module, {}).get(name, ())


def module_of(name: str) -> str | None:
    """Return the module whose function an agent's code means by a global name."""
    return next((each for each in ("agent", "core") if forms(each, name)), None)


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
