"""`Telemetry`, `get_telemetry`: what is written, when, and what never is."""

from __future__ import annotations

import gzip
import json
import logging
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import eventkit
import plain_telemetry
from eventkit import Telemetry, get_telemetry
from eventkit.telemetry import log as log_module
from eventkit.telemetry.privacy import Pseudonyms, error_kind

ANSWER = {"sessions": [{"title": "Secret Talk"}] * 3, "conflicts": 1, "source": "graph"}
DAY = 86_400


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def segments(path: Path) -> list[Path]:
    return sorted(path.parent.glob("telemetry.0*"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "telemetry.jsonl"


def test_default_line_has_counts_and_no_contents(path: Path) -> None:
    with Telemetry(path) as telemetry:
        answer = {**ANSWER, "userId": "ada@example.com"}
        assert telemetry.log("recommend", answer, time.time(), True, correlation_id="4bf9-2f")
    (line,) = written(path)
    assert list(line) == [
        *("ts", "action", "success", "latency_ms", "duration_ms", "sessions", "conflicts"),
        *("source", "user", "correlation_id"),
    ]
    assert (line["sessions"], line["conflicts"], line["source"]) == (3, 1, "graph")
    assert len(line["user"]) == 16
    assert line["duration_ms"] == int(line["latency_ms"]) >= 0
    assert len(path.read_bytes()) < 300
    assert b"Secret" not in path.read_bytes()
    assert b"ada" not in path.read_bytes()


def test_full_payload_is_the_originals(path: Path) -> None:
    with Telemetry(path, payload="full") as telemetry:
        telemetry.log("recommend", ANSWER, 5.0, False, "no luck", "any id: at all")
    (line,) = written(path)
    assert line["payload"] == ANSWER
    assert (line["action"], line["start"], line["success"]) == ("recommend", 5.0, False)
    assert (line["error"], line["correlation_id"]) == ("no luck", "any id: at all")
    assert line["duration_ms"] == int(line["latency_ms"])


def test_full_payload_is_always_json(path: Path) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with Telemetry(path, payload="full", durability="sync") as telemetry:
        odd = {"popularity": float("nan"), "when": {1, 2}, "deep": [float("inf"), (1,)]}
        assert telemetry.log("recommend", odd, None, True)
        assert not telemetry.log("recommend", endless, None, True)
        assert telemetry.stats()["dropped_unserializable"] == 1
    (line,) = written(path)
    assert line["payload"] == {"popularity": None, "when": "{1, 2}", "deep": [None, [1]]}


@pytest.mark.parametrize("durability", ["background", "sync", "fsync"])
def test_stats_add_up(path: Path, durability: Any) -> None:
    telemetry = Telemetry(path, durability=durability)
    for _ in range(100):
        assert telemetry.log("explain", {}, None, True)
    assert telemetry.flush()
    stats = telemetry.stats()
    assert (stats["logged"], stats["written"], stats["dropped"], stats["queued"]) == (
        100,
        100,
        0,
        0,
    )
    assert stats["bytes"] == path.stat().st_size
    assert telemetry.close()
    assert telemetry.log("late", {}, None, True), "after close the caller writes"
    assert len(written(path)) == 101


def test_disabled_writes_and_opens_nothing(path: Path) -> None:
    telemetry = Telemetry(path, enabled=False)
    assert not telemetry.log("recommend", ANSWER, None, True)
    with telemetry.measure("recommend"):
        pass
    assert not path.exists()


def test_measure_times_by_a_clock_that_cannot_be_set(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([1_000_000, 13_345_678])
    monkeypatch.setattr(log_module.time, "perf_counter_ns", lambda: next(ticks))
    with Telemetry(path) as telemetry, telemetry.measure("recommend") as measurement:
        measurement.payload = ANSWER
    (line,) = written(path)
    assert (line["latency_ms"], line["duration_ms"], line["sessions"]) == (12.345, 12, 3)


def test_measure_lets_an_exception_pass_and_names_its_kind(path: Path) -> None:
    telemetry = Telemetry(path, durability="sync")
    with pytest.raises(KeyError, match="ada"), telemetry.measure("recommend"):
        raise KeyError("ada@example.com")
    (line,) = written(path)
    assert (line["success"], line["error"]) == (False, "KeyError")


def test_log_exception_takes_both_orders(path: Path) -> None:
    with Telemetry(path) as telemetry:
        assert telemetry.log_exception("recommend", ValueError("x"), time.time(), "id-1")
        assert telemetry.log_exception(ValueError("x"), "recommend")  # type: ignore[arg-type]
    for line in written(path):
        assert (line["action"], line["event"], line["error"]) == (
            "recommend",
            "exception",
            "ValueError",
        )


@pytest.mark.parametrize("start", [float("nan"), float("inf"), 1e300, -1e300, "later"])
def test_no_start_gives_a_latency_that_is_negative_or_no_json(
    path: Path, start: float | str
) -> None:
    start = time.time() + 9_999 if start == "later" else float(start)
    with Telemetry(path) as telemetry:
        assert telemetry.log("recommend", {}, start, True)
    (line,) = written(path)
    assert line.get("latency_ms", 0) >= 0


def test_odd_arguments_never_raise(path: Path) -> None:
    telemetry = Telemetry(path, durability="sync")
    telemetry.log(17, object(), "noon", "yes", object(), object(), user=object())  # type: ignore[arg-type]
    telemetry.log("\ud800", {"sessions": 5, "conflicts": -1, "source": []}, None, True)
    stats = telemetry.stats()
    assert stats["logged"] == 2 == stats["written"] + stats["dropped"]
    assert [line["action"] for line in written(path)] == ["\ufffd" * 3]


def test_pseudonyms_are_the_same_everywhere_and_nobody_elses(tmp_path: Path) -> None:
    ours, again = Pseudonyms(tmp_path / "a.key"), Pseudonyms(tmp_path / "a.key")
    theirs = Pseudonyms(tmp_path / "b.key")
    assert ours.of("ada") == again.of("ada") != ours.of("bob")
    assert ours.of("ada") != theirs.of("ada")
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.key", "b.key"]


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    key = tmp_path / "a.key"
    key.write_bytes(b"x" * 32)
    key.chmod(0o644)
    assert Pseudonyms(key).of("ada") != Pseudonyms(key).of("ada"), "each makes its own for now"
    assert key.read_bytes() == b"x" * 32


@pytest.mark.parametrize("text", ["ada@example.com", "tok_5e884898da", "Secret Talk", "AdaError1"])
def test_error_texts_are_not_written(text: str) -> None:
    assert error_kind(text) == "other"


MANIFESTS = [
    ({}, False, "telemetry.jsonl"),
    ({"features": {"telemetry": {"enabled": True, "file": "a.jsonl"}}}, True, "a.jsonl"),
    ({"telemetry": {"enabled": True, "file": "b.jsonl", "maxSizeBytes": 9}}, True, "b.jsonl"),
    ({"features": {"telemetry": {"file": "c"}}, "telemetry": {"enabled": True}}, True, "c"),
    ({"telemetry": None, "features": []}, False, "telemetry.jsonl"),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "enabled", "file"), MANIFESTS)
def test_manifest_settings_of_both_places(manifest: Any, enabled: bool, file: str) -> None:
    telemetry = get_telemetry(manifest)
    assert (telemetry.enabled, telemetry.path.name) == (enabled, file)


def test_contradiction_in_a_manifest_is_said(caplog: pytest.LogCaptureFixture) -> None:
    manifest = {
        "telemetry": {"enabled": True},
        "features": {"telemetry": {"enabled": False}},
    }
    with caplog.at_level(logging.WARNING, "eventkit.telemetry"):
        assert not get_telemetry(manifest).enabled
    assert "features.telemetry.enabled" in caplog.text


def test_rotation_by_size_keeps_order_and_every_line(path: Path) -> None:
    with Telemetry(path, max_bytes=1_000, durability="sync") as telemetry:
        for number in range(200):
            assert telemetry.log(f"a{number}", {}, None, True)
        assert telemetry.stats()["rotations"] == len(segments(path)) > 10
    files = [*segments(path), path]
    assert [line["action"] for file in files for line in written(file)] == [
        f"a{number}" for number in range(200)
    ]
    assert all(file.stat().st_size <= 1_000 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_rotation_by_day(path: Path) -> None:
    with Telemetry(path, durability="sync") as telemetry:
        telemetry.log("yesterday", {}, None, True)
        os.utime(path, (time.time() - DAY,) * 2)
        telemetry.log("today", {}, None, True)
    (segment,) = segments(path)
    assert [written(segment)[0]["action"], written(path)[0]["action"]] == ["yesterday", "today"]


def test_old_segments_are_compressed_and_very_old_ones_deleted(path: Path) -> None:
    telemetry = Telemetry(path, durability="sync", compress_after_days=7, delete_after_days=30)
    for age in (31, 8, 6):
        telemetry.log(f"d{age}", {}, None, True)
        assert telemetry.rotate()
    for age, segment in zip((31, 8, 6), segments(path), strict=True):
        os.utime(segment, (time.time() - age * DAY,) * 2)
    bystander = path.with_name("telemetry.20200101_000000.jsonl")
    bystander.write_text("{}\n")
    os.utime(bystander, (0, 0))
    assert telemetry.tend() == (1, 1)
    assert telemetry.tend() == (0, 0)
    compressed, plain = segments(path)
    assert json.loads(gzip.decompress(compressed.read_bytes()))["action"] == "d8"
    assert compressed.stat().st_mtime < time.time() - 7 * DAY, "it is as old as what is in it"
    assert stat.S_IMODE(compressed.stat().st_mode) == 0o600
    assert written(plain)[0]["action"] == "d6"
    assert bystander.exists()


def test_rotating_nothing_is_nothing(path: Path) -> None:
    telemetry = Telemetry(path)
    assert telemetry.rotate() is None
    path.touch()
    assert telemetry.rotate() is None


def test_a_sequence_that_was_lost_is_found_again(path: Path) -> None:
    telemetry = Telemetry(path, durability="sync")
    for number in range(3):
        telemetry.log(f"a{number}", {}, None, True)
        telemetry.rotate()
        path.with_name("telemetry.jsonl.lock").unlink()
    assert [written(segment)[0]["action"] for segment in segments(path)] == ["a0", "a1", "a2"]


def test_the_exporter_gets_the_records_and_cannot_hurt(path: Path) -> None:
    seen: list[dict[str, Any]] = []

    def exporter(record: dict[str, Any]) -> None:
        seen.append(record)
        raise ConnectionError

    with Telemetry(path, exporter=exporter) as telemetry:
        assert telemetry.log("recommend", ANSWER, time.time(), True)
    assert (seen[0]["action"], seen[0]["sessions"]) == ("recommend", 3)
    assert len(written(path)) == 1


def test_plain_writer_writes_the_same_lines(tmp_path: Path) -> None:
    arguments = (None, True, None, None, "sync", 1_000)
    native = pytest.importorskip("eventkit._eventkit").TelemetryWriter
    lines = []
    for kind, name in ((native, "n"), (plain_telemetry.TelemetryWriter, "p")):
        writer = kind(tmp_path / name, *arguments)
        answer = {"sessions": [1, 2], "conflicts": 0, "source": "manifest"}
        writer.log("é", answer, None, 12_345, True, None, "id", "u", False)
        writer.log("b", {"sessionCount": 4}, None, None, False, "KeyError", None, None, True)
        lines.append([{**line, "ts": 0} for line in written(tmp_path / name)])
    assert lines[0] == lines[1]
    assert [list(line) for line in lines[0]] == [list(line) for line in lines[1]]


def test_nothing_of_opentelemetry_is_loaded() -> None:
    code = (
        "import sys, eventkit; eventkit.Telemetry('t.jsonl', enabled=False);"
        "print([name for name in sys.modules if 'opentelemetry' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names() -> None:
    assert {"Telemetry", "get_telemetry", "summarize"} <= {*eventkit.__all__}
