"""The ends of a process: exit, SIGTERM, and the fork that is a beginning.

A normal exit flushes by a `weakref.finalize` that each `Telemetry` has. Here is the rest.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import weakref
from types import FrameType
from typing import Protocol

__all__ = ["PATIENCE", "watch"]

PATIENCE = 2.0
"""Seconds that a flush may take on the way out."""


class _Flushed(Protocol):
    def flush(self, timeout: float = ...) -> bool: ...


_live: weakref.WeakSet[_Flushed] = weakref.WeakSet()
_watching: set[str] = set()


def watch(telemetry: _Flushed) -> None:
    """Flush this one when the process is terminated, or ends as a child of `multiprocessing`."""
    _live.add(telemetry)
    if "fork" not in _watching:
        _watching.add("fork")
        os.register_at_fork(after_in_child=_after_fork)
    if "sigterm" not in _watching and threading.current_thread() is threading.main_thread():
        _watching.add("sigterm")
        _watch_sigterm()


def flush_all() -> None:
    """Flush every `Telemetry` there is."""
    for telemetry in list(_live):
        with contextlib.suppress(Exception):
            telemetry.flush(PATIENCE)


def _after_fork() -> None:
    """Children of `multiprocessing` leave by `os._exit`: only its own finalizers run there."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(_Child, lambda _: util.Finalize(None, flush_all, exitpriority=100))


class _Child:
    """Something for `multiprocessing` to hang its callback on."""


def _watch_sigterm() -> None:
    """Flush before what SIGTERM does anyway: end the process, or call the handler there is.

    A handler that is installed later replaces this one; what it raises runs the normal exit. One
    that ignores the signal, or was not installed from Python, is left alone.
    """
    previous = signal.getsignal(signal.SIGTERM)
    if previous is None or previous is signal.SIG_IGN:
        return

    def on_sigterm(signum: int, frame: FrameType | None) -> None:
        flush_all()
        if callable(previous):
            previous(signum, frame)
            return
        # By the signal again: whoever waits for the process sees that it was terminated.
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)

    signal.signal(signal.SIGTERM, on_sigterm)
