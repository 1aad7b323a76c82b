"""The files of commands: compiled catalogues for `--manifest`, templates, and names of outputs."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from command_line import answer, run, text_of
from eventkit import Catalog, reference
from eventkit.manifest import SAMPLE_MANIFEST_PATH, load_manifest
from server_process import served

SAMPLE = load_manifest(SAMPLE_MANIFEST_PATH)
TITLE = SAMPLE["sessions"][0]["title"]


# --- compiled catalogues


@pytest.fixture
def compiled(here: Path) -> list[str]:
    """Flags for the sample, compiled into a file whose name tells nothing."""
    built = answer("catalog", "build", str(SAMPLE_MANIFEST_PATH), "sample.json")
    assert built["sessions"] == len(SAMPLE["sessions"])
    return ["--manifest", "sample.json"]


@pytest.mark.parametrize(
    "command",
    [
        ["recommend", "--interests", "ai, agents"],
        ["recommend", "--interests", "ai", "--top", "46"],
        ["explain", "--session", TITLE.upper(), "--interests", "ai"],
        ["explain", "--session", TITLE],
        ["export", "--interests", "ai"],
        ["export", "--interests", "ai", "--format", "html"],
        ["recommend", "--interests", "ai", "--profile-save", "ada", "--profile-file", "p.json"],
    ],
    ids=" ".join,
)
def test_a_compiled_catalogue_answers_as_its_manifest(
    compiled: list[str], command: list[str]
) -> None:
    wanted = run(*command, "--manifest", str(SAMPLE_MANIFEST_PATH))
    found = run(*command, *compiled)
    assert (found.returncode, found.stdout, found.stderr) == (0, wanted.stdout, wanted.stderr)


def test_evaluate_reads_a_compiled_catalogue(compiled: list[str]) -> None:
    profile = answer("evaluate", "--profiles", "ada=ai", *compiled)["profiles"]["ada"]
    wanted = reference.recommend(SAMPLE, ["ai"], 3)["sessions"]
    assert profile["sessions"] == [session["title"] for session in wanted]


def test_validate_reads_a_compiled_catalogue(compiled: list[str]) -> None:
    assert (
        answer("validate", *compiled)
        == answer("validate", compiled[1])
        == {
            "file": "sample.json",
            "valid": True,
            "problems": [],
        }
    )
    weights = {"interest": 1.0, "popularity": 1.0}
    Catalog([{"title": "T", "location": 5}], weights=weights).save("odd.catalog")
    done = run("validate", "odd.catalog")
    assert done.returncode == 1
    assert json.loads(done.stdout)["problems"][0]["path"] == "sessions[0].location"


def test_telemetry_stats_reads_a_compiled_catalogue(here: Path) -> None:
    telemetry = {"telemetry": {"enabled": True, "file": "mine.jsonl"}}
    Path("m.json").write_text(json.dumps(SAMPLE | {"features": telemetry}))
    Path("mine.jsonl").write_text('{"action": "recommend", "duration_ms": 5, "success": true}\n')
    answer("catalog", "build", "m.json", "m.catalog")
    found = answer("telemetry", "stats", "--json", "--manifest", "m.catalog")
    assert found == answer("telemetry", "stats", "--json", "--manifest", "m.json")
    assert found["count"] == 1


def test_serve_reads_a_compiled_catalogue(compiled: list[str], here: Path) -> None:
    commands = {"eventkit": "eventkit serve --port {port} --manifest sample.json"}
    with served("eventkit", here, commands) as port:
        address = f"http://127.0.0.1:{port}/recommend?interests=ai&top=4"
        with urllib.request.urlopen(address, timeout=60) as response:
            assert json.load(response) == reference.recommend(SAMPLE, ["ai"], 4)


def test_a_damaged_catalogue_is_named(compiled: list[str]) -> None:
    data = Path("sample.json").read_bytes()
    Path("sample.json").write_bytes(data[:40])
    for command in (["recommend", "--interests", "ai", *compiled], ["validate", *compiled]):
        done = run(*command)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith("eventkit: sample.json")


def test_a_catalogue_is_built_of_another_one(compiled: list[str]) -> None:
    text_of("catalog", "build", "sample.json", "again.catalog", "--text")
    flags = ("recommend", "--interests", "ai", "--manifest")
    assert text_of(*flags, "again.catalog") == text_of(*flags, "sample.json")


# --- templates


def test_a_template_is_valid(here: Path) -> None:
    answer("template", "--output", "t.json")
    assert answer("validate", "t.json") == {"file": "t.json", "valid": True, "problems": []}
    sessions = json.loads(Path("t.json").read_text())
    sessions[1] = {"title": 5}
    Path("t.json").write_text(json.dumps(sessions))
    done = run("validate", "t.json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["problems"][0]["path"] == "sessions[1].title"


# --- names of outputs


@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize("name", ["foo.xyz", "plan.pdf", "plan.docx"])
def test_an_unknown_ending_is_refused(here: Path, name: str, enabled: bool) -> None:
    features = {"export": {"enabled": enabled, "output_dir": "out"}}
    Path("agent.json").write_text(json.dumps(SAMPLE | {"features": features}))
    done = run("export", "--interests", "ai", "--output", name)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"eventkit: output {name!r}: no format has the ending ")
    assert [path.name for path in here.iterdir()] == ["agent.json"]


@pytest.mark.parametrize(
    "flags",
    [
        ["--output", "foo.xyz", "--format", "markdown"],
        ["--output", "out.d/"],
        ["--output", "plan"],
        ["--output", "plan.TXT"],
    ],
)
def test_other_outputs_are_markdown(here: Path, flags: list[str]) -> None:
    result = answer("export", "--interests", "ai", *flags)
    assert Path(result["saved"]).read_text().startswith("# Event Itinerary")


def test_a_template_is_written_as_json_only(here: Path) -> None:
    done = run("template", "--output", "t.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "eventkit: --output t.csv: a template is JSON, expected a name in .json\n"
    )
    assert not list(here.iterdir())


@pytest.mark.parametrize("day", ["may", "20260914", "2026-W38-1", "2026-02-30"])
def test_a_day_is_read_alike_on_every_python(here: Path, day: str) -> None:
    done = run("template", "--date", day)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"eventkit: --date {day!r}, expected a day such as 2026-09-14\n"
