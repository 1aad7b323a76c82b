"""The commands `plan`, `why-not` and `alternatives`, and `--balance` and `--spread`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import eventkit
from eventkit.cli import main, question_views, views
from eventkit.cli.terminal import plain
from eventkit.manifest import SAMPLE_MANIFEST_PATH, load_manifest

SAMPLE = load_manifest(SAMPLE_MANIFEST_PATH)
CATALOG = eventkit.Catalog(SAMPLE)
TITLE = "Keynote: Software That Forgets on Purpose"
INTERESTS = ["agents", "safety"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here: Path, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str, status: int = 0):
        assert main(["--interests" if it == "-i" else it for it in arguments]) == status
        captured = capsys.readouterr()
        return json.loads(captured.out), captured.err

    return run


def test_plan(run) -> None:
    wishes = ["--must", TITLE, "--busy", "12:00/13:00", "--gap", "10", "--top", "4"]
    expected = CATALOG.plan(INTERESTS, 4, gap=10, must=[TITLE], busy=[("12:00", "13:00")])
    assert run("plan", "-i", "Agents, safety", *wishes) == (expected, "")
    avoided = CATALOG.plan(INTERESTS, avoid=[TITLE])
    assert run("plan", "-i", "agents, safety", "--avoid", TITLE)[0] == avoided


def test_why_not_and_alternatives(run) -> None:
    asked = ("--session", TITLE, "-i", "agents, safety", "--top", "2")
    assert run("why-not", *asked) == (CATALOG.why_not(TITLE, INTERESTS, 2), "")
    assert run("alternatives", *asked) == (CATALOG.alternatives(TITLE, INTERESTS, 2), "")


def test_a_compiled_catalogue_answers_too(run, here: Path) -> None:
    CATALOG.save(here / "one.catalog")
    asked = ("--session", TITLE, "-i", "agents", "--manifest", "one.catalog")
    assert run("why-not", *asked)[0] == CATALOG.why_not(TITLE, ["agents"], 3)
    assert run("plan", "-i", "agents", "--manifest", "one.catalog")[0] == CATALOG.plan(["agents"])


def test_an_external_file_is_found_beside_the_manifest(run, here: Path) -> None:
    (here / "event").mkdir()
    features = {"externalSessions": {"enabled": True, "file": "more.json"}}
    (here / "event/m.json").write_text(json.dumps(SAMPLE | {"features": features}))
    sessions = [{"title": "Elsewhere", "tags": ["ai"], "start": "09:00", "end": "10:00"}]
    (here / "event/more.json").write_text(json.dumps(sessions))
    found, _ = run("plan", "-i", "ai", "--manifest", "event/m.json")
    assert found["sessions"] == sessions


def test_balance_and_spread(run) -> None:
    asked = ("recommend", "-i", "agents, safety", "--top", "4")
    assert run(*asked)[0] == eventkit.recommend(SAMPLE, INTERESTS, 4)
    assert run(*asked, "--balance", "none")[0] == eventkit.recommend(SAMPLE, INTERESTS, 4)
    expected = CATALOG.recommend(INTERESTS, 4, balance="interests")
    assert run(*asked, "--balance", "interests")[0] == expected
    expected = CATALOG.recommend(INTERESTS, 4, spread=["track", "room"])
    assert run(*asked, "--spread", "track", "--spread", "room")[0] == expected


def test_a_calendar_file_of_ones_own(run, here: Path) -> None:
    pytest.importorskip("icalendar")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1"]
    lines += ["DTSTART:20260914T060000Z", "DTEND:20260914T220000Z", "END:VEVENT", "END:VCALENDAR"]
    (here / "mine.ics").write_text("\r\n".join(lines) + "\r\n")
    manifest = {
        **SAMPLE,
        "sessions": [{"title": "A", "tags": ["ai"], "start": "9:00", "end": "10:00"}],
    }
    (here / "agent.json").write_text(json.dumps(manifest))
    asked = ("plan", "-i", "ai", "--busy", "mine.ics", "--date", "2026-09-14")
    found, _ = run(*asked, "--zone", "Europe/Berlin")
    assert [row["reason"] for row in found["left_out"]] == ["busy"]
    found, remark = run(*asked, status=2)
    assert "zone=" in found["error"]
    assert found["error"] in remark


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["why-not", "--session", "Dinner", "-i", "ai"], 1, "session not found: 'Dinner'"),
        (["alternatives", "--session", "Dinner", "-i", "ai"], 1, "session not found: 'Dinner'"),
        (["plan", "-i", "ai", "--must", "Dinner"], 1, 'must names "Dinner", which is no session'),
        (["plan", "-i", "ai", "--must", TITLE, "--avoid", TITLE], 2, "must and avoid both name"),
        (["plan", "-i", ""], 2, "no interests"),
    ],
)
def test_what_cannot_be_answered_says_so(run, arguments, status: int, message: str) -> None:
    found, remark = run(*arguments, status=status)
    assert "error" in found
    assert message in remark


def test_a_missing_calendar_file_is_named(here: Path, capsys) -> None:
    pytest.importorskip("icalendar")
    assert main(["plan", "--interests", "ai", "--busy", "none.ics"]) == 2
    assert capsys.readouterr().err == "eventkit: none.ics: No such file or directory\n"


@pytest.mark.parametrize("gap", ["-1", "nan", "many", "1441"])
def test_a_wrong_gap_is_named(here: Path, capsys, gap: str) -> None:
    with pytest.raises(SystemExit):
        main(["plan", "--interests", "ai", f"--gap={gap}"])
    assert f"argument --gap: '{gap}', expected minutes" in capsys.readouterr().err


ROWS = [
    {"title": "Keynote", "tags": ["ai"], "popularity": 0.9, "start": "09:00", "end": "10:00"},
    {"title": "Agents", "tags": ["ai"], "popularity": 0.1, "start": "09:30", "end": "10:30"},
    {"title": "Compilers", "tags": ["rust"], "popularity": 0.5, "start": "09:45", "end": "11:00"},
    {"title": "Untimed", "tags": ["ai"]},
]


def test_the_table_of_a_plan_says_why_sessions_are_left_out() -> None:
    found = eventkit.plan(ROWS, ["ai", "agnets"], busy=[("09:15", "09:20")])
    lines = plain(question_views.plan(found, ["ai"]), 100)
    assert lines[1].split()[:3] == ["1", "2.056", "Agents"]
    assert lines[2:] == [
        "",
        "No session has the tag agnets.",
        "",
        "Left out:",
        "  Keynote (2.456): you are busy from 09:15 to 09:20",
        "  Untimed (2.006): it has no time to plan with",
    ]
    found = eventkit.plan(ROWS, ["ai"], must=["agents"])
    lines = plain(question_views.plan(found, ["ai"]), 100)
    assert "  Keynote (2.453): does not fit beside Agents" in lines


def test_the_lines_of_why_not() -> None:
    lines = question_views.why_not(eventkit.why_not(ROWS, "compilers", ["ai"], 3), ["ai"])
    assert lines == [
        "Compilers: number 4, score 0.253",
        "The last session recommended is Untimed, 1.750 ahead.",
        "At the same time, and before it: Keynote",
        "To bring it in, add the interest rust.",
        "To bring it in, raise the weight popularity to 4.",
    ]
    shown = eventkit.why_not(ROWS, "keynote", ["ai"], 3)
    assert question_views.why_not(shown, ["ai"])[1] == "It is recommended."


def test_the_table_of_alternatives() -> None:
    found = eventkit.alternatives(ROWS, "keynote", ["ai"])
    lines = plain(question_views.alternatives(found, ["ai"]), 100)
    assert lines[0] == "At the time of Keynote:"
    assert [line.split()[-1] for line in lines[3:6]] == ["ai", "below.", "none"]
    assert lines[4].strip() == "No interest matches the sessions below."


def test_a_table_without_matches_names_the_interests() -> None:
    catalog = eventkit.Catalog([{"title": "A", "tags": ["kubernetes"]}])
    found = catalog.recommend(["kuberntes"], 3, balance="interests")
    assert views.recommendation(found, ["kuberntes"]) == [
        "No sessions.",
        "",
        "No session has the tag kuberntes. Did you mean kubernetes?",
    ]


@pytest.mark.parametrize(
    ("flags", "settings"),
    [
        ([], {"understand": True, "balance": "interests"}),
        (["--no-understand"], {"balance": "interests"}),
        (["--no-understand", "--balance", "none"], {}),
    ],
)
def test_the_table_at_a_terminal_has_its_own_defaults_and_names_what_matches_nothing(
    here: Path, capsys, monkeypatch: pytest.MonkeyPatch, flags: list[str], settings
) -> None:
    monkeypatch.setattr("eventkit.cli.quick.answer", lambda words: False)
    monkeypatch.setattr("eventkit.cli.terminal.at_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["recommend", "--interests", "agents, safety, agnets", "--top", "6", *flags]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = CATALOG.recommend(["agents", "safety", "agnets"], 6, **settings)
    for line, row in zip(lines[1:7], expected["scoring"], strict=True):
        assert row["title"] in line
    last = "agnets: agents (typo, 6)" if not flags else "No session has the tag agnets."
    assert lines[-1].startswith(last)
    assert lines[-1].endswith("Did you mean agents?") or not flags


def test_a_balanced_table_leaves_out_what_matches_nothing(
    here: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventkit.cli.terminal.at_terminal", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["recommend", "--interests", "nonsense", "--no-understand"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "No sessions.",
        "",
        "No session has the tag nonsense.",
    ]
