"""Fail each system call of a kind in turn: ``python -m faults.nth LIBRARY SCENARIO CALLS``.

Each round makes one more call pass before one fails. After each, the file is the old one or the new
one, nothing half-written stays, and the same operation works when nothing fails.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import eventkit
from eventkit import Catalog, Telemetry, files, summarize

CALLS = {  # by their numbers on x86-64
    "open": ((2, 257), errno.EIO),
    "read": ((0, 17), errno.EIO),
    "write": ((1, 18, 20), errno.ENOSPC),
    "mmap": ((9,), errno.ENOMEM),
    "fsync": ((74, 75), errno.EIO),
    "rename": ((82, 264, 316), errno.EIO),
    "lock": ((73,), errno.ENOLCK),
    "stat": ((4, 5, 6, 262, 332), errno.EIO),
}
WEIGHTS = {"interest": 2.0, "popularity": 0.5}
OLD = {"weights": WEIGHTS, "sessions": [{"title": "Old", "tags": ["ai"]}] * 40}
NEW = {"weights": WEIGHTS, "sessions": [{"title": "New " * 9_000, "tags": ["ai"]}] * 40}
MOST_CALLS = 2_000


class Scenario(NamedTuple):
    """An operation on a file.

    Attributes:
        prepare: Puts the file into its old state.
        run: The operation.
        state: Describes the content; afterwards it is as before or as after a whole operation.
    """

    prepare: Callable[[Path], object]
    run: Callable[[Path], object]
    state: Callable[[Path], object]


def compressed(path: Path) -> None:
    """A rotated file that is old enough to be compressed."""
    for entry in path.parent.iterdir():
        entry.unlink()
    with Telemetry(path, durability="sync", compress_after_days=None, daily=False) as telemetry:
        for number in range(50):
            assert telemetry.log(f"n{number}", {}, None, True)
        rotated = telemetry.rotate_only()
    assert rotated is not None
    os.utime(rotated, (0, 0))


def lines(path: Path) -> object:
    return summarize(path)["count"]


def titles(path: Path) -> object:
    return {session["title"][:3] for session in Catalog.open(path, verify=True)}


def log(path: Path) -> None:
    with Telemetry(path, durability="fsync", daily=False) as telemetry:
        if not telemetry.log("new", {}, None, True):
            raise OSError(telemetry.stats()["last_error"])


def rotate(path: Path) -> None:
    Telemetry(path, daily=False).rotate_only()


def old_log(path: Path) -> None:
    for entry in path.parent.iterdir():
        entry.unlink()
    log(path)


def old_profile(path: Path) -> None:
    path.with_name("file.bak").unlink(missing_ok=True)
    path.write_text('{"eve": ["web"]}')


def text(path: Path) -> object:
    return path.read_text()[:40]


SCENARIOS = {
    "save": Scenario(Catalog(OLD).save, Catalog(NEW).save, titles),
    "open": Scenario(
        Catalog(OLD).save,
        lambda path: Catalog.open(path, verify=True).recommend(["ai"], 3),
        titles,
    ),
    "profile": Scenario(old_profile, lambda path: eventkit.save_profile(path, "ada", ["ai"]), text),
    "export": Scenario(
        lambda path: path.write_text("old"),
        lambda path: eventkit.export(OLD, ["ai"], output=path),
        text,
    ),
    "replace": Scenario(
        lambda path: path.write_text("old"), lambda path: files.atomic_write(path, b"new"), text
    ),
    "manifest": Scenario(
        lambda path: path.write_text(json.dumps(OLD)), eventkit.load_manifest, text
    ),
    "load": Scenario(lambda path: path.write_text(json.dumps(OLD)), Catalog.from_json, text),
    "log": Scenario(old_log, log, lines),
    "rotate": Scenario(old_log, rotate, lines),
    "compress": Scenario(
        compressed, lambda path: Telemetry(path, delete_after_days=None).tend(), lines
    ),
    "summarize": Scenario(old_log, lines, lines),
}
KEPT = {"file", "file.lock", "file.bak"}


def half_written(directory: Path) -> set[str]:
    """The names that no finished operation leaves; rotated files have the stem of their file."""
    names = {entry.name for entry in directory.iterdir()} - KEPT
    return {name for name in names if not name.startswith("file.0") or name.endswith(".tmp")}


def main() -> None:
    library, name, kind = sys.argv[1:]
    shim = ctypes.CDLL(library)
    shim.nth_arm.restype = ctypes.c_long
    numbers, error = CALLS[kind]
    scenario = SCENARIOS[name]
    failures = rounds = 0
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "file"
        # Once without faults: what is imported at the first use is read from files, too.
        scenario.prepare(path)
        before = scenario.state(path)
        scenario.run(path)
        after = scenario.state(path)
        watched = shim.nth_watch((ctypes.c_int * len(numbers))(*numbers), len(numbers))
        if watched:
            sys.exit(f"no seccomp filter here: {os.strerror(watched)}")
        gc.disable()
        for rounds in range(1, MOST_CALLS):
            scenario.prepare(path)
            print(f"{kind} {rounds}", file=sys.stderr, flush=True)
            failed = False
            shim.nth_arm(rounds, error)
            try:
                scenario.run(path)
            except (eventkit.EventKitError, OSError, MemoryError):
                failed = True
            seen = shim.nth_arm(0, 0)
            failures += failed
            if (name, kind) == ("log", "fsync") and seen >= rounds:
                assert failed, "a line that the disk did not confirm was called written"
            assert scenario.state(path) in (before, after), (kind, rounds, scenario.state(path))
            if name != "compress" or not failed:
                assert not half_written(path.parent), (rounds, half_written(path.parent))
            if seen < rounds:
                assert not failed
                break
            scenario.run(path)
            if name == "log":
                # The line that was not confirmed may be there all the same.
                assert lines(path) in (2, 3)
                assert summarize(path)["torn"] == 0
            else:
                assert scenario.state(path) in (before, after)
            assert not half_written(path.parent), (rounds, half_written(path.parent))
        else:
            sys.exit(f"{MOST_CALLS} calls and no end")
    print(json.dumps({"rounds": rounds - 1, "failures": failures}))


if __name__ == "__main__":
    main()
