"""Reads the source of a loaded module, and holds the text against the code that runs.

A file may be edited after it was imported, and a function may have got its code from elsewhere. So
the text is compiled once more, and counts only where the code that runs is equal to the result:
bytes of code, constants with their types, names, and lines.
"""

from __future__ import annotations

import _ast as ast
import os
import stat
from types import CodeType
from typing import Any, NamedTuple

__all__ = ["Definition", "Source", "read_source"]

LARGEST = 16 * 1024 * 1024
_MOST_FILES = 16


class Definition(NamedTuple):
    """A function as its file defines it: the node of the syntax tree, and the compiled code."""

    node: Any
    code: CodeType


class Source(NamedTuple):
    """A module's file, read and compiled once.

    Attributes:
        path: The file.
        lines: Its text.
        definitions: Its functions that are defined at the top of the module, or of a class there,
            by qualified name; two definitions of one name are both there.
    """

    path: str
    lines: list[str]
    definitions: dict[str, list[Definition]]


_sources: dict[tuple[Any, ...], Source] = {}


def read_source(path: str) -> Source:
    """Read and compile a file, or take what was made of the very same file before.

    Raises:
        OSError: It cannot be read, or is no regular file.
        ValueError: It is too large, or holds a null byte.
        SyntaxError: It is no Python.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is not a regular file")
        if status.st_size > LARGEST:
            raise ValueError(f"{path} has {status.st_size} bytes, more than {LARGEST}")
        times = (status.st_mtime_ns, status.st_ctime_ns)
        key = (path, status.st_dev, status.st_ino, status.st_size, *times)
        if key in _sources:
            return _sources[key]
        data = file.read(LARGEST + 1)
    while len(_sources) >= _MOST_FILES:
        _sources.pop(next(iter(_sources)), None)
    return _sources.setdefault(key, _compiled(path, data))


def _compiled(path: str, data: bytes) -> Source:
    # PyCF_ONLY_AST, whose usual name is in the module `ast`, which is dear to import.
    tree: Any = compile(data, path, "exec", 0x400, dont_inherit=True)
    code = compile(tree, path, "exec", dont_inherit=True)
    definitions: dict[str, list[Definition]] = {}
    _collect(tree.body, code, "", definitions)
    return Source(path, data.decode("utf-8", "replace").splitlines(), definitions)


def _collect(body: list[Any], code: CodeType, prefix: str, found: dict[str, Any]) -> None:
    inside = [each for each in code.co_consts if isinstance(each, CodeType)]
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        made = [each for each in inside if each.co_name == node.name]
        made = [each for each in made if each.co_firstlineno == first]
        if len(made) != 1:
            continue
        if isinstance(node, ast.ClassDef):
            _collect(node.body, made[0], f"{prefix}{node.name}.", found)
        else:
            found.setdefault(prefix + node.name, []).append(Definition(node, made[0]))
