"""Edits that forks of an agent contain, read from `edits.diff`.

Each begins with a line `@@ NAME`, with `| FILE.py` where it is not of ``agent.py``, and with
`| trace` where no answer shows it. Lines that begin with a minus go, those with a plus come in
their place, and the others, which begin with a blank, stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("edits.diff")


@dataclass(frozen=True)
class Edit:
    """One edit.

    Attributes:
        name: What it adds to the agent.
        module: The module that it changes.
        old: A text that stands in the file once.
        new: What stands there afterwards.
        trace: Whether no answer to a query shows it.
    """

    name: str
    module: str
    old: str
    new: str
    trace: bool

    def apply(self, source: str) -> str:
        """Return the source of the module with this edit."""
        if source.count(self.old) != 1:
            raise ValueError(f"{self.name}: its text is not once in {self.module}.py: {self.old!r}")
        return source.replace(self.old, self.new)


def read_edits(path: Path = FILE) -> tuple[Edit, ...]:
    """Read the edits of a file."""
    first, *blocks = path.read_text(encoding="utf-8").split("@@ ")
    assert not first
    return tuple(map(_read, blocks))


def _read(block: str) -> Edit:
    head, *lines = block.splitlines(keepends=True)
    name, *marks = [part.strip() for part in head.split("|")]
    files = [mark.removesuffix(".py") for mark in marks if mark.endswith(".py")]
    return Edit(
        name,
        files[0] if files else "agent",
        "".join(line[1:] for line in lines if line[0] in " -"),
        "".join(line[1:] for line in lines if line[0] in " +"),
        "trace" in marks,
    )


EDITS = read_edits()
