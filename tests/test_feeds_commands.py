"""`eventkit import`, `diff` and `--feed`: from a feed to an answer in one command."""

import io
import json
import sys

import pytest

from eventkit import Catalog, load_manifest
from eventkit.cli import main
from eventkit.feeds import compare, read
from eventkit.schema import validate
from feed_samples import SAMPLES
from feed_server import FEED, feed_server

LATER = (
    b"id,title,start,end,room,tags\n"
    b"1,Agents,2026-09-14 11:00,2026-09-14 11:30,Hall 2,ai\n"
    b"2,Bees,2026-09-14 09:30,2026-09-14 10:00,Hall 1,zoo\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.csv").write_bytes(FEED)
    (tmp_path / "new.csv").write_bytes(LATER)
    return tmp_path


def answer(capsys, *words):
    status = main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def test_import_writes_a_manifest_and_says_what_was_understood(capsys):
    status, out, _ = answer(
        capsys, "import", "old.csv", "-o", "agent.json", "--zone", "Europe/Berlin"
    )
    told = json.loads(out)
    assert (status, told["format"], told["sessions"], told["saved"]) == (0, "csv", 1, "agent.json")
    manifest = load_manifest("agent.json")
    assert validate(manifest) == []
    assert manifest["sessions"][0]["start_at"] == "2026-09-14T09:30:00+02:00"


def test_import_without_an_output_writes_nothing(capsys, folder):
    assert answer(capsys, "import", "old.csv")[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["new.csv", "old.csv"]


@pytest.mark.parametrize("name", ["programme.cat", "programme.catalog"])
def test_import_compiles_a_catalogue(capsys, name):
    assert answer(capsys, "import", "old.csv", "-o", name)[0] == 0
    assert Catalog.open(name).recommend(["ai"], 1)["sessions"][0]["title"] == "Agents"


def test_import_refuses_a_feed_of_another_format(capsys):
    status, _, err = answer(capsys, "import", "old.csv", "--as", "ics")
    assert status == 2
    assert "ics was expected" in err or "expected" in err


def test_import_of_a_manifest_leaves_out_what_names_files_of_this_machine(capsys, folder):
    """A feed comes from somebody else, who must not choose where this machine reads and writes."""
    hostile = {
        "weights": {"interest": 1.0, "popularity": 1.0, "diversity": 0.0},
        "sessions": [{"title": "A", "start": "09:00", "end": "10:00", "tags": []}],
        "features": {
            "externalSessions": {"enabled": True, "file": "secret.json"},
            "export": {"enabled": True, "output_dir": "elsewhere"},
        },
        "profile": {"storage_file": "profiles.json"},
    }
    (folder / "feed").write_text(json.dumps(hostile), encoding="utf-8")
    (folder / "secret.json").write_text('[{"title": "secret", "tags": ["ai"]}]', encoding="utf-8")
    status, _, err = answer(capsys, "import", "feed", "-o", "agent.json")
    assert status == 0
    assert "features, profile" in err
    assert sorted(load_manifest("agent.json")) == ["name", "sessions", "weights"]
    _, out, _ = answer(capsys, "recommend", "--feed", "feed", "--interest", "ai")
    assert "secret" not in out
    answer(capsys, "export", "--feed", "feed", "--interest", "ai")
    assert not (folder / "elsewhere").exists()


def test_texts_of_any_script_are_written_as_they_are(capsys, folder):
    (folder / "feed").write_text("title,room\n会議,Hall\n", encoding="utf-8")
    assert answer(capsys, "import", "feed", "-o", "agent.json")[0] == 0
    assert "会議" in (folder / "agent.json").read_text(encoding="utf-8")


def test_a_lone_surrogate_is_refused_with_its_place(capsys, folder):
    feed = '{"weights": {}, "sessions": [{"title": "a \\ud800", "tags": []}]}'
    (folder / "feed").write_text(feed, encoding="utf-8")
    status, _, err = answer(capsys, "import", "feed", "-o", "agent.json")
    assert (status, err[:14]) == (2, "eventkit: feed")


def test_recommend_explain_and_export_take_a_feed(capsys):
    _, out, _ = answer(capsys, "recommend", "--feed", "new.csv", "--interest", "zoo", "--top", "1")
    assert json.loads(out)["sessions"][0]["title"] == "Bees"
    _, out, _ = answer(
        capsys, "explain", "--feed", "new.csv", "--session", "bees", "--interest", "zoo"
    )
    assert json.loads(out)["matched_tags"] == ["zoo"]
    _, out, _ = answer(
        capsys, "export", "--feed", "new.csv", "--interest", "zoo", "--format", "ics", "--top", "1"
    )
    assert "DTSTART:20260914T093000" in json.loads(out)["ics"]


def test_a_feed_comes_from_an_address(capsys):
    with feed_server() as server:
        words = ["recommend", "--feed", f"{server.url}/feed.csv", "--interest", "ai"]
        status, _, err = answer(capsys, *words)
        assert status == 2
        assert "--allow-private" in err
        _, out, _ = answer(capsys, *words, "--allow-private")
    assert json.loads(out)["sessions"][0]["title"] == "Agents"


def test_a_feed_comes_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FEED)))
    _, out, _ = answer(capsys, "recommend", "--feed", "-", "--interest", "ai")
    assert json.loads(out)["sessions"][0]["title"] == "Agents"


def test_a_feed_and_a_manifest_exclude_each_other(capsys):
    with pytest.raises(SystemExit):
        main(["recommend", "--feed", "new.csv", "--manifest", "agent.json", "--interest", "ai"])
    assert "not allowed with argument" in capsys.readouterr().err


def test_what_is_no_feed_is_named(capsys, folder):
    (folder / "bad.json").write_text("{", encoding="utf-8")
    status, _, err = answer(capsys, "recommend", "--feed", "bad.json", "--interest", "ai")
    assert status == 2
    assert err.startswith("eventkit: bad.json:1:")


def test_export_all_writes_every_session_without_interests(capsys):
    _, out, _ = answer(capsys, "export", "--feed", "new.csv", "--all", "--format", "schedule-json")
    result = json.loads(out)
    assert result["sessionCount"] == 2
    again = read(json.dumps(result["schedule-json"]).encode())
    assert [session["id"] for session in again.sessions] == ["2", "1"]


@pytest.mark.parametrize("name", ["plan.csv", "plan.xml", "plan.ics"])
def test_the_ending_of_the_output_names_the_format(capsys, name):
    words = ["export", "--feed", "new.csv", "--all", "--output", name]
    assert answer(capsys, *words)[0] == 0
    assert len(read(name)) == 2


def test_diff_as_text(capsys):
    status, out, _ = answer(capsys, "diff", "old.csv", "new.csv")
    assert status == 0
    assert out.splitlines() == [
        "Moved (1)",
        "  Agents: 2026-09-14 09:30-10:00 → 2026-09-14 11:00-11:30",
        "Room changed (1)",
        "  Agents: Hall 1 → Hall 2",
        "New (1)",
        "  Bees, 2026-09-14 09:30, Hall 1",
        "0 sessions are unchanged.",
    ]
    _, out, _ = answer(capsys, "diff", "new.csv", "old.csv")
    assert "Cancelled (1)" in out


def test_diff_as_markdown_and_json(capsys):
    _, out, _ = answer(capsys, "diff", "old.csv", "new.csv", "--format", "markdown")
    assert "## Room changed\n\n- Agents: Hall 1 → Hall 2\n" in out
    _, out, _ = answer(capsys, "diff", "old.csv", "new.csv", "--format", "json")
    result = json.loads(out)
    assert [session["title"] for session in result["new"]] == ["Bees"]
    assert result["rooms"][0]["after"] == "Hall 2"


def test_diff_of_a_feed_its_manifest_and_its_catalogue_is_empty(capsys):
    answer(capsys, "import", "new.csv", "-o", "agent.json")
    answer(capsys, "import", "new.csv", "-o", "programme.cat")
    for other in ("agent.json", "programme.cat"):
        _, out, _ = answer(capsys, "diff", "new.csv", other)
        assert out == "Nothing changed in 2 sessions.\n"


def one(**fields):
    return {"id": "1", "title": "A", "start_at": "2026-09-14T09:00:00+02:00"} | fields


def clock(**fields):
    return {"title": "A", "start": "09:00"} | fields


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ([one()], [one()], ""),
        ([one()], [one(start_at="2026-09-14T07:00:00+00:00")], ""),
        ([one()], [one(start_at="2026-09-14T09:00:00")], ""),
        ([one()], [one(start_at="2026-09-14T10:00:00+02:00")], "moved"),
        ([one()], [one(end_at="2026-09-14T10:00:00+02:00")], ""),
        ([one()], [{"id": "1", "title": "A"}], "moved"),
        ([one(title="B"), one(id="2")], [one(title="C"), one(id="2")], "renamed"),
        ([one()], [one(id="2")], ""),
        ([one(), one(id="2", title="B")], [one(title="B"), one(id="2")], ""),
        ([one(location="X")], [one()], "rooms"),
        ([one()], [], "cancelled"),
        ([], [one()], "new"),
        ([clock(day="1")], [clock(day="2")], "moved"),
        ([clock()], [clock(title="a ")], "renamed"),
    ],
)
def test_what_counts_as_a_change(old, new, changed):
    difference = compare(old, new)
    found = [
        name
        for name in ("moved", "rooms", "renamed", "new", "cancelled")
        if getattr(difference, name)
    ]
    assert found == ([changed] if changed else [])
    assert bool(difference) == bool(changed)


def test_sessions_with_one_title_are_matched_by_their_start():
    lunch = [one(id=None, title="Lunch", start_at=f"2026-09-1{day}T12:00:00") for day in (4, 5, 6)]
    difference = compare(lunch, lunch[1:])
    assert [session["start_at"] for session in difference.cancelled] == ["2026-09-14T12:00:00"]
    assert (difference.moved, difference.unchanged) == ([], 2)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_format_gives_a_valid_manifest(capsys, folder, name):
    (folder / "feed").write_text(SAMPLES[name], encoding="utf-8")
    assert answer(capsys, "import", "feed", "-o", "agent.json")[0] == 0
    assert validate(load_manifest("agent.json")) == []
