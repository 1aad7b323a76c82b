"""Every command that reads a manifest reads a catalogue, a feed and a list of sessions too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventkit import Catalog
from eventkit.cli import main
from eventkit.cli.programme import read
from eventkit.cli.sources import holds_feed
from eventkit.manifest import SAMPLE_MANIFEST_PATH, load_manifest

SAMPLE = load_manifest(SAMPLE_MANIFEST_PATH)
SESSION = {"title": "Agents at Work", "tags": ["ai"], "start": "09:00", "end": "10:00"}
XML = """<?xml version="1.0"?><schedule><conference><title>C</title></conference>
<day index="1" date="2026-09-14"><room name="R"><event id="1"><title>Agents at Work</title>
<date>2026-09-14T09:00:00+02:00</date><start>09:00</start><duration>01:00</duration>
<room>R</room><track>ai</track></event></room></day></schedule>"""
ICS = """BEGIN:VCALENDAR\r
VERSION:2.0\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:Agents at Work\r
CATEGORIES:ai\r
DTSTART:20260914T090000Z\r
DTEND:20260914T100000Z\r
END:VEVENT\r
END:VCALENDAR\r
"""
FILES = {
    "manifest.json": json.dumps(SAMPLE | {"sessions": [SESSION]}),
    "list.json": json.dumps([SESSION]),
    "feed.xml": XML,
    "feed.ics": ICS,
    "feed.csv": "title,start,end,tags\nAgents at Work,2026-09-14 09:00,2026-09-14 10:00,ai\n",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    Catalog(SAMPLE | {"sessions": [SESSION]}).save("compiled.cat")
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("file", [*FILES, "compiled.cat"])
def test_every_command_reads_every_kind(
    here: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    source, title = ("--manifest", file), SESSION["title"]
    asked = ("--interests", "ai", *source)
    for command in ("recommend", "plan"):
        assert printed(capsys, command, *asked)["scoring"][0]["title"] == title
    assert printed(capsys, "why-not", "--session", title, *asked)["rank"] == 1
    assert printed(capsys, "alternatives", "--session", title, *asked)["title"] == title
    assert printed(capsys, "explain", "--session", title, *asked)["title"] == title
    assert printed(capsys, "export", *asked)["sessionCount"] == 1
    assert printed(capsys, "evaluate", "--profiles", "a=ai", *source)["profiles"]["a"]["sessions"]
    assert printed(capsys, "validate", file)["valid"]
    assert printed(capsys, "catalog", "build", file, "again.cat")["sessions"] == 1


def test_a_list_keeps_its_sessions_as_they_are(here: Path) -> None:
    programme = read("list.json")
    assert programme.manifest["sessions"] == [SESSION]
    assert list(programme.manifest["weights"].values()) == [2.0, 0.5, 0.3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<schedule><day></schedule>", "bad.json"),
        ("BEGIN:VNOTHING", "bad.json:1:1: Expecting value"),
        ("[1, 2]", "bad.json:1:1: a manifest is a JSON object, this is a list"),
        ('{"sessions": [{"title": "A"}]}', "bad.json: weights is missing"),
    ],
)
def test_what_is_no_programme_is_named_in_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    Path("bad.json").write_text(text)
    assert main(["recommend", "--interests", "ai", "--manifest", "bad.json"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"eventkit: {said}")
    assert error.count("\n") == 1


def test_the_server_takes_a_feed_for_a_feed(here: Path) -> None:
    assert [name for name in [*FILES, "compiled.cat"] if holds_feed(name)] == [*FILES][1:]


def test_a_misspelt_profile_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.json").write_text('{"backend": ["ai"]}')
    flags = ("--profile-load", "bakend", "--profile-file", "p.json")
    assert main(["recommend", *flags, "--manifest", "manifest.json"]) == 2
    said = "eventkit: no profile 'bakend' in p.json, did you mean backend?\n"
    assert capsys.readouterr().err == said


def test_eventkit_alone_prints_three_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.count("\n  eventkit ") == 3
