"""``eventkit telemetry``, `summarize` in Python, the page and the OpenTelemetry exporter."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from eventkit import Telemetry, summarize
from eventkit.cli import main
from eventkit.cli.limits import parse_limit, parse_since
from eventkit.cli.telemetry import stats
from eventkit.telemetry.otel import Exporter

HOUR = 3_600
NOON = 1_795_435_200  # 2026-11-23T12:00Z


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def row(action: str, latency: float, *, ts: float = NOON, **more: Any) -> dict[str, Any]:
    return {"ts": ts, "action": action, "success": True, "latency_ms": latency} | more


ROWS = [
    *(row("recommend", 10 + number / 10, ts=NOON + number) for number in range(100)),
    *(row("explain", 8.0, ts=NOON + HOUR, success=False, error="KeyError") for _ in range(10)),
    row("explain", 9_999.0, event="exception", success=False, error="KeyError"),
]


def test_the_guides_lines(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here / "telemetry.jsonl", ROWS)
    assert main(["telemetry", "stats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "explain: p50=8.0ms, p95=8.0ms, p99=8.0ms",
        "recommend: p50=14.9ms, p95=19.4ms, p99=19.8ms",
    ]
    assert [line.split() for line in lines[4:]] == [
        ["explain", "10", "0.0%", "0.00278", "1", "KeyError", "11"],
        ["recommend", "100", "100.0%", "1.01", "0", "-"],
        ["all", "110", "90.9%", "0.0306", "1", "KeyError", "11"],
    ]


def test_json_has_the_keys_of_the_originals_script(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here / "telemetry.jsonl", ROWS)
    assert main(["telemetry", "stats", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["count"] == 110
    assert summary["actions"] == {"explain": 10, "recommend": 100}
    assert summary["success_rate"] == 100 / 110
    values = [entry["latency_ms"] for entry in ROWS[:-1]]
    assert summary["latency"]["median"] == np.percentile(values, 50)
    assert summary["latency"]["p95"] == np.percentile(values, 95)
    assert summary["latency"]["max"] == max(values)


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        ("source", {"graph": 1, "manifest": 2}),
        ("hour", {"2026-11-23T12Z": 2, "2026-11-23T13Z": 1}),
        ("action", {"a": 3}),
    ],
)
def test_groupings(tmp_path: Path, by: Any, counts: dict[str, int]) -> None:
    rows = [row("a", 1, source="graph"), row("a", 2), row("a", 3, ts=NOON + HOUR)]
    write(tmp_path / "t.jsonl", rows)
    assert summarize(tmp_path / "t.jsonl", by=by)["actions"] == counts


def test_since_counts_from_now_or_from_a_date(here: Path) -> None:
    write(here / "t.jsonl", [row("a", 1, ts=NOON - 60), row("a", 2), {"action": "a"}])
    assert summarize("t.jsonl", since=NOON)["count"] == 1
    assert parse_since("90m")(NOON) == NOON - 5_400
    assert parse_since("2026-11-23T12:00:00Z")(0.0) == NOON
    with pytest.raises(argparse.ArgumentTypeError, match="yesterday"):
        parse_since("yesterday")


LIMITS = [
    ("p95=20ms", 0),
    ("p95=19ms", 1),
    ("p50=0.001s", 1),
    ("max=19900us", 0),
    ("explain:p99=7ms", 1),
    ("recommend:errors=0%", 0),
    ("errors=5%", 1),
    ("missing:p50=0ms", 0),
]


@pytest.mark.parametrize(("limit", "status"), LIMITS)
def test_limits_decide_the_exit_status(
    here: Path, capsys: pytest.CaptureFixture[str], limit: str, status: int
) -> None:
    write(here / "telemetry.jsonl", ROWS)
    assert main(["telemetry", "stats", "--fail-over", limit]) == status
    assert (" is over " in capsys.readouterr().err) == bool(status)


@pytest.mark.parametrize("text", ["p95", "p95=50", "p42=1ms", "errors=1", "=1ms"])
def test_other_limits_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse_limit(text)


def test_plot_and_page(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*ROWS, row("<script>alert(1)</script>\x1b[31m", 3.0)]
    write(here / "telemetry.jsonl", rows)
    assert main(["telemetry", "stats", "--plot", "--html", "page.html"]) == 0
    out = capsys.readouterr().out
    assert "10 ms ████" in out
    assert "\x1b" not in out
    page = (here / "page.html").read_text(encoding="utf-8")
    assert "<script" not in page
    drawings = [f"<svg{part.split('</svg>')[0]}</svg>" for part in page.split("<svg")[1:]]
    curves, histogram = (ET.fromstring(drawing) for drawing in drawings)
    assert len(curves.findall("polyline")) == 3
    assert all(bar.find("title") is not None for bar in histogram.findall("rect"))


def test_what_was_left_out_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "telemetry.jsonl").write_text('{"action": "a", "success": true}\n[]\n{"acti\n')
    assert main(["telemetry", "stats"]) == 0
    err = capsys.readouterr().err
    assert "1 torn lines" in err
    assert "1 lines that are not telemetry" in err


def test_nothing_to_summarise(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["telemetry", "stats"]) == 2
    assert "is telemetry enabled" in capsys.readouterr().err
    (here / "telemetry.jsonl").touch()
    assert main(["telemetry", "stats"]) == 0
    assert capsys.readouterr().out == "No telemetry.\n"


def test_follow_shows_it_again_when_there_is_more(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here / "telemetry.jsonl", ROWS[:1])
    waits = iter(range(4))

    def wait(seconds: float) -> None:
        if next(waits, None) is None:
            raise KeyboardInterrupt
        write(here / "telemetry.jsonl", ROWS[:2])

    arguments = argparse.Namespace(
        files=["telemetry.jsonl"], since=None, by="action", plot=False, html=None, follow=True,
        fail_over=[], json=True, csv=False, manifest=None,
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        stats(arguments, wait)
    shown = [json.loads("{" + part)["count"] for part in capsys.readouterr().out.split("\n{")[1:]]
    assert shown == [2]


def test_rotate_for_cron(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here / "telemetry.jsonl", ROWS)
    assert main(["telemetry", "rotate", "--max-bytes", "1000000", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rotated"] is None
    assert main(["telemetry", "rotate", "--json"]) == 0
    rotated = json.loads(capsys.readouterr().out)["rotated"]
    assert not (here / "telemetry.jsonl").exists()
    assert summarize(rotated)["count"] == summarize("telemetry.jsonl")["count"] == 110


def test_files_of_the_manifest(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here / "elsewhere.jsonl", ROWS[:7])
    (here / "agent.json").write_text('{"telemetry": {"file": "elsewhere.jsonl"}}')
    assert main(["telemetry", "stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 7


def test_opentelemetry_gets_the_same_records(here: Path) -> None:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    with Telemetry("telemetry.jsonl", exporter=Exporter(provider)) as telemetry:
        telemetry.log("recommend", {"sessions": [1]}, time.time() - 1, True, user="ada@example.com")
        telemetry.log("explain", {}, None, False, KeyError("ada@example.com"))
    good, bad = memory.get_finished_spans()
    assert (good.name, bad.name) == ("recommend", "explain")
    assert good.end_time - good.start_time >= 1_000_000_000
    assert good.attributes["eventkit.sessions"] == 1
    assert (bad.status.is_ok, bad.status.description) == (False, "KeyError")
    assert "ada" not in str(good.attributes) + str(bad.attributes)
    provider.shutdown()


def test_telemetry_without_the_compiled_module_says_what_is_missing(here: Path) -> None:
    write(here / "telemetry.jsonl", ROWS)
    for use in ("eventkit.Telemetry('t.jsonl')", "eventkit.summarize('telemetry.jsonl')"):
        code = (
            "import sys, warnings; sys.modules['eventkit._eventkit'] = None;"
            f"warnings.simplefilter('ignore'); import eventkit; {use}"
        )
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "ImportError: " in done.stderr
        assert "needs the compiled module of eventkit" in done.stderr
    assert not (here / "t.jsonl").exists()
