"""What the processes under ``eventkit accelerate --report`` leave for its last line.

Each process has a file of its own, mapped into memory: what was counted is there even when the
process is killed. A row is three 64-bit integers: native calls, fallen back, nanoseconds saved.
"""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["FOLDER", "Row", "Totals", "is_sample", "refused", "row", "summary", "totals"]

FOLDER = "EVENTKIT_ACCELERATE_REPORT"
"""The environment variable that names the folder for the files."""

_CELLS = 3
_MOST_ROWS = 64
_NUMBERS = _MOST_ROWS * _CELLS * 8
_SIZE = _NUMBERS + 8192


class Row:
    """The counts of one function in one process."""

    def __init__(self, file: _File, place: int) -> None:
        """Stand for one row of a file."""
        self._file = file
        self._place = place * _CELLS
        self._counts = [0, 0]
        self._before = (0, 0)
        self._sampled = 0

    def count(self, native: int, fallback: int) -> None:
        """Put down how many calls there have been; 0 for what has not changed."""
        for way, number in enumerate((native, fallback)):
            if number:
                self._counts[way] = number
                self._file.cells[self._place + way] = number - self._before[way]

    def measured(self, count: int, seconds: float) -> None:
        """Take a measured saving for all the calls since the one that was measured before."""
        self._file.cells[self._place + 2] += int(seconds * 1e9) * (count - self._sampled)
        self._sampled = count

    def start_anew(self) -> None:
        """In a forked child: what was counted so far is in the parent's file."""
        self._before = (self._counts[0], self._counts[1])
        self._sampled = self._counts[0]


class _File:
    """The file of this process; a forked child starts one of its own."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.rows: list[Row] = []
        self.labels: list[str] = []
        self.refused: list[str] = []
        self._open()
        os.register_at_fork(after_in_child=self._reopen)

    def _open(self) -> None:
        name = Path(self._folder) / f"{os.getpid()}-{os.urandom(4).hex()}"
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.truncate(descriptor, _SIZE)
            self._map = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)
        self.write_names()

    def _reopen(self) -> None:
        for row in self.rows:
            row.start_anew()
        try:
            self._open()
        except OSError:  # whoever wanted the report has gone: count for nobody
            self._map = mmap.mmap(-1, _SIZE)
            self.write_names()

    def add(self, label: str) -> Row:
        """A row for one more function."""
        self.labels.append(label)
        self.write_names()
        self.rows.append(Row(self, len(self.labels) - 1))
        return self.rows[-1]

    def write_names(self) -> None:
        """Write which functions the rows are of, and which were refused."""
        self.cells = memoryview(self._map)[:_NUMBERS].cast("q")
        text = json.dumps({"replaced": self.labels, "refused": self.refused}).encode()
        self._map[_NUMBERS : _NUMBERS + len(text) + 1] = text + b"\0"


_files: dict[str, _File | None] = {}


def _file() -> _File | None:
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    if folder not in _files:
        try:
            _files[folder] = _File(folder)
        except OSError:  # the command that asked for a report has gone
            _files[folder] = None
    return _files[folder]


def row(label: str) -> Row | None:
    """A row to count the calls of a function in; ``None`` when no report is wanted."""
    file = _file()
    if file is None or len(file.labels) == _MOST_ROWS:
        return None
    return file.add(label)


def refused(label: str) -> None:
    """Tell the report of a function that stays as it is."""
    file = _file()
    if file is not None and len(file.refused) < _MOST_ROWS:
        file.refused.append(label)
        file.write_names()


def is_sample(count: int) -> bool:
    """Whether a call is one on which the agent's own function is timed too: 1, 2, 4, …, 1024 n."""
    return count & (count - 1) == 0 or count % 1024 == 0


class Totals(NamedTuple):
    """The counts of all processes."""

    processes: int
    replaced: int
    refused: int
    native: int
    fallback: int
    saved: float


def totals(folder: str) -> Totals:
    """Add up what all processes left in a folder."""
    replaced, refused_labels = set[str](), set[str]()
    sums = [0] * _CELLS
    processes = 0
    for file in Path(folder).iterdir():
        data = file.read_bytes()
        if len(data) < _SIZE:
            continue
        names = json.loads(data[_NUMBERS:].partition(b"\0")[0])
        replaced.update(names["replaced"])
        refused_labels.update(names["refused"])
        processes += bool(names["replaced"] or names["refused"])
        cells = memoryview(data)[:_NUMBERS].cast("q")
        for cell in range(_CELLS):
            sums[cell] += sum(cells[cell::_CELLS])
    native, fallback, saved = sums
    return Totals(processes, len(replaced), len(refused_labels), native, fallback, saved / 1e9)


def summary(folder: str) -> str:
    """The report's line."""
    found = totals(folder)
    return (
        f"eventkit accelerate: {found.replaced} functions replaced and {found.refused} refused"
        f" in {found.processes} {'process' if found.processes == 1 else 'processes'};"
        f" {found.native} calls native, {found.fallback} fallen back;"
        f" about {found.saved:.3g} s saved"
    )
