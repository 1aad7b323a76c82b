"""Profiles: no save is lost, no crash destroys a file, nothing unreadable is overwritten."""

import json
import os
import random
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conftest import faults_scale
from eventkit import files, profiles
from eventkit.errors import EventKitError, ProfileError

PACKAGE_ROOT = Path(profiles.__file__).resolve().parents[1]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "profiles.json"


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def start(code, *arguments):
    """Start a Python of our own that runs `code` with this very package."""
    path = os.pathsep.join([os.fspath(PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )


def test_a_save_is_read_back_lowered(file):
    profiles.save_profile(file, "ada", ["AI", "Agents"])
    profiles.save_profile(os.fspath(file), "bob", ["web"])
    assert profiles.load_profile(file, "ada") == ["ai", "agents"]
    assert profiles.load_profile(os.fspath(file), "bob") == ["web"]
    assert profiles.load_profile(file, "eve") == []


def test_only_the_owner_reads_a_profile_and_its_backup(file):
    file.write_text('{"ada": ["ai"]}')
    file.chmod(0o644)
    profiles.save_profile(file, "bob", ["web"])
    backup = file.with_name("profiles.json.bak")
    assert (mode_of(file), mode_of(backup)) == (0o600, 0o600)
    assert backup.read_text() == '{"ada": ["ai"]}'


@pytest.mark.parametrize(
    "content",
    [
        b'{"ada": ["ai"',
        b"not json",
        b"[]",
        b"5",
        b'{"ada": ["\xff"]}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
    ],
    ids=["truncated", "junk", "list", "number", "not-utf8", "bom", "deep"],
)
def test_what_cannot_be_read_is_never_overwritten(file, content):
    file.write_bytes(content)
    with pytest.raises(ProfileError, match=r"profiles\.json") as caught:
        profiles.save_profile(file, "ada", ["ai"])
    assert isinstance(caught.value, EventKitError)
    assert caught.value.path == os.fspath(file)
    assert file.read_bytes() == content
    assert not file.with_name("profiles.json.bak").exists()
    assert profiles.load_profile(file, "ada") == []


def test_an_empty_file_is_a_new_one_and_spares_the_backup(file):
    profiles.save_profile(file, "ada", ["ai"])
    profiles.save_profile(file, "bob", ["web"])
    before = file.with_name("profiles.json.bak").read_bytes()
    file.write_bytes(b"")
    profiles.save_profile(file, "eve", ["ml"])
    assert json.loads(file.read_text()) == {"eve": ["ml"]}
    assert file.with_name("profiles.json.bak").read_bytes() == before


def test_interests_that_are_no_json_leave_the_file_untouched(file):
    file.write_text('{"ada":["ai"]}')
    with pytest.raises(TypeError, match="Object of type set is not JSON serializable"):
        profiles.save_profile(file, "ada", {1, 2})
    assert file.read_text() == '{"ada":["ai"]}'


def test_a_missing_directory_and_a_directory_are_the_systems_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        profiles.save_profile(tmp_path / "none" / "p.json", "ada", ["ai"])
    with pytest.raises(IsADirectoryError):
        profiles.save_profile(tmp_path, "ada", ["ai"])
    assert not tmp_path.with_name(tmp_path.name + ".lock").exists()


def test_a_symbolic_link_stays_one(tmp_path, file):
    link = tmp_path / "link.json"
    link.symlink_to(file)
    profiles.save_profile(link, "ada", ["ai"])
    profiles.save_profile(file, "bob", ["web"])
    assert link.is_symlink()
    assert json.loads(file.read_text()) == {"ada": ["ai"], "bob": ["web"]}
    assert not (tmp_path / "link.json.lock").exists()


def test_a_full_disk_leaves_the_old_file_and_no_litter(file, monkeypatch):
    profiles.save_profile(file, "ada", ["ai"])
    before = file.read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        profiles.save_profile(file, "bob", ["web"])
    assert file.read_bytes() == before
    assert not list(file.parent.glob("*.tmp"))


def test_a_file_system_without_hard_links_keeps_a_backup_too(file, monkeypatch):
    def refuse(_source, _target):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(files.os, "link", refuse)
    profiles.save_profile(file, "ada", ["ai"])
    before = file.read_bytes()
    profiles.save_profile(file, "bob", ["web"])
    assert file.with_name("profiles.json.bak").read_bytes() == before
    assert sorted(json.loads(file.read_text())) == ["ada", "bob"]


def test_a_save_after_a_crash_between_backup_and_rename(file):
    """Killed there, the backup and the file are one inode, and a temporary file may lie about."""
    profiles.save_profile(file, "ada", ["ai"])
    os.link(file, file.with_name("profiles.json.bak"))
    file.with_name("profiles.json.tmp").write_text("half a fi")
    profiles.save_profile(file, "bob", ["web"])
    assert sorted(json.loads(file.read_text())) == ["ada", "bob"]
    assert list(json.loads(file.with_name("profiles.json.bak").read_text())) == ["ada"]
    assert not list(file.parent.glob("*.tmp"))


def test_threads_lose_no_save(file):
    def save(thread):
        for turn in range(10):
            profiles.save_profile(file, f"{thread}-{turn}", [str(turn)])

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(json.loads(file.read_text())) == 80


SAVE_MANY = """
import sys
from eventkit.profiles import save_profile
file, worker, saves = sys.argv[1], sys.argv[2], int(sys.argv[3])
for turn in range(saves):
    save_profile(file, f"{worker}-{turn}", [str(turn)])
"""


@pytest.mark.faults
def test_processes_lose_no_save(file):
    """FAULTS 7.1: the original keeps 3-4 of 200, as each process writes what it read before."""
    saves = faults_scale(100, 500)
    workers = [start(SAVE_MANY, file, worker, saves) for worker in range(4)]
    for worker in workers:
        worker.communicate(timeout=280)
    assert [worker.returncode for worker in workers] == [0] * 4
    kept = json.loads(file.read_text())
    assert len(kept) == 4 * saves
    assert all(kept[f"{worker}-{saves - 1}"] == [str(saves - 1)] for worker in range(4))


SAVE_FOREVER = """
import sys
from eventkit.profiles import save_profile
print("ready", flush=True)
while True:
    save_profile(sys.argv[1], "last", ["ai"])
"""


@pytest.mark.once
@pytest.mark.faults
def test_a_kill_during_a_save_destroys_nothing(file):
    """FAULTS 7.2: the original truncates and then writes; 1-3 of 30 kills leave half a file."""
    many = {f"person-{number}": ["ai", "agents"] for number in range(20_000)}
    file.write_text(json.dumps(many))
    many["last"] = ["ai"]
    delay = random.Random(72)
    for _ in range(faults_scale(15, 500)):
        saver = start(SAVE_FOREVER, file)
        assert saver.stdout.readline() == b"ready\n"
        # Not a wait for something: the moment of the kill is what the test varies.
        threading.Event().wait(delay.uniform(0, 0.25))
        saver.kill()
        saver.communicate()
        kept = json.loads(file.read_text())
        kept["last"] = ["ai"]
        assert kept == many
    profiles.save_profile(file, "last", ["ai"])
    assert json.loads(file.read_text()) == many
    assert len(json.loads(file.with_name("profiles.json.bak").read_text())) >= 20_000
    assert not list(file.parent.glob("*.tmp"))


def test_atomic_write_keeps_permissions_and_follows_links(tmp_path):
    target = tmp_path / ("x" * 255)
    link = tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    files.atomic_write(link, b"new")
    assert target.read_bytes() == b"new"
    assert mode_of(target) == 0o640
    assert link.is_symlink()
    files.atomic_write(tmp_path / "private", b"", mode=0o600)
    assert mode_of(tmp_path / "private") == 0o600
    assert not list(tmp_path.glob(".*.tmp"))
