"""Sends the calls of a function elsewhere, by giving it other code.

The function itself stays the object that it was. So everybody who holds it is served, however they
got hold of it (``from agent import recommend``, a default argument, a table of handlers), it
pickles, and its name, signature, documentation and errors of arity remain its own.

It imports nothing of eventkit: the start-up hook uses it where eventkit may be missing.
"""

from __future__ import annotations

import builtins
import types

TYPE_CHECKING = False  # as in `typing`, whose import would cost a starting interpreter 2 ms
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["forget", "installed", "obstacle", "own_code", "trampoline", "twin"]

# Changed copies of compiled code cost a starting program less than compiling a text. A call of a
# constant would be a SyntaxWarning, hence the local name.
_MADE = (
    lambda a: (eventkit_handler := "the handler")(a),  # type: ignore[operator]  # noqa: F841
    lambda a, b: (eventkit_handler := "the handler")(a, b),  # type: ignore[operator]  # noqa: F841
    lambda a, b, c: (eventkit_handler := "the handler")(a, b, c),  # type: ignore[operator]  # noqa: F841
    lambda a, b, c, d: (eventkit_handler := "the handler")(a, b, c, d),  # type: ignore[operator]  # noqa: F841
)
_TEMPLATES = {each.__code__.co_argcount: each.__code__ for each in _MADE}

installed: dict[int, tuple[types.CodeType, types.FunctionType, types.CodeType]] = {}
"""By the id of a trampoline: the trampoline, whose it is, and the function's own code."""


def own_code(function: types.FunctionType) -> types.CodeType:
    """Return the code that a function has without acceleration."""
    made = installed.get(id(function.__code__))
    return made[2] if made is not None and made[1] is function else function.__code__


# The flags of `inspect`, which is dear to import: VARARGS, VARKEYWORDS, GENERATOR, COROUTINE and
# ASYNC_GENERATOR.
_NOT_PLAIN = 0x04 | 0x08 | 0x20 | 0x80 | 0x200


def obstacle(function: Any, parameters: int) -> str | None:
    """Say why a function cannot be sent elsewhere; ``None`` when it can."""
    if not isinstance(function, types.FunctionType):
        return "it is not a plain Python function"
    held = function.__globals__.get("__builtins__")
    if held is not builtins and held is not vars(builtins):
        return "its module has builtins of its own"
    code = function.__code__
    if code.co_freevars:
        return "it is decorated, or defined inside another function"
    plain = not (code.co_flags & _NOT_PLAIN or code.co_kwonlyargcount or code.co_posonlyargcount)
    if not plain or code.co_argcount != parameters or parameters not in _TEMPLATES:
        return f"it does not take {parameters} positional parameters"
    return None


def forget(made: types.CodeType) -> None:
    """Drop a trampoline that its function no longer has."""
    installed.pop(id(made), None)


def trampoline(function: types.FunctionType, handler: Callable[..., Any]) -> types.CodeType:
    """Make code that hands a call of a function, its defaults filled in, to a handler."""
    code, template = own_code(function), _TEMPLATES[function.__code__.co_argcount]
    made = template.replace(
        co_name=code.co_name,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
        co_varnames=(*code.co_varnames[: code.co_argcount], "eventkit_handler"),
        co_consts=tuple(handler if type(each) is str else each for each in template.co_consts),
    )
    if hasattr(code, "co_qualname"):  # Python 3.11
        made = made.replace(co_qualname=code.co_qualname)
    installed[id(made)] = (made, function, code)
    return made


def twin(function: types.FunctionType) -> types.FunctionType:
    """A function with the code that this one has now, in the same namespace."""
    made = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__
    )
    made.__qualname__ = function.__qualname__
    made.__module__ = function.__module__
    return made
