"""Computes fingerprints of functions: equal where two do the same work, by construction.

The fingerprint is the SHA-256 of a canonical text of the syntax tree. Positions, docstrings,
annotations, ``pass`` beside other statements, and plain log lines are left out; local names are
numbered in order of first appearance; everything else counts. The text is the same on CPython 3.10
to 3.15, so that one table of known functions serves all of them.

A fingerprint alone proves nothing about a function that runs: see `eventkit.accelerate.proof`.
"""

from __future__ import annotations

import _ast as ast
from collections.abc import Iterator
from typing import Any

__all__ = [
    "Canonical",
    "dropped_log_lines",
    "fields",
    "fingerprint",
    "is_log_line",
    "parts",
    "walk",
]

Function = Any
"""A node of the syntax tree that defines a function. (`ast` is dear to import, `_ast` built in.)"""

LEFT_OUT = frozenset(
    (
        *("lineno", "col_offset", "end_lineno", "end_col_offset", "type_comment", "type_params"),
        *("annotation", "returns", "kind", "ctx", "simple", "is_lazy"),
    )
)
LOGGERS = frozenset(("log", "logger", "logging", "_log", "_logger"))

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def fields(node: Any) -> Iterator[tuple[str, Any]]:
    """Iterate over the fields of a node, as `ast.iter_fields` does."""
    for name in node._fields:
        try:
            yield name, getattr(node, name)
        except AttributeError:
            continue


def walk(node: Any) -> Iterator[Any]:
    """Iterate over a node and all nodes below it, in the order of the source."""
    pending = [node]
    while pending:
        yield (node := pending.pop())
        pending += reversed(list(_children(node)))


def _children(node: Any, left_out: frozenset[str] = frozenset()) -> Iterator[Any]:
    for name, value in fields(node):
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST) and name not in left_out:
                yield child


def _is_docstring(node: Any) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_plain(node: Any) -> bool:
    if isinstance(node, (ast.Constant, ast.Name)):
        return True
    return isinstance(node, ast.Attribute) and _is_plain(node.value)


def is_log_line(node: Any) -> bool:
    """Return true if a statement is a call of a logger with plain values, which is left out."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    call = node.value
    target = call.func
    return (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id in LOGGERS
        and all(_is_plain(argument) for argument in call.args)
        and all(_is_plain(keyword.value) for keyword in call.keywords)
    )


def dropped_log_lines(function: Function) -> Iterator[Any]:
    """Iterate over the calls of loggers that the fingerprint leaves out."""
    return (node.value for node in walk(function) if is_log_line(node))


def _statements(body: list[Any]) -> list[Any]:
    kept = [each for each in body if not _is_docstring(each) and not is_log_line(each)]
    if len(kept) > 1:
        kept = [each for each in kept if not isinstance(each, ast.Pass)]
    return kept


class Canonical:
    """The canonical text of one function, and the global names that it reads."""

    def __init__(self, function: Function) -> None:
        """Find the names that the function binds anywhere inside."""
        self.numbers: dict[str, int] = {}
        self.reads: set[str] = set()
        self.bound: set[str] = set()
        declared: set[str] = set()
        for node in walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
                self.bound.add(node.id)
            elif isinstance(node, ast.arg):
                self.bound.add(node.arg)
            elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and node is not function:
                self.bound.add(node.name)
            elif isinstance(node, ast.ExceptHandler):
                self.bound.update([node.name] if node.name else [])
            elif isinstance(node, ast.alias):
                self.bound.add((node.asname or node.name).split(".")[0])
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                declared.update(node.names)
        self.bound -= declared

    def _name(self, name: str) -> str:
        if name in self.bound:
            return f"local{self.numbers.setdefault(name, len(self.numbers))}"
        self.reads.add(name)
        return f"global:{name}"

    def text(self, node: Any) -> str:
        """Return the canonical text of a node, of a list of nodes, or of a plain value."""
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.arg):
            return f"arg:{node.arg}={self._name(node.arg)}"
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            return f"Assign([{self.text(node.target)}],{self.text(node.value)})"
        if isinstance(node, ast.Assign):
            targets = ",".join(map(self.text, node.targets))
            return f"Assign([{targets}],{self.text(node.value)})"
        if isinstance(node, ast.ExceptHandler):
            name = self._name(node.name) if node.name else ""
            return f"ExceptHandler({self.text(node.type)},{name},{self._block(node.body)})"
        if isinstance(node, _FUNCTIONS):
            decorators = ",".join(map(self.text, node.decorator_list))
            kind, arguments = type(node).__name__, self.text(node.args)
            return f"{kind}({arguments},[{decorators}],{self._block(node.body)})"
        if isinstance(node, ast.Constant):
            return f"{type(node.value).__name__}:{node.value!r}"
        if isinstance(node, ast.AST):
            return f"{type(node).__name__}({';'.join(self._fields(node))})"
        if isinstance(node, list):
            return f"[{','.join(map(self.text, node))}]"
        return repr(node)

    def _fields(self, node: Any) -> Iterator[str]:
        for name, value in fields(node):
            if name in LEFT_OUT:
                continue
            yield f"{name}={self._block(value) if _is_block(value) else self.text(value)}"

    def _block(self, body: list[Any]) -> str:
        return f"[{','.join(map(self.text, _statements(body)))}]"


def fingerprint(function: Function) -> tuple[str, frozenset[str]]:
    r"""Return the SHA-256 of a function's canonical text, and the global names that it reads.

    Args:
        function: Its node of a syntax tree.

    Example:
        >>> import ast
        >>> one, other = ast.parse("def f(a): b = a; return b\ndef f(a): c = a; return c").body
        >>> fingerprint(one) == fingerprint(other)
        True
    """
    canonical = Canonical(function)
    return _sha256(canonical.text(function)), frozenset(canonical.reads)


class _Anonymous(Canonical):
    """Canonical text in which all local names are alike: it names one piece, wherever it stands."""

    def _name(self, name: str) -> str:
        return "local" if name in self.bound else f"global:{name}"


def parts(function: Function) -> Iterator[tuple[str, Any]]:
    """Iterate over short hashes of all expressions and simple statements of a function.

    They tell which piece of a function is in no known one. Log lines and docstrings are passed
    over.
    """
    anonymous = _Anonymous(function)
    pending: list[Any] = [function]
    while pending:
        node = pending.pop()
        if is_log_line(node) or _is_docstring(node):
            continue
        is_block = any(_is_block(value) for _, value in fields(node))
        if isinstance(node, (ast.expr, ast.stmt)) and not is_block:
            yield _sha256(anonymous.text(node))[:8], node
        pending += reversed(list(_children(node, LEFT_OUT)))


def _is_block(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], ast.stmt)


def _sha256(text: str) -> str:
    found: str = _HASH(text.encode("utf-8", "surrogatepass")).hexdigest()
    return found


def _import_hash() -> Any:
    """Return the class of SHA-256 from where it is imported fastest.

    The module `hashlib` loads OpenSSL, which takes a tenth of what engine and proof take.
    """
    for name in ("_sha2", "_sha256"):  # from Python 3.12 on, and before
        try:
            return __import__(name).sha256
        except ImportError:
            continue
    return __import__("hashlib").sha256


_HASH = _import_hash()
