"""Understanding on the command line and over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import eventkit
from eventkit import Catalog
from eventkit.cli import main
from eventkit.server import ServerSettings
from server_roads import ROADS

MANIFEST = {
    "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
    "sessions": [
        {"title": "Running Kubernetes", "tags": ["Cloud"], "popularity": 0.1},
        {"title": "Gardening", "tags": ["Life"], "popularity": 0.9},
        {"title": "Django forms", "tags": ["Web"], "popularity": 0.2},
    ],
}


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "agent.json"
    file.write_text(json.dumps(MANIFEST), encoding="utf-8")
    return file


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(list(arguments)) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_recommends_what_is_meant(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("recommend", "--interests", "k8s, knitting", "--understand", "--json")
    answer = printed(capsys, *arguments)
    expected = eventkit.recommend(MANIFEST, ["k8s", "knitting"], 3, understand=True)
    assert answer == expected
    assert [row["title"] for row in answer["scoring"]] == ["Running Kubernetes"]
    compiled = manifest.with_name("compiled.catalog")
    assert main(["catalog", "build", "--text", str(manifest), str(compiled)]) == 0
    capsys.readouterr()
    assert printed(capsys, *arguments, "--manifest", str(compiled)) == expected


def test_the_command_explains_each_term(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("explain", "--session", "running kubernetes", "--interests", "k8s")
    explained = printed(capsys, *arguments, "--understand", "--json")
    assert [(term["term"], term["how"]) for term in explained["terms"]] == [("kubernetes", "alias")]


def test_the_table_names_what_matches_nothing(manifest: Path) -> None:
    from eventkit.cli import terminal, views

    answer = eventkit.recommend(MANIFEST, ["k8s", "knitting"], 3, understand=True)
    lines = terminal.plain(views.recommendation(answer, ["k8s", "knitting"]), 100)
    assert "k8s: kubernetes (alias, 1)" in lines
    assert any(line.startswith("knitting: matches nothing. Did you mean") for line in lines)


def test_a_project_is_a_list_of_interests(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.txt").write_text("django>=5\n", encoding="utf-8")
    arguments = ("recommend", "--from-project", str(tmp_path), "--understand", "--json")
    answer = printed(capsys, *arguments)
    assert [row["title"] for row in answer["scoring"]] == ["Django forms"]


@pytest.mark.parametrize("road", ROADS)
def test_the_server_understands_when_it_is_asked_to(road: str) -> None:
    app = eventkit.create_app(MANIFEST, settings=ServerSettings())
    ask = ROADS[road]
    body = ask(app, "GET", "/recommend", b"interests=k8s&understand=1&top=3").body
    assert json.loads(body) == Catalog(MANIFEST).recommend(["k8s"], 3, understand=True)
    asked = b'{"interests": ["k8s"], "top": 3, "understand": true}'
    assert ask(app, "POST", "/recommend", body=asked).body == body
    plain = json.loads(ask(app, "GET", "/recommend", b"interests=k8s&top=3").body)
    assert "understood" not in plain
    explained = ask(
        app, "GET", "/explain", b"interests=k8s&session=Running+Kubernetes&understand=1"
    )
    assert json.loads(explained.body)["terms"][0]["how"] == "alias"
    refused = ask(app, "GET", "/recommend", b"interests=k8s&understand=maybe")
    assert json.loads(refused.body)["error"]
