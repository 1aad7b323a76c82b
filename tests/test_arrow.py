"""Arrow in and out: ranks as `rank_many` does, and loads tables as JSON of the same rows loads."""

from __future__ import annotations

import datetime
import gc
import io
import json
import struct
import threading
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

import catalog_recipes as recipes
import generator
from command_line import answer, run
from eventkit import Catalog, Filter, errors

pa = pytest.importorskip("pyarrow")

pytestmark = pytest.mark.once

CATALOG = Catalog(generator.manifest(2000))
MANY = [generator.interests(1 + seed % 7, seed=seed) for seed in range(300)]


def expected(catalog: Catalog, many: list[Any], top: int, **options: Any) -> list[Any]:
    """Return what `rank_many` says, as rows of structs."""
    positions, scores = (
        table.tolist() if top and many and len(catalog) else [[] for _ in many]
        for table in catalog.rank_many(many, top, **options)
    )
    return [
        [
            {"position": place, "id": catalog[place].get("id"), "score": score}
            for place, score in zip(*row, strict=True)
            if place >= 0
        ]
        for row in zip(positions, scores, strict=True)
    ]


TYPES = {
    "list of text": pa.list_(pa.utf8()),
    "large list of large text": pa.large_list(pa.large_utf8()),
    "list of views": pa.list_(pa.string_view()),
    "large list of text": pa.large_list(pa.utf8()),
}


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("top", [0, 1, 5])
def test_arrow_ranks_as_rank_many(kind: Any, top: int) -> None:
    array = pa.array(MANY, kind)
    for narrow in (None, Filter(any_tags=["agents basics"], start="15:00"), Filter(any_tags=[])):
        want = expected(CATALOG, MANY, top, filter=narrow)
        assert pa.array(CATALOG.rank_arrow(array, top, narrow)).to_pylist() == want
        middle = CATALOG.rank_arrow(array.slice(7, 100), top, narrow)
        assert pa.array(middle).to_pylist() == want[7:107]
        chunks = pa.chunked_array([array.slice(0, 3), array.slice(0, 0), array.slice(3)])
        assert pa.chunked_array(CATALOG.rank_arrow(chunks, top, narrow)).to_pylist() == want


def test_dictionaries_and_fixed_lists_are_read() -> None:
    words = pa.array(["ai", "web", None, "agents basics"])
    numbers = pa.DictionaryArray.from_arrays(pa.array([0, 3, 1, 3], pa.int8()), words)
    lists = pa.ListArray.from_arrays(pa.array([0, 2, 2, 4], pa.int32()), numbers)
    many = [["ai", "agents basics"], [], ["web", "agents basics"]]
    assert pa.array(CATALOG.rank_arrow(lists, 4)).to_pylist() == expected(CATALOG, many, 4)
    pairs = pa.array(many[::2], pa.list_(pa.utf8(), 2))
    assert pa.array(CATALOG.rank_arrow(pairs, 4)).to_pylist() == expected(CATALOG, many[::2], 4)
    empty = pa.array([[], []])
    assert pa.array(CATALOG.rank_arrow(empty, 2)).to_pylist() == expected(CATALOG, [[], []], 2)


def test_random_catalogues_rank_alike() -> None:
    for seed in range(150):
        rng = Random(seed)
        sessions, weights = recipes.plain_sessions(rng, rng.choice((0, 1, 9))), None
        weights = recipes.clean_weights(rng)
        many = [list(recipes.clean_interests(rng)) for _ in range(rng.choice((0, 1, 20)))]
        catalog = Catalog(sessions, weights=weights)
        array = pa.array(many, pa.list_(pa.utf8()))
        top = rng.choice((0, 1, 4, 100))
        try:
            want = expected(catalog, many, top)
        except ValueError:
            with pytest.raises(ValueError, match="cannot be ranked"):
                catalog.rank_arrow(array, top)
            continue
        assert repr(pa.array(catalog.rank_arrow(array, top)).to_pylist()) == repr(want)


def test_many_rows_repeat_ids_and_may_leave_them_out() -> None:
    sessions = [{"title": "a", "id": "é"}, {"title": "b"}, {"title": "c", "id": 7}]
    sessions += [{"title": "d", "id": None}, {"title": "e", "id": ""}, {"title": "f", "id": [1]}]
    many = pa.array([[]] * 300, pa.list_(pa.utf8()))
    for catalog in (Catalog(sessions * 30), Catalog.from_json(json.dumps(sessions * 30).encode())):
        ranked = pa.array(catalog.rank_arrow(many, 180))
        ranked.validate(full=True)
        cells = ranked.flatten()
        assert cells.field("id").to_pylist() == ["é", None, "7", None, "", "[1]"] * 30 * 300
        without = pa.array(catalog.rank_arrow(many, 180, ids=False))
        without.validate(full=True)
        assert [field.name for field in without.type.value_type] == ["position", "score"]
        for name in ("position", "score"):
            assert without.flatten().field(name).equals(cells.field(name))
        stream = pa.chunked_array(catalog.rank_arrow(many, 180, ids=False))
        assert stream.combine_chunks().equals(without)


def test_a_null_row_stays_null_and_a_null_interest_is_refused() -> None:
    ranked = pa.array(CATALOG.rank_arrow(pa.array([["ai"], None, []]), 2))
    assert ranked.null_count == 1
    assert ranked.to_pylist()[1] is None
    assert ranked.to_pylist()[::2] == expected(CATALOG, [["ai"], []], 2)
    ranked.validate(full=True)
    chunks = pa.chunked_array([[["ai"]] * 400, [["web"], ["ai", None]]])
    with pytest.raises(ValueError, match="row 401: an interest is null"):
        CATALOG.rank_arrow(chunks, 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (pa.array(["ai"]), "text values, expected lists of texts"),
        (pa.array([[1]]), "list values, expected lists of texts"),
        (pa.table({"interests": [["ai"]]}), "struct values, expected lists of texts"),
        (pa.array([[b"ai"]]), "list values"),
    ],
)
def test_other_types_are_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CATALOG.rank_arrow(given, 2)


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(TypeError, match=r"__arrow_c_array__ or __arrow_c_stream__, not list"):
        CATALOG.rank_arrow([["ai"]], 2)
    with pytest.raises(ValueError, match="top is -1"):
        CATALOG.rank_arrow(pa.array([["ai"]]), -1)
    schema, array = pa.array([["ai"]]).__arrow_c_array__()

    class Used:
        def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
            return schema, array

    assert len(CATALOG.rank_arrow(Used(), 1)) == 1
    with pytest.raises(ValueError, match="used before"):
        CATALOG.rank_arrow(Used(), 1)


def test_numbers_that_leave_their_buffers_are_refused() -> None:
    words = pa.array(["ai", "web", "rust"])

    def lists(ends: list[int], child: Any) -> Any:
        buffers = [None, pa.py_buffer(struct.pack(f"{len(ends)}i", *ends))]
        return pa.Array.from_buffers(pa.list_(pa.utf8()), len(ends) - 1, buffers, children=[child])

    far = [None, pa.py_buffer(struct.pack("4i", 0, 900, 1, 2)), words.buffers()[2]]
    wild = [
        lists([0, 9, 3], words),
        lists([0, -5, 3], words),
        lists([0, 3], pa.Array.from_buffers(pa.utf8(), 3, far)),
    ]
    for array in wild:
        with pytest.raises(ValueError, match=r"row 0: a (list|text) that leaves its"):
            CATALOG.rank_arrow(array, 1)


def test_ids_are_texts() -> None:
    odd = [
        {"title": "a"},
        {"title": "b", "id": 7},
        {"title": "c", "id": "é"},
        {"title": "d", "id": None},
    ]
    for catalog in (
        Catalog(odd),
        Catalog.from_json(json.dumps(odd).encode()),
        Catalog.from_json(json.dumps(odd[:2]).encode()).with_sessions(odd[2:]),
    ):
        ranked = pa.array(catalog.rank_arrow(pa.array([[], []], pa.list_(pa.utf8())), 9))
        ranked.validate(full=True)
        assert [cell["id"] for cell in ranked.to_pylist()[1]] == [None, "7", "é", None]
    lone = Catalog([{"title": "a", "id": "\ud800"}])
    with pytest.raises(ValueError, match="not Unicode text"):
        lone.rank_arrow(pa.array([["ai"]]), 1)


def test_polars_and_pandas_exchange_arrays() -> None:
    polars = pytest.importorskip("polars")
    ranked = CATALOG.rank_arrow(polars.Series(MANY), 3)
    want = expected(CATALOG, MANY, 3)
    assert polars.Series(ranked).to_list() == want
    frame = polars.DataFrame({"interests": MANY})
    assert polars.Series(CATALOG.rank_arrow(frame["interests"], 3)).to_list() == want


def test_results_share_memory_and_live_on() -> None:
    ranked = CATALOG.rank_arrow(pa.array(MANY), 5)
    one, two = pa.array(ranked), pa.array(ranked)
    places = [array.flatten().field("position").buffers()[1] for array in (one, two)]
    assert places[0].address == places[1].address
    want = expected(CATALOG, MANY, 5)
    del ranked, two
    gc.collect()
    assert one.to_pylist() == want
    one.validate(full=True)


def test_other_threads_run_while_rows_are_ranked() -> None:
    array = pa.array(MANY * 60)
    done, counted = threading.Event(), 0

    def work() -> None:
        CATALOG.rank_arrow(array, 5)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        counted += 1
    thread.join()
    assert counted > 50


ROWS = [
    {
        "id": "a",
        "title": 'Über "Agents"\\\n',
        "tags": ["AI", "Web"],
        "popularity": 0.1,
        "start": "09:00",
        "end": None,
        "seats": 12,
        "open": True,
        "speaker": {"name": "Ann", "age": None},
    },
    {"id": "b", "title": "B", "tags": [], "popularity": None, "start": None, "seats": None},
    {"id": None, "title": "C", "tags": None, "popularity": float("nan"), "open": False},
    {"id": "d", "title": "D", "popularity": 1e300, "seats": -(2**62)},
]
WANT = [
    {key: value for key, value in row.items() if value is not None and value == value}
    for row in ROWS
]
WANT[0]["speaker"] = {"name": "Ann", "age": None}


def test_a_table_is_loaded_as_its_rows() -> None:
    table = pa.Table.from_pylist(ROWS)
    for source in (
        table,
        table.to_batches()[0],
        table.to_reader(max_chunksize=1),
        pa.concat_tables([table.slice(0, 1), table.slice(1)]),
    ):
        assert list(Catalog.from_arrow(source)) == WANT
    weights = {"interest": 1, "popularity": 0}
    catalog = Catalog.from_arrow(table, weights=weights)
    assert catalog.weights == weights
    assert catalog.recommend(["ai"], 1)["sessions"] == [WANT[0]]
    many = generator.manifest(3000)["sessions"]
    assert list(Catalog.from_arrow(pa.Table.from_pylist(many))) == many
    polars = pytest.importorskip("polars")
    assert list(Catalog.from_arrow(polars.DataFrame(many))) == many


def test_a_table_gives_the_file_that_the_same_sessions_in_json_give(tmp_path: Path) -> None:
    rng = Random(5)
    names = [
        "ai",
        "Ünicode",
        'a "quoted"\\\x01tag',
        "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}",
        "",
        "web",
    ]
    many = [
        {
            "id": rng.choice(["é", '"', "\x00", ""]) + str(number),
            "title": rng.choice(["Talk", "Ärger", 'A "b"\\\x01', "ǅ"]) + f" {number % 50}",
            "tags": rng.choices(names, k=rng.randrange(5)),
            "popularity": rng.choice([0.0, -0.0, 1e300, 5e-324, rng.random()]),
            "start": f"{9 + number % 9:02}:00",
            "end": f"{10 + number % 9:02}:00",
            "location": rng.choice(["Room 1", "ROOM 1", "Säle"]),
            "speaker": {"title": "Dr.", "name": "Ann", "papers": [{"id": number}]},
            "x" * 65: number,
        }
        for number in range(9000)
    ]
    text = "\n".join(json.dumps(session, ensure_ascii=False) for session in many)
    Catalog.from_ndjson(io.BytesIO(text.encode())).save(tmp_path / "json")
    Catalog.from_arrow(pa.Table.from_pylist(many)).save(tmp_path / "table")
    assert (tmp_path / "table").read_bytes() == (tmp_path / "json").read_bytes()


@pytest.mark.parametrize(
    ("values", "want"),
    [
        (pa.array([True, False]), [True, False]),
        (pa.array([2**63 - 1, -3]), [2**63 - 1, -3]),
        (pa.array([0.1, 2.0], pa.float32()), [0.10000000149011612, 2.0]),
        (pa.array([3, 4]).dictionary_encode(), [3, 4]),
    ],
)
def test_numbers_of_any_type_are_popularities(values: Any, want: list[Any]) -> None:
    catalog = Catalog.from_arrow(pa.table({"title": ["a", "b"], "popularity": values}))
    assert [repr(session["popularity"]) for session in catalog] == [repr(one) for one in want]
    assert catalog.recommend([], 2) == Catalog(list(catalog)).recommend([], 2)


@pytest.mark.parametrize(
    "values", [["1"], pa.array([2**63], pa.uint64()), [[1]], [datetime.date(2026, 7, 1)]]
)
def test_a_popularity_that_only_python_can_hold_is_refused(values: Any) -> None:
    table = pa.table({"title": ["a"], "popularity": values})
    with pytest.raises(ValueError, match="only Python can hold one of the values"):
        Catalog.from_arrow(table)


def test_of_two_members_with_one_name_the_last_is_kept_as_in_json() -> None:
    parts = [pa.array([1]), pa.array([2]), pa.array([3])]
    speaker = pa.StructArray.from_arrays(parts, ["a", "b", "a"])
    [session] = Catalog.from_arrow(pa.table({"title": ["t"], "speaker": speaker}))
    assert json.dumps(session["speaker"]) == '{"a": 3, "b": 2}'


def test_times_become_text() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    at = datetime.datetime(2026, 7, 1, 9, 30)
    columns = {
        "title": ["a"],
        "start": pa.array([at], pa.timestamp("us")),
        "end": pa.array([at.replace(tzinfo=zone)], pa.timestamp("ms", "Europe/Berlin")),
        "fixed": pa.array([at.replace(tzinfo=zone)], pa.timestamp("s", "-05:30")),
        "day": pa.array([at.date()]),
        "old": pa.array([datetime.date(1912, 6, 23)], pa.date64()),
        "clock": pa.array([at.time()], pa.time32("s")),
        "fine": pa.array([1], pa.timestamp("ns", "UTC")),
    }
    [session] = Catalog.from_arrow(pa.table(columns))
    assert session == {
        "title": "a",
        "start": "2026-07-01T09:30:00",
        "end": "2026-07-01T09:30:00+02:00",
        "fixed": "2026-07-01T02:00:00-05:30",
        "day": "2026-07-01",
        "old": "1912-06-23",
        "clock": "09:30:00",
        "fine": "1970-01-01T00:00:00.000000001+00:00",
    }
    catalog = Catalog.from_arrow(pa.table(columns))
    found = catalog.recommend([], 1, filter=Filter(start="09:00", end="10:00", fit="starting"))
    assert found["sessions"] == [session]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"name": ["a"]}, r'no column "title", only \["name"\]'),
        ({"title": ["a", None]}, 'row 1, column "title": a session without a title'),
        ({"title": [1]}, '"title" has integer values, expected texts'),
        ({"title": ["a"], "tags": ["ai"]}, '"tags" has text values, expected lists of texts'),
        ({"title": ["a"], "tags": [["ai", None]]}, 'row 0, column "tags": a tag is null'),
        ({"title": ["a"], "x": [Decimal("0.5")]}, 'row 0, column "x": .* decimal'),
        ({"title": ["a"], "x": [b"b"]}, 'row 0, column "x": a value of type binary'),
        ({"title": ["a"], "popularity": [float("inf")]}, 'column "popularity": the number inf'),
        ({"title": ["a"], "x": [[float("nan")]]}, 'column "x": the number NaN'),
    ],
)
def test_tables_that_are_no_programme_are_refused(columns: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Catalog.from_arrow(pa.table(columns))


def test_a_source_that_fails_says_why() -> None:
    def batches() -> Any:
        yield pa.RecordBatch.from_pylist([{"title": "a"}])
        raise OSError("the disk is gone")

    schema = pa.schema([("title", pa.utf8())])
    with pytest.raises(ValueError, match=r"the source of the table failed: .*the disk is gone"):
        Catalog.from_arrow(pa.RecordBatchReader.from_batches(schema, batches()))
    with pytest.raises(ValueError, match="expected a table, not text"):
        Catalog.from_arrow(pa.array(["a"]))
    with pytest.raises(ValueError, match='two columns are named "title"'):
        Catalog.from_arrow(pa.table([["a"], ["b"]], ["title", "title"]))
    with pytest.raises(ValueError, match="only Python"):
        Catalog.from_arrow(pa.table({"title": ["a"], "popularity": pa.array([2**63], pa.uint64())}))


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_the_command_builds_a_catalogue_of_a_table(kind: str, tmp_path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    path = tmp_path / f"programme.{kind}"
    if kind == "parquet":
        pytest.importorskip("pyarrow.parquet").write_table(table, path)
    else:
        pytest.importorskip("pyarrow.feather").write_feather(table, path)
    command = ("catalog", "build", str(path))
    built = tmp_path / "programme.catalog"
    assert (answer(*command)["saved"], list(Catalog.open(built))) == (str(built), WANT)
    assert answer(*command, str(tmp_path / "other"))["sessions"] == 4
    assert list(Catalog.open(tmp_path / "other")) == WANT
    again = run("catalog", "build", str(built))
    assert (again.returncode, "name the file to write" in again.stderr) == (2, True)
    path.write_bytes(b"no table")
    broken = run(*command)
    assert (broken.returncode, str(path) in broken.stderr) == (2, True)


def test_the_file_needs_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventkit._imports.optional", lambda name: None)
    with pytest.raises(errors.MissingExtraError, match=r"eventkit-recommender\[arrow\]"):
        Catalog.from_parquet("programme.parquet")
