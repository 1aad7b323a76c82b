"""Answers the calls of one function of an agent, counts and checks them, and gives it back."""

from __future__ import annotations

import logging
import threading
import types
from collections.abc import Callable
from time import perf_counter
from typing import Any

from eventkit.accelerate import compare, report
from eventkit.accelerate.counting import Calls
from eventkit.accelerate.proof import Proof
from eventkit.accelerate.target import OTHER_ANSWERS, Found
from eventkit.accelerate.trampoline import forget, own_code, trampoline, twin
from eventkit.accelerate.watch import unchanged
from eventkit.errors import InternalError

__all__ = ["Replacement", "Trusted"]

_log = logging.getLogger("eventkit.accelerate")

Call = Callable[..., Any]


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
        fallbacks: How many calls went the agent's way, by reason.
    """

    def __init__(self, found: Found, proof: Proof, shadow: float, stop: Callable[[], None]) -> None:
        """Prepare; nothing is replaced yet.

        Args:
            found: The function.
            proof: What was proven of it.
            shadow: The share of calls on which the agent's own function runs as well.
            stop: Ends the acceleration of everything that was replaced together with it.
        """
        self.label = found.label
        self.calls = Calls()
        self.checked = 0
        self.differences = 0
        self.fallbacks: dict[str, int] = {}
        self._function: types.FunctionType = found.function
        self._code = own_code(self._function)
        self._own = twin(self._function)
        self._target = found.target
        self._owner = found.owner
        self._shadow = shadow
        self._chance = _chance() if shadow else None
        self._stop = stop
        other = OTHER_ANSWERS.get(proof.form.answer) if proof.form else None
        self._answer: Call = other or found.target.answer(self._function)
        self._unchanged = unchanged(proof.readings, proof.functions, proof.standard)
        self._row = report.row(found.label)
        simple = not shadow and self._row is None and found.target.prepare is None
        handler = self._quick() if simple and not found.owner else self._serve
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
            forget(self._trampoline)

    def _quick(self) -> Call:
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
        reason = self._obstacle(arguments)
        if reason:
            return self._fall_back(arguments, reason)
        if self._target.prepare is not None:
            arguments = self._target.prepare(*arguments)
        start = perf_counter()
        try:
            answer = self._answer(*arguments)
        except InternalError:
            answer = NotImplemented
        spent = perf_counter() - start
        if answer is NotImplemented:
            return self._fall_back(arguments, "input that only the agent's own function answers")
        self.calls.native_call()
        if self._row is not None:
            self._row.native(arguments, spent)
        if self._chance is not None and self._chance() < self._shadow:
            theirs = self._compared(arguments)
            if not compare.same(theirs, ("answer", answer)):
                return self._settle(arguments, theirs, answer)
        return answer

    def _obstacle(self, arguments: tuple[Any, ...]) -> str:
        """Return why a call must go the agent's way; an empty text when it need not."""
        if self._owner is not None and type(arguments[0]) is not self._owner:
            return "an instance of a subclass"
        return "" if self._unchanged() else "a function or constant was replaced"

    def _fall_back(self, arguments: tuple[Any, ...], reason: str) -> Any:
        self.calls.fallback_call()
        self.fallbacks[reason] = self.fallbacks.get(reason, 0) + 1
        if self._row is None:
            return self._own(*arguments)
        self._row.fallback(reason)
        start = perf_counter()
        try:
            return self._own(*arguments)
        finally:
            self._row.own(arguments, perf_counter() - start)

    def _compared(self, arguments: tuple[Any, ...]) -> compare.Outcome:
        """Run the agent's own function on the same arguments."""
        _comparing.on = True
        try:
            theirs = compare.attempt(self._own, arguments)
        finally:
            _comparing.on = False
        self.checked += 1
        return theirs

    def _settle(self, arguments: tuple[Any, ...], theirs: compare.Outcome, answer: Any) -> Any:
        """Give the agent's answer, and end the acceleration if it was no race that differed."""
        again = compare.attempt(self._answer, arguments)
        if compare.same(theirs, again):
            return answer  # another thread changed the input between the two
        self.differences += 1
        self._stop()
        _report_difference(self.label, arguments, theirs[1], answer)
        if theirs[0] == "error":
            return self._own(*arguments)
        return theirs[1]


class Trusted(Replacement):
    """An unknown function that its user trusts to do the original's work, until it differs once.

    The agent's function answers the first calls, and eventkit's answer is compared; then one call
    in `EVERY`. At the first difference the function is the agent's again for good.
    """

    FIRST = 1_000
    EVERY = 64

    def __init__(self, found: Found, proof: Proof) -> None:
        """Prepare; nothing is replaced yet."""
        super().__init__(found, proof, 0.0, self._distrust)
        self._seen = Calls()
        self.distrusted = False
        self._trampoline = trampoline(self._function, self._serve)

    def _distrust(self) -> None:
        self.distrusted = True
        self.restore()

    def _serve(self, *arguments: Any) -> Any:
        if _comparing.on or self.distrusted:
            return self._own(*arguments)
        number = self._seen.native_call()
        if self._target.prepare is not None:
            arguments = self._target.prepare(*arguments)
        if number > self.FIRST and number % self.EVERY:
            return self._ours(arguments)
        return self._theirs(arguments)

    def _ours(self, arguments: tuple[Any, ...]) -> Any:
        start = perf_counter()
        try:
            answer = self._answer(*arguments)
        except InternalError:
            answer = NotImplemented
        if answer is NotImplemented:
            return self._fall_back(arguments, "input that only the agent's own function answers")
        self.calls.native_call()
        if self._row is not None:
            self._row.native(arguments, perf_counter() - start)
        return answer

    def _theirs(self, arguments: tuple[Any, ...]) -> Any:
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
        if ours[0] == "error" or ours[1] is NotImplemented or compare.same(ours, theirs):
            return
        self.differences += 1
        self._distrust()
        _report_difference(self.label, arguments, theirs[1], ours[1])


def _report_difference(label: str, arguments: tuple[Any, ...], theirs: Any, ours: Any) -> None:
    _log.error(
        "%s answered differently and is the agent's own again\n"
        "  for           %s\n  the agent has %s\n  eventkit had  %s",
        label,
        *map(compare.shown, (arguments, theirs, ours)),
    )


def _chance() -> Callable[[], float]:
    # A generator of its own: the agent's sequence of random numbers stays what it was.
    from random import Random

    return Random().random
