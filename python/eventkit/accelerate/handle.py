"""What `eventkit.accelerate` returns: what it did, why, what came of it, and the way back."""

from __future__ import annotations

from types import TracebackType

from eventkit.accelerate.replacement import Replacement, Trusted

__all__ = ["Handle"]


class Handle:
    """An acceleration that is under way.

    As a context manager it ends with the block, if it began there.

    Attributes:
        refused: Why a function is not known, by the function's module and name. It stays as it is.
    """

    def __init__(self) -> None:
        """Begin with nothing; `_owned` are the replacements that this handle began."""
        self._replacements: list[Replacement] = []
        self._owned: list[Replacement] = []
        self._as_fast: list[str] = []
        self.refused: dict[str, str] = {}

    def _own(self, replacement: Replacement) -> None:
        self._replacements.append(replacement)
        self._owned.append(replacement)

    @property
    def replaced(self) -> tuple[str, ...]:
        """The functions whose calls eventkit gets, by module and name."""
        return tuple(each.label for each in self._replacements if each.active)

    @property
    def native(self) -> int:
        """Calls that eventkit answered."""
        return sum(each.calls.native for each in self._replacements)

    @property
    def fallback(self) -> int:
        """Calls that went the agent's own way."""
        return sum(each.calls.fallback for each in self._replacements)

    @property
    def checked(self) -> int:
        """Calls on which the agent's own function ran as well, see ``shadow`` and ``trust``."""
        return sum(each.checked for each in self._replacements)

    @property
    def differences(self) -> int:
        """Checked calls that came out differently. The first one ends the acceleration."""
        return sum(each.differences for each in self._replacements)

    @property
    def calls(self) -> dict[str, tuple[int, int]]:
        """Native calls and those fallen back, by function."""
        return {each.label: (each.calls.native, each.calls.fallback) for each in self._replacements}

    def explain(self) -> str:
        """Say of each function whether it is known, and of an unknown one what to do about it.

        Returns:
            One line a function: its module and name, ``known`` or ``not known``, and the reason
            with file, line, and the first difference from the nearest known form.
        """
        lines = []
        for each in self._replacements:
            trusted = isinstance(each, Trusted)
            lines.append(f"{each.label}: {'trusted by you, not known' if trusted else 'known'}")
        lines += [f"{label}: known, its own code is as fast" for label in self._as_fast]
        lines += [f"{label}: not known: {reason}" for label, reason in self.refused.items()]
        if self.refused:
            names = ", ".join(label.rpartition(".")[2] for label in self.refused)
            lines.append(
                "What is not known stays as it is. If you are sure that it answers as the original"
                f" does, name it in trust= or --trust: {names}"
            )
        return "\n".join(lines) or "no function of an agent was found"

    def restore(self) -> None:
        """Give all functions back what they were. Doing it again does nothing."""
        for each in self._replacements:
            each.restore()

    def __enter__(self) -> Handle:
        """Return the handle."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore what this very call of `eventkit.accelerate` replaced."""
        for each in self._owned:
            each.restore()

    def __repr__(self) -> str:
        """Say in short what is replaced, refused and counted."""
        return (
            f"<eventkit.accelerate: {len(self.replaced)} replaced, {len(self.refused)} refused,"
            f" {self.native} calls native, {self.fallback} fallen back>"
        )
