"""The commands `evaluate` and `template`, on files as people have them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date

import pytest

import eventkit
from eventkit.cli import main
from eventkit.cli.evaluation import measures
from eventkit.cli.template import sessions_template
from eventkit.schema import validate

MANIFEST = {
    "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
    "recommend": {"max_sessions_default": 2},
    "profile": {"storage_file": "profiles.json"},
    "sessions": [
        {"title": "A", "start": "1", "end": "2", "tags": ["AI", "web"], "popularity": 0.9},
        {"title": "B", "start": "1", "end": "2", "tags": ["ai"], "popularity": 0.5},
        {"title": "C", "start": "2", "end": "3", "tags": [], "popularity": 0.1},
    ],
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "agent.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    return tmp_path


def answered(capsys, *arguments):
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else None, err


def test_evaluate(here, capsys):
    status, result, err = answered(capsys, "evaluate", "--profiles", "ada=AI; x", "bob=c++")
    assert (status, err) == (0, "")
    ada, bob = result["profiles"]["ada"], result["profiles"]["bob"]
    assert ada.pop("latency_ms") > 0
    assert ada == {
        "interests": ["ai", "x"],
        "sessions": ["A", "B"],
        "relevance": 1.0,
        "diversity": 2 / 3,
        "conflicts": 1,
    }
    assert (bob["relevance"], bob["sessions"]) == (0.0, ["A", "B"])
    assert result["average"]["relevance"] == 0.5
    assert result["average"]["conflicts"] == 1.0


def test_evaluate_saved_profiles(here, capsys):
    assert answered(capsys, "evaluate", "--load") == (
        2,
        {"error": "no profiles provided"},
        'eventkit: no profiles: give --profiles NAME="a, b", or --load with some saved\n',
    )
    eventkit.save_profile("profiles.json", "cy", ["Web"])
    status, result, _ = answered(capsys, "evaluate", "--load", "--profiles", "ada=ai", "--top", "1")
    assert status == 0
    assert list(result["profiles"]) == ["ada", "cy"]
    assert result["profiles"]["cy"]["sessions"] == ["A"]


@pytest.mark.parametrize("text", ["no equals sign", "=ai"])
def test_a_profile_without_a_name_is_refused(here, capsys, text):
    status, result, err = answered(capsys, "evaluate", "--profiles", text)
    assert (status, result) == (2, None)
    assert err == f'eventkit: --profiles {text!r}: expected NAME="a, b"\n'


def test_evaluate_says_that_there_is_no_profile_file(here, capsys):
    (here / "agent.json").write_text(json.dumps({**MANIFEST, "profile": {}}), encoding="utf-8")
    assert answered(capsys, "evaluate", "--load") == (
        2,
        {"error": "no profiles provided"},
        "eventkit: no saved profiles: agent.json has no profile.storage_file; add it, or give "
        "--profile-file\n",
    )


def test_measures_without_sessions():
    found = measures(lambda: {"sessions": [], "conflicts": 0}, [])
    assert (found["relevance"], found["diversity"]) == (0.0, 0.0)


def test_template_fills_a_manifest(here, capsys):
    status, rows, err = answered(capsys, "template", "--count", "9", "--date", "2026-09-14")
    assert (status, err) == (0, "")
    assert rows == sessions_template(9, date(2026, 9, 14))
    assert validate(MANIFEST | {"sessions": rows}) == []
    assert len({row["id"] for row in rows}) == 9


def test_template_as_an_external_file(here, capsys):
    status, result, _ = answered(capsys, "template", "--output", "sessions_external.json")
    assert (status, result) == (0, {"saved": "sessions_external.json", "sessionCount": 3})
    external = {"externalSessions": {"enabled": True, "file": "sessions_external.json"}}
    sessions = eventkit.get_sessions(MANIFEST | {"features": external})
    assert [session["title"] for session in sessions] == [
        f"Title of session {n}" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize("words", [["--count", "0"], ["--date", "soon"], ["--output", "../x"]])
def test_a_template_that_cannot_be_made(here, capsys, words):
    status, result, err = answered(capsys, "template", *words)
    assert (status, result) == (2, None)
    assert err.startswith("eventkit: ")


def test_the_commands_are_listed():
    done = subprocess.run(
        [sys.executable, "-m", "eventkit", "--help"], capture_output=True, text=True, check=True
    )
    assert {"accelerate", "evaluate", "template", "export"} <= set(done.stdout.split())
