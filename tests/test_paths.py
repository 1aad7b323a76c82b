"""Every path that the package opens, against every kind of file that it may name.

No kind makes an opener wait; each error is typed and names the path; nothing is changed that is not
replaced on purpose; and the same call works once a good file stands there.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import eventkit
import paths_child
from eventkit import Catalog, Telemetry, files, profiles
from eventkit.errors import FileLockedError, UnusableFileError
from faults.child import environment

HANGS_AFTER = 120
"""Seconds for all kinds of one opener, which take less than one: only a hang takes so long."""

NOT_FILES = {"pipe", "device", "socket", "directory"}
NO_GOOD = NOT_FILES | {"dangling link", "sparse", "truncated", "unreadable"}
LINKS = {"link", "dangling link"}

# The kinds of file that an opener cannot use. With all others it does its work.
READS = {
    "manifest": NO_GOOD,
    "external sessions": NO_GOOD,
    "profile, loaded": NO_GOOD,
    "catalogue": NO_GOOD,
    "JSON": NO_GOOD,
    "JSON lines": NO_GOOD - {"truncated"},
    "telemetry, summarised": NOT_FILES | {"dangling link", "unreadable"},
    "telemetry, summarised from gzip": NO_GOOD - {"sparse"},
    "telemetry's key": NO_GOOD - {"sparse"} | LINKS,
    "token file, loaded": NO_GOOD | LINKS,
    "server's manifest": NO_GOOD,
    "server's external sessions": NO_GOOD,
}
WRITES = {
    "profile, saved": NO_GOOD - {"dangling link"},
    "profile's lock": NOT_FILES | LINKS | {"unreadable"},
    "catalogue, saved": NOT_FILES,
    "telemetry": NOT_FILES | LINKS | {"unreadable"},
    "telemetry's lock": NOT_FILES | LINKS | {"unreadable"},
    "token file, saved": NOT_FILES,
    "export": NOT_FILES - {"directory"},
    "replaced file": NOT_FILES,
    "server's shared directory": set(paths_child.KINDS) - {"directory"},
    # A directory that is made as any other is one that other users may enter.
    "metrics directory": set(paths_child.KINDS),
    "metrics directory's lock": {"socket", "directory", "unreadable"} | LINKS,
    "metrics of a process that is gone": {"socket", "directory", "unreadable"} | LINKS,
    "metrics, merged": NO_GOOD - {"sparse"} | LINKS,
}


@pytest.fixture
def public_path() -> Iterator[Path]:
    """A directory that other users reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.mark.parametrize(("name", "unusable"), [*READS.items(), *WRITES.items()])
def test_no_kind_of_file_makes_an_opener_wait_or_fail_untyped(
    name: str, unusable: set[str], public_path: Path
) -> None:
    script = Path(paths_child.__file__)
    done = subprocess.run(
        [sys.executable, script, name, public_path],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    seen = {}
    for outcome in outcomes:
        kind = outcome["kind"]
        if "came" not in outcome:
            continue
        seen[kind] = outcome["came"] != "done"
        assert outcome["came"] != "untyped", outcome
        assert outcome["repaired"] == "done", outcome
        if outcome["came"] == "error":
            assert str(public_path) in outcome["message"], outcome
        if outcome["came"] != "done" or name in READS:
            assert outcome["same"], outcome
    skipped = {outcome["kind"] for outcome in outcomes if "skipped" in outcome}
    assert skipped <= {"device"}, skipped
    assert {kind for kind, failed in seen.items() if failed} == unusable - skipped
    assert seen.keys() == paths_child.KINDS.keys() - skipped


def test_the_table_names_every_opener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths_child.openers().keys() == READS.keys() | WRITES.keys()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a disk of 256 KiB; the test fills what is left of it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while True:
            try:
                os.write(file.fileno(), b"x" * 4_096)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return ballast


MANY = {"weights": paths_child.WEIGHTS, "sessions": [{"title": "x" * 900, "tags": ["ai"]}] * 20}
SAVERS = {
    "profile": lambda path, size: profiles.save_profile(path, "ada", ["x" * 9_000 * size]),
    "catalogue": lambda path, size: Catalog({**MANY, "sessions": MANY["sessions"] * size}).save(
        path
    ),
    "export": lambda path, size: eventkit.export(
        {**MANY, "sessions": MANY["sessions"] * size}, ["ai"], 20 * size, output=path
    ),
    "replaced file": lambda path, size: files.atomic_write(path, b"x" * 9_000 * size),
}


@pytest.mark.parametrize("name", SAVERS)
def test_a_full_disk_leaves_the_old_file_whole(name: str, full_disk: Path) -> None:
    path, save = full_disk / "file", SAVERS[name]
    save(path, 1)
    old = path.read_bytes()
    ballast = fill(full_disk)
    with pytest.raises(OSError, match=r"(?i)no space left") as caught:
        save(path, 4)
    assert str(path) in str(caught.value) or caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == old
    left = {entry.name for entry in full_disk.iterdir()} - {"file.lock"}
    assert left <= {"file", "ballast", "file.bak"}, "nothing half-written stays"
    ballast.unlink()
    save(path, 2)
    assert path.read_bytes() != old


def test_a_full_disk_costs_telemetry_lines_that_are_counted(full_disk: Path) -> None:
    path = full_disk / "telemetry.jsonl"
    with Telemetry(path, durability="sync", daily=False) as telemetry:
        assert telemetry.log("before", {}, None, True)
        ballast = fill(full_disk)
        while telemetry.log("full", {}, None, True):
            pass
        ballast.unlink()
        assert telemetry.log("after", {}, None, True)
        stats = telemetry.stats()
    assert stats["dropped"] == stats["dropped_io"] == 1
    found = eventkit.summarize(path)
    assert found["torn"] == 0
    assert found["count"] == stats["written"]


def test_a_lock_that_is_held_too_long_is_a_clear_error(tmp_path: Path) -> None:
    path, now = tmp_path / "profiles.json", [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    with files.exclusive(path):
        second = files.exclusive(path, seconds=3, clock=lambda: now[0], pause=pause)
        with pytest.raises(FileLockedError, match=r"json\.lock .* after 3 s") as caught, second:
            pytest.fail("the lock was taken twice")
        assert isinstance(caught.value, TimeoutError)
    assert now[0] == pytest.approx(3, abs=0.1)
    with files.exclusive(path, seconds=0):
        pass


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    path, victim = tmp_path / "profiles.json", tmp_path / "victim"
    path.with_name("profiles.json.lock").symlink_to(victim)
    with pytest.raises(UnusableFileError, match="is a symbolic link"):
        profiles.save_profile(path, "ada", ["ai"])
    assert not victim.exists()


@pytest.mark.parametrize("number", ["1e400", "-1e999", "0.1000000000000000000000001", "1e-400"])
def test_saving_a_profile_keeps_numbers_that_no_float_holds(tmp_path: Path, number: str) -> None:
    path = tmp_path / "profiles.json"
    path.write_text(f'{{"eve": [{number}, 0.5, "1e400"]}}')
    profiles.save_profile(path, "ada", ["ai"])
    assert path.read_text().split() == [
        *("{", '"eve":', "[", f"{number},", "0.5,", '"1e400"', "],"),
        *('"ada":', "[", '"ai"', "]", "}"),
    ]


def test_a_file_that_grows_past_the_limit_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 100)
    opened = files.open_regular

    def open_then_grow(path: Path) -> object:
        file = opened(path)
        monkeypatch.setattr(files, "require_size", grow)
        return file

    def grow(*_: object) -> int:
        """Say the size, before the file grows."""
        path.write_bytes(b"x" * 300_000)
        return 100

    monkeypatch.setattr(files, "open_regular", open_then_grow)
    with pytest.raises(UnusableFileError, match="expected at most 1000"):
        files.read_regular(path, 1_000)
