"""The recorded cases: code to run, and what came of it with the original on each Python version.

A case's code sets ``r``, with the agent's modules as ``A`` (agent), ``C`` (core) and ``G`` (Graph).
An outcome of ``*`` is that of every version without one of its own. It
is ``{"ok": typed repr of r}`` or ``{"exc": the type's name, "msg": its text}``. Kinds:

* ``parity``: the outcome must be the same;
* ``np``: likewise, and needs numpy;
* ``hook``: likewise, and first replaces a name in a module;
* ``msg``: the texts may differ, they are the interpreter's or a third party's;
* ``guide``: what the original raises where eventkit differs on purpose (two-factor weights).
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).with_name("cases.jsonl")
EXACT_KINDS = ("parity", "np", "msg", "hook")
NEWEST_RECORDED = "3.15"
# What 3.15 says of `"" * 2**70`: the second once it has specialised the instruction for repetition.
TOO_LARGE = {
    "cannot fit 'int' into an index-sized integer",
    "Python int too large to convert to C ssize_t",
}

Outcome = dict[str, str]


def newer(version: str) -> bool:
    """Return true if a Python version is newer than all that were recorded."""
    numbers = [tuple(map(int, name.split("."))) for name in (version, NEWEST_RECORDED)]
    return numbers[0] > numbers[1]


@dataclass(frozen=True)
class Case:
    """One recorded case."""

    id: str
    group: str
    kind: str
    code: str
    recorded: dict[str, Outcome]

    @property
    def wanted(self) -> Outcome:
        """The original's outcome on this Python version, or else the one of all versions."""
        version = "{}.{}".format(*sys.version_info[:2])
        for recorded in (version, NEWEST_RECORDED if newer(version) else "*", "*"):
            if recorded in self.recorded:
                return self.recorded[recorded]
        raise LookupError(f"{self.id} was not recorded on Python {version}")

    def accepts(self, outcome: Outcome) -> bool:
        """Return true if an outcome is as good as the original's."""
        if self.kind == "msg":
            return outcome.keys() == self.wanted.keys() and (
                outcome.get("exc") == self.wanted.get("exc")
            )
        if outcome == self.wanted or sys.version_info < (3, 15):
            return outcome == self.wanted
        texts = {outcome.get("msg"), self.wanted.get("msg")}
        return texts == TOO_LARGE and outcome.get("exc") == self.wanted.get("exc")


def load_cases(corpus: Path = CORPUS) -> list[Case]:
    """Read all recorded cases, in their order."""
    with corpus.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Case(row["id"], row["group"], row["class"], row["code"], row["expect"]) for row in rows]
