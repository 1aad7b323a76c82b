"""What a command answers, before anybody decides how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """The answer of a command.

    Attributes:
        result: for JSON on standard output.
        view: the lines for a reader at a terminal.
        status: the exit status.
        remarks: lines for standard error.
        lines: whether the view is for every output, and JSON only for who asks for it.
        indent: the JSON's; the original prints one of its errors on one line.
    """

    result: Any
    view: Callable[[], list[str]]
    status: int = 0
    remarks: list[str] = field(default_factory=list)
    indent: int | None = 2
    lines: bool = False

    @classmethod
    def failed(
        cls, result: dict[str, Any], status: int, remark: str, indent: int | None = 2
    ) -> Answer:
        """An answer that is an error: the original's JSON, and one line that says it."""
        return cls(result, list, status, [remark], indent)
