"""Proves that a loaded function does the same work as a known one, without ever calling it.

A function is known when all of this holds:

* it is a plain function, and its file says what its code says (see `eventkit.accelerate.source`);
* its fingerprint is in the table, and it reads no global name beside those of the table;
* each of those names is what it must be: a builtin that nobody has shadowed, a part of the standard
  library under its own name, a path, or another function that is known itself;
* what the fingerprint leaves out is harmless: log lines go to a plain logger, with arguments that
  exist and run no code.

What is proven holds for the moment of the proof. `eventkit.accelerate.watch` asks before each call
whether anything that the proof rests on has changed since.
"""

from __future__ import annotations

import _ast as ast
import builtins
import logging
import os
import sys
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from eventkit.accelerate import known
from eventkit.accelerate.difference import first_difference
from eventkit.accelerate.fingerprint import LOGGERS, dropped_log_lines, fingerprint, walk
from eventkit.accelerate.source import Definition, Source, read_source
from eventkit.accelerate.trampoline import own_code
from eventkit.accelerate.watch import Reading, global_names

__all__ = ["Proof", "Prover", "is_place", "is_standard"]

_LOG_METHODS = frozenset(("debug", "info", "warning", "error", "exception", "critical"))
_LOG_OPTIONS = frozenset(("exc_info", "stack_info"))
_STANDARD_FOLDER = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
_OTHER_FOLDERS = ("site-packages", "dist-packages")
# Py_TPFLAGS_IMMUTABLETYPE and Py_TPFLAGS_HEAPTYPE: no class of Python code has the first, or lacks
# the second.
_IMMUTABLE_TYPE = 1 << 8
_HEAP_TYPE = 1 << 9
_BUILTIN = vars(builtins)
_HOOKS = frozenset(("__getattribute__", "__getattr__", "__slots__"))
"""Members with which a class looks attributes up by itself."""


class UnknownError(Exception):
    """A function is not known; the text says why, with file and line where there is one."""


class Proof(NamedTuple):
    """What came of looking at a function.

    Attributes:
        reason: Why it is not known; empty when it is.
        readings: What the proof rests on.
        functions: The functions that were proven on the way, this one first.
        standard: Parts of the standard library that the functions call, with their owners.
    """

    reason: str
    readings: list[Reading]
    functions: list[types.FunctionType]
    standard: list[tuple[Any, str, Any]]


class Prover:
    """Proves the functions of one agent; what was proven once is not proven again."""

    def __init__(self) -> None:
        """Begin with nothing proven."""
        self._proofs: dict[tuple[int, str, str], Proof] = {}

    def prove(self, function: Any, module: str, name: str, owner: type | None = None) -> Proof:
        """Return what can be proven of a function.

        Args:
            function: Anything that stands where a known function is expected.
            module: The original's module of that function.
            name: Its name there, behind its class's and a dot where it is a method.
            owner: Its class, where it is a method.
        """
        key = (id(function), module, name)
        if key not in self._proofs:
            attempt, reason = _Attempt(self), ""
            try:
                attempt.prove(function, module, name, owner)
            except UnknownError as error:
                reason = str(error)
            self._proofs[key] = Proof(reason, attempt.readings, attempt.functions, attempt.standard)
        return self._proofs[key]


class _Attempt:
    """One proof while it is made."""

    def __init__(self, prover: Prover) -> None:
        self._prover = prover
        self.readings: list[Reading] = []
        self.functions: list[types.FunctionType] = []
        self.standard: list[tuple[Any, str, Any]] = []

    def prove(self, function: Any, module: str, name: str, owner: type | None) -> None:
        """Collect what a proof of a function rests on.

        Raises:
            UnknownError: It is not proven to be known.
        """
        source, definition = _defined(function, name, owner)
        where = f"{os.path.basename(source.path)}:{definition.node.lineno}"
        _check_defaults(function, definition, where)
        loaded = global_names(own_code(function))
        sha256, reads = fingerprint(definition.node)
        forms = known.forms(module, name)
        if not any(form.sha256 == sha256 for form in forms):
            raise UnknownError(first_difference(source, definition.node, forms))
        loggers = _log_lines(function, definition.node, where)
        extra = loaded - reads - loggers
        if extra:
            raise UnknownError(f"{where}: it reads {', '.join(sorted(extra))} from its module")
        self.functions.append(function)
        self._names(function, (loaded | reads) - loggers, where)
        if owner is not None:
            self._members(function, owner, definition.node, where)

    def _names(self, function: types.FunctionType, names: frozenset[str], where: str) -> None:
        space, values, missing = function.__globals__, {}, set()
        builtin_values = {}
        for name in sorted(names):
            if name in space:
                if name not in known.PATHS:
                    values[name] = space[name]
                self._value(name, space[name], where)
            else:
                missing.add(name)
                builtin_values[name] = _builtin(function, name, where)
        self.readings.append(Reading(space, values, frozenset(missing)))
        self.readings.append(Reading(_BUILTIN, builtin_values, frozenset()))

    def _value(self, name: str, value: Any, where: str) -> None:
        if name in known.PATHS:
            if not is_place(name, value):
                raise UnknownError(f"{where}: {name} is no path but {type(value).__name__}")
        elif name in known.STANDARD:
            self._standard(name, value, where)
        elif name in LOGGERS:
            if not _is_logger(value):
                raise UnknownError(f"{where}: {name} is not a plain logger of the standard library")
        else:
            target = known.ALIASES.get(name, name)
            module = known.module_of(target)
            if module is None:
                raise UnknownError(f"{where}: {name} is neither a builtin nor a known function")
            self._calls(name, self._prover.prove(value, module, target), where)

    def _calls(self, name: str, proof: Proof, where: str) -> None:
        """Let this proof rest on that of a function that is called."""
        if proof.reason:
            raise UnknownError(f"{where}: it calls {name}, which is not known ({proof.reason})")
        self.readings += proof.readings
        self.functions += proof.functions
        self.standard += proof.standard

    def _standard(self, name: str, value: Any, where: str) -> None:
        path = known.STANDARD[name]
        if value is not _dotted(path) or not (value is sys.modules.get(path) or is_standard(value)):
            raise UnknownError(f"{where}: {name} is not the standard library's {path}")
        pending = [path]
        while pending:
            for attribute in known.ATTRIBUTES.get(pending.pop(), ()):
                owner = _dotted(attribute.rpartition(".")[0])
                found = getattr(owner, attribute.rpartition(".")[2], None)
                if not is_standard(found):
                    raise UnknownError(f"{where}: somebody has replaced {attribute}")
                self.standard.append((owner, attribute.rpartition(".")[2], found))
                if attribute in known.ATTRIBUTES:
                    pending.append(attribute)

    def _members(self, function: types.FunctionType, owner: type, node: Any, where: str) -> None:
        """Prove the other methods that a method reaches through ``self``."""
        if type(owner) is not type or owner.__bases__ != (object,):
            raise UnknownError(f"{where}: its class {owner.__name__} is not a plain class")
        members = vars(owner)
        if _HOOKS & members.keys():
            raise UnknownError(f"{where}: its class {owner.__name__} looks attributes up by itself")
        reached = {each.attr for each in walk(node) if isinstance(each, ast.Attribute)}
        values = {name: members[name] for name in sorted(reached & members.keys())}
        self.readings.append(Reading(members, values, _HOOKS))
        for name, value in values.items():
            if not known.is_known_name("graph_service", f"{owner.__name__}.{name}"):
                raise UnknownError(f"{where}: it calls {owner.__name__}.{name}, which is not known")
            if value is not function:
                proof = self._prover.prove(
                    value, "graph_service", f"{owner.__name__}.{name}", owner
                )
                self._calls(name, proof, where)


def _defined(function: Any, name: str, owner: type | None) -> tuple[Source, Definition]:
    """Return a function's definition in its file, once the file is proven to be what runs."""
    if type(function) is not types.FunctionType:
        raise UnknownError(f"{name} is not a plain Python function but {type(function).__name__}")
    code = own_code(function)
    where = f"{os.path.basename(code.co_filename)}:{code.co_firstlineno}"
    if function.__closure__ is not None or "__wrapped__" in function.__dict__:
        raise UnknownError(f"{where}: it is decorated, or defined inside another function")
    own_builtins = getattr(function, "__builtins__", None)
    if own_builtins is not _BUILTIN or type(function.__globals__) is not dict:
        raise UnknownError(f"{where}: its module has builtins or a namespace of its own")
    qualified = f"{owner.__name__}.{function.__name__}" if owner else function.__name__
    try:
        source = read_source(code.co_filename)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise UnknownError(f"{where}: its source cannot be read: {error}") from None
    definitions = source.definitions.get(qualified, [])
    equal = [each for each in definitions if each.code == code]
    if len(equal) != 1:
        if not definitions:
            raise UnknownError(
                f"{where}: its file does not define {qualified} at the top of a module"
            )
        raise UnknownError(f"{where}: its code is not what its file says now")
    if equal[0].node.decorator_list:
        raise UnknownError(f"{where}: it is decorated")
    return source, equal[0]


def _check_defaults(function: types.FunctionType, definition: Definition, where: str) -> None:
    """Refuse defaults that are not the constants of the source."""
    arguments = definition.node.args
    written = [*arguments.defaults]
    held = list(function.__defaults__ or ())
    if function.__kwdefaults__ or arguments.kw_defaults:
        raise UnknownError(f"{where}: it has parameters that go by keyword only")
    if len(written) != len(held):
        raise UnknownError(f"{where}: somebody has changed its defaults")
    for node, value in zip(written, held, strict=True):
        constant = isinstance(node, ast.Constant) and type(node.value) is type(value)
        if not constant or repr(node.value) != repr(value):
            path = isinstance(node, ast.Name) and node.id in known.PATHS and _is_path(value)
            if not path:
                raise UnknownError(f"{where}: a default is not the constant that its file names")


def _log_lines(function: types.FunctionType, node: Any, where: str) -> frozenset[str]:
    """Return the loggers whose lines the fingerprint leaves out, if the lines are harmless."""
    loggers = set()
    for call in dropped_log_lines(node):
        name, line = call.func.value.id, call.lineno
        place = f"{where.partition(':')[0]}:{line}"
        logger = function.__globals__.get(name)
        if name in own_code(function).co_varnames or not _is_logger(logger):
            raise UnknownError(f"{place}: {name} is not a plain logger of the standard library")
        if call.func.attr not in _LOG_METHODS:
            raise UnknownError(f"{place}: {name}.{call.func.attr} does more than log")
        loggers.add(name)
        if not _only_logs(call):
            raise UnknownError(f"{place}: {name}.{call.func.attr} may fail with these arguments")
        exists = _names_before(node, line)
        for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
            is_local = isinstance(value, ast.Name) and value.id in exists
            if not is_local and not isinstance(value, ast.Constant):
                raise UnknownError(f"{place}: what {name} logs may run code, or not exist")
    return frozenset(loggers)


def _only_logs(call: Any) -> bool:
    """Return true if a logger's method cannot raise an exception for the way it is called.

    A message that is no text, an unknown option, or members for the record would make it raise.
    """
    message = call.args[0] if call.args else None
    return (
        isinstance(message, ast.Constant)
        and type(message.value) is str
        and all(
            each.arg in _LOG_OPTIONS and isinstance(each.value, ast.Constant)
            for each in call.keywords
        )
    )


def _names_before(function: Any, line: int) -> set[str]:
    """Return the names that exist for sure at a line: parameters, and what was bound before."""
    names = {each.arg for each in walk(function.args) if isinstance(each, ast.arg)}
    names.update(_bound_before(function.body, line))
    for each in walk(function):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Del):
            names.discard(each.id)
        elif isinstance(each, ast.ExceptHandler):  # whose name goes with its end
            names.discard(each.name or "")
    return names


def _bound_before(block: list[Any], line: int) -> Iterator[str]:
    """Iterate over the names that assignments before a line bind, in the blocks around it.

    The variable of a loop counts in the loop's body only: its ``else`` may come without it.
    """
    for statement in block:
        if statement.end_lineno < line:
            yield from _targets(statement, (ast.Assign, ast.AnnAssign))
            continue
        if statement.lineno > line:
            return
        for owner in (statement, *getattr(statement, "handlers", ())):
            for name in ("body", "orelse", "finalbody"):
                inner = getattr(owner, name, None) or ()
                if inner and inner[0].lineno <= line <= inner[-1].end_lineno:
                    yield from _targets(statement, ast.For) if name == "body" else ()
                    yield from _bound_before(inner, line)


def _targets(statement: Any, kinds: Any) -> Iterator[str]:
    """Iterate over the names that a statement binds, if it is of certain kinds and has a value."""
    if isinstance(statement, kinds) and getattr(statement, "value", True) is not None:
        for target in getattr(statement, "targets", None) or [statement.target]:
            yield from (each.id for each in walk(target) if isinstance(each, ast.Name))


def _is_logger(value: Any) -> bool:
    """Return true for `logging` itself and for a logger that nobody has given code of his own."""
    if value is logging:
        return all(is_standard(getattr(logging, name)) for name in _LOG_METHODS)
    if type(value) is not logging.Logger or value.filters:
        return False
    return not vars(value).keys() & _LOG_METHODS


def _builtin(function: types.FunctionType, name: str, where: str) -> Any:
    value = _BUILTIN.get(name)
    kind = types.BuiltinFunctionType
    if type(value) is kind and value.__self__ is builtins and value.__name__ == name:
        return value
    if isinstance(value, type) and not value.__flags__ & _HEAP_TYPE and value.__name__ == name:
        return value
    if name not in _BUILTIN:
        raise UnknownError(f"{where}: {name} is not defined")
    raise UnknownError(f"{where}: somebody has replaced the builtin {name}")


def is_place(name: str, value: Any) -> bool:
    """Return true if a constant that names a place is of the very class that the original's is."""
    return type(value) is str if name == "__file__" else _is_path(value)


def _is_path(value: Any) -> bool:
    pathlib = sys.modules.get("pathlib")
    kinds = [getattr(pathlib, name, None) for name in ("PosixPath", "WindowsPath")]
    return any(type(value) is kind for kind in kinds)


def _dotted(path: str) -> Any:
    """Return the module of the standard library, or the member of one, under a dotted name."""
    module, *names = path.split(".")
    found: Any = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if file is not None and not _is_standard_file(file):
        return None
    for name in names:
        found = getattr(found, name, None)
    return found


def _is_standard_file(file: str) -> bool:
    path = os.path.realpath(file)
    # Installed packages lie in a folder below that of the standard library.
    return path.startswith(_STANDARD_FOLDER) and not any(each in path for each in _OTHER_FOLDERS)


def is_standard(value: Any) -> bool:
    """Return true if a function or class is the standard library's own, not somebody's patch."""
    if isinstance(value, types.FunctionType):
        file = value.__code__.co_filename
        return file.startswith("<frozen ") or _is_standard_file(file)
    if isinstance(value, type):
        own = [each for each in vars(value).values() if isinstance(each, types.FunctionType)]
        is_static = not value.__flags__ & _HEAP_TYPE
        if value.__flags__ & _IMMUTABLE_TYPE:  # of C code: from 3.12 on, some are on the heap
            return _is_of_library(value)
        return is_static or (_is_of_library(value) and bool(own) and all(map(is_standard, own)))
    if isinstance(value, property):
        return is_standard(value.fget)
    if isinstance(value, types.BuiltinFunctionType):
        return _is_of_library(value)
    return isinstance(value, (types.MethodDescriptorType, types.WrapperDescriptorType))


def _is_of_library(value: Any) -> bool:
    return str(value.__module__).partition(".")[0] in sys.stdlib_module_names
