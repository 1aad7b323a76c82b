"""Telemetry while processes die, disks fill and files move. See `docs/faults.md`."""

from __future__ import annotations

import gzip
import json
import logging
import os
import random
import signal
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eventkit
from conftest import faults_scale
from eventkit import Telemetry, summarize
from faults import child

pytestmark = pytest.mark.faults


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "telemetry.jsonl"


def tell(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        print(f"\n    {text}", end="")


def start(*arguments: object, **changes: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "faults.telemetry", *map(str, arguments)]
    environment = child.environment(**changes)
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def finished(process: subprocess.Popen[bytes]) -> list[str]:
    said = process.communicate(timeout=child.PATIENCE)[0]
    return said.decode().splitlines()


def all_files(path: Path) -> list[Path]:
    return [*sorted(path.parent.glob("telemetry.0*")), *([path] if path.exists() else [])]


def lines(path: Path) -> Iterator[bytes]:
    for file in all_files(path):
        data = file.read_bytes()
        data = gzip.decompress(data) if file.suffix == ".gz" else data
        yield from (line for line in data.split(b"\n") if line)


def actions(path: Path) -> Counter[str]:
    """Every action in the files; a line that cannot be read counts as ``torn``."""
    found: Counter[str] = Counter()
    for line in lines(path):
        try:
            found[json.loads(line)["action"]] += 1
        except ValueError:
            found["torn"] += 1
    return found


@pytest.mark.parametrize(
    ("size", "kills"), [(200, faults_scale(10, 1_000)), (100_000, faults_scale(5, 300))]
)
@pytest.mark.slow
def test_a_kill_while_appending_tears_one_line_at_most(
    path: Path, capsys: pytest.CaptureFixture[str], size: int, kills: int
) -> None:
    rng = random.Random(size)
    said: list[int] = []
    for kill in range(1, kills + 1):
        with start("append", path, size, 1_000_000 * kill) as process:
            assert process.stdout is not None
            said += [int(process.stdout.readline()) for _ in range(rng.randint(1, 40))]
            process.kill()
            said += map(int, process.stdout.read().splitlines())
        # Large lines are looked at and deleted each time, small ones collect over all kills.
        if size > 1_000 or kill == kills:
            found = actions(path)
            torn = found.pop("torn", 0)
            assert all(found[f"n{number}"] == 1 for number in said)
            assert torn + sum(found.values()) - len(said) <= (1 if size > 1_000 else kills)
            path.unlink()
            said = []
    tell(capsys, f"5.1 {kills} kills at {size} B: 0 acknowledged lines lost")


def test_a_torn_tail_is_not_glued_to_the_next_line(path: Path) -> None:
    path.write_bytes(b'{"action": "old", "success": true}\n{"action": "to')
    with Telemetry(path) as telemetry:
        telemetry.log("new", {}, None, True)
    assert actions(path) == {"old": 1, "torn": 1, "new": 1}
    assert (summarize(path)["count"], summarize(path)["torn"]) == (2, 1)


PLACES_PASSED = 60
"""At the least, by the forty lines of one process: four in each of its rotations."""


@pytest.mark.once
@pytest.mark.usefixtures("fault_injection")
def test_a_kill_while_rotating_loses_no_line(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At each place between two system calls in turn; the next process goes on without help."""
    kills = faults_scale(12, 500)
    killed, first, said = 0, 0, []
    # A process that rotates less often passes fewer places and ends by itself: another goes on.
    for place in range(2 * kills):
        if killed == kills:
            break
        at = {"EVENTKIT_TELEMETRY_KILL_AT": str(place % PLACES_PASSED + 1)}
        process = start("rotate", path, first, **at)
        said += [int(word) for word in finished(process)]
        killed += process.returncode == -signal.SIGKILL
        first += 40
    found = actions(path)
    assert found.pop("torn", 0) == 0
    assert {f"n{number}" for number in said} <= set(found)
    assert set(found.values()) == {1}, "nothing twice"
    assert killed == kills
    tell(capsys, f"5.2 {killed} kills in rotation: {len(said)} lines, 0 lost, 0 twice")


@pytest.mark.once
@pytest.mark.usefixtures("fault_injection")
def test_a_kill_while_compressing_loses_no_line(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = 500
    with Telemetry(path, durability="sync", compress_after_days=None) as telemetry:
        for number in range(count):
            telemetry.log(f"n{number}", {}, None, True)
        segment = telemetry.rotate()
    assert segment is not None
    os.utime(segment, (0, 0))
    killed = 0
    for place in range(1, 10):
        process = start("tend", path, EVENTKIT_TELEMETRY_KILL_AT=str(place))
        finished(process)
        killed += process.returncode == -signal.SIGKILL
        assert summarize(path)["count"] == count, "a segment and its compressed copy are one"
        if not list(path.parent.glob("*.gz")):
            continue
        for compressed in path.parent.glob("*.gz"):
            if not segment.exists():
                segment.write_bytes(gzip.decompress(compressed.read_bytes()))
                os.utime(segment, (0, 0))
            if place % 2:
                compressed.unlink()
    assert finished(start("tend", path))
    assert not segment.exists()
    assert actions(path) == {f"n{number}": 1 for number in range(count)}
    assert not list(path.parent.glob("*.tmp"))
    tell(capsys, f"5.2 {killed} kills while compressing: 0 lost, 0 twice")


def test_a_full_disk_drops_lines_and_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a tmpfs of 256 KiB where one can be mounted, else on a file that may not get larger."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        _file_size_limit(tmp_path, capsys)
        return
    try:
        (disk / "ballast").write_bytes(b"x" * 65_536)
        path = disk / "telemetry.jsonl"
        process = start("fill", path, 1_600 * 2)
        said = finished(process)
        assert process.returncode == 0
        counts = json.loads(said[-1])
        found = actions(path)
        assert found.pop("torn", 0) == 0
        assert sum(found.values()) == counts["accepted"] + 100
        tell(capsys, f"5.3 tmpfs full: {counts}, 0 unparseable lines")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _file_size_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "telemetry.jsonl"
    code = (
        "import resource, signal, sys, eventkit; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        "t = eventkit.Telemetry(sys.argv[1], durability='sync', max_bytes=None);"
        "ok = sum(t.log('n', {}, None, True) for _ in range(2_000)); s = t.stats();"
        "assert ok == s['written'] == 2_000 - s['dropped_io'] < 2_000; print(ok)"
    )
    said = child.finish([sys.executable, "-c", code, str(path)], 60, child.environment())
    found = actions(path)
    assert found == {"n": int(said)}
    tell(capsys, f"5.3 file size limit: {said.strip()} of 2000 written, 0 unparseable lines")


def test_many_processes_lose_no_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    processes, count = faults_scale(4, 8), faults_scale(4_000, 20_000)
    crowd = [start("crowd", path, who, count) for who in range(processes)]
    stats = [json.loads(finished(process)[-1]) for process in crowd]
    assert [process.returncode for process in crowd] == [0] * processes
    found = actions(path)
    expected = {f"p{who}-{number}" for who in range(processes) for number in range(count)}
    assert set(found) == expected
    assert set(found.values()) == {1}
    rotations = sum(each["rotations"] for each in stats)
    assert rotations > 1
    tell(
        capsys,
        f"5.4 {len(found)} of {processes * count} lines by {processes} processes, 0 torn, "
        f"0 twice, {rotations} rotations",
    )


def test_many_rotations_at_once_lose_no_line(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one second or so, in order: the names do not depend on the clock."""
    rotations = faults_scale(1_000, 10_000)
    limits = {"max_bytes": 1, "compress_after_days": None, "delete_after_days": None}
    with Telemetry(path, durability="sync", **limits) as telemetry:
        for number in range(rotations + 1):
            assert telemetry.log(f"n{number}", {}, None, True)
        assert telemetry.stats()["rotations"] == rotations
    order = [json.loads(line)["action"] for line in lines(path)]
    assert order == [f"n{number}" for number in range(rotations + 1)]
    tell(capsys, f"5.5 {rotations} rotations: as many names, in order")


def test_order_survives_a_clock_that_is_set_back(path: Path) -> None:
    future = path.with_name("telemetry.0000000007-29991231T235959.999999999Z-1.jsonl")
    future.write_text('{"action": "first", "success": true}\n')
    with Telemetry(path, durability="sync", delete_after_days=None) as telemetry:
        telemetry.log("second", {}, None, True)
        segment = telemetry.rotate()
    assert segment is not None
    assert segment.name > future.name


PLACES = ["missing directory", "directory", "pipe", "link", "dangling link", "unwritable"]


@pytest.mark.parametrize("durability", ["background", "sync"])
@pytest.mark.parametrize("place", PLACES)
def test_unusual_paths_are_written_or_reported_once(
    path: Path, caplog: pytest.LogCaptureFixture, place: str, durability: Any
) -> None:
    target = path.with_name("elsewhere")
    if place == "missing directory":
        path = path.parent / "missing" / path.name
    elif place == "directory":
        path.mkdir()
    elif place == "pipe":
        os.mkfifo(path)
    elif place == "link":
        target.touch()
        path.symlink_to(target)
    elif place == "dangling link":
        path.symlink_to(target)
    else:
        path = Path("/proc/self/telemetry.jsonl")
    with caplog.at_level(logging.WARNING, "eventkit.telemetry"):
        telemetry = Telemetry(path, durability=durability)
        for _ in range(50):
            telemetry.log("recommend", {}, None, True)
        assert telemetry.flush(30)
    stats = telemetry.stats()
    assert (stats["dropped_io"], stats["written"]) == (50, 0)
    assert len(caplog.records) == 1
    assert str(path) in caplog.text
    assert not target.exists() or target.stat().st_size == 0


def test_writing_continues_when_the_path_is_back(path: Path) -> None:
    path = path.parent / "later" / path.name
    telemetry = Telemetry(path)
    telemetry.log("lost", {}, None, True)
    telemetry.flush()
    path.parent.mkdir()
    telemetry.flush()
    telemetry.log("kept", {}, None, True)
    telemetry.flush()
    assert actions(path) == {"kept": 1}
    assert telemetry.stats()["dropped"] == 1


@pytest.mark.parametrize("how", ["rename", "delete", "truncate"])
def test_an_external_logrotate_under_load_loses_no_line(
    path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    """A rename and a delete lose nothing that was logged later; a truncation what it cut off."""
    rounds, burst = faults_scale(20, 500), 50
    telemetry = Telemetry(path, max_bytes=None, daily=False)
    kept = 0
    for number in range(rounds):
        for step in range(burst):
            telemetry.log(f"n{number}-{step}", {}, None, True)
        if how == "rename":
            telemetry.flush()
            path.rename(path.with_name(f"telemetry.0{number:04}"))
            kept += burst
            continue
        assert telemetry.flush()
        found = actions(path)
        assert set(found) >= {f"n{number}-{step}" for step in range(burst)}
        if how == "delete":
            path.unlink()
        else:
            os.truncate(path, 0)
    telemetry.log("last", {}, None, True)
    telemetry.close()
    found = actions(path)
    assert found.pop("last") == 1
    assert "torn" not in found
    assert len(found) == kept
    assert telemetry.stats()["dropped"] == 0
    tell(capsys, f"5.7 {how}: {rounds} times, 0 lines lost that were logged after it")


def test_a_deleted_file_is_created_again(path: Path) -> None:
    """Every line is either in a file that was deleted after it, or is still there: none between."""
    telemetry = Telemetry(path, max_bytes=None)
    stop = threading.Event()

    def delete() -> None:
        while not stop.is_set():
            path.unlink(missing_ok=True)

    deleter = threading.Thread(target=delete)
    deleter.start()
    for number in range(faults_scale(5_000, 100_000)):
        telemetry.log(f"n{number}", {}, None, True)
    assert telemetry.flush(30)
    stop.set()
    deleter.join()
    telemetry.log("last", {}, None, True)
    telemetry.close()
    assert actions(path)["last"] == 1
    assert telemetry.stats()["dropped"] == 0


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("exit", 0),
        ("collected", 0),
        ("raise", 5),
        ("os._exit", 0),
        ("sigterm", -signal.SIGTERM),
        ("handler", 7),
    ],
)
def test_lines_are_flushed_when_a_process_ends(path: Path, how: str, status: int) -> None:
    count = faults_scale(5_000, 50_000)
    process = start("leave", path, how, count)
    finished(process)
    assert process.returncode == status
    assert actions(path) == {f"n{number}": 1 for number in range(count)}


def test_a_child_does_not_repeat_its_parents_queue(path: Path) -> None:
    count = faults_scale(2_000, 20_000)
    child.run("telemetry", "fork", path, count)
    found = actions(path)
    assert set(found.values()) == {1}
    assert len(found) == 3 * count


def test_children_of_multiprocessing_flush(path: Path) -> None:
    child.run("telemetry", "multiprocess", path)
    assert actions(path) == {"parent": 1, "child": 4}


def test_a_full_queue_drops_lines_and_counts_them(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry = Telemetry(path, queue_bytes=0)
    assert not telemetry.log("recommend", {}, None, True)
    stats = telemetry.stats()
    assert (stats["logged"], stats["dropped_queue_full"]) == (1, 1)
    assert "queue is full" in caplog.text


def test_no_private_text_is_written(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count = faults_scale(5_000, 100_000)
    rng = random.Random(9)
    telemetry = Telemetry(path, exporter=None)
    for _ in range(count):
        canary = f"canary{rng.getrandbits(64):x}"
        session = {"title": canary, "tags": [canary], "location": canary}
        answer = {
            "sessions": [session] * rng.randrange(3),
            "userId": f"{canary}@example.com",
            "error": canary,
            "source": rng.choice(["graph", canary]),
            "interests": [canary],
            canary: canary,
        }
        error = rng.choice([None, canary, ValueError(canary), f"Graph API error: {canary}"])
        correlation = rng.choice([None, f"{canary}@example.com", f"Bearer {canary}"])
        assert telemetry.log("recommend", answer, None, error is None, error, correlation)
    telemetry.close()
    assert sum(actions(path).values()) == count
    for file in path.parent.iterdir():
        assert b"canary" not in file.read_bytes(), file
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    tell(capsys, f"5.9 {count} payloads with canaries: 0 in the files")


def test_the_reader_skips_lines_that_are_not_telemetry(path: Path) -> None:
    rng = random.Random(10)
    good = '{"action": "a", "success": true, "%s": %s}'
    rows = [
        good % ("latency_ms", "1.5"),
        good % ("duration_ms", "2"),
        good % ("latency_ms", "NaN"),
        good % ("latency_ms", "-Infinity"),
        good[:20],
        '{"ts": 1, "acti{"ts": 2, "action": "a", "success": true, "latency_ms": 3}',
        "[]",
        '{"other": 1}',
        "",
    ]
    path.write_bytes(
        "\n".join(rows).encode() + b"\n" + b"\xff\xfe\x00junk" + b"x" * 300_000 + b"\n"
    )
    summary = summarize(path)
    assert (summary["count"], summary["torn"], summary["foreign"]) == (5, 3, 2)
    assert summary["latency"]["max"] == 3
    path.write_bytes(rng.randbytes(3_000_000))
    assert summarize(path)["count"] == 0
    path.write_bytes(b"x" * 40_000_000)
    assert summarize(path)["foreign"] + summarize(path)["torn"] == 1


@pytest.mark.parametrize("kind", ["microseconds", "floats", "mixed", "few", "negative"])
@pytest.mark.slow
def test_percentiles_are_numpys(path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    count = (
        faults_scale(400_000, 1_000_000) if kind == "floats" else faults_scale(50_000, 1_000_000)
    )
    generator = np.random.default_rng(5)
    values = generator.lognormal(2, 1, count)
    if kind == "microseconds":
        values = np.round(values, 3)
    elif kind == "few":
        values = values[:3]
    elif kind == "negative":
        values = values - 5
    key = ["latency_ms", "duration_ms"]
    with path.open("w") as file:
        for place, value in enumerate(values.tolist()):
            name = key[place % 2] if kind == "mixed" else key[0]
            file.write(f'{{"action": "a{place % 3}", "success": true, "{name}": {value!r}}}\n')
    summary = summarize(path)
    _same(summary["latency"], values)
    for group in range(min(3, len(values))):
        _same(summary["by"][f"a{group}"]["latency"], values[group::3])
    tell(
        capsys, f"5.10 {len(values)} rows, {kind}: numpy's percentiles, {summary['passes']} passes"
    )


def _same(latency: dict[str, Any], values: Any) -> None:
    assert latency["count"] == len(values)
    for percent in (50, 95, 99):
        assert latency[f"p{percent}"] == float(np.percentile(values, percent)), percent
    assert (latency["min"], latency["max"]) == (values.min(), values.max())


def test_compressed_and_rotated_files_are_read(path: Path) -> None:
    with Telemetry(path, max_bytes=2_000, durability="sync") as telemetry:
        for number in range(100):
            telemetry.log(f"a{number % 5}", {}, None, True)
    segment = all_files(path)[0]
    Path(f"{segment}.gz").write_bytes(gzip.compress(segment.read_bytes()))
    assert summarize(path)["count"] == 100, "the copy of a segment does not count"
    segment.unlink()
    assert summarize(path)["count"] == 100
    assert summarize(path, rotated=False)["count"] < 100
    data = Path(f"{segment}.gz").read_bytes()
    Path(f"{segment}.gz").write_bytes(data[: len(data) // 2])
    assert summarize(path)["unreadable"]


@pytest.mark.slow
def test_the_reader_needs_constant_memory(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file many times larger takes no more memory, however many different latencies it has."""
    code = (
        "import sys, eventkit; eventkit.summarize(sys.argv[1]);"
        "status = dict(line.split(':') for line in open('/proc/self/status'));"
        "print(int(status['VmHWM'].split()[0]) // 1024)"
    )
    rows = faults_scale(500_000, 5_000_000)
    generator = np.random.default_rng(6)
    with path.open("w") as file:
        for _ in range(rows // 10_000):
            block = generator.lognormal(2, 1, 10_000).tolist()
            file.writelines(
                f'{{"ts": 1.5, "action": "recommend", "success": true, "latency_ms": {value!r}}}\n'
                for value in block
            )
    said = child.finish([sys.executable, "-c", code, str(path)], 120, child.environment())
    size = path.stat().st_size / 1e6
    tell(capsys, f"5.10 {size:.0f} MB, {rows} different latencies: {said.strip()} MB of memory")
    assert int(said) < 64


def test_plain_summary_is_the_same(path: Path) -> None:
    """The specification in plain Python, on rows of every kind."""
    import plain_telemetry
    from eventkit import _native

    rng = random.Random(11)
    with path.open("w") as file:
        for _ in range(2_000):
            row = {
                "ts": rng.choice(
                    [None, 1_795_446_060 + rng.randrange(9_999), "2026-11-23T15:01:00Z"]
                ),
                "action": rng.choice(["a", "b", "é", 5]),
                "success": rng.choice([True, False, None, 0, 1, "", "x"]),
                "error": rng.choice([None, "KeyError", "other", 7]),
                "latency_ms": rng.choice([None, rng.random(), rng.randrange(9), True, "1"]),
                "duration_ms": rng.randrange(-3, 50),
                "source": rng.choice([None, "graph", 1]),
                "payload": rng.choice([None, {"source": "manifest"}, [1, {}], "x", 1.5, True]),
                "event": rng.choice([None, "exception"]),
            }
            line = json.dumps(row)
            file.write(line[: rng.choice([None] * 9 + [-3])] + "\n")
    for by in ("action", "source", "hour"):
        for since in (None, 1_795_450_000.0):
            arguments = ([path], by, since, None)
            native = _native.summarize_telemetry(*arguments)
            plain = plain_telemetry.summarize_telemetry(*arguments)
            native["histogram"] = [tuple(bar) for bar in native["histogram"]]
            assert native == plain


def test_interrupt_stops_a_summary(path: Path) -> None:
    path.write_bytes(b'{"action": "a", "success": true}\n' * 1_000)

    def progress(read: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        summarize(path, progress=progress)
    with pytest.raises(FileNotFoundError):
        eventkit.summarize(path.with_name("missing"))
