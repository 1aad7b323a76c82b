"""Batches and the recommender on Daft and Spark, columns of polars and pandas, and an S3 server.

`make test-engines` installs what they need and runs them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scale_samples as samples
from eventkit import BatchError
from eventkit.scale import Recommender, recommend
from eventkit.scale.threads import threads_of_engine

pytestmark = [
    pytest.mark.engines,
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
]

ROWS = samples.profiles(2_000)
INTERESTS = [row["interests"] for row in ROWS]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.catalog_file(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.write_parquet(tmp_path_factory.mktemp("people") / "people.parquet", ROWS)


@pytest.fixture(scope="module")
def want(catalog: Path) -> list[dict[str, Any]]:
    return samples.expected(catalog, ROWS)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from eventkit.scale.engines import spark_session

    pytest.importorskip("pyspark")
    session = spark_session("local[2]")
    yield session
    session.stop()


def runs_and_resumes(
    engine: Any, cluster: Any, people: Path, catalog: Path, out: Path, want: Any
) -> None:
    """Run a batch, lose a part, and get it back."""
    arguments = {"part_rows": 250, "engine": engine, "cluster": cluster}
    seen: list[int] = []
    run = recommend(people, catalog, out, **arguments, progress=lambda done, _: seen.append(done))
    assert samples.results(run) == want
    assert seen == list(range(9))
    (out / run["files"][3]).unlink()
    again = recommend(people, catalog, out, **arguments, resume=True)
    assert again["computed"] == 1
    assert samples.results(again) == want
    assert samples.left_over(out) == []


def names_a_broken_part(
    engine: Any, cluster: Any, people: Path, catalog: Path, folder: Path
) -> None:
    whole = people.read_bytes()
    file = folder / "broken.parquet"
    file.write_bytes(whole[: len(whole) // 2] + bytes(500) + whole[len(whole) // 2 + 500 :])
    with pytest.raises(BatchError, match=r"part \d+ \(.*broken.parquet, row groups"):
        recommend(file, catalog, folder / "o", part_rows=250, engine=engine, cluster=cluster)


def test_daft_runs_a_batch(tmp_path: Path, people: Path, catalog: Path, want: Any) -> None:
    pytest.importorskip("daft")
    runs_and_resumes("daft", None, people, catalog, tmp_path / "out", want)
    names_a_broken_part("daft", None, people, catalog, tmp_path)


def test_daft_calls_the_recommender_on_a_column(people: Path, catalog: Path, want: Any) -> None:
    daft = pytest.importorskip("daft")
    kind = daft.DataType
    cell = kind.struct({"position": kind.int64(), "id": kind.string(), "score": kind.float64()})
    recommender = Recommender(catalog)

    @daft.func.batch(return_dtype=kind.list(cell))
    def best(interests: Any) -> Any:
        return recommender(interests.to_arrow())

    frame = daft.read_parquet(str(people)).with_column("best", best(daft.col("interests")))
    rows = frame.sort("id").to_pylist()
    assert [[one["position"] for one in row["best"]] for row in rows] == [
        row["positions"] for row in want
    ]


def test_spark_runs_a_batch(
    tmp_path: Path, people: Path, catalog: Path, want: Any, spark: Any
) -> None:
    runs_and_resumes("spark", spark, people, catalog, tmp_path / "out", want)
    names_a_broken_part("spark", spark, people, catalog, tmp_path)


def test_spark_calls_the_recommender_on_a_frame(
    people: Path, catalog: Path, want: Any, spark: Any
) -> None:
    import pyarrow as pa

    recommender = Recommender(catalog)

    def best(batches: Any) -> Iterator[Any]:
        assert threads_of_engine() == 1
        for batch in batches:
            columns = [batch.column("id"), recommender(batch.column("interests"))]
            yield pa.record_batch(columns, ["id", "best"])

    schema = "id string, best array<struct<position: long, id: string, score: double>>"
    frame = spark.read.parquet(str(people)).mapInArrow(best, schema)
    rows = frame.orderBy("id").collect()
    assert [[one["score"] for one in row["best"]] for row in rows] == [
        row["scores"] for row in want
    ]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_series_of_other_libraries_are_read(catalog: Path, want: Any, library: str) -> None:
    module = pytest.importorskip(library)
    found = Recommender(catalog)(module.Series(INTERESTS)).to_pylist()
    assert [[one["position"] for one in row] for row in found] == [row["positions"] for row in want]


def test_polars_and_duckdb_call_the_recommender(people: Path, catalog: Path, want: Any) -> None:
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    recommender = Recommender(catalog)
    expected = [row["positions"] for row in want]
    cell = {"position": polars.Int64, "id": polars.String, "score": polars.Float64}
    best = polars.col("interests").map_batches(
        lambda column: polars.from_arrow(recommender(column)),
        return_dtype=polars.List(polars.Struct(cell)),
        is_elementwise=True,
    )
    frame = polars.scan_parquet(people).with_columns(best.alias("best"))
    rows = frame.collect(engine="streaming").sort("id")["best"].to_list()
    assert [[one["position"] for one in row] for row in rows] == expected
    connection = duckdb.connect()
    kind = "STRUCT(position BIGINT, id VARCHAR, score DOUBLE)[]"
    connection.create_function("best", recommender, ["VARCHAR[]"], kind, type="arrow")
    query = f"SELECT best(interests) FROM '{people}' ORDER BY id"
    found = connection.execute(query).fetchall()
    assert [[one["position"] for one in row] for (row,) in found] == expected


def test_a_local_cluster_of_dask_is_started_and_ended(
    tmp_path: Path, people: Path, catalog: Path, want: Any
) -> None:
    from eventkit.scale import build

    run = recommend(people, catalog, tmp_path / "out", part_rows=250, engine="dask")
    assert samples.results(run) == want
    (tmp_path / "talks.ndjson").write_text('{"title": "A"}\n{"title": "B"}\n')
    made = build(tmp_path / "talks.ndjson", tmp_path / "all.json", 1, engine="dask")
    assert (made["shards"], made["sessions"]) == (2, 2)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of an S3 server on this machine."""
    server_of = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("conference")
    yield "s3://conference"
    server.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def test_an_s3_server_is_read_and_written(
    bucket: str, people: Path, catalog: Path, want: Any
) -> None:
    import fsspec
    import pyarrow.parquet as pq

    store = fsspec.filesystem("s3")
    store.put_file(str(people), f"{bucket}/in/people.parquet")
    lines = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    store.pipe_file(f"{bucket}/in/people.ndjson", lines)
    for name in ("people.parquet", "people.ndjson"):
        out = f"{bucket}/out-{name}"
        run = recommend(f"{bucket}/in/{name}", catalog, out, part_rows=500)
        store.rm_file(f"{out}/{run['files'][1]}")
        store.invalidate_cache()
        again = recommend(f"{bucket}/in/{name}", catalog, out, part_rows=500, resume=True)
        assert again["computed"] == 1
        assert run["parts"] > 3
        found: list[Any] = []
        for file in run["files"]:
            with store.open(f"{out}/{file}", "rb") as opened:
                found += pq.read_table(opened).to_pylist()
        assert found == want
    store.pipe_file(f"{bucket}/in/people.ndjson", lines[: len(lines) // 2])
    with pytest.raises(BatchError, match=r"people.ndjson: it changed after the run began"):
        recommend(
            f"{bucket}/in/people.ndjson",
            catalog,
            f"{bucket}/out-people.ndjson",
            part_rows=500,
            resume=True,
        )


if sys.platform == "linux":
    # The address of a machine's name may be of its network; these tests stay on this machine.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
