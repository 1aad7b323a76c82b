"""Draws a progress bar on standard error, for work that takes longer than half a second."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from types import TracebackType

__all__ = ["ProgressBar"]

_WIDTH = 30
_PATIENCE = 0.5


class ProgressBar:
    """Shows the progress of some work, if standard error is a terminal.

    The bar appears after half a second.

    Args:
        label: The name of the work.
        total: The amount of work, in any unit; 0 if it is unknown.
        clock: A function that returns monotonic seconds.

    Example:
        >>> with ProgressBar("loading", 100) as bar:
        ...     bar.advance(50, "1,000 sessions")
    """

    def __init__(self, label: str, total: int, clock: Callable[[], float] = monotonic) -> None:
        """Start the clock; nothing is drawn yet."""
        self.label = label
        self.total = total
        self._clock = clock
        self._start = clock()
        self._shown = False

    def __enter__(self) -> ProgressBar:
        """Start the clock again."""
        self._start = self._clock()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Erase the bar if it was drawn."""
        if self._shown:
            print(f"\r{'':<{79}}\r", end="", file=sys.stderr, flush=True)

    def advance(self, done: int, remark: str = "") -> None:
        """Draw the bar for `done` of the total."""
        if not sys.stderr.isatty() or self._clock() - self._start < _PATIENCE:
            return
        self._shown = True
        share = min(done / self.total, 1.0) if self.total else 0.0
        filled = "#" * round(share * _WIDTH)
        line = f"{self.label} [{filled:<{_WIDTH}}] {share:4.0%} {remark}"
        print(f"\r{line:<79.79}", end="", file=sys.stderr, flush=True)
