"""Tells whether a value is Python's own, or somebody has put something else in its place."""

from __future__ import annotations

import builtins
import logging
import os
import sys
import types
from typing import Any

__all__ = ["LOG_METHODS", "is_builtin", "is_logger", "is_place", "is_standard", "standard_value"]

LOG_METHODS = frozenset(("debug", "info", "warning", "error", "exception", "critical"))

_FOLDER = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
# Installed packages lie in a folder below that of the standard library.
_OTHER_FOLDERS = ("site-packages", "dist-packages")
# Py_TPFLAGS_IMMUTABLETYPE and Py_TPFLAGS_HEAPTYPE: no class of Python code has the first, or lacks
# the second. Before Python 3.12 all classes of C code lack it.
_IMMUTABLE_TYPE = 1 << 8
_HEAP_TYPE = 1 << 9


def is_builtin(value: Any, name: str) -> bool:
    """Return true if a value is the interpreter's own builtin of that name."""
    if isinstance(value, types.BuiltinFunctionType):
        return value.__self__ is builtins and value.__name__ == name
    return isinstance(value, type) and not value.__flags__ & _HEAP_TYPE and value.__name__ == name


def standard_value(path: str) -> Any:
    """Return the object that a dotted name refers to now; ``None`` if there is no such module."""
    module, *names = path.split(".")
    found: Any = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if not (module in sys.builtin_module_names if file is None else _is_library_file(file)):
        return None
    for name in names:
        found = getattr(found, name, None)
    return found


def is_standard(value: Any, path: str) -> bool:
    """Return true if a value is what the standard library itself defines under a dotted name.

    Code of the library under another name counts as somebody's: it does something else.
    """
    if isinstance(value, property):
        value = value.fget
    module, _, name = path.rpartition(".")
    # Parts of a module are defined in others: pathlib._local, _io.
    home = str(getattr(value, "__module__", "")).partition(".")[0].lstrip("_")
    is_named = getattr(value, "__name__", "") == name and home == module.partition(".")[0]
    return is_named and _is_library_code(value)


def _is_library_code(value: Any) -> bool:
    if isinstance(value, types.FunctionType):
        file = value.__code__.co_filename
        return file.startswith("<frozen ") or _is_library_file(file)
    if isinstance(value, type):
        if value.__flags__ & _IMMUTABLE_TYPE or not value.__flags__ & _HEAP_TYPE:
            return True
        own = [each for each in vars(value).values() if isinstance(each, types.FunctionType)]
        return bool(own) and all(map(_is_library_code, own))
    return isinstance(value, types.BuiltinFunctionType)


def _is_library_file(file: str) -> bool:
    path = os.path.realpath(file)
    return path.startswith(_FOLDER) and not any(each in path for each in _OTHER_FOLDERS)


def is_place(name: str, value: Any) -> bool:
    """Return true if a constant that names a place is of the very class that the original's is."""
    if name == "__file__":
        return type(value) is str
    pathlib = sys.modules.get("pathlib")
    kinds = [getattr(pathlib, kind, None) for kind in ("PosixPath", "WindowsPath")]
    return any(type(value) is kind for kind in kinds)


def is_logger(value: Any) -> bool:
    """Return true for `logging` itself, and for a logger none of whose methods was replaced."""
    owner = logging if value is logging else type(value)
    if owner not in (logging, logging.Logger):
        return False
    own = () if owner is logging else vars(value).keys() & LOG_METHODS or value.filters
    return not own and all(
        is_standard(getattr(owner, name), f"logging.{name}") for name in LOG_METHODS
    )
