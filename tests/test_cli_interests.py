"""The interests of commands: literal tags, saved profiles, and commands without interests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import generator
from command_line import answer, run
from eventkit import Catalog, reference
from eventkit.cli import main
from eventkit.manifest import SAMPLE_MANIFEST_PATH, load_manifest

SAMPLE = load_manifest(SAMPLE_MANIFEST_PATH)
TITLE = "Keynote: Software That Forgets on Purpose"
PROGRAMMES = ["fosdem-2026", "google-io-2019", "gencon-2017"]


def write_manifest(**members: object) -> None:
    Path("agent.json").write_text(json.dumps(SAMPLE | members))


# --- literal tags


@pytest.mark.slow
def test_an_interest_may_hold_commas_and_semicolons(here: Path) -> None:
    tags = ["Local-first, sync engines, CRDTs", "a;b"]
    sessions = [{"title": "Both", "tags": tags}, {"title": "None", "tags": ["local-first"]}]
    write_manifest(sessions=sessions)
    flags = [f"--interest={tag}" for tag in tags]
    wanted = reference.recommend(SAMPLE | {"sessions": sessions}, [tag.lower() for tag in tags], 1)
    assert answer("recommend", *flags, "--top", "1") == wanted
    assert wanted["scoring"][0]["contributions"]["interest_match"] == 4.0
    found = answer("explain", "--session", "Both", *flags)
    assert found["matched_tags"] == tags
    exported = answer("export", *flags, "--format", "json", "--top", "1")
    assert exported["json"] == wanted
    measured = answer("evaluate", f"--interest=ada={tags[0]}", f"--interest=ada={tags[1]}")
    assert measured["profiles"]["ada"]["interests"] == [tag.lower() for tag in tags]
    assert measured["profiles"]["ada"]["relevance"] == 0.5


def test_both_kinds_of_interests_count(here: Path) -> None:
    found = answer("recommend", "--interests", "AI; Rust", "--interest", " Web, ")
    assert found == reference.recommend(SAMPLE, ["ai", "rust", " web, "], 3)


@pytest.mark.parametrize("arguments", [["--interest", "ada"], ["--interest", " =x"]])
def test_evaluate_names_an_interest_without_a_profile(here: Path, arguments: list[str]) -> None:
    done = run("evaluate", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"eventkit: --interest {arguments[1]!r}: expected NAME=TAG\n"


@pytest.mark.real_data
@pytest.mark.parametrize("name", PROGRAMMES)
@pytest.mark.slow
def test_every_tag_of_a_real_programme_can_be_chosen(
    name: str, real_data: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each tag alone through `Catalog` and `main`, and many at once through a real process."""
    file = real_data / f"{name}.sessions.json"
    if not file.is_file():
        pytest.skip(f"no {file}")
    sessions = json.loads(file.read_text(encoding="utf-8"))
    tags = sorted({tag for session in sessions for tag in session["tags"]})
    catalog = Catalog(sessions, weights=generator.WEIGHTS)
    catalog.save("programme.catalog")
    assert len(tags) > 20
    for number, tag in enumerate(tags):
        scoring = catalog.recommend([tag.lower()], 1)["scoring"]
        assert scoring[0]["contributions"]["interest_match"] > 0, tag
        if number % max(1, len(tags) // 200) == 0 or "," in tag or ";" in tag:
            flags = ["--manifest", "programme.catalog", f"--interest={tag}", "--top=1"]
            assert main(["recommend", *flags]) == 0
            assert json.loads(capsys.readouterr().out)["scoring"] == scoring
    for start in range(0, len(tags), 500):
        some = tags[start : start + 500]
        flags = [f"--interest={tag}" for tag in some]
        found = answer("recommend", "--manifest", "programme.catalog", *flags, "--top=5")
        assert found == json.loads(catalog.recommend_json([tag.lower() for tag in some], 5))


# --- profiles


def test_profiles_are_where_the_originals_manifest_says(here: Path) -> None:
    Path("home").mkdir()
    write_manifest(profile={"storage_file": "~/.profiles.json", "file": "other.json"})
    done = run("recommend", "--interests", "Rust", "--profile-save", "ada", HOME=str(here / "home"))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((here / "home/.profiles.json").read_text()) == {"ada": ["rust"]}
    assert not Path("other.json").exists()
    done = run("recommend", "--profile-load", "ada", HOME=str(here / "home"))
    assert json.loads(done.stdout) == reference.recommend(SAMPLE, ["rust"], 3)


def test_the_key_file_is_an_alias(here: Path) -> None:
    write_manifest(profile={"file": "other.json"})
    answer("recommend", "--interests", "Rust", "--profile-save", "ada")
    assert json.loads(Path("other.json").read_text()) == {"ada": ["rust"]}


@pytest.mark.parametrize("profile", [{}, None, {"storage_file": ""}, "x.json"])
def test_without_a_profile_file_profiles_do_nothing_and_say_so(here: Path, profile: Any) -> None:
    write_manifest(profile=profile)
    done = run("recommend", "--interests", "rust", "--profile-save", "ada")
    assert json.loads(done.stdout) == reference.recommend(SAMPLE, ["rust"], 3)
    assert (done.returncode, done.stderr) == (
        0,
        "eventkit: profile 'ada' was not saved: agent.json has no profile.storage_file; add it, or "
        "give --profile-file\n",
    )
    done = run("recommend", "--interests", "rust", "--profile-load", "ada")
    assert json.loads(done.stdout) == reference.recommend(SAMPLE, ["rust"], 3)
    assert done.stderr.startswith("eventkit: no profile 'ada': agent.json has no profile.storage")
    assert sorted(path.name for path in here.iterdir()) == ["agent.json"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no profile 'nobody': p.json does not exist"),
        ("{}", "no profile 'nobody' in p.json, which has no profiles"),
        ('{"ada": ["ai"], "bo": []}', "no profile 'nobody' in p.json, which has: ada, bo"),
        ('{"nobody": []}', "profile 'nobody' in p.json has no interests"),
        (
            json.dumps({f"n{number:02}": [] for number in range(12)}),
            "no profile 'nobody' in p.json, which has: n00, n01, n02, n03, n04, n05, n06, n07, "
            "n08, n09 and 2 more",
        ),
    ],
)
@pytest.mark.parametrize("command", ["recommend", "export"])
def test_a_missing_profile_is_named_with_its_file(
    here: Path, command: str, content: str | None, said: str
) -> None:
    if content is not None:
        Path("p.json").write_text(content)
    done = run(command, "--profile-load", "nobody", "--profile-file", "p.json")
    assert (done.returncode, done.stdout) == (2, '{"error": "no interests provided"}\n')
    assert done.stderr == f"eventkit: {said}\n"


# --- explain


def test_explain_needs_no_interests(here: Path) -> None:
    wanted = reference.explain(SAMPLE, TITLE, [])
    assert answer("explain", "--session", TITLE) == wanted
    assert answer("explain", "--session", TITLE, "--interests", " ;, ") == wanted
    done = run("explain", "--session", TITLE, "--profile-load", "nobody")
    assert (done.returncode, json.loads(done.stdout)) == (0, wanted)
    assert done.stderr == ("eventkit: no profile 'nobody': .event_profiles.json does not exist\n")
