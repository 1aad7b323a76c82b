"""Finds, proves and replaces the functions of an agent: the work of `eventkit.accelerate`."""

from __future__ import annotations

import os
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from eventkit.accelerate import AccelerationWarning, hook, report, target
from eventkit.accelerate.handle import Handle
from eventkit.accelerate.proof import Prover
from eventkit.accelerate.replacement import Replacement, Trusted
from eventkit.accelerate.trampoline import obstacle
from eventkit.errors import AccelerationError

__all__ = ["DISABLE", "accelerate", "is_disabled", "start", "trusted_names"]

Tell = Callable[[str, "type[Warning]"], None]

DISABLE = "EVENTKIT_DISABLE"
"""The environment variable that turns all of it off."""


_replaced: weakref.WeakKeyDictionary[FunctionType, Replacement] = weakref.WeakKeyDictionary()
_told = False
_lock = threading.RLock()


def _new_lock() -> None:
    global _lock
    _lock = threading.RLock()


# A thread of the parent that held it does not exist in a forked child, to let go of it.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)


def is_disabled() -> bool:
    """Return true if the environment turns acceleration off."""
    return os.environ.get(DISABLE, "") not in ("", "0")


def accelerate(agent: Any, strict: bool, shadow: float, trust: Iterable[str]) -> Handle:
    """Check the arguments of `eventkit.accelerate`, and do its work."""
    if not 0 <= shadow <= 1:
        raise ValueError(f"shadow is a share of calls from 0 to 1, not {shadow!r}")
    names = trusted_names(trust)
    waiting = sys.modules.get(hook.MODULE)
    if waiting is not None:
        waiting.stop()
    return start(agent, strict=strict, shadow=shadow, trust=names, tell=_warn)


def trusted_names(trust: Iterable[str]) -> frozenset[str]:
    """Return the names of functions to trust, once they are checked."""
    if isinstance(trust, str):
        raise TypeError(f"trust is a list of function names, not the text {trust!r}")
    names = frozenset(trust)
    possible = {each.name.rpartition(".")[2] for each in target.TARGETS if each.answer}
    for name in names:
        if name not in possible:
            raise ValueError(f"trust: {name!r} is none of {', '.join(sorted(possible))}")
    return names


def start(
    agent: Any, *, strict: bool, shadow: float, tell: Tell, trust: frozenset[str] = frozenset()
) -> Handle:
    """Do the work of `accelerate`, with a function that gets to know of what is refused.

    Looking at the functions and replacing them is one step for other threads: a lock is held.
    """
    handle = Handle()
    if is_disabled():
        return handle
    with _lock:
        prover = Prover()
        made: list[tuple[target.Found, Replacement]] = []
        for found in target.search(agent):
            already = _active(found)
            if already is not None:
                handle._replacements.append(already)
                continue
            hindrance = obstacle(found.function, found.target.parameters)
            proof = prover.prove(
                found.function, found.target.module, found.target.name, found.owner
            )
            if hindrance or (proof.reason and found.name not in trust):
                handle.refused[found.label] = hindrance or proof.reason
                report.refused(found.label, hindrance or proof.reason)
            elif found.target.answer is None:
                handle._as_fast.append(found.label)
            elif proof.reason:
                made.append((found, Trusted(found)))
            else:
                made.append((found, Replacement(found, proof, shadow, handle.restore)))
        if handle.refused:
            _refuse(handle.refused, strict, tell)
        for found, replacement in made:
            replacement.install()
            _replaced[found.function] = replacement
            handle._own(replacement)
    return handle


def _active(found: target.Found) -> Replacement | None:
    function = found.function
    made = _replaced.get(function) if isinstance(function, FunctionType) else None
    return made if made is not None and made.active else None


def _refuse(refused: dict[str, str], strict: bool, tell: Tell) -> None:
    """Warn of what is not known, once in a process, or raise."""
    global _told
    listed = "\n".join(f"  {label}: {reason}" for label, reason in refused.items())
    text = f"eventkit leaves {len(refused)} of the agent's functions as they are:\n{listed}"
    if strict:
        raise AccelerationError(text)
    if not _told:
        _told = True
        tell(text, AccelerationWarning)


def _warn(text: str, category: type[Warning]) -> None:
    warnings.warn(text, category, stacklevel=6)
