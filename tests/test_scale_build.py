"""`eventkit.scale.build`: files of sessions become shards, whose answers are those of one file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import generator
import scale_samples as samples
from eventkit import BatchError, Catalog
from faults.child import environment

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
fsspec = pytest.importorskip("fsspec")
from eventkit.scale import Recommender, build, building, engines, recommend, sessions  # noqa: E402

pytestmark = pytest.mark.once

SESSIONS = generator.manifest(1_000)["sessions"]
INTERESTS = [row["interests"] for row in samples.profiles(200)]


def lines(rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def write(folder: Path, kind: str) -> Path:
    """Write the sessions as two files."""
    source = folder / "source"
    source.mkdir()
    for name, rows in (("a", SESSIONS[:330]), ("b", SESSIONS[330:])):
        if kind == "parquet":
            table = pa.Table.from_pylist(rows)
            pq.write_table(table, source / f"{name}.parquet", row_group_size=100)
        else:
            (source / f"{name}.ndjson").write_text(lines(rows))
    return source


@pytest.fixture
def here_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile in this process, which spares the start of others."""
    monkeypatch.setattr(building, "run_processes", engines.engine_of("local"))


@pytest.mark.parametrize(("kind", "shards"), [("parquet", 6), ("ndjson", 6)])
@pytest.mark.usefixtures("here_only")
def test_shards_give_the_answers_of_one_file(tmp_path: Path, kind: str, shards: int) -> None:
    seen: list[tuple[int, int]] = []
    out = tmp_path / "all.json"
    made = build(write(tmp_path, kind), out, shard_rows=200, progress=lambda *at: seen.append(at))
    assert (made["shards"], made["sessions"]) == (shards, 1_000)
    assert seen == [(done, shards) for done in range(shards + 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *(f"all-{number:05}.catalog" for number in range(shards)),
        "all.json",
        "source",
    ]
    whole = Catalog(SESSIONS)
    assert list(Catalog.open_many(out)) == SESSIONS
    found = Recommender(out)(INTERESTS).to_pylist()
    want = pa.array(whole.rank_arrow(pa.array(INTERESTS), 5)).to_pylist()
    assert found == want


def test_processes_compile_shards_and_a_batch_uses_them(tmp_path: Path) -> None:
    out = tmp_path / "all.json"
    build(write(tmp_path, "ndjson"), out, shard_rows=400)
    rows = samples.profiles(100)
    run = recommend(samples.write_lines(tmp_path / "p.ndjson", rows), out, tmp_path / "out")
    Catalog(SESSIONS).save(tmp_path / "one.catalog")
    assert samples.results(run) == samples.expected(tmp_path / "one.catalog", rows)
    # Other shards are another catalogue.
    first, second = (tmp_path / f"all-0000{n}.catalog" for n in range(2))
    first.write_bytes(second.read_bytes())
    with pytest.raises(ValueError, match=r"all-00000.catalog"):
        recommend(tmp_path / "p.ndjson", out, tmp_path / "out", resume=True)


@pytest.mark.usefixtures("here_only")
def test_what_a_killed_build_left_is_deleted_by_the_next(tmp_path: Path) -> None:
    hidden = tmp_path / ".all.json.build"
    hidden.mkdir()
    (hidden / "00000.catalog").write_text("half a shard")
    build(write(tmp_path, "ndjson"), tmp_path / "all.json", shard_rows=500)
    assert not hidden.exists()
    with pytest.raises(BatchError, match=r"all.json: it exists already"):
        build(tmp_path / "source", tmp_path / "all.json")


@pytest.mark.usefixtures("here_only")
def test_a_bad_session_is_named_with_its_line_and_nothing_is_left(tmp_path: Path) -> None:
    bad = [*map(json.dumps, SESSIONS[:150])]
    bad[120] = "{"
    (tmp_path / "talks.ndjson").write_text("\n".join(bad))
    with pytest.raises(BatchError) as caught:
        build(tmp_path / "talks.ndjson", tmp_path / "all.json", shard_rows=100)
    assert f"shard 1 ({tmp_path}/talks.ndjson, rows 100 to 150)" in str(caught.value)
    # Line 21 of the shard, whose first line is line 101 of the file.
    assert "line 1 here is line 101" in str(caught.value)
    assert ":21:" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["talks.ndjson"]


@pytest.mark.usefixtures("here_only")
def test_a_file_with_other_columns_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    source = write(tmp_path, "parquet")
    odd = pa.table({"title": ["a"], "tags": [["x"]]})
    pq.write_table(odd, source / "c.parquet")
    with pytest.raises(
        BatchError, match=r"c\.parquet: its columns differ from those of .*\.parquet"
    ):
        build(source, tmp_path / "out" / "all.json", shard_rows=10_000)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.csv"], "all .parquet, or all .ndjson"),
        (["a.ndjson", "b.parquet"], "all .parquet, or all .ndjson"),
        (["a.ndjson.gz"], "all .parquet, or all .ndjson"),
        ([], "there is no file"),
    ],
)
def test_sources_of_other_kinds_are_refused(tmp_path: Path, names: list[str], message: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("")
    with pytest.raises(BatchError, match=message):
        build(folder, tmp_path / "all.json")
    with pytest.raises(ValueError, match="shard_rows is 0"):
        build(folder, tmp_path / "all.json", 0)


def test_files_without_sessions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "talks.ndjson").write_text("")
    with pytest.raises(BatchError, match=r"talks\.ndjson: it holds no sessions"):
        build(tmp_path / "talks.ndjson", tmp_path / "all.json")
    wrong: Any = "5"
    with pytest.raises(TypeError, match="shard_rows is '5', expected a whole number"):
        build(tmp_path / "talks.ndjson", tmp_path / "all.json", wrong)


def test_a_program_that_builds_without_a_main_guard_learns_of_it(tmp_path: Path) -> None:
    (tmp_path / "talks.ndjson").write_text('{"title": "A"}\n')
    program = tmp_path / "program.py"
    program.write_text(
        "from eventkit.scale import build\n"
        f"build({str(tmp_path / 'talks.ndjson')!r}, {str(tmp_path / 'all.json')!r})\n"
    )
    run = [sys.executable, str(program)]
    done = subprocess.run(run, capture_output=True, text=True, env=environment())
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("because each process imports it")
    assert 'if __name__ == "__main__":' in done.stderr.splitlines()[-1]


@given(
    st.lists(st.sampled_from(["{}", '{"title": "A"}', "", "x" * 40]), max_size=30),
    st.integers(1, 9),
    st.integers(1, 64),
    st.booleans(),
)
def test_lines_are_divided_without_loss(
    texts: list[str], shard_rows: int, block: int, last: bool
) -> None:
    """Every shard but the last has exactly so many lines, wherever the blocks of reading end."""
    data = "\n".join(texts).encode() + (b"\n" if last and texts else b"")
    fsspec.filesystem("memory").pipe_file("/talks.ndjson", data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sessions, "_BLOCK", block)
        shards = sessions.divide_sessions("memory://talks.ndjson", shard_rows)
    pieces = [data[piece.start : piece.stop] for shard in shards for piece in shard.pieces]
    assert b"".join(pieces) == data
    assert all(piece.count(b"\n") == shard_rows for piece in pieces[:-1])
    assert all(piece.count(b"\n") <= shard_rows for piece in pieces[-1:])
    counted = [piece for shard in shards for piece in shard.pieces]
    firsts = [data[: piece.start].count(b"\n") for piece in counted]
    assert [piece.first for piece in counted] == firsts
