"""`eventkit.scale.recommend` and `eventkit batch`: files of profiles in, one result file a part."""

from __future__ import annotations

import fcntl
import gzip
import io
import itertools
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scale_samples as samples
from command_line import run as command
from eventkit import BatchError, MissingExtraError
from faults.child import environment

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
fsspec = pytest.importorskip("fsspec")
from eventkit.scale import Recommender, recommend, recommender  # noqa: E402
from eventkit.scale import run as runs  # noqa: E402
from eventkit.scale.tables import line_batches  # noqa: E402
from eventkit.scale.work import Work  # noqa: E402

pytestmark = pytest.mark.once

ROWS = samples.profiles(1_000)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.catalog_file(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="module")
def want(catalog: Path) -> list[dict[str, Any]]:
    return samples.expected(catalog, ROWS)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return samples.write_parquet(tmp_path / "people.parquet", ROWS)


def write_csv(file: Path, rows: Any) -> Path:
    lines = [f'{row["id"]},x,"{"; ".join(row["interests"])}"\n' for row in rows]
    file.write_text("id,note,interests\n" + "".join(lines))
    return file


def write_csv_of_json(file: Path, rows: Any) -> Path:
    texts = [json.dumps(row["interests"]).replace('"', '""') for row in rows]
    lines = [f'{row["id"]},"{text}"\n' for row, text in zip(rows, texts, strict=True)]
    file.write_text("id,interests\n" + "".join(lines))
    return file


def write_gzip(file: Path, rows: Any) -> Path:
    file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return file


@pytest.mark.parametrize("format", ["parquet", "ndjson"])
@pytest.mark.parametrize(
    ("name", "write", "parts"),
    [
        ("p.parquet", samples.write_parquet, 4),
        ("p.ndjson", samples.write_lines, 4),
        ("p.csv", write_csv, 1),
        ("q.csv", write_csv_of_json, 1),
        ("p.jsonl.gz", write_gzip, 1),
    ],
)
def test_every_format_gives_the_results_of_the_catalogue(
    tmp_path: Path, catalog: Path, want: Any, name: str, write: Any, parts: int, format: Any
) -> None:
    file = write(tmp_path / name, ROWS)
    run = recommend(file, catalog, tmp_path / "out", format=format, part_rows=250)
    assert abs(run["parts"] - parts) <= (1 if name == "p.ndjson" else 0)
    assert run["computed"] == run["parts"] == len(run["files"])
    assert run["profiles"] == (len(ROWS) if format == "parquet" else None)
    assert samples.results(run) == want
    assert samples.left_over(tmp_path / "out") == []


def test_directories_and_patterns_are_read_in_the_order_of_names(
    tmp_path: Path, catalog: Path, want: Any
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    samples.write_lines(folder / "b.ndjson", ROWS[300:])
    samples.write_lines(folder / "a.ndjson", ROWS[:300])
    (folder / "_SUCCESS").write_text("")
    (folder / "notes.txt").write_text("")
    for number, given_ in enumerate((folder, f"{folder}/*.ndjson", sorted(folder.glob("*.nd*")))):
        assert samples.results(recommend(given_, catalog, tmp_path / f"out{number}")) == want


def test_object_stores_are_read_and_written_by_url(catalog: Path, want: Any) -> None:
    memory = fsspec.filesystem("memory")
    text = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    memory.pipe_file("/bucket/people.ndjson", text)
    source, out = "memory://bucket/people.ndjson", "memory://bucket/out"
    run = recommend(source, catalog, out, format="ndjson", part_rows=400)
    assert run["parts"] > 1
    read = [memory.cat_file(f"/bucket/out/{name}") for name in run["files"]]
    assert [json.loads(line) for part in read for line in part.splitlines()] == want
    assert {path.rpartition("/")[2] for path in memory.ls("/bucket/out", detail=False)} == {
        *run["files"],
        "run.json",
    }
    memory.rm_file(f"/bucket/out/{run['files'][1]}")
    arguments = {"format": "ndjson", "part_rows": 400, "resume": True}
    assert recommend(source, catalog, out, **arguments)["computed"] == 1
    memory.pipe_file("/bucket/people.ndjson", text + b" ")
    with pytest.raises(BatchError, match=r"people.ndjson: it changed after the run began"):
        recommend(source, catalog, out, **arguments)


LINES = st.lists(st.integers(0, 60).map(lambda pad: {"id": pad, "x": "é" * pad, "interests": []}))


@given(LINES, st.lists(st.integers(0, 3000), max_size=6), st.booleans())
@settings(max_examples=150)
def test_a_range_of_bytes_has_the_lines_that_begin_in_it(
    rows: list[Any], cuts: list[int], last: bool
) -> None:
    """Whatever the ranges are, each line is in exactly one of them."""
    numbered = [{**row, "id": number} for number, row in enumerate(rows)]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in numbered).encode()
    text += b"\n" if last and rows else b""
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    found = []
    for start, stop in itertools.pairwise(places):
        for batch in line_batches(io.BytesIO(text), start, stop, pa.int64()):
            found += batch.column("id").to_pylist()
    assert found == list(range(len(rows)))


def test_resume_computes_only_what_is_missing(
    tmp_path: Path, people: Path, catalog: Path, want: Any
) -> None:
    out = tmp_path / "out"
    run = recommend(people, catalog, out, part_rows=250)
    with pytest.raises(BatchError, match="holds a run already"):
        recommend(people, catalog, out, part_rows=250)
    (out / run["files"][2]).unlink()
    (out / f".{run['files'][2]}.1234.tmp").write_text("what a killed worker left")
    before = (out / run["files"][1]).stat()
    seen: list[tuple[int, int]] = []
    again = recommend(
        people, catalog, out, part_rows=250, resume=True, progress=lambda *at: seen.append(at)
    )
    assert again["computed"] == 1
    assert seen == [(3, 4), (4, 4)]
    assert (out / run["files"][1]).stat().st_ino == before.st_ino
    assert samples.results(again) == want
    assert samples.left_over(out) == []


def test_resume_begins_where_nothing_was(
    tmp_path: Path, people: Path, catalog: Path, want: Any
) -> None:
    assert samples.results(recommend(people, catalog, tmp_path / "out", resume=True)) == want


def test_resume_refuses_other_inputs(tmp_path: Path, people: Path, catalog: Path) -> None:
    mine = samples.catalog_file(tmp_path)
    out, asked = tmp_path / "out", {"resume": True, "part_rows": 250}
    recommend(people, mine, out, part_rows=250)

    def refused(message: str, **changed: Any) -> None:
        given_ = {"profiles": people, "catalog": mine, "out": out, **asked, **changed}
        with pytest.raises(BatchError, match=message):
            recommend(**given_)

    refused("the query .*'top': 5.*'top': 3", top=3)
    refused("the query .*None.*locations", filter={"locations": ["Room 1"]})
    refused("result format 'parquet', and now it is 'ndjson'", format="ndjson")
    refused("part size 250", part_rows=100)
    refused("the catalogue ", catalog=catalog)
    samples.write_lines(tmp_path / "more.ndjson", ROWS[:5])
    refused("other files .*more.ndjson", profiles=[str(people), str(tmp_path / "more.ndjson")])
    samples.catalog_file(tmp_path, seed=1)
    refused("catalogue of the checksum")
    samples.catalog_file(tmp_path)
    held = json.loads((out / "run.json").read_text())
    for name, value in (("version", "0.0.1"), ("regime", "decimal")):
        (out / "run.json").write_text(json.dumps({**held, name: value}))
        refused(value)
    (out / "run.json").write_text(json.dumps({**held, "manifest": 99}))
    refused("newer eventkit")
    (out / "run.json").write_text("{")
    refused("no manifest of a run")
    (out / "run.json").write_text(json.dumps(held))
    samples.write_parquet(people, ROWS[:-1])
    refused("people.parquet: it changed after the run began")


def test_two_processes_do_not_work_on_one_run(tmp_path: Path, people: Path, catalog: Path) -> None:
    recommend(people, catalog, tmp_path / "out")
    with (tmp_path / "out/run.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BatchError, match="another process is working on this run"):
            recommend(people, catalog, tmp_path / "out", resume=True)


BROKEN = {
    "cut.parquet": (None, "cut.parquet"),
    "columns.ndjson": (b'{"name": "ann"}\n', "id None, expected a text or a whole number"),
    "columns.csv": (b"id,tags\n1,ai\n", "no column 'interests', only id, tags"),
    "empty.csv": (b"", "its first line is empty, expected the names"),
    "json.csv": (b'id,interests\n1,"[1]"\n', "row 0 has the interests '\\[1\\]'"),
    "line.ndjson": (b'{"id": 1, "interests": []}\n{"id": \n', "part 0 .*line.ndjson.*JSON"),
    "mixed.ndjson": (b'{"id": 1, "interests": []}\n{"id": "a", "interests": []}\n', "part 0"),
    "null.ndjson": (b'{"id": 1, "interests": []}\n{"id": 2}\n', "rows from 0 .*row 1 is null"),
    "noid.ndjson": (b'{"id": 1, "interests": []}\n{"interests": []}\n', "row 1 has no id"),
    "cut.ndjson.gz": (gzip.compress(b'{"id": 1, "interests": []}\n' * 99)[:-9], "cut.ndjson.gz"),
    "no.csv.bz2": (b"no archive", "no.csv.bz2"),
    "people.txt": (b"", "expected a file that ends in .parquet"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_part_that_cannot_be_read_is_named(tmp_path: Path, catalog: Path, name: str) -> None:
    content, message = BROKEN[name]
    file = tmp_path / name
    if content is None:
        samples.write_parquet(file, ROWS)
        content = file.read_bytes()[:-20]
    file.write_bytes(content)
    with pytest.raises(BatchError, match=message):
        recommend(file, catalog, tmp_path / "out")
    assert not list(tmp_path.glob("out/part-*"))
    assert not list(tmp_path.glob("out/.*.tmp"))


def test_a_damaged_page_is_named_and_the_other_parts_stay(
    tmp_path: Path, people: Path, catalog: Path, want: Any
) -> None:
    whole = people.read_bytes()
    times = people.stat()
    middle = len(whole) // 2
    people.write_bytes(whole[:middle] + bytes(200) + whole[middle + 200 :])
    with pytest.raises(BatchError, match=r"part [12] \(.*people.parquet, row groups"):
        recommend(people, catalog, tmp_path / "out", part_rows=250)
    assert not list(tmp_path.glob("out/.*.tmp"))
    assert times.st_size == people.stat().st_size
    # The good file is another file, so the run is not continued with it.
    people.write_bytes(whole)
    with pytest.raises(BatchError, match="changed after the run began"):
        recommend(people, catalog, tmp_path / "out", part_rows=250, resume=True)


@pytest.mark.parametrize("difference", ["catalogue", "version", "regime", "file"])
def test_a_worker_that_would_answer_differently_is_refused(
    tmp_path: Path, people: Path, monkeypatch: pytest.MonkeyPatch, difference: str
) -> None:
    """The message names the part, and what is different."""
    mine = samples.catalog_file(tmp_path)
    held = Recommender(mine)
    run = runs.new_run(people, held, "parquet", 250)
    pickled = pickle.dumps(
        (Work(str(tmp_path), run.token, run.kind, run.format, held), run.part(1))
    )
    # As in a process that has opened nothing yet.
    monkeypatch.setattr(recommender, "_OPENED", {})
    if difference == "catalogue":
        samples.catalog_file(tmp_path, seed=1)
    elif difference == "file":
        mine.unlink()
    elif difference == "version":
        monkeypatch.setattr("eventkit._native.__version__", "0.0.1")
    else:
        monkeypatch.setattr("eventkit.catalog.pickling.sum_regime", lambda: None)
    message = {"version": "eventkit 0.0.1", "regime": "of an unknown kind"}
    work, part = pickle.loads(pickled)
    with pytest.raises(BatchError, match=message.get(difference, str(mine))) as caught:
        work(part)
    assert caught.value.part == str(run.part(1))
    assert str(people) in caught.value.part
    assert not list(tmp_path.glob(".*.tmp"))


FULL = """
import resource, sys
from eventkit import BatchError
from eventkit.scale import recommend
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, resource.RLIM_INFINITY))
try:
    recommend(*sys.argv[1:], part_rows=250)
except BatchError as error:
    print(error)
"""


def test_a_full_disk_is_named_and_resume_continues(
    tmp_path: Path, people: Path, catalog: Path, want: Any
) -> None:
    out = tmp_path / "out"
    arguments = [sys.executable, "-c", FULL, str(people), str(catalog), str(out)]
    said = subprocess.run(
        arguments, capture_output=True, text=True, env=environment(), check=True
    ).stdout
    assert said.startswith("part "), said
    assert "people.parquet" in said
    assert "too large" in said
    assert samples.left_over(out) == []
    run = recommend(people, catalog, out, part_rows=250, resume=True)
    assert samples.results(run) == want


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"engine": "ray"}, "engine is 'ray', expected one of local, dask, daft, spark"),
        ({"format": "xml"}, "format is 'xml'"),
        ({"part_rows": 0}, "part_rows is 0"),
        ({"cluster": "tcp://x"}, "the engine local has none"),
        ({"cluster": "ray", "engine": "daft"}, "Daft takes it from its own settings"),
        ({"top": -1}, "top is -1"),
        ({"top": "5"}, "top is '5', expected a whole number"),
        ({"part_rows": None}, "part_rows is None, expected a whole number"),
        ({"filter": "ai"}, "filter is 'ai', expected a Filter"),
    ],
)
def test_arguments_without_meaning_are_refused(
    tmp_path: Path, people: Path, catalog: Path, arguments: Any, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        recommend(people, catalog, tmp_path / "out", **arguments)
    # So the same command without the mistake begins a run.
    assert not (tmp_path / "out").exists()


def test_ids_of_parquet_are_texts_or_whole_numbers(tmp_path: Path, catalog: Path) -> None:
    file = tmp_path / "people.parquet"
    tastes = pa.array([["ai"], ["web"]])
    words = pa.array(["ann", "bob"])
    for ids in (words, words.dictionary_encode(), words.cast("large_string"), pa.array([1, 2])):
        pq.write_table(pa.table({"id": ids, "interests": tastes}), file)
        out = tmp_path / str(ids.type)[:5]
        assert [row["id"] for row in samples.results(recommend(file, catalog, out))] == (
            ids.to_pylist()
        )
    for wrong in (pa.array([1.0, 2.0]), pa.array([b"a", b"b"])):
        pq.write_table(pa.table({"id": wrong, "interests": tastes}), file)
        message = f"its ids have the type {wrong.type}, expected texts or whole numbers"
        with pytest.raises(BatchError, match=message):
            recommend(file, catalog, tmp_path / "wrong")


def test_a_set_in_a_filter_is_the_same_query_in_each_process(
    tmp_path: Path, people: Path, catalog: Path
) -> None:
    code = (
        "import sys; from eventkit.scale import recommend; p, c, o, r = sys.argv[1:];"
        "f = {'no_tags': {f'tag {n}' for n in range(9)}};"
        "print(recommend(p, c, o, filter=f, resume=bool(int(r)))['computed'])"
    )
    for resume, computed in (("0", "1"), ("1", "0")):
        run = [sys.executable, "-c", code, people, catalog, tmp_path / "out", resume]
        hashing = environment() | {"PYTHONHASHSEED": resume}
        done = subprocess.run(run, capture_output=True, text=True, env=hashing)
        assert done.stdout.strip() == computed, done.stderr


def test_nothing_to_read_is_an_error(tmp_path: Path, catalog: Path) -> None:
    for profiles in (tmp_path, tmp_path / "none.parquet", f"{tmp_path}/*.csv", "gopher://x/y.csv"):
        with pytest.raises(BatchError):
            recommend(profiles, catalog, tmp_path / "out")
    with pytest.raises(BatchError, match="profiles: there are none"):
        recommend([], catalog, tmp_path / "out")


def test_a_missing_package_names_its_extra(
    tmp_path: Path, people: Path, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"eventkit-recommender\[dask\]"):
        recommend(people, catalog, tmp_path / "out", engine="dask")
    assert not (tmp_path / "out").exists()
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match=r"eventkit-recommender\[batch\]"):
        recommend(people, catalog, tmp_path / "out")


def test_the_command_prints_what_was_done(
    tmp_path: Path, people: Path, catalog: Path, want: Any
) -> None:
    flags = ["--profiles", str(people), "--catalog", str(catalog), "--out", str(tmp_path / "out")]
    done = command("batch", *flags, "--part-rows", "250")
    run = json.loads(done.stdout)
    assert samples.results(run) == want
    refused = command("batch", *flags)
    assert refused.returncode == 2
    assert refused.stderr.startswith("eventkit: ")
    assert "holds a run already" in refused.stderr
    assert "Traceback" not in command("batch", *flags, "--cluster", "tcp://x").stderr
    again = command("batch", *flags, "--part-rows", "250", "--resume")
    assert json.loads(again.stdout)["computed"] == 0
