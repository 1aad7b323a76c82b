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
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from eventkit.accelerate import known
from eventkit.accelerate.difference import first_difference
from eventkit.accelerate.fingerprint import LOGGERS, dropped_log_lines, fingerprint, walk
from eventkit.accelerate.source import Definition, Source, read_source
from eventkit.accelerate.standard import (
    LOG_METHODS,
    is_builtin,
    is_logger,
    is_place,
    is_standard,
    standard_value,
)
from eventkit.accelerate.trampoline import own_code
from eventkit.accelerate.watch import Reading, global_names

__all__ = ["Proof", "Prover"]

_LOG_OPTIONS = frozenset(("exc_info", "stack_info"))
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
            except RecursionError:
                reason = f"{name} is nested too deeply"
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
        extra = loaded - reads - _log_lines(function, definition.node, where)
        if extra:
            raise UnknownError(f"{where}: it reads {', '.join(sorted(extra))} from its module")
        self.functions.append(function)
        self._names(function, loaded | reads, where)
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
                builtin_values[name] = _builtin(name, where)
        self.readings.append(Reading(space, values, frozenset(missing)))
        self.readings.append(Reading(_BUILTIN, builtin_values, frozenset()))

    def _value(self, name: str, value: Any, where: str) -> None:
        if name in known.PATHS:
            if not is_place(name, value):
                raise UnknownError(f"{where}: {name} is no path but {type(value).__name__}")
        elif name in known.STANDARD:
            self._standard(name, value, where)
        elif name in LOGGERS:
            self._logger(name, value, where)
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

    def _logger(self, name: str, value: Any, where: str) -> None:
        if not is_logger(value):
            raise UnknownError(f"{where}: {name} is not a plain logger of the standard library")
        owner = value if value is logging else logging.Logger
        self.standard += [(owner, method, getattr(owner, method)) for method in LOG_METHODS]
        if owner is not value:
            self.readings.append(Reading(vars(value), {}, LOG_METHODS))

    def _standard(self, name: str, value: Any, where: str) -> None:
        path = known.STANDARD[name]
        is_own = isinstance(value, types.ModuleType) or is_standard(value, path)
        if value is not standard_value(path) or not is_own:
            raise UnknownError(f"{where}: {name} is not the standard library's {path}")
        pending = [path]
        while pending:
            for part in known.ATTRIBUTES.get(pending.pop(), ()):
                owner_path, _, attribute = part.rpartition(".")
                owner = standard_value(owner_path)
                found = getattr(owner, attribute, None)
                if not is_standard(found, part):
                    raise UnknownError(f"{where}: somebody has replaced {part}")
                self.standard.append((owner, attribute, found))
                pending.append(part)

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
            method = f"{owner.__name__}.{name}"
            if not known.forms("graph_service", method):
                raise UnknownError(f"{where}: it calls {method}, which is not known")
            if value is not function:
                proof = self._prover.prove(value, "graph_service", method, owner)
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
        if isinstance(node, ast.Name):
            is_same = node.id in known.PATHS and is_place(node.id, value)
        else:
            is_same = isinstance(node, ast.Constant) and type(node.value) is type(value)
            is_same = is_same and repr(node.value) == repr(value)
        if not is_same:
            raise UnknownError(f"{where}: a default is not the constant that its file names")


def _log_lines(function: types.FunctionType, node: Any, where: str) -> frozenset[str]:
    """Return the loggers whose lines the fingerprint leaves out, if the lines are harmless."""
    loggers = set()
    for call in dropped_log_lines(node):
        name, line = call.func.value.id, call.lineno
        place = f"{where.partition(':')[0]}:{line}"
        if name in own_code(function).co_varnames:
            raise UnknownError(f"{place}: {name} is not a plain logger of the standard library")
        if call.func.attr not in LOG_METHODS:
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


def _builtin(name: str, where: str) -> Any:
    """Return a builtin that a function reads, if it is the interpreter's own."""
    if name not in _BUILTIN:
        raise UnknownError(f"{where}: {name} is not defined")
    if not is_builtin(_BUILTIN[name], name):
        raise UnknownError(f"{where}: somebody has replaced the builtin {name}")
    return _BUILTIN[name]
