"""Answers the calls of one function of an agent, counts and checks them, and gives it back."""

from __future__ import annotations

import logging
import threading
import types
from collections.abc import Callable
from itertools import count
from time import perf_counter
from typing import Any

from eventkit.accelerate import compare, report
from eventkit.accelerate.native import Answer
from eventkit.accelerate.proof import Proof
from eventkit.accelerate.target import Found
from eventkit.accelerate.trampoline import forget, own_code, trampoline, twin
from eventkit.accelerate.watch import unchanged
from eventkit.errors import InternalError

__all__ = ["Calls", "Replacement", "Trusted"]

_log = logging.getLogger("eventkit.accelerate")
_DECLINED = "input that only the agent's own function answers"


class Calls:
    """How many calls of one function went which way.

    A step of `itertools.count` is one step of the interpreter, so that no count needs a lock.
    """

    def __init__(self) -> None:
        """Begin at zero."""
        self._native, self._fallback = count(1), count(1)
        self.native_call = self._native.__next__
        self.fallback_call = self._fallback.__next__

    @property
    def native(self) -> int:
        """Calls that eventkit answered."""
        return _reached(self._native)

    @property
    def fallback(self) -> int:
        """Calls that went the agent's own way."""
        return _reached(self._fallback)


def _reached(counter: count[int]) -> int:
    # Only its repr, "count(5)", tells without taking a step: pickling it is deprecated.
    return int(repr(counter)[len("count(") : -1]) - 1


def _chance() -> Callable[[], float]:
    # A generator of its own: the agent's sequence of random numbers stays what it was.
    from random import Random

    return Random().random


class _Comparing(threading.local):
    """Whether this thread runs an agent's own function to compare: its parts are its own then."""

    on = False


_comparing = _Comparing()


class Replacement:
    """A known function that eventkit answers, as long as all that its proof rests on is unchanged.

    Attributes:
        label: Its module and name.
        calls: How many went which way.
        checked: Calls on which the agent's own function ran as well.
        differences: Those of them that came out differently; the first ends the acceleration.
    """

    def __init__(self, found: Found, proof: Proof, shadow: float, stop: Callable[[], None]) -> None:
        """Prepare; nothing is replaced yet.

        Args:
            found: The function.
            proof: What was proven of it.
            shadow: The share of calls on which the agent's own function runs as well.
            stop: Ends the acceleration of everything that was replaced together with it.
        """
        assert found.target.answer is not None
        self.label = found.label
        self.calls = Calls()
        self.checked = 0
        self.differences = 0
        self._function: types.FunctionType = found.function
        self._code = own_code(self._function)
        self._own = twin(self._function)
        self._prepare = found.target.prepare
        self._owner = found.owner
        self._shadow = shadow
        self._chance = _chance() if shadow else None
        self._stop = stop
        self._answer: Answer = found.target.answer(self._function)
        self._unchanged = unchanged(proof.readings, proof.functions, proof.standard)
        self._row = report.row(found.label)
        plain = not (shadow or self._row or self._prepare or self._owner)
        self._trampoline = trampoline(self._function, self._quick() if plain else self._serve)

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
            forget(self._trampoline)

    def _quick(self) -> Answer:
        """Return a handler for calls that are neither compared nor reported."""
        holds, answer_of, own = self._unchanged, self._answer, self._own
        native_call, fallback_call = self.calls.native_call, self.calls.fallback_call

        def serve(*arguments: Any) -> Any:
            if holds():
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

    def _serve(self, *arguments: Any) -> Any:
        if _comparing.on:
            return self._own(*arguments)
        if self._owner is not None and type(arguments[0]) is not self._owner:
            return self._fall_back(arguments, "an instance of a subclass")
        if not self._unchanged():
            return self._fall_back(arguments, "a function or constant was replaced")
        arguments = self._prepared(arguments)
        answer = self._answered(arguments)
        if answer is NotImplemented:
            return self._fall_back(arguments, _DECLINED)
        if self._chance is not None and self._chance() < self._shadow:
            return self._checked(arguments, answer)
        return answer

    def _prepared(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        return self._prepare(*arguments) if self._prepare else arguments

    def _answered(self, arguments: tuple[Any, ...]) -> Any:
        """Return eventkit's answer, and count it; ``NotImplemented`` where there is none."""
        start = perf_counter()
        try:
            answer = self._answer(*arguments)
        except InternalError:
            return NotImplemented
        if answer is not NotImplemented:
            self.calls.native_call()
            if self._row is not None:
                self._row.native(arguments, perf_counter() - start)
        return answer

    def _fall_back(self, arguments: tuple[Any, ...], reason: str) -> Any:
        self.calls.fallback_call()
        if self._row is None:
            return self._own(*arguments)
        start = perf_counter()
        try:
            return self._own(*arguments)
        finally:
            self._row.fallback(arguments, perf_counter() - start, reason)

    def _checked(self, arguments: tuple[Any, ...], answer: Any) -> Any:
        """Compare an answer with the agent's own, which is given where they differ."""
        _comparing.on = True
        try:
            theirs = compare.attempt(self._own, arguments)
        finally:
            _comparing.on = False
        self.checked += 1
        if compare.same(theirs, ("answer", answer)):
            return answer
        if compare.same(theirs, compare.attempt(self._answer, arguments)):
            return answer  # another thread changed the input between the two
        self._differs(arguments, theirs, answer)
        return self._own(*arguments) if theirs[0] == "error" else theirs[1]

    def _differs(self, arguments: tuple[Any, ...], theirs: compare.Outcome, ours: Any) -> None:
        """End the acceleration, and log both answers."""
        self.differences += 1
        self._stop()
        _log.error(
            "%s answered differently and is the agent's own again\n"
            "  for           %s\n  the agent has %s\n  eventkit had  %s",
            self.label,
            *map(compare.shown, (arguments, theirs[1], ours)),
        )


class Trusted(Replacement):
    """An unknown function that its user trusts to do the original's work, until it differs once.

    The agent's function answers the first calls, and eventkit's answer is compared; then one call
    in `EVERY`. At the first difference the function is the agent's again for good.
    """

    FIRST = 1_000
    EVERY = 64

    def __init__(self, found: Found) -> None:
        """Prepare; nothing is replaced yet."""
        super().__init__(found, Proof("", [], [], []), 0.0, self._distrust)
        self._next_number = count(1).__next__
        self._is_distrusted = False
        self._trampoline = trampoline(self._function, self._serve)

    def _distrust(self) -> None:
        self._is_distrusted = True
        self.restore()

    def _serve(self, *arguments: Any) -> Any:
        if _comparing.on or self._is_distrusted:
            return self._own(*arguments)
        number = self._next_number()
        arguments = self._prepared(arguments)
        if number <= self.FIRST or number % self.EVERY == 0:
            return self._compared(arguments)
        answer = self._answered(arguments)
        return self._fall_back(arguments, _DECLINED) if answer is NotImplemented else answer

    def _compared(self, arguments: tuple[Any, ...]) -> Any:
        """Answer by the agent's function, which may change what it is given: ours comes first."""
        ours = compare.attempt(self._answer, arguments)
        self.checked += 1
        try:
            answer = self._fall_back(arguments, "a trusted function that is compared")
        except Exception as error:
            self._hold(arguments, ours, ("error", (type(error), str(error))))
            raise
        self._hold(arguments, ours, ("answer", answer))
        return answer

    def _hold(
        self, arguments: tuple[Any, ...], ours: compare.Outcome, theirs: compare.Outcome
    ) -> None:
        # What eventkit declines, or cannot answer, goes the agent's way anyway.
        if ours[0] == "answer" and ours[1] is not NotImplemented and not compare.same(ours, theirs):
            self._differs(arguments, theirs, ours[1])
