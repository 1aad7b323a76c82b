"""Holds an agent's function against ours on the probes, before anything is replaced."""

from __future__ import annotations

import contextlib
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

from eventkit.accelerate import compare, probe, watch
from eventkit.accelerate.target import TARGETS, Found

__all__ = ["difference"]

_TARGETS = frozenset(target.name for targets in TARGETS.values() for target in targets)


def difference(found: Found) -> str | None:
    """Show the first probe on which the agent's function and ours differ; ``None`` without one."""
    function: types.FunctionType = found.function
    target = found.target
    if watch.prints(function, found.owner, _TARGETS):
        # Found out by looking: a probe would print too.
        return f"{found.label} prints, which eventkit in its place would not"
    names = probe.mentioned(watch.codes(function, found.owner))
    with _quiet(function.__globals__):
        inputs = list(probe.inputs(target.name, names, found.owner))
        known = compare.containers(inputs)
        for given in inputs:
            arguments = target.prepare(*given) if target.prepare else given
            theirs = compare.attempt(function, arguments)
            ours = compare.attempt(target.answer, arguments)
            if ours[1] is not NotImplemented and not compare.same(theirs, ours, known):
                return _shown(found, given, theirs, ours)
    for given, fresh in zip(inputs, probe.inputs(target.name, names, found.owner), strict=True):
        # Only the plain data among the arguments: a service that was made twice is never equal.
        plain = [(mine, new) for mine, new in zip(given, fresh, strict=True) if _is_data(mine)]
        if any(mine != new for mine, new in plain):
            return f"{found.label} changes what it is given: {compare.shown(given)}"
    return None


def _is_data(value: Any) -> bool:
    return type(value) in (dict, list)


def _shown(found: Found, given: Any, theirs: compare.Outcome, ours: compare.Outcome) -> str:
    return (
        f"{found.label} answers differently\n"
        f"  for           {compare.shown(given)}\n"
        f"  the agent has {_outcome(theirs)}\n"
        f"  eventkit has  {_outcome(ours)}"
    )


def _outcome(outcome: compare.Outcome) -> str:
    verdict, value = outcome
    if verdict == "error":
        kind, text = value
        return f"{kind.__name__}: {text}"
    return compare.shown(value)


@contextlib.contextmanager
def _quiet(space: dict[str, Any]) -> Iterator[None]:
    """Keep what an agent logs about the probes, in this thread, out of its log."""
    logging = sys.modules.get("logging")
    kind = getattr(logging, "Logger", ())
    loggers = [value for value in list(space.values()) if isinstance(value, kind)]
    prober = threading.get_ident()

    def other_threads(record: Any) -> bool:
        return bool(record.thread != prober)

    for logger in loggers:
        logger.addFilter(other_threads)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(other_threads)
