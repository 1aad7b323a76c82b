"""Run one case down two roads and say where they part."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from faults.compare import attempt, objects_in, typed, written
from faults.oddities import Stage
from faults.recipe import build, is_pure

Function = Callable[..., Any]


def difference(
    fast: Function,
    reference: Function,
    recipe: tuple[Any, ...],
    *,
    texts: bool = True,
    inputs: bool = True,
) -> str | None:
    """Compare two functions on a recipe of arguments; ``None`` when nothing tells them apart.

    Plain data are given to both, so that the very same objects have to come back. What can be
    consumed
    or tampered with is built once for each.

    Args:
        fast: The function to prove.
        reference: Its specification.
        recipe: The arguments.
        texts: Whether texts of the answer must be the caller's own objects.
        inputs: Whether plain arguments are written down to see that they were left alone.
    """
    if is_pure(recipe):
        return _on_shared(fast, reference, recipe, texts, inputs)
    return _on_twins(fast, reference, recipe, texts)


def _on_shared(
    fast: Function, reference: Function, recipe: tuple[Any, ...], texts: bool, inputs: bool
) -> str | None:
    arguments = build(recipe, Stage())
    known = objects_in(arguments, texts=texts)
    before = typed(arguments) if inputs else ""
    got = written(attempt(fast, arguments), known)
    if inputs and typed(arguments) != before:
        return f"the arguments were changed\n  before {before}\n  after  {typed(arguments)}"
    want = written(attempt(reference, arguments), known)
    return None if got == want else f"got  {got}\n  want {want}"


def _on_twins(
    fast: Function, reference: Function, recipe: tuple[Any, ...], texts: bool
) -> str | None:
    got, want = (_traced(function, recipe, texts) for function in (fast, reference))
    for what, left, right in zip(("answer", "touched", "left over"), got, want, strict=True):
        if left != right:
            return f"{what}\n  got  {left}\n  want {right}"
    return None


def _traced(function: Function, recipe: tuple[Any, ...], texts: bool) -> tuple[str, str, str]:
    """Return the answer, the journal of what was touched, and what is left of the arguments."""
    stage = Stage()
    arguments = build(recipe, stage)
    stage.case = arguments
    known = objects_in(arguments, texts=texts)
    stage.journal.clear()
    outcome = attempt(function, arguments)
    journal = "; ".join(stage.journal)
    stage.case = ()
    return written(outcome, known), journal, typed(arguments) + _rest(arguments)


def _rest(arguments: tuple[Any, ...]) -> str:
    """Write what the generators among the arguments still have to give."""
    rests = []
    for argument in arguments:
        parts = [argument, *(argument.values() if type(argument) is dict else ())]
        for part in parts:
            if type(part) in (types.GeneratorType, map, reversed):
                rests.append(typed(attempt(list, (part,))))
    return " ".join(rests)
