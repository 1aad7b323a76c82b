"""The oracle: what of an answer must be the same, down to the last bit and the very object."""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from typing import Any

from faults.oddities import Hostile, Lowerable

Outcome = tuple[str, Any]


def typed(value: Any, known: dict[int, str] | None = None, depth: int = 0) -> str:
    """Write a value so that different values look different: types, signs of zero, order of keys.

    Args:
        value: Anything.
        known: Names of objects by id: they are written by name, so that identity counts.
        depth: How deep the value lies; 40 is the end, self-references included.
    """
    if known and id(value) in known:
        return known[id(value)]
    kind = type(value)
    if kind is float or kind is int or value is None or kind is bool or kind is complex:
        return _number(value)
    if kind is str or kind is bytes:
        return ascii(value)
    if depth > 40:
        return "<deep>"
    if kind is list or kind is tuple:
        inner = ", ".join([typed(item, known, depth + 1) for item in value])
        return f"[{inner}]" if kind is list else f"({inner},)"
    if kind is dict:
        pairs = [
            f"{typed(k, known, depth + 1)}: {typed(v, known, depth + 1)}" for k, v in value.items()
        ]
        return "{" + ", ".join(pairs) + "}"
    return _odd(value, known, depth)


def _is(value: Any, kinds: Any) -> bool:
    # Not isinstance: it asks the object itself, which may raise.
    return issubclass(type(value), kinds)


def _number(value: Any) -> str:
    # Python refuses to write more than 4,300 digits, and hex is quicker above a few.
    if type(value) is int and value.bit_length() > 200:
        return f"big {value:x}"
    return repr(value)


def _odd(value: Any, known: dict[int, str] | None, depth: int) -> str:
    """Write an object of some other type, without calling anything that it overrides."""
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if _is(value, dict):
        inner = [
            f"{typed(k, known, depth + 1)}: {typed(v, known, depth + 1)}"
            for k, v in dict.items(value)
        ]
    elif _is(value, list | tuple):
        inner = [typed(item, known, depth + 1) for item in kind.__base__.__iter__(value)]
    elif _is(value, set | frozenset):
        inner = sorted(typed(item, known, depth + 1) for item in value)
    elif _is(value, str):
        inner = [ascii(str.__str__(value))]
    elif _is(value, float):
        inner = [float.__repr__(value)]
    elif _is(value, int):
        inner = [hex(int.__index__(value))]
    elif _is(value, types.GeneratorType) or kind.__module__ == "faults.oddities":
        inner = [ascii(getattr(value, "text", ""))] if kind is Hostile or kind is Lowerable else []
    else:
        inner = [
            _without_addresses(ascii(repr(value)))
        ]  # Mappings of others: their content, by repr.
    return f"{name}<{', '.join(inner)}>"


def _without_addresses(text: str) -> str:
    return re.sub(r"at 0x[0-9a-f]+", "at 0x", text)


def attempt(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    """Call, and keep what came: ``("ok", answer)`` or ``("error", (type, text, cause,
    context))``."""
    try:
        return ("ok", function(*arguments))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        text = f"{type(error).__module__}.{type(error).__qualname__}: {str(error)!a}"
        return (
            "error",
            (_without_addresses(text), error.__cause__ is None, error.__context__ is None),
        )


class Names(dict[int, str]):
    """Names by id. It holds the named: the id of one that a call dropped would go to another."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Any] = []

    def add(self, value: Any, name: str) -> None:
        self[id(value)] = name
        self.held.append(value)


def objects_in(arguments: tuple[Any, ...], *, texts: bool = True) -> Names:
    """Name the containers of the caller, and the texts, by where they lie; the first place wins."""
    known = Names()
    for place, argument in enumerate(arguments):
        _name(argument, f"@{place}", known, 0, texts)
    return known


def _name(value: Any, name: str, known: Names, depth: int, texts: bool) -> None:
    if value is None or _is(value, int | float | bytes) or id(value) in known or depth > 5:
        return
    if _is(value, str):
        if texts:
            known.add(value, f"{name}={str.__str__(value)!a}")
        return
    known.add(value, name)
    if _is(value, dict):
        for key, item in dict.items(value):
            _name(item, f"{name}.{typed(key)}", known, depth + 1, texts)
    elif _is(value, list):
        for place, item in enumerate(list.__iter__(value)):
            _name(item, f"{name}.{place}", known, depth + 1, texts)


def written(outcome: Outcome, known: dict[int, str]) -> str:
    """Write an outcome with the caller's own objects by name."""
    verdict, value = outcome
    return _without_addresses(f"{verdict} {typed(value, known)}")
