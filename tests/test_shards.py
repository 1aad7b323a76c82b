"""A catalogue in several files answers as one whole file does, bit for bit."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

import catalog_recipes as recipes
import generator
from conftest import faults_scale
from eventkit import Catalog, Filter, errors
from eventkit.catalog import add_shard, read_manifest, write_manifest
from faults.clean import clean_session
from outcomes import outcome

TAGS = ("ai", "web", "rust", "data", "python", "AI")


def cut(rng: Random, sessions: list[Any], weights: Any, directory: Path) -> list[Path]:
    """Save the sessions in some files, in order. A file may have few sessions, or none."""
    borders = sorted(rng.randrange(len(sessions) + 1) for _ in range(rng.choice((1, 2, 4, 9))))
    files = []
    for number, (start, end) in enumerate(
        zip([0, *borders], [*borders, len(sessions)], strict=True)
    ):
        files.append(directory / f"{number}.catalog")
        Catalog(sessions[start:end], weights=weights).save(files[-1])
    return files


def many_sessions(rng: Random) -> list[dict[str, Any]]:
    """Make some sessions, or so many that the index skips most; often with many equal scores."""
    if rng.randrange(4):
        made = recipes.plain_sessions(rng, rng.choice((0, 1, 3, 8, 40)))
        return [json.loads(json.dumps(session)) for session in made]
    kind = rng.choice(("random", "rounded", "equal", "missing"))
    few = [json.loads(json.dumps(clean_session(rng, place))) for place in range(3)]
    count = rng.choice((300, 1500))
    manifest = generator.manifest(count, tags=20, popularity=kind, seed=rng.randrange(1 << 30))
    return [*few, *manifest["sessions"]]


def some_filter(rng: Random) -> Filter | None:
    return rng.choice(
        (
            None,
            Filter(any_tags=[rng.choice(TAGS), "agents basics"], exclude=["s1", "s000007"]),
            Filter(start="09:30", end="14:00", fit="overlapping"),
            Filter(no_tags=[rng.choice(TAGS)], locations=["room 1", "hall a", "room 2"]),
        )
    )


def questions(rng: Random, sessions: list[dict[str, Any]]) -> list[Any]:
    """Return some questions that can be put to a catalogue."""
    interests = recipes.clean_interests(rng)
    if rng.randrange(2):
        interests = [*generator.interests(rng.choice((1, 3, 7)), seed=rng.randrange(99)), "ai"]
    top, weights = recipes.clean_top(rng), recipes.clean_weights(rng)
    columns = rng.choice((0, 1, 3, 5, 20, 2000))
    title = rng.choice(sessions)["title"] if sessions else "no title"
    narrow = some_filter(rng)
    return [
        lambda it: it.recommend(interests, top, weights=weights),
        lambda it: it.recommend(interests, top, filter=narrow),
        lambda it: it.recommend_json(interests, top),
        lambda it: [table.tolist() for table in it.rank_many([interests, []], columns)],
        lambda it: [
            table.tolist()
            for table in it.rank_many([interests] * 3, columns, weights=weights, filter=narrow)
        ],
        lambda it: it.explain(title.upper(), interests),
        lambda it: it.score(title, interests),
        lambda it: it.plan(interests, 3, filter=narrow),
        lambda it: it.why_not(title, interests, 2),
        lambda it: it.alternatives(title, interests, 3),
        lambda it: it.recommend(interests[:3], 4, understand=True, filter=narrow),
        lambda it: it.explain(title, interests[:3], understand=True),
        lambda it: it.unmatched([*interests, "ia", "pythom"]),
        lambda it: (len(it), "s1" in it, it.fields, [it[place] for place in range(len(it))][-3:]),
    ]


@pytest.mark.slow
@pytest.mark.faults
def test_shards_answer_as_the_whole(tmp_path: Path) -> None:
    """Thousands of random questions; 100,000 in the long form."""
    asked = 0
    for seed in range(faults_scale(short=40, long=2600)):
        rng = Random(seed)
        sessions, weights = many_sessions(rng), recipes.clean_weights(rng)
        Catalog(sessions, weights=weights).save(tmp_path / "whole.catalog")
        whole = Catalog.open(tmp_path / "whole.catalog")
        files = cut(rng, sessions, weights, tmp_path)
        if rng.randrange(2):
            shards = Catalog.open_many(write_manifest(tmp_path / "all.json", files).path)
        else:
            shards = Catalog.open_many(files)
        ids = [session["id"] for session in sessions if "id" in session]
        if rng.randrange(4) == 0 and ids:
            gone = {ids[0], rng.choice(ids)}
            added = [{"title": "new", "tags": ["ai"], "id": "new"}]
            whole = Catalog(list(whole), weights=weights).with_sessions(added, gone)
            shards = pickle.loads(pickle.dumps(shards.with_sessions(added, gone)))
        for _ in range(3):
            for number, question in enumerate(questions(rng, sessions)):
                got, want = (outcome(partial(question, it)) for it in (shards, whole))
                assert got == want, (seed, number)
                asked += 1
    assert asked >= faults_scale(short=1_600, long=100_000)


def lines(count: int) -> list[bytes]:
    """Generate sessions, one a line."""
    text = generator.text(generator.columns(count))
    return text[text.index(b"[{") + 1 : -2].replace(b"}, {", b"}\n{").splitlines(keepends=True)


@pytest.mark.slow
@pytest.mark.faults
def test_ten_shards_rank_as_the_whole(tmp_path: Path) -> None:
    """One million sessions in the long form."""
    drawn = lines(faults_scale(short=20_000, long=1_000_000))
    whole = Catalog.from_ndjson(BytesIO(b"".join(drawn)))
    files = []
    for number in range(10):
        start, end = (len(drawn) * border // 10 for border in (number, number + 1))
        files.append(tmp_path / f"{number}.catalog")
        Catalog.from_ndjson(BytesIO(b"".join(drawn[start:end]))).save(files[-1])
    shards = Catalog.open_many(files)
    many = [generator.interests(3 + number % 5, seed=number) for number in range(2000)]
    pyarrow = pytest.importorskip("pyarrow")
    column = pyarrow.array(many)
    for weights in (None, {"interest": 2.0, "popularity": 0, "diversity": 0.3}):
        for narrow in (None, Filter(start="10:00", end="12:00")):
            got, want = (
                [bytes(table) for table in it.rank_many(many, 5, weights=weights, filter=narrow)]
                for it in (shards, whole)
            )
            assert got == want
            got, want = (
                it.rank_arrow(column, 5, narrow, weights=weights, ids=False)
                for it in (shards, whole)
            )
            assert pyarrow.array(got).equals(pyarrow.array(want))


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    for number in range(3):
        sessions = [{"id": f"{number}{letter}", "title": letter, "tags": ["ai"]} for letter in "ab"]
        Catalog(sessions).save(tmp_path / f"{number}.catalog")
    path = tmp_path / "all.json"
    write_manifest(path, [tmp_path / f"{number}.catalog" for number in range(3)])
    return path


def test_a_manifest_names_its_shards_relative_to_itself(manifest: Path, tmp_path: Path) -> None:
    held = json.loads(manifest.read_text())
    assert [shard["path"] for shard in held["shards"]] == [f"{number}.catalog" for number in "012"]
    assert [shard["offset"] for shard in held["shards"]] == [0, 2, 4]
    assert held["sessions"] == 6
    other = tmp_path / "moved"
    other.mkdir()
    for file in [manifest, *tmp_path.glob("*.catalog")]:
        file.rename(other / file.name)
    assert len(Catalog.open_many(other / "all.json", verify=True)) == 6
    (tmp_path / "link.json").symlink_to(other / "all.json")
    assert len(Catalog.open_many(tmp_path / "link.json", copy=True)) == 6


def test_a_shard_that_is_another_file_is_refused(manifest: Path, tmp_path: Path) -> None:
    Catalog([{"title": "other"}]).save(tmp_path / "1.catalog")
    with pytest.raises(errors.CatalogFileError, match=r"1\.catalog: not the file that .*all\.json"):
        Catalog.open_many(manifest)
    (tmp_path / "1.catalog").unlink()
    with pytest.raises(FileNotFoundError, match=r"1\.catalog"):
        Catalog.open_many(manifest)


def test_shards_with_other_weights_are_refused(manifest: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.catalog"
    Catalog([{"title": "odd"}], weights={"interest": 1, "popularity": 0.5}).save(odd)
    for refused in (
        lambda: Catalog.open_many([tmp_path / "0.catalog", odd]),
        lambda: write_manifest(tmp_path / "bad.json", [tmp_path / "0.catalog", odd]),
        lambda: add_shard(manifest, odd),
        lambda: add_shard(manifest, Catalog.open(odd)),
    ):
        with pytest.raises(errors.CatalogFileError, match=r"its weights are .*'interest': 1"):
            refused()
    assert len(Catalog.open_many(manifest)) == 6
    assert not (tmp_path / "bad.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda held: held.update(kind="other"), "not a manifest of shards"),
        (lambda held: held.update(version=99), "version 99"),
        (lambda held: held.update(sum="abacus"), r"whose sum\(\) of floats is abacus"),
        (lambda held: held.pop("sum"), "wrong members"),
        (lambda held: held["shards"][1].update(offset=7), "offset 7, expected 2"),
        (lambda held: held["shards"][1].update(bytes="many"), "bytes is 'many'"),
        (lambda held: held["shards"][1].update(checksum="0" * 16), r"1\.catalog: not the file"),
        (lambda held: held["shards"][1].update(checksum="zz"), "checksum is 'zz'"),
        (lambda held: held["shards"][2].update(sessions=3), r"claims 6 sessions, .* have 7"),
        (
            lambda held: (held["shards"][2].update(sessions=3), held.update(sessions=7)),
            r"2\.catalog: it has 2 sessions, and .*all\.json says 3",
        ),
        (lambda held: held["shards"][1].pop("path"), "wrong members"),
        (lambda held: held.update(fields=[]), "no weights"),
    ],
)
def test_a_wrong_manifest_is_refused(manifest: Path, change: Any, message: str) -> None:
    held = json.loads(manifest.read_text())
    change(held)
    manifest.write_text(json.dumps(held))
    with pytest.raises(errors.CatalogFileError, match=message):
        Catalog.open_many(manifest)


def test_no_file_is_refused(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no file"):
        Catalog.open_many([])
    with pytest.raises(ValueError, match="at least one shard"):
        write_manifest(tmp_path / "none.json", [])
    with pytest.raises(errors.CatalogFileError, match="not a manifest of shards, but a compiled"):
        Catalog.open_many(tmp_path / "0.catalog")
    nothing: Any = None
    with pytest.raises(TypeError, match="open_many was given None, expected a path or a list"):
        Catalog.open_many(nothing)
    with pytest.raises(TypeError, match=r"shards is '0\.catalog', one path; expected a list"):
        write_manifest(tmp_path / "one.json", "0.catalog")


def test_sessions_are_added_as_one_new_file(manifest: Path, tmp_path: Path) -> None:
    before = {file.name: file.stat().st_ino for file in tmp_path.glob("*.catalog")}
    old = Catalog.open_many(manifest)
    added = add_shard(manifest, [{"id": "x", "title": "new", "tags": ["ai"], "popularity": 1.0}])
    assert added == read_manifest(manifest)
    assert [shard.sessions for shard in added.shards] == [2, 2, 2, 1]
    now = Catalog.open_many(manifest)
    assert now.recommend(["ai"], 1)["sessions"][0]["title"] == "new"
    assert (len(old), len(now), "x" in old, "x" in now) == (6, 7, False, True)
    files = {file.name: file.stat().st_ino for file in tmp_path.glob("*.catalog")}
    assert before.items() <= files.items()
    assert len(files) == len(before) + 1
    assert not list(tmp_path.glob("*.tmp"))


KILLED = """
import os, sys
import eventkit.catalog.shards as shards
def die(*_):
    os._exit(9)
shards.atomic_write = die
shards.add_shard(sys.argv[1], [{"title": "lost"}])
"""


def test_a_process_that_ends_while_it_adds_leaves_the_old_catalogue(manifest: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, os.fspath(manifest)], check=False)
    assert ended.returncode == 9
    assert len(Catalog.open_many(manifest, verify=True)) == 6
    add_shard(manifest, [{"title": "kept"}])
    assert Catalog.open_many(manifest, verify=True)[6] == {"title": "kept"}


def test_processes_that_add_at_once_lose_nothing(manifest: Path) -> None:
    code = (
        "import sys; from eventkit.catalog import add_shard\n"
        "for number in range(3): add_shard(sys.argv[1], [{'title': sys.argv[2] + str(number)}])"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, os.fspath(manifest), name]) for name in "xy"
    ]
    assert [process.wait() for process in running] == [0, 0]
    titles = [session["title"] for session in Catalog.open_many(manifest)][6:]
    assert sorted(titles) == ["x0", "x1", "x2", "y0", "y1", "y2"]
