"""The result of a command, before it is printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventkit.cli.table import Table

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """The result of a command.

    Attributes:
        result: The object to print as JSON on standard output.
        view: A function that returns the lines and tables to print at a terminal.
        status: The exit status.
        remarks: Lines for standard error.
        lines: True if the lines are printed to every output, and JSON only for ``--json``.
        failed_result: True if the result is an error, which has no rows for ``--csv``.
        indent: The indentation of the JSON. The original prints one of its errors on one line.
    """

    result: Any
    view: Callable[[], Sequence[str | Table]]
    status: int = 0
    remarks: list[str] = field(default_factory=list)
    indent: int | None = 2
    lines: bool = False
    failed_result: bool = False

    @classmethod
    def failed(
        cls, result: dict[str, Any], status: int, remarks: list[str], indent: int | None = 2
    ) -> Answer:
        """Return the answer for an error: the original's JSON, and lines that explain it."""
        return cls(result, list, status, remarks, indent, failed_result=True)
