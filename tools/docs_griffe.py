"""Teach the reference pages about the compiled module, whose docstrings exist only at run time.

The stub `_eventkit.pyi` has the signatures and types, the compiled module the docstrings. Both are
joined here, and the names of `eventkit._native` are led to them.
"""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import griffe

STUB, FACADE = "_eventkit", "_native"


class JoinNativeDocstrings(griffe.Extension):
    """Fill in the stub's docstrings, and prepare all docstrings for the parser."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Change the loaded package before its aliases are resolved."""
        if pkg.name != "eventkit":
            return
        # By itself griffe inspects the extension and ends in a circle of aliases.
        file = pkg.filepath.with_name(f"{STUB}.pyi")
        stub = griffe.visit(STUB, filepath=file, code=file.read_text(), parent=pkg)
        del pkg.members[STUB]
        pkg.set_member(STUB, stub)
        native = importlib.import_module(f"{pkg.name}.{STUB}")
        for name, member in stub.members.items():
            _copy_docstrings(member, getattr(native, name, None))
        _lead_to_stub(pkg, stub)
        if FACADE in pkg.members:
            _lead_to_stub(pkg.members[FACADE], stub)
        _prepare(pkg)


def _copy_docstrings(member: griffe.Object | griffe.Alias, value: object) -> None:
    """Take the docstrings of a compiled object and of its members."""
    if member.is_alias or value is None:
        return
    text = inspect.getdoc(value)
    if text and not member.docstring:
        member.docstring = griffe.Docstring(text, parent=member, parser="google")
    if member.is_class:
        for name, child in member.members.items():
            # An inherited docstring, such as that of `object.__init__`, says nothing here.
            if name in vars(value):
                _copy_docstrings(child, getattr(value, name))


def _lead_to_stub(module: griffe.Module, stub: griffe.Module) -> None:
    """Make each name of a module that the stub has too an alias of the stub's."""
    for name, member in stub.members.items():
        if name in module.members and not member.is_alias and not name.startswith("_"):
            del module.members[name]
            module.set_member(name, griffe.Alias(name, f"{stub.path}.{name}"))


def _prepare(scope: griffe.Object) -> None:
    """Rename `Example:` sections, and give a class the parameters of its `__new__`."""
    if scope.docstring:
        scope.docstring.value = re.sub(
            r"^Example:$", "Examples:", scope.docstring.value, flags=re.MULTILINE
        )
    if scope.is_class and "__init__" not in scope.members and "__new__" in scope.members:
        made = scope.members["__new__"]
        scope.set_member(
            "__init__",
            griffe.Function("__init__", parameters=made.parameters, docstring=None),
        )
    for child in list(scope.members.values()):
        if not child.is_alias:
            _prepare(child)
