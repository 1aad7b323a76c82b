"""One replaced function: how its calls are answered, counted and checked, and the way back."""

from __future__ import annotations

import logging
import threading
import types
from collections.abc import Callable
from time import perf_counter
from typing import Any

from eventkit.accelerate import compare, report, watch
from eventkit.accelerate.counting import Calls
from eventkit.accelerate.target import Found
from eventkit.accelerate.trampoline import trampoline, twin
from eventkit.errors import InternalError

__all__ = ["Replacement"]

_log = logging.getLogger("eventkit.accelerate")


def _chance() -> Callable[[], float]:
    # A generator of its own: the agent's sequence of random numbers stays what it was.
    from random import Random

    return Random().random


class _Comparing(threading.local):
    """Whether this thread runs an agent's own function to compare: its parts are its own then."""

    on = False


_comparing = _Comparing()


class Replacement:
    """A function of an agent that is answered by eventkit, as long as nothing speaks against it.

    Attributes:
        label: Its module and name.
        calls: How many went which way.
        checked: Calls on which the agent's own function ran as well.
        differences: Those of them that came out differently; the first ends the acceleration.
    """

    def __init__(self, found: Found, shadow: float, stop: Callable[[], None]) -> None:
        """Prepare; nothing is replaced yet.

        Args:
            found: A function that agrees with ours.
            shadow: The share of calls on which the agent's own function runs as well.
            stop: Ends the acceleration of everything that was replaced together with it.
        """
        self.label = found.label
        self.calls = Calls()
        self.checked = 0
        self.differences = 0
        self._function: types.FunctionType = found.function
        self._code = self._function.__code__
        self._own = twin(self._function)
        self._target = found.target
        self._owner = found.owner
        self._chance = _chance() if shadow else None
        self._shadow = shadow
        self._stop = stop
        self._unchanged = watch.unchanged(watch.readings(self._function, found.owner))
        self._row = report.row(found.label)
        watched = shadow > 0 or self._row is not None or found.target.prepare is not None
        handler = self._thorough() if watched or found.owner else self._quick()
        self._trampoline = trampoline(self._function, handler)

    @property
    def active(self) -> bool:
        """Whether its calls come here."""
        return self._function.__code__ is self._trampoline

    def install(self) -> None:
        """Let the calls come here: one assignment, which no thread sees half done."""
        self._function.__code__ = self._trampoline

    def restore(self) -> None:
        """Give the function its own code back, unless somebody else has changed it since."""
        if self.active:
            self._function.__code__ = self._code

    def _quick(self) -> Callable[..., Any]:
        unchanged, answer_of, own = self._unchanged, self._target.answer, self._own
        native_call, fallback_call = self.calls.native_call, self.calls.fallback_call

        def serve(*arguments: Any) -> Any:
            if unchanged():
                try:
                    answer = answer_of(*arguments)
                except InternalError:
                    answer = NotImplemented
                if answer is not NotImplemented:
                    native_call()
                    return answer
            fallback_call()
            return own(*arguments)

        return serve

    def _thorough(self) -> Callable[..., Any]:
        own, prepare = self._own, self._target.prepare

        def serve(*arguments: Any) -> Any:
            if _comparing.on:
                return own(*arguments)
            if not self._applies(arguments):
                return self._fall_back(arguments)
            if prepare is not None:
                arguments = prepare(*arguments)
            start = perf_counter()
            try:
                answer = self._target.answer(*arguments)
            except InternalError:
                answer = NotImplemented
            spent = perf_counter() - start
            if answer is NotImplemented:
                return self._fall_back(arguments)
            count = self.calls.native_call()
            if self._row is not None:
                self._row.count(count, 0)
            if self._due(count):
                theirs = self._compared(arguments, count, spent)
                if not compare.same(theirs, ("answer", answer)):
                    return self._settle(arguments, theirs, answer)
            return answer

        return serve

    def _applies(self, arguments: tuple[Any, ...]) -> bool:
        if self._owner is not None and type(arguments[0]) is not self._owner:
            return False
        return self._unchanged()

    def _fall_back(self, arguments: tuple[Any, ...]) -> Any:
        count = self.calls.fallback_call()
        if self._row is not None:
            self._row.count(0, count)
        return self._own(*arguments)

    def _due(self, count: int) -> bool:
        if self._chance is not None and self._chance() < self._shadow:
            return True
        return self._row is not None and report.is_sample(count)

    def _compared(self, arguments: tuple[Any, ...], count: int, spent: float) -> compare.Outcome:
        """What the agent's own function makes of it, and how much longer it takes."""
        _comparing.on = True
        start = perf_counter()
        try:
            theirs = compare.attempt(self._own, arguments)
        finally:
            _comparing.on = False
        self.checked += 1
        if self._row is not None:
            self._row.measured(count, perf_counter() - start - spent)
        return theirs

    def _settle(self, arguments: tuple[Any, ...], theirs: compare.Outcome, answer: Any) -> Any:
        """Give the agent's answer, and end the acceleration if it was no race that differed."""
        again = compare.attempt(self._target.answer, arguments)
        if compare.same(theirs, again):
            return answer  # another thread changed the input between the two
        self.differences += 1
        self._stop()
        _log.error(
            "%s answered differently and is the agent's own again\n"
            "  for           %s\n  the agent has %s\n  eventkit had  %s",
            self.label,
            *map(compare.shown, (arguments, theirs[1], answer)),
        )
        if theirs[0] == "error":
            return self._own(*arguments)
        return theirs[1]
