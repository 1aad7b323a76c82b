"""Counts what acceleration did in each process, for the last line of ``accelerate --report``.

Each process writes its counts into a file of its own: while they are few at every call, then at
every 64th and at the end, so that a killed process has left them. A full disk costs the counts but
never the process.
"""

from __future__ import annotations

import atexit
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventkit.accelerate import hook

__all__ = ["FOLDER", "Row", "cost", "refused", "row", "summary"]

FOLDER = "EVENTKIT_ACCELERATE_REPORT"
"""The environment variable that names the folder for the files."""

FEW = 1_000
EVERY = 64


class Row:
    """The counts of one function in one process."""

    def __init__(self, label: str) -> None:
        """Begin at zero."""
        self.label = label
        self.begin_anew()

    def begin_anew(self) -> None:
        """Set all counts to zero."""
        self.natives = 0
        self.fallbacks: dict[str, int] = {}
        self.spent = self.own_seconds = 0.0
        self.sessions = self.own_sessions = 0

    def native(self, arguments: tuple[Any, ...], seconds: float) -> None:
        """Count a call that eventkit answered."""
        self.natives += 1
        self.spent += seconds
        self.sessions += hook.sessions_of(arguments)
        if self.natives < FEW or self.natives % EVERY == 0:
            _current().write()

    def fallback(self, arguments: tuple[Any, ...], seconds: float, reason: str) -> None:
        """Count a call that went the agent's way, and the time that it took."""
        self.fallbacks[reason] = self.fallbacks.get(reason, 0) + 1
        self.own_seconds += seconds
        self.own_sessions += hook.sessions_of(arguments)
        _current().write()

    @property
    def saved(self) -> float:
        """The seconds that the agent's own function would have taken longer, estimated."""
        each = self.own_seconds / self.own_sessions if self.own_sessions else hook.PER_SESSION
        return each * self.sessions - self.spent if self.sessions else 0.0


class _Process:
    """The counts of this process; a forked child begins anew, in a file of its own."""

    def __init__(self) -> None:
        self.folder = os.environ.get(FOLDER, "")
        self.rows: list[Row] = []
        self.refused: dict[str, str] = {}
        self.begin_anew()
        if self.folder:
            atexit.register(self.write)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self.begin_anew)

    def begin_anew(self) -> None:
        self.file, self.cost = f"{self.folder}/{os.getpid()}-{os.urandom(4).hex()}", 0.0
        for each in self.rows:
            each.begin_anew()

    def write(self) -> None:
        rows = [(each.label, each.natives, each.fallbacks, each.saved) for each in self.rows]
        counts = {"cost": self.cost, "refused": self.refused, "rows": rows}
        # Opened anew each time: a daemon closes all descriptors, and their numbers go to others.
        # Renamed: the worker of a pool is often killed while it writes for the last time.
        unfinished = f"{self.file}.tmp"
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, json.dumps(counts).encode())
            finally:
                os.close(descriptor)
            os.replace(unfinished, self.file)
        except OSError:  # the disk is full, or the command that wanted the report has gone
            return


_process: _Process | None = None


def _current() -> _Process:
    global _process
    if _process is None:
        _process = _Process()
    return _process


def row(label: str) -> Row | None:
    """Return a row to count the calls of a function in; ``None`` when no report is wanted."""
    process = _current()
    if not process.folder:
        return None
    process.rows.append(Row(label))
    return process.rows[-1]


def refused(label: str, reason: str) -> None:
    """Tell the report of a function that stays as it is."""
    process = _current()
    if process.folder:
        process.refused[label] = reason
        process.write()


def cost(seconds: float) -> None:
    """Count time that acceleration itself took: imports and proofs."""
    _current().cost += seconds


def summary(folder: str) -> str:
    """Add up what the processes left in a folder, as the text of the report."""
    processes = list(_left_in(folder))
    saved = -sum(process["cost"] for process in processes)
    native, answered = 0, set()
    fallbacks: dict[str, int] = {}
    refusals: dict[str, str] = {}
    for process in processes:
        refusals.update(process["refused"])
        for label, natives, reasons, seconds in process["rows"]:
            native += natives
            saved += seconds
            answered.update([label] if natives else [])
            for reason, count in reasons.items():
                fallbacks[reason] = fallbacks.get(reason, 0) + count
    text = [
        f"eventkit accelerate: {len(answered)} functions answered and"
        f" {len(refusals)} refused in {len(processes)}"
        f" {'process' if len(processes) == 1 else 'processes'};"
        f" {native} calls native, {sum(fallbacks.values())} fallen back;"
        f" about {saved:.3g} s saved, net of what acceleration cost"
    ]
    text += [f"  fallen back: {count} x {why}" for why, count in sorted(fallbacks.items())]
    text += [f"  refused: {label}: {why}" for label, why in sorted(refusals.items())]
    return "\n".join(text)


def _left_in(folder: str) -> Iterator[Any]:
    for file in sorted(Path(folder).glob("*")):  # none, where the command has removed the folder
        try:
            if file.suffix != ".tmp":
                yield json.loads(file.read_bytes())
        except (OSError, ValueError):  # cut off by a full disk, or by the end of the process
            continue
