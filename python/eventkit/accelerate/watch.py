"""Asks before each call whether what a proof rests on is still as it was.

A monkeypatch of a helper, a name that now hides a builtin, new code or new defaults of a function
that a known one calls: calls then go the agent's own way. The check is compiled for what there is
to look at; ten names and four functions take 0.4 microseconds.
"""

from __future__ import annotations

import opcode
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from eventkit.accelerate.trampoline import installed, own_code

__all__ = ["Reading", "global_names", "unchanged"]

_LOADS = frozenset(
    opcode.opmap[name]
    for name in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "IMPORT_NAME")
)
_LOAD_GLOBAL = opcode.opmap["LOAD_GLOBAL"]
# From 3.11 on the lowest bit of the argument says whether a null is pushed for a call.
_SHIFT = 1 if sys.version_info >= (3, 11) else 0


class Reading(NamedTuple):
    """Names that are read from one namespace: those with values there, and the others."""

    space: Mapping[str, Any]
    values: dict[str, Any]
    missing: frozenset[str]


def global_names(code: types.CodeType) -> frozenset[str]:
    """Return the global names that a function loads or stores, and the modules that it imports."""
    found, wide = set(), 0
    raw = code.co_code
    for place in range(0, len(raw), 2):
        operation, argument = raw[place], raw[place + 1] | wide
        wide = argument << 8 if operation == opcode.EXTENDED_ARG else 0
        if operation in _LOADS:
            found.add(code.co_names[argument >> (_SHIFT if operation == _LOAD_GLOBAL else 0)])
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= global_names(constant)
    return frozenset(found)


def unchanged(
    readings: list[Reading],
    functions: list[types.FunctionType],
    standard: list[tuple[Any, str, Any]] | None = None,
) -> Callable[[], bool]:
    """Compile a check that everything is as it is now.

    Args:
        readings: Names, with the values that they must keep, and names that must stay undefined.
        functions: Functions that must keep their code and their defaults.
        standard: Owners, names and values of attributes that must stay.
    """
    conditions: list[str] = []
    objects: list[Any] = []

    def held(value: Any) -> str:
        objects.append(value)
        return f"o{len(objects) - 1}"

    seen: set[tuple[int, str]] = set()
    hidden: list[tuple[Mapping[str, Any], frozenset[str]]] = []
    for space, values, missing in readings:
        table = held(space)
        for name, value in values.items():
            if (id(space), name) not in seen:
                seen.add((id(space), name))
                conditions.append(f"{table}[{name!r}] is {held(value)}")
        hidden.append((space, missing))
    for function in dict.fromkeys(functions):
        reference, own = held(function), held(own_code(function))
        ours = f"ours.get(id({reference}.__code__), nothing)[1] is {reference}"
        conditions.append(f"({reference}.__code__ is {own} or {ours})")
        conditions.append(f"{reference}.__defaults__ is {held(function.__defaults__)}")
    for owner, name, value in dict.fromkeys(standard or ()):
        conditions.append(f"{held(owner)}.{name} is {held(value)}")
    sizes = {id(space): (space, len(space)) for space, missing in hidden if missing}
    for space, size in sizes.values():
        # A name that hides a builtin has to be added first.
        missing = frozenset().union(*(each for other, each in hidden if other is space))
        test = _Hidden(space, missing, size)
        conditions.append(f"(len({held(space)}) == {held(test)}.size or {held(test.looks)}())")
    text = " and ".join(conditions) or "True"
    source = (
        f"def check():\n try:\n  return {text}\n except (KeyError, AttributeError):\n  return False"
    )
    made: dict[str, Any] = {"ours": installed, "nothing": (None, None)} | {
        f"o{number}": value for number, value in enumerate(objects)
    }
    exec(compile(source, "<eventkit.accelerate.watch>", "exec"), made)
    check: Callable[[], bool] = made["check"]
    return check


class _Hidden:
    """The number of names in a namespace when none of those was there that must stay undefined."""

    __slots__ = ("missing", "size", "space")

    def __init__(self, space: Mapping[str, Any], missing: frozenset[str], size: int) -> None:
        self.space, self.missing, self.size = space, missing, size

    def looks(self) -> bool:
        """Look again after the number has changed; return true if the names are still undefined."""
        if not self.missing.isdisjoint(self.space):
            return False
        self.size = len(self.space)
        return True
