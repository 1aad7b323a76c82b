"""Flushes telemetry when a process ends.

A normal exit flushes by a `weakref.finalize` that each `Telemetry` has. This module flushes in
children of `multiprocessing`, which skip that, and on SIGTERM where the program asks for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import weakref
from types import FrameType
from typing import Protocol

__all__ = ["PATIENCE", "flush_on_sigterm", "watch"]

PATIENCE = 2.0
"""The seconds that a flush may take when the process ends."""


class _Flushed(Protocol):
    def flush(self, timeout: float = ...) -> bool: ...


_live: weakref.WeakSet[_Flushed] = weakref.WeakSet()
_watching: set[str] = set()


def watch(telemetry: _Flushed) -> None:
    """Flush this telemetry when the process ends as a child of `multiprocessing`."""
    _live.add(telemetry)
    if "fork" not in _watching:
        _watching.add("fork")
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_after_fork)


def flush_all() -> None:
    """Flush every `Telemetry` that exists."""
    for telemetry in list(_live):
        with contextlib.suppress(Exception):
            telemetry.flush(PATIENCE)


def _after_fork() -> None:
    """Register a flush in a forked child.

    Children of `multiprocessing` leave by `os._exit`, which runs only its own finalizers.
    """
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(_Child, lambda _: util.Finalize(None, flush_all, exitpriority=100))


class _Child:
    """The object with which `multiprocessing` registers the callback."""


def flush_on_sigterm() -> None:
    """Flush every `Telemetry` before SIGTERM takes effect.

    It then ends the process, or calls the handler that was installed before. Call this once, in the
    main thread, after the program has installed its own handlers: a handler that is installed later
    replaces this one. A signal that is ignored, or handled outside Python, stays as it is.

    Without it, SIGTERM loses the lines of the last milliseconds, unless a handler of the program or
    its server ends the process by a normal exit. ``durability="sync"`` loses none in any case.

    Raises:
        ValueError: This is not the main thread.

    Example:
        >>> flush_on_sigterm()
    """
    if "sigterm" in _watching:
        return
    previous = signal.getsignal(signal.SIGTERM)
    if previous is None or previous is signal.SIG_IGN:
        return

    def on_sigterm(signum: int, frame: FrameType | None) -> None:
        flush_all()
        if callable(previous):
            previous(signum, frame)
            return
        # The process ends by the same signal, so that its parent sees that it was terminated.
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)

    signal.signal(signal.SIGTERM, on_sigterm)
    _watching.add("sigterm")
