"""Notices that a name which a function reads no longer means what it meant.

In the original, replacing ``agent.score_session`` changes what ``agent.recommend`` answers. So the
names that a function's code reads, and the code of the agent's functions that it calls, are looked
up before each native call: 8 names take 0.3 microseconds.
"""

from __future__ import annotations

import copy
import opcode
import os
import sys
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

__all__ = ["Reading", "codes", "prints", "readings", "unchanged"]

_LOAD_GLOBAL = opcode.opmap["LOAD_GLOBAL"]
_IMPORTS = (opcode.opmap["IMPORT_NAME"], opcode.opmap["IMPORT_FROM"])
# From 3.11 on the lowest bit of the argument says whether a null is pushed for a call.
_SHIFT = 1 if sys.version_info >= (3, 11) else 0
_MOST_ITEMS = 100
_MISSING: Any = object()


class Reading(NamedTuple):
    """Names that are read from one namespace: those with values there, and the others."""

    space: Mapping[str, Any]
    values: dict[str, Any]
    missing: frozenset[str]


def unchanged(readings: list[Reading]) -> Callable[[], bool]:
    """A check that all names still have their values, and the others still have none."""
    checks = [_unchanged(reading) for reading in readings]
    if len(checks) == 1:
        return checks[0]
    return lambda: all(check() for check in checks)


def _unchanged(reading: Reading) -> Callable[[], bool]:
    space, missing = reading.space, reading.missing
    # A single name is read twice, as `itemgetter` makes no tuple of one.
    names = [*reading.values] * (2 if len(reading.values) == 1 else 1)
    read: Callable[[Any], Any] = itemgetter(*names) if names else lambda _: ()
    values = read(reading.values)  # those that were held, not those of now
    size = len(space)

    def check() -> bool:
        nonlocal size
        try:
            # Tuples compare by identity first: this calls nobody's __eq__ while all is the same.
            if read(space) != values:
                return False
        except KeyError:
            return False
        # A name that hides a builtin has to be added first.
        if len(space) != size:
            if not missing.isdisjoint(space):
                return False
            size = len(space)
        return True

    return check


def readings(function: types.FunctionType, owner: type | None = None) -> list[Reading]:
    """What a function reads, itself and through the agent's other functions that it calls.

    Args:
        function: A function of an agent.
        owner: Its class, when it is a method: the class's other members are read through ``self``.
    """
    spaces: dict[int, tuple[Any, dict[str, Any]]] = {}
    # A view: a later monkeypatch of the class shows in it.
    members = {} if owner is None else vars(owner)
    for current in _reached(function, members):
        for space, name in _reads(current, members):
            spaces.setdefault(id(space), (space, {}))[1][name] = space.get(name, _MISSING)
    return [_reading(space, found) for space, found in spaces.values()]


def prints(function: types.FunctionType, owner: type | None, names: Collection[str]) -> bool:
    """Whether a function prints: itself, or through one of those with the given names."""
    reached = _reached(function, {} if owner is None else vars(owner))
    return any(
        "print" in code.co_names
        for each in reached
        if each is function or each.__name__ in names
        for code in _codes(each.__code__)
    )


def codes(function: types.FunctionType, owner: type | None = None) -> Iterator[types.CodeType]:
    """The code of a function and of the agent's functions that it calls."""
    for current in _reached(function, {} if owner is None else vars(owner)):
        yield from _codes(current.__code__)


def _reached(function: types.FunctionType, members: Any) -> Iterator[types.FunctionType]:
    home = _folder(function.__globals__)
    pending, seen = [function], set[int]()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        for space, name in _reads(current, members):
            value = space.get(name)
            value = getattr(value, "__func__", value)  # a static or class method
            if isinstance(value, types.FunctionType) and (
                value.__globals__ is function.__globals__ or _folder(value.__globals__) == home
            ):
                pending.append(value)


def _reading(space: Any, found: dict[str, Any]) -> Reading:
    missing = frozenset(name for name, value in found.items() if value is _MISSING)
    # Where files lie matters to the external sessions only, and those are never served natively:
    # setting agent.MANIFEST_PATH shall not end the acceleration.
    kept = {
        name: _held(value)
        for name, value in found.items()
        if name not in missing and not _is_path(value)
    }
    return Reading(space, kept, missing)


def _is_path(value: Any) -> bool:
    return isinstance(value, os.PathLike) and not isinstance(value, type)


def _held(value: Any) -> Any:
    """What to compare with later: a copy of a small table, as it may be changed in place."""
    if type(value) in (dict, list, set) and _is_plain(value, [_MOST_ITEMS]):
        return copy.deepcopy(value)
    return value


def _is_plain(value: Any, room: list[int]) -> bool:
    room[0] -= 1
    if room[0] < 0:
        return False
    kind = type(value)
    if kind is dict:
        return all(_is_plain(each, room) for pair in value.items() for each in pair)
    if kind in (list, tuple, set):
        return all(_is_plain(each, room) for each in value)
    return value is None or kind in (str, int, float, bool)


def _reads(function: types.FunctionType, members: Any) -> Iterator[tuple[Any, str]]:
    """The namespaces and names that one function reads."""
    for code in _codes(function.__code__):
        loaded, imported = _operands(code)
        for name in loaded:
            yield function.__globals__, name
        for module in imported:
            namespace = getattr(sys.modules.get(module), "__dict__", {})
            home = _folder(namespace)
            if home is not None and home == _folder(function.__globals__):
                for name in imported & namespace.keys():
                    yield namespace, name
        for name in members.keys() & set(code.co_names):
            yield members, name


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _operands(code: types.CodeType) -> tuple[set[str], set[str]]:
    """The global names that code loads, and the names that it imports when it runs."""
    loaded, imported = set(), set()
    raw, wide = code.co_code, 0
    for place in range(0, len(raw), 2):
        operation, argument = raw[place], raw[place + 1] | wide
        wide = argument << 8 if operation == opcode.EXTENDED_ARG else 0
        if operation == _LOAD_GLOBAL:
            loaded.add(code.co_names[argument >> _SHIFT])
        elif operation in _IMPORTS:
            imported.add(code.co_names[argument])
    return loaded, imported


def _folder(namespace: dict[str, Any]) -> str | None:
    file = namespace.get("__file__")
    # A pathlib.Path would take three times as long, and this is asked for every name.
    return os.path.normpath(f"{file}/..") if isinstance(file, str) else None
