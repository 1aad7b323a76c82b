"""`eventkit.accelerate` itself."""

from __future__ import annotations

import os
import sys
import threading
import warnings
import weakref
from collections.abc import Callable
from types import FunctionType
from typing import Any

from eventkit.accelerate import hook, proof, report, target
from eventkit.accelerate.handle import Handle
from eventkit.accelerate.replacement import Replacement
from eventkit.accelerate.trampoline import obstacle
from eventkit.errors import AccelerationError

__all__ = ["DISABLE", "AccelerationWarning", "accelerate", "is_disabled", "start"]

Tell = Callable[[str, "type[Warning]"], None]

DISABLE = "EVENTKIT_DISABLE"
"""The environment variable that turns all of it off."""


class AccelerationWarning(RuntimeWarning):
    """A function of an agent stays as it is, because it does not answer as eventkit does."""


_replaced: weakref.WeakKeyDictionary[FunctionType, Replacement] = weakref.WeakKeyDictionary()
_refused: weakref.WeakKeyDictionary[FunctionType, str] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def _new_lock() -> None:
    global _lock
    _lock = threading.RLock()


# A thread of the parent that held it does not exist in a forked child, to let go of it.
os.register_at_fork(after_in_child=_new_lock)


def is_disabled() -> bool:
    """Whether the environment turns acceleration off."""
    return os.environ.get(DISABLE, "") not in ("", "0")


def accelerate(agent: Any = None, *, strict: bool = False, shadow: float = 0.0) -> Handle:
    """Let eventkit answer for the functions of an existing agent.

    Each function is first held against eventkit's on a set of probes, and stays as it is where one
    answer differs in any bit. From then on every call that eventkit does not answer natively goes
    the agent's own way, and so do all calls while somebody has replaced a function or a constant
    that the function reads (as a test's monkeypatch does). Functions keep their identity: whoever
    has imported them by name is served too. Calling it again replaces only what is new.

    Args:
        agent: The agent's module, its name, or a namespace as ``globals()`` gives it; left out, the
            module ``agent``. The modules ``core`` and ``graph_service`` from the same folder count
            as parts of it, once they are imported.
        strict: Raise where a function is refused, instead of warning.
        shadow: The share of native calls, 0 to 1, on which the agent's own function runs as well.
            The first difference ends the acceleration, and is logged with both answers.

    Returns:
        A handle: what was replaced and refused, the calls of either way, ``restore()``. It is a
        context manager too.

    Raises:
        AccelerationError: A function was refused, and ``strict`` is set. Nothing is replaced.
        ModuleNotFoundError: There is no such module.
        ValueError: ``shadow`` is not within 0 and 1.

    Example:
        >>> from eventkit.compat import agent
        >>> with accelerate(agent) as handle:
        ...     answer = agent.recommend({"weights": {}, "sessions": []}, ["ai"], 3)
        >>> "eventkit.compat.agent.recommend" in handle.calls
        True
    """
    if not 0 <= shadow <= 1:
        raise ValueError(f"shadow is a share of calls from 0 to 1, not {shadow!r}")
    waiting = sys.modules.get(hook.MODULE)
    if waiting is not None:
        waiting.rise()
    return start(agent, strict=strict, shadow=shadow, tell=_warn)


def start(agent: Any, *, strict: bool, shadow: float, tell: Tell) -> Handle:
    """Do the work of `accelerate`, with a function that gets to know of what is refused."""
    handle = Handle([], {})
    if is_disabled():
        return handle
    with _lock:
        fresh = []
        for found in target.search(agent):
            known = _known(found)
            if known is not None:
                handle._replacements.append(known)
                continue
            reason = _reason(found)
            if reason is None:
                fresh.append(found)
            else:
                handle.refused[found.label] = reason
                _refuse(found, reason, strict, tell)
        made = [Replacement(found, shadow, handle.restore) for found in fresh]
        for found, replacement in zip(fresh, made, strict=True):
            replacement.install()
            _replaced[found.function] = replacement
            handle._own(replacement)
    return handle


def _known(found: target.Found) -> Replacement | None:
    function = found.function
    known = _replaced.get(function) if isinstance(function, FunctionType) else None
    return known if known is not None and known.active else None


def _reason(found: target.Found) -> str | None:
    function = found.function
    hindrance = obstacle(function, found.target.parameters)
    if hindrance is not None:
        return f"{found.label}: {hindrance}"
    if function in _refused:
        return _refused[function]
    return proof.difference(found)


def _refuse(found: target.Found, reason: str, strict: bool, tell: Tell) -> None:
    text = f"eventkit leaves a function of the agent as it is: {reason}"
    if strict:
        raise AccelerationError(text)
    function = found.function
    if isinstance(function, FunctionType):
        if function in _refused:
            return
        _refused[function] = reason
    report.refused(found.label)
    tell(text, AccelerationWarning)


def _warn(text: str, category: type[Warning]) -> None:
    warnings.warn(text, category, stacklevel=5)
