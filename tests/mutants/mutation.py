"""Makes mutants: the source of a module with one small change in one function.

Every comparison, constant, call, slice, filter, key, default, name and statement is changed in
turn. `mutants` yields them in the order of the source, so that a run can be repeated.
"""

from __future__ import annotations

import ast
import copy
import itertools
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq, ast.Is, ast.In),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt, ast.NotEq),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.In: (ast.NotIn, ast.Eq),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot, ast.Eq),
    ast.IsNot: (ast.Is, ast.NotEq),
}
OPERATIONS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div, ast.Pow),
    ast.Div: (ast.FloorDiv, ast.Mult),
    ast.BitOr: (ast.BitAnd,),
}
METHODS = {
    "lower": ("upper", "casefold", "strip", "title"),
    "strip": ("lstrip", "rstrip", "lower"),
    "get": ("pop", "setdefault"),
    "append": ("remove",),
    "split": ("rsplit", "partition"),
    "replace": ("strip",),
    "values": ("keys", "items"),
    "exists": ("is_file", "is_dir"),
    "join": ("strip",),
    "strftime": ("__format__",),
    "sort": ("reverse",),
}
FUNCTIONS = {
    "sum": ("max", "min", "any"),
    "len": ("bool", "hash"),
    "set": ("list", "frozenset"),
    "sorted": ("list", "reversed"),
    "min": ("max",),
    "list": ("set", "tuple", "reversed"),
    "str": ("repr", "ascii"),
    "next": ("list",),
    "int": ("float",),
    "isinstance": ("issubclass",),
}


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        module: The module's name.
        function: The changed function, with its class where it has one.
        change: What was changed, in words.
        source: The whole source of the module.
    """

    module: str
    function: str
    change: str
    source: str


def mutants(path: Path, first: int = 0, step: int = 1) -> Iterator[Mutant]:
    """Yield every `step`-th mutant of each function of a module, beginning with the `first`."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    for name, function in functions(ast.parse(source)):
        seen = {ast.unparse(function)}
        for change, changed in itertools.islice(_changes(function), first, None, step):
            text = _unparse(changed())
            if text is None or text in seen:
                continue
            seen.add(text)
            indented = "".join(
                " " * function.col_offset + line for line in text.splitlines(keepends=True)
            )
            head = min([function.lineno, *(each.lineno for each in function.decorator_list)])
            whole = [*lines[: head - 1], indented, "\n", *lines[function.end_lineno :]]
            line = f"line {function.lineno}"
            yield Mutant(path.stem, name, f"{line}: {change}", "".join(whole))


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions and methods of a module with their names."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", inner


def _unparse(function: ast.FunctionDef) -> str | None:
    """Return the text of a function; ``None`` when the change made no valid one."""
    try:
        text = ast.unparse(ast.fix_missing_locations(function))
        compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, TypeError, AttributeError):
        return None
    return text


def _changes(function: ast.FunctionDef) -> Iterator[tuple[str, Callable[[], ast.FunctionDef]]]:
    """Yield what can be changed in a function, and what makes a copy with that change."""
    names = _local_names(function)
    pickled = pickle.dumps(function)  # takes a third of the time that copy.deepcopy takes
    for number, node in enumerate(ast.walk(function)):
        for change, replacement in _replacements(node, names):
            yield change, partial(_replaced, pickled, number, replacement)
        for change, edit in _edits(node):
            yield change, partial(_edited, pickled, number, edit)


def _replaced(pickled: bytes, number: int, replacement: ast.expr) -> ast.FunctionDef:
    return _replace(pickle.loads(pickled), number, replacement)


def _edited(pickled: bytes, number: int, edit: Any) -> ast.FunctionDef:
    changed: ast.FunctionDef = pickle.loads(pickled)
    edit(_at(changed, number))
    return changed


def _at(function: ast.FunctionDef, number: int) -> Any:
    for place, node in enumerate(ast.walk(function)):
        if place == number:
            return node
    raise AssertionError(number)


def _replace(function: ast.FunctionDef, number: int, replacement: ast.expr) -> ast.FunctionDef:
    target = _at(function, number)

    class Replacer(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return replacement if node is target else self.generic_visit(node)

    changed = Replacer().visit(function)
    assert isinstance(changed, FUNCTION)
    return changed  # type: ignore[return-value]


def _local_names(function: ast.FunctionDef) -> list[str]:
    stored = [arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)]
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored.append(node.id)
    return list(dict.fromkeys(stored))


def _replacements(node: ast.AST, names: list[str]) -> Iterator[tuple[str, ast.expr]]:
    """Yield expressions that may stand in the place of one."""
    if isinstance(node, ast.Constant):
        for value in _other_values(node.value):
            yield f"{node.value!r} becomes {value!r}", ast.Constant(value)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for name in [*FUNCTIONS.get(node.id, ()), *names]:
            if name != node.id:
                yield f"{node.id} becomes {name}", ast.Name(name, ast.Load())
    elif isinstance(node, ast.Call):
        yield f"the call {_short(node)} becomes None", ast.Constant(None)
        for argument in node.args[:1]:
            yield f"the call {_short(node)} becomes its argument", copy.deepcopy(argument)
        if isinstance(node.func, ast.Attribute):
            yield f"{_short(node)} is left out", copy.deepcopy(node.func.value)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield f"{_short(node)} becomes {_short(value)}", copy.deepcopy(value)
    elif isinstance(node, ast.UnaryOp):
        yield f"{_short(node)} loses its operator", copy.deepcopy(node.operand)
    elif isinstance(node, ast.BinOp):
        yield f"{_short(node)} becomes its left", copy.deepcopy(node.left)
        yield f"{_short(node)} becomes its right", copy.deepcopy(node.right)
        swapped = ast.BinOp(copy.deepcopy(node.right), node.op, copy.deepcopy(node.left))
        yield f"{_short(node)} is swapped", swapped
    elif isinstance(node, ast.Compare):
        yield f"{_short(node)} becomes its opposite", ast.UnaryOp(ast.Not(), copy.deepcopy(node))
        for constant in (True, False):
            yield f"{_short(node)} becomes {constant}", ast.Constant(constant)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield f"{_short(node)} loses its index", copy.deepcopy(node.value)
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        other = ast.GeneratorExp if isinstance(node, ast.ListComp) else ast.ListComp
        yield "another comprehension", other(node.elt, copy.deepcopy(node.generators))
        yield "a set of them", ast.SetComp(node.elt, copy.deepcopy(node.generators))
    elif isinstance(node, ast.List) and isinstance(node.ctx, ast.Load):
        yield "a tuple for a list", ast.Tuple(copy.deepcopy(node.elts), ast.Load())
    elif isinstance(node, ast.IfExp):
        yield "always the first", copy.deepcopy(node.body)
        yield "always the second", copy.deepcopy(node.orelse)


def _other_values(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value, int(value)]
    if isinstance(value, (int, float)):
        same = float(value) if isinstance(value, int) else int(value)
        return [value + 1, value - 1, -value, value * 2 + 0.5, same]
    if isinstance(value, str):
        return [f"{value}x", "", value.upper(), value.lower(), value[:-1]]
    return [0, "", False]


def _edits(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """Yield changes inside of a node, as functions that make them in a copy of it."""
    if isinstance(node, ast.Compare):
        for other in COMPARISONS.get(type(node.ops[0]), ()):
            yield f"{_short(node)} with {other.__name__}", _setter("ops", [other()])
    elif isinstance(node, (ast.BinOp, ast.AugAssign)):
        for operation in OPERATIONS.get(type(node.op), ()):
            yield f"{_short(node)} with {operation.__name__}", _setter("op", operation())
    elif isinstance(node, ast.BoolOp):
        other_bool = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"{_short(node)} with the other operator", _setter("op", other_bool)
    elif isinstance(node, ast.Attribute):
        for name in METHODS.get(node.attr, ()):
            yield f".{node.attr} becomes .{name}", _setter("attr", name)
    elif isinstance(node, ast.Call):
        for place in range(len(node.args)):
            yield f"{_short(node)} without argument {place}", _remover("args", place)
        for place, keyword in enumerate(node.keywords):
            yield f"{_short(node)} without {keyword.arg}", _remover("keywords", place)
        if len(node.args) == 2:
            yield f"{_short(node)} with swapped arguments", lambda copy_: copy_.args.reverse()
    elif isinstance(node, ast.Slice):
        for field, other in (("lower", 1), ("upper", 10), ("step", -1), ("step", 2)):
            yield f"a slice with {field} {other}", _setter(field, ast.Constant(other))
        yield "a slice of all", _setter("upper", None)
    elif isinstance(node, ast.comprehension):
        for place in range(len(node.ifs)):
            yield "a filter less", _remover("ifs", place)
        if isinstance(node.target, ast.Name):
            name = node.target.id
            for rule in _filters(name):
                yield f"a filter more: {rule}", _appender("ifs", rule)
    elif isinstance(node, ast.Dict):
        for place in range(len(node.keys)):
            yield f"a dict without {_short(node.keys[place])}", _key_remover(place)
        if len(node.keys) > 1:
            yield "a dict in another order", _reverse_dict
        yield "a dict with one key more", _add_key
    elif isinstance(node, ast.arguments):
        yield from _argument_edits(node)
    elif isinstance(node, ast.ExceptHandler):
        yield "another exception is caught", _setter("type", ast.Name("KeyError", ast.Load()))
    elif isinstance(node, ast.FormattedValue):
        yield "a value as repr", _setter("conversion", 114)
    elif isinstance(node, ast.FunctionDef):
        yield "a decorator", _appender("decorator_list", "staticmethod")
        yield "a decorator that is called", _appender("decorator_list", "(lambda f: f)")
    if isinstance(getattr(node, "body", None), list):
        yield from _statement_edits(node)


def _argument_edits(node: ast.arguments) -> Iterator[tuple[str, Any]]:
    for place in range(len(node.defaults)):
        yield f"another default {place}", _default_setter(place)
    for place, arg in enumerate(node.args):
        yield f"{arg.arg} renamed", _renamer(place)
    if node.args and not node.defaults:
        yield "a default more", lambda copy_: copy_.defaults.append(ast.Constant(None))
    if len(node.args) > 1:
        yield "arguments in another order", lambda copy_: copy_.args.reverse()
        yield "positional arguments only", _make_positional
    yield "any keyword", _setter("kwarg", ast.arg("rest"))
    yield "any argument", _setter("vararg", ast.arg("rest"))
    keyword = lambda copy_: (  # noqa: E731 - two edits in one expression
        copy_.kwonlyargs.append(ast.arg("debug")),
        copy_.kw_defaults.append(ast.Constant(False)),
    )
    yield "a keyword more", keyword


def _statement_edits(node: ast.AST) -> Iterator[tuple[str, Any]]:
    body: list[ast.stmt] = node.body  # type: ignore[attr-defined]
    for place, statement in enumerate(body):
        what = _short(statement)
        yield f"without `{what}`", _statement_remover(place)
        yield f"`{what}` twice", _statement_doubler(place)
        if place + 1 < len(body):
            yield f"`{what}` later", _statement_swapper(place)
        if isinstance(statement, ast.Return):
            yield f"None for `{what}`", _statement_setter(place, "return None")
        if isinstance(statement, ast.If):
            yield f"`{what}` always", _condition_setter(place, True)
            yield f"`{what}` never", _condition_setter(place, False)
        if isinstance(statement, ast.For):
            yield f"`{what}` once", lambda copy_, at=place: copy_.body[at].body.append(ast.Break())


def _filters(name: str) -> tuple[str, ...]:
    return (f"{name}", f"{name} is not None", f"str({name}) != 'x'", f"'cancelled' not in {name}")


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _setter(field: str, value: Any) -> Any:
    return lambda node: setattr(node, field, value)


def _remover(field: str, place: int) -> Any:
    return lambda node: getattr(node, field).pop(place)


def _appender(field: str, text: str) -> Any:
    return lambda node: getattr(node, field).append(_expression(text))


def _default_setter(place: int) -> Any:
    return lambda node: node.defaults.__setitem__(place, ast.Constant(7))


def _renamer(place: int) -> Any:
    return lambda node: setattr(node.args[place], "arg", node.args[place].arg + "_")


def _make_positional(node: ast.arguments) -> None:
    node.posonlyargs, node.args = [*node.posonlyargs, *node.args], []


def _key_remover(place: int) -> Any:
    return lambda node: (node.keys.pop(place), node.values.pop(place))


def _reverse_dict(node: ast.Dict) -> None:
    node.keys.reverse()
    node.values.reverse()


def _add_key(node: ast.Dict) -> None:
    node.keys.append(ast.Constant("more"))
    node.values.append(ast.Constant(1))


def _statement_remover(place: int) -> Any:
    def remove(node: Any) -> None:
        node.body[place] = ast.Pass()

    return remove


def _statement_doubler(place: int) -> Any:
    return lambda node: node.body.insert(place, copy.deepcopy(node.body[place]))


def _statement_swapper(place: int) -> Any:
    return lambda node: node.body.insert(place + 1, node.body.pop(place))


def _statement_setter(place: int, text: str) -> Any:
    # Compiled inside of a function, for `return` may stand nowhere else.
    made = ast.parse(f"def f():\n    {text}").body[0].body[0]  # type: ignore[attr-defined]
    return lambda node: node.body.__setitem__(place, made)


def _condition_setter(place: int, value: bool) -> Any:
    return lambda node: setattr(node.body[place], "test", ast.Constant(value))


def _short(node: ast.AST | None) -> str:
    text = ast.unparse(node).splitlines()[0] if node is not None else ""
    return text if len(text) <= 40 else f"{text[:37]}..."
