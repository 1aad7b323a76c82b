"""Tables in colour, CSV, and the quick way of `recommend`."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from eventkit import Catalog
from eventkit.cli import main, quick, views
from eventkit.cli.records import csv_text
from eventkit.cli.terminal import plain
from eventkit.manifest import SAMPLE_MANIFEST_PATH, load_manifest

SAMPLE = load_manifest(SAMPLE_MANIFEST_PATH)
SESSIONS = [
    {"title": "Rust [bold]for[/bold] all", "tags": ["Rust"], "popularity": 0.1},
    {"title": "Trust me :smile:", "tags": ["people"], "popularity": 0.9},
    {"title": "Running Kubernetes", "tags": ["cloud"], "popularity": 0.2},
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def coloured_lines(result: object, interests: list[str], width: int = 100) -> list[str]:
    pytest.importorskip("rich")
    from eventkit.cli.colour import coloured

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm-256color")
        patch.delenv("NO_COLOR", raising=False)
        assert coloured(views.recommendation(result, interests), width, stream)
    return stream.getvalue().splitlines()


def test_hits_have_a_colour_and_matched_words_a_mark() -> None:
    lines = coloured_lines(Catalog(SESSIONS).recommend(["rust"]), ["rust"])
    assert "\x1b[1;4;36mRust\x1b[0m\x1b[36m [bold]for[/bold] all" in lines[1]
    assert "No interest matches the sessions below." in lines[2]
    # No part of a word is marked, and nothing in a text is taken for a colour or a picture.
    assert "\x1b[90mTrust me :smile:" in lines[3]
    assert "\x1b[1;4" not in lines[3]


def test_what_an_interest_was_understood_as_is_marked() -> None:
    found = Catalog(SESSIONS).recommend(["k8s"], understand=True)
    assert "\x1b[1;4;36mKubernetes" in coloured_lines(found, ["k8s"])[1]
    assert plain(views.recommendation(found, ["k8s"]), 100)[1].endswith("in its text")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_title_keeps_its_width_longer_than_other_columns(width: int) -> None:
    title = "A title of some forty characters or more"
    session = {"title": title, "tags": ["ai"] * 9, "location": "The very large hall of the town"}
    found = Catalog([session]).recommend(["ai"])
    assert (title in plain(views.recommendation(found, ["ai"]), width)[1]) == (width >= 80)
    # Where rich is installed, the title is never cut.
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(coloured_lines(found, ["ai"], width)))
    assert set(title.split()) <= set(text.split())
    assert max(map(len, text.split("\n"))) <= width


def rows_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    assert main([*arguments, "--csv"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_csv_of_every_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    interests = ("--interests", "ai, agents")
    title = "Safety Cases for Language Models"
    Path("more.json").write_text('[{"title": "A"}]')
    first = rows_of("recommend", *interests, capsys=capsys)[0]
    assert (first["place"], first["title"][:7], first["score"][:5]) == ("1", "Opening", "4.491")
    assert rows_of("plan", *interests, capsys=capsys)[0]["start"].startswith("2026-09-14T09")
    assert rows_of("alternatives", "--session", title, *interests, capsys=capsys)
    for command in ("why-not", "explain"):
        values = rows_of(command, "--session", title, *interests, capsys=capsys)
        assert {"name": "title", "value": title} in values
    assert len(rows_of("export", "--all", capsys=capsys)) == 2
    assert rows_of("evaluate", "--profiles", "ada=ai", capsys=capsys)[0]["profile"] == "ada"
    assert rows_of("template", capsys=capsys)[0]["tags"] == "first tag; second tag"
    assert {"name": "valid", "value": "True"} in rows_of("validate", capsys=capsys)
    assert rows_of("catalog", "build", "more.json", "more.cat", capsys=capsys)
    assert rows_of("catalog", "info", "more.cat", capsys=capsys)[1]["value"] == "1"
    assert rows_of("diff", "more.json", "more.cat", capsys=capsys)[-1]["name"] == "unchanged"
    assert rows_of("schema", capsys=capsys)


def test_csv_has_no_formula_and_no_row_for_an_error(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Catalog([{"title": "=cmd()", "tags": ["ai"]}]).recommend(["ai"])
    assert "'=cmd()" in csv_text(found)
    assert csv_text(Catalog([]).recommend(["ai"])).startswith("place,score,id,title")
    assert main(["explain", "--session", "Dinner", "--csv"]) == 1
    assert capsys.readouterr() == ("", "eventkit: session not found: 'Dinner'\n")


QUICK = {
    "plain": {},
    "default top": {"recommend": {"max_sessions_default": 2}},
    "no tags": {"sessions": [{"title": "A"}, {"title": "B", "popularity": float("nan")}]},
    "odd scores": {"sessions": [{"title": "A", "popularity": 1 << 70}, {"title": "é \ud800"}]},
    "external": {"features": {"externalSessions": {"enabled": True, "file": "more.json"}}},
    "external off": {"features": {"externalSessions": {"enabled": False}}},
    "broken": {"sessions": [{"title": "A", "tags": 5}]},
    "no weights": {"weights": None},
    "many": {"sessions": [{"title": f"T{n}", "tags": ["AI", "x" * 99]} for n in range(9_000)]},
}


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("flags", [(), ("--top", "3"), ("--interest", "X;Y"), ("--top", "0")])
def test_both_ways_of_recommend_print_the_same(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, flags: tuple[str, ...]
) -> None:
    Path("agent.json").write_text(json.dumps(SAMPLE | QUICK[name]))
    Path("more.json").write_text('[{"title": "Elsewhere", "tags": ["ai"]}]')
    arguments = ["recommend", "--interests", "AI; agents", *flags]
    is_quick = quick.answer(arguments)
    capsys.readouterr()
    # The engine declines NaN and numbers of more than 64 bits.
    usual = ("external", "broken", "no weights", "no tags", "odd scores")
    assert is_quick == (name not in usual)
    printed = []
    for _ in range(2):
        printed.append((main(arguments), capsys.readouterr()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(quick, "answer", lambda _: False)
            printed.append((main(arguments), capsys.readouterr()))
    assert printed[0] == printed[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend", "--interests", "ai", "--understand"],
        ["recommend", "--interests", "ai", "--top", "x"],
        ["recommend", "--interests", "--top", "3"],
        ["recommend", "--interests", ""],
        ["recommend", "--interests", "ai", "--manifest", "none.json"],
        ["recommend", "--interests", "ai", "--manifest", "."],
        ["recommend", "--interests=ai"],
        ["explain", "--interests", "ai"],
    ],
)
def test_what_is_not_plain_is_left_to_the_usual_way(here: Path, arguments: list[str]) -> None:
    assert not quick.answer(arguments)


@pytest.mark.once
def test_recommend_takes_at_most_the_time_of_the_plain_agent() -> None:
    """Whole processes in turn; the best of three tries, for the other core may be busy."""
    import recommend_command

    for sessions, rounds, most in ((1_079, 5, 1.0), (20_000, 1, 0.75)):
        for _ in range(3):
            found = recommend_command.ratios(sessions, rounds)
            if found.processor <= most:
                break
        assert found.processor <= most
