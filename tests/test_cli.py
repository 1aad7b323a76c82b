"""The command line, in child processes: answers, errors, exit statuses, terminals."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

import eventkit
from command_line import run, text_of
from eventkit import reference
from eventkit.cli.table import display_width, layout
from eventkit.manifest import SAMPLE_MANIFEST_PATH, load_manifest
from eventkit.schema import load_schema

SAMPLE = load_manifest(SAMPLE_MANIFEST_PATH)
INTERESTS = ["ai", "agents"]
TITLE = "Keynote: Software That Forgets on Purpose"


def printed(result: object) -> str:
    return json.dumps(result, indent=2) + "\n"


def write_manifest(**members: object) -> dict:
    manifest = SAMPLE | members
    Path("agent.json").write_text(json.dumps(manifest))
    return manifest


# --- answers, byte for byte


@pytest.mark.parametrize(("flags", "top"), [([], 3), (["--top", "5"], 5), (["--top", "0"], 3)])
def test_recommend(here: Path, flags: list[str], top: int) -> None:
    expected = printed(reference.recommend(SAMPLE, INTERESTS, top))
    assert text_of("recommend", "--interests", " AI;Agents,, ", *flags) == expected


def test_explain(here: Path) -> None:
    expected = printed(reference.explain(SAMPLE, TITLE.upper(), ["privacy"]))
    assert text_of("explain", "--session", TITLE.upper(), "--interests", "privacy") == expected


def test_export(here: Path) -> None:
    recommendation = reference.recommend(SAMPLE, INTERESTS, 3)
    text = reference.build_itinerary_markdown(INTERESTS, recommendation)
    expected = printed({"markdown": text, "sessionCount": 3})
    assert text_of("export", "--interests", "ai, agents") == expected


def test_the_manifest_here_comes_before_the_sample(here: Path) -> None:
    manifest = write_manifest(recommend={"max_sessions_default": 1})
    Path("other.json").write_text(json.dumps(SAMPLE))
    expected = printed(reference.recommend(manifest, ["ai"], 1))
    assert text_of("recommend", "--interests", "ai") == expected
    expected = printed(reference.recommend(SAMPLE, ["ai"], 3))
    assert text_of("recommend", "--interests", "ai", "--manifest", "other.json") == expected


@pytest.mark.slow
def test_external_sessions_beside_the_manifest(here: Path) -> None:
    Path("event").mkdir()
    features = {"externalSessions": {"enabled": True, "file": "more.json"}}
    Path("event/m.json").write_text(json.dumps(SAMPLE | {"features": features}))
    sessions = [{"title": "Elsewhere", "tags": ["ai"]}]
    Path("event/more.json").write_text(json.dumps(sessions))
    flags = ["--interests", "ai", "--manifest", "event/m.json"]
    manifest = SAMPLE | {"sessions": sessions}
    assert text_of("recommend", *flags) == printed(reference.recommend(manifest, ["ai"], 3))
    assert "Elsewhere" in text_of("export", *flags)
    expected = printed(reference.explain(manifest, "elsewhere", ["ai"]))
    assert text_of("explain", "--session", "elsewhere", *flags) == expected


def test_schema_and_version(here: Path) -> None:
    assert text_of("schema") == printed(load_schema())
    assert text_of("--version") == f"eventkit {eventkit.__version__}\n"


# --- export to files


@pytest.mark.slow
def test_export_where_the_manifest_turns_it_on(here: Path) -> None:
    write_manifest(features={"export": {"enabled": True, "output_dir": "out"}})
    expected = printed({"saved": "out/itinerary_ai_agents.md", "sessionCount": 3})
    assert text_of("export", "--interests", "ai,agents") == expected
    expected = printed({"saved": "out/plan.txt", "sessionCount": 3})
    assert text_of("export", "--interests", "ai", "--output", "plan.txt") == expected
    for output in ("../x.md", str(here / "x.md"), "a/../../x.md"):
        done = run("export", "--interests", "ai", "--output", output)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert repr(output) in done.stderr
    names = sorted(path.name for path in here.rglob("*"))
    assert names == ["agent.json", "itinerary_ai_agents.md", "out", "plan.txt"]


@pytest.mark.parametrize(
    ("flags", "key", "start"),
    [
        (["--output", "plan.md"], "markdown", "# Event"),
        (["--output", "plan.ics"], "ics", "BEGIN:VCALENDAR\r\n"),
        (["--output", "plan.htm"], "html", "<!DOCTYPE html>"),
        (["--output", "plan", "--format", "card"], "card", "{\n  "),
        (["--output", "plan.ics", "--format", "json"], "json", "{\n  "),
    ],
)
def test_export_to_a_file_on_request(here: Path, flags: list[str], key: str, start: str) -> None:
    result = json.loads(text_of("export", "--interests", "ai", *flags))
    assert key in result
    assert result["saved"] == flags[1]
    assert Path(flags[1]).read_bytes().decode().startswith(start)


def test_export_says_what_it_did_about_days(here: Path) -> None:
    sessions = [{"title": "Clock", "start": "09:00"}, {"title": "None"}]
    write_manifest(sessions=sessions)
    flags = ["export", "--interests", "ai", "--format", "ics"]
    done = run(*flags)
    assert done.returncode == 0
    assert done.stderr == (
        "eventkit: put on today's date, having clock times only (see --date): Clock\n"
        "eventkit: not in the calendar, because they have no start: None\n"
    )
    done = run(*flags, "--date", "2026-05-04")
    assert "DTSTART:20260504T090000" in json.loads(done.stdout)["ics"]
    assert done.stderr.count("\n") == 1
    done = run(*flags, "--date", "may")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "eventkit: date 'may': must be a date as 2026-09-14\n"


# --- profiles


def test_profiles(here: Path) -> None:
    saved = text_of("recommend", "--interests", "Rust", "--profile-save", "ada")
    expected = reference.recommend(SAMPLE, ["rust"], 3)
    assert saved == printed(expected | {"profileSaved": "ada"})
    assert json.loads(Path(".event_profiles.json").read_text()) == {"ada": ["rust"]}
    # A profile comes before --interests, but not if it does not exist.
    assert text_of("recommend", "--profile-load", "ada", "--interests", "ai") == printed(expected)
    done = run("recommend", "--profile-load", "bo", "--interests", "ai")
    assert (done.returncode, done.stdout) == (0, printed(reference.recommend(SAMPLE, ["ai"], 3)))
    assert done.stderr == "eventkit: no profile 'bo' in .event_profiles.json, which has: ada\n"


def test_profile_files(here: Path) -> None:
    write_manifest(profile={"file": "own.json"})
    text_of("explain", "--session", TITLE, "--interests", "ai", "--profile-save", "k")
    text_of("export", "--interests", "ai", "--profile-save", "k", "--profile-file", "flag.json")
    assert Path("own.json").is_file()
    assert Path("flag.json").is_file()
    assert not Path(".event_profiles.json").exists()


def test_a_broken_profile_file_is_left_alone(here: Path) -> None:
    Path(".event_profiles.json").write_text("{not json")
    done = run("recommend", "--interests", "ai", "--profile-save", "k")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("eventkit: .event_profiles.json: ")
    assert Path(".event_profiles.json").read_text() == "{not json"


# --- bad input

NO_INTERESTS = '{"error": "no interests provided"}\n'


@pytest.mark.parametrize("command", [["recommend"], ["export"]])
@pytest.mark.parametrize("flags", [[], ["--interests", " ;, "]])
def test_no_interests(here: Path, command: list[str], flags: list[str]) -> None:
    done = run(*command, *flags)
    assert (done.returncode, done.stdout) == (2, NO_INTERESTS)
    assert done.stderr.startswith("eventkit: no interests: ")
    assert done.stderr.count("\n") == 1


def test_session_not_found(here: Path) -> None:
    done = run("explain", "--session", "No\nsuch", "--interests", "ai")
    assert done.returncode == 1
    assert done.stdout == printed({"error": "session not found", "title": "No\nsuch"})
    assert done.stderr == "eventkit: session not found: 'No\\nsuch'\n"


def test_graph_without_credentials(here: Path) -> None:
    known = {"GRAPH_TENANT_ID": "t", "GRAPH_CLIENT_ID": "", "GRAPH_CLIENT_SECRET": ""}
    done = run("recommend", "--interests", "ai", "--source", "graph", **known)
    error = "Graph credentials not configured: GRAPH_CLIENT_ID not set, GRAPH_CLIENT_SECRET not set"
    assert done.returncode == 2
    assert done.stdout == printed({"error": error, "source": "graph"})
    assert done.stderr == f"eventkit: {error}\n"


BROKEN = [
    ('{"a": 1,\n "b": }', "m.json:2:7: Expecting value"),
    ("", "m.json:1:1: Expecting value"),
    ("[]", "m.json:1:1: a manifest is a JSON object, this is a list"),
    ('{"sessions": []}', "m.json: weights is missing: expected an object with the numbers"),
    (
        '{"sessions": [{"title": "T", "tags": 5}, {}], "weights":'
        ' {"interest": 1, "popularity": 1}}',
        "m.json: sessions[0].tags is 5: expected an array of strings (and 1 more)",
    ),
]


@pytest.mark.parametrize(("text", "said"), BROKEN, ids=[row[1] for row in BROKEN])
def test_broken_manifests_are_named(here: Path, text: str, said: str) -> None:
    Path("m.json").write_text(text)
    done = run("recommend", "--interests", "ai", "--manifest", "m.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"eventkit: {said}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("path", ["none.json", "."])
def test_unreadable_manifests_are_named(here: Path, path: str) -> None:
    done = run("recommend", "--interests", "ai", "--manifest", path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"eventkit: {path}: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["recomend"], "invalid choice: 'recomend', did you mean recommend?"),
        (["recommend", "--interets", "ai"], "did you mean --interests or --interest?"),
        (["recommend", "--source", "grap"], "invalid choice: 'grap', did you mean graph?"),
        (["recommend", "--top", "many"], "argument --top: 'many', expected a whole number, 0 or"),
        (["recommend", "--top", "-1"], "argument --top: '-1', expected a whole number, 0 or more"),
        (["export", "--top=-1"], "argument --top: '-1', expected a whole number, 0 or more"),
        (["evaluate", "--top=-1"], "argument --top: '-1', expected a whole number, 0 or more"),
        (["serve", "--port", "x\ny"], "argument --port: "),
        (["telemetry", "stats", "--since", "x"], "argument --since: 'x' is not like 30m"),
        (["catalog"], "the following arguments are required: COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["explain", "--interests", "ai"], "the following arguments are required: --session"),
        (["export", "--format", "pdf"], "argument --format: invalid choice: 'pdf'"),
    ],
)
def test_wrong_arguments_are_named_in_one_line(here: Path, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("eventkit")
    assert said in done.stderr


def test_validate(here: Path) -> None:
    assert json.loads(text_of("validate")) == {
        "file": str(SAMPLE_MANIFEST_PATH),
        "valid": True,
        "problems": [],
    }
    Path("m.json").write_text('{"sessions": [{"title": "T"}, {"title": 5}], "weights": []}')
    done = run("validate", "m.json")
    problems = json.loads(done.stdout)["problems"]
    assert done.returncode == 1
    assert [problem["path"] for problem in problems] == ["sessions[1].title", "weights"]
    assert done.stderr == "eventkit: m.json: 2 problems\n"


# --- surroundings


@pytest.mark.slow
def test_other_interpreter_settings(here: Path) -> None:
    session = {"title": "caf\u00e9 \u4f1a\u8b70 \ud800", "tags": ["\u00c9T\u00c9"]}
    manifest = write_manifest(sessions=[session])
    expected = printed(reference.recommend(manifest, ["\u00e9t\u00e9"], 3))
    plain = {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    flags = ("recommend", "--interests", "\u00c9t\u00e9")
    for options, environment in ((["-O"], {}), (["-X", "dev"], {}), (["-X", "utf8=1"], plain)):
        done = run(*flags, options=options, **environment)
        assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")
    done = run("recommend", "--interests", "ai", options=["-X", "utf8=0"], **plain)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == printed(reference.recommend(manifest, ["ai"], 3))


def child(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "eventkit", *arguments], **options)


def test_a_reader_that_goes_away(here: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = child("schema", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(here: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        process = child("schema", stdout=full, stderr=subprocess.PIPE)
        assert process.communicate(timeout=60)[1] == b"eventkit: No space left on device\n"
    assert process.returncode == 2


def test_interrupted(here: Path) -> None:
    """The child has shown one summary and waits for further lines when it is interrupted."""
    Path("t.jsonl").write_text('{"action": "recommend", "duration_ms": 5, "success": true}\n')
    process = child(
        *("telemetry", "stats", "t.jsonl", "--follow", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"{\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 130


# --- terminals


def at_terminal(columns: int, *arguments: str, **environment: str) -> str:
    """What a command shows on a terminal of so many columns."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    surroundings = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    process = child(*arguments, stdout=terminal, env=surroundings | {"TERM": "xterm"} | environment)
    os.close(terminal)
    shown = b""
    try:
        while select.select([controller], [], [], 30)[0]:
            piece = os.read(controller, 65536)
            if not piece:
                break
            shown += piece
    except OSError:  # how Linux says that the other side was closed
        pass
    os.close(controller)
    assert process.wait(timeout=60) == 0
    return shown.decode("utf-8", "replace").replace("\r\n", "\n")


def test_a_table_on_a_terminal(here: Path) -> None:
    flags = ("--interests", "ai,agents", "--no-understand", "--balance", "none")
    shown = at_terminal(120, "recommend", *flags, NO_COLOR="1")
    head, first, *_ = shown.split("\n")
    assert head.split() == ["Score", "Session", "When", "Where", "Matches"]
    assert "Opening: What Ten Years of Running Agents Taught Us  Mon 14" in first
    assert first.endswith("Tide Hall  AI, agents")
    assert "\x1b" not in shown


@pytest.mark.parametrize("columns", [20, 60, 80])
def test_the_table_fits(here: Path, columns: int) -> None:
    shown = at_terminal(columns, "recommend", "--interests", "ai", "--top", "9", NO_COLOR="1")
    table = shown.partition("\n\n")[0].split("\n")
    assert len(table) == 10
    assert max(map(display_width, table)) <= columns
    assert all(re.match(r" *\d?  (Score|\d\.\d{3})  \w", line) for line in table)


def test_colour_and_json_on_a_terminal(here: Path) -> None:
    assert at_terminal(80, "recommend", "--interests", "ai").startswith("\x1b[1m")
    assert "\x1b" not in at_terminal(80, "recommend", "--interests", "ai", TERM="dumb")
    shown = at_terminal(80, "recommend", "--interests", "ai", "--json")
    assert shown == printed(reference.recommend(SAMPLE, ["ai"], 3))


@pytest.mark.slow
def test_other_commands_on_a_terminal(here: Path) -> None:
    explain = ("explain", "--session", TITLE, "--interests", "privacy")
    shown = at_terminal(80, *explain, "--no-understand", NO_COLOR="1")
    assert shown.startswith(f"{TITLE}: score 2.453\n  interest match     2.000\n")
    shown = at_terminal(80, *explain, NO_COLOR="1")
    assert "privacy: privacy (exact, tags)\nMatching tags: privacy" in shown
    shown = at_terminal(80, "export", "--interests", "ai", NO_COLOR="1")
    assert shown.startswith("# Event Itinerary\n\n**Recommended for:** ai\n")
    shown = at_terminal(80, "export", "--interests", "ai", "--output", "p.md", NO_COLOR="1")
    assert shown == "3 sessions written to p.md\n"
    assert "a valid manifest" in at_terminal(200, "validate")


def test_texts_cannot_steer_an_ascii_terminal(here: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e caf\u00e9 \ud800\nnext"
    write_manifest(sessions=[{"title": evil, "location": evil, "start": evil, "tags": ["ai"]}])
    plain = {"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}
    for command in ("recommend", "export"):
        shown = at_terminal(400, command, "--interests", "ai", **plain)
        assert "\x1b" not in shown
        assert "\x07" not in shown
        assert "caf?" in shown


def test_layout_gives_way_where_it_is_widest() -> None:
    rows = [["", "Title"], ["1", "会議" * 20], ["2", "short"]]
    lines = layout(rows, 30)
    assert [display_width(line) for line in lines] == [8, 30, 8]
    assert lines[1].endswith("...")
