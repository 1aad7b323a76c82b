"""The result of a command, before it is printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """The result of a command.

    Attributes:
        result: The object to print as JSON on standard output.
        view: A function that returns the lines to print at a terminal.
        status: The exit status.
        remarks: Lines for standard error.
        lines: True if the lines are printed to every output, and JSON only for ``--json``.
        indent: The indentation of the JSON. The original prints one of its errors on one line.
    """

    result: Any
    view: Callable[[], list[str]]
    status: int = 0
    remarks: list[str] = field(default_factory=list)
    indent: int | None = 2
    lines: bool = False

    @classmethod
    def failed(
        cls, result: dict[str, Any], status: int, remarks: list[str], indent: int | None = 2
    ) -> Answer:
        """Return the answer for an error: the original's JSON, and lines that explain it."""
        return cls(result, list, status, remarks, indent)
