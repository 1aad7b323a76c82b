"""Measures eventkit beyond one process: engines, Arrow, shards, builds, memory, and SQL beside it.

Run it by ``make bench-scale``. Every answer is compared before its time counts. Shares are of what
this process reaches alone, in the same run and on the same files. The rates of a busy machine vary
by a factor of three, and the shares by some 20 %.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import layout
import scale_data
from eventkit import Catalog
from eventkit.scale import Recommender, build, recommend

TOP = 5
PICTURE = Path(__file__).parent.parent / "docs" / "scale.png"


def main() -> None:
    """Print the table, and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profiles", type=int, default=400_000)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000, help="sessions of the large file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="*", default=["engines", "arrow", "sql", "large", "picture"]
    )
    arguments = parser.parse_args()
    print(layout.machine())
    with tempfile.TemporaryDirectory(prefix="eventkit-scale-") as folder:
        here = Path(folder)
        lines = scale_data.session_lines(here / "small.ndjson", arguments.sessions)
        catalog = scale_data.catalog(here / "small.catalog", lines)
        table = scale_data.profiles(arguments.profiles)
        steps: dict[str, Callable[[], object]] = {
            "engines": lambda: engines(here, catalog, table, arguments.rounds),
            "arrow": lambda: arrow(here, catalog, table, arguments.rounds),
            "sql": lambda: sql(here, catalog, table),
            "large": lambda: large(here, table, arguments.large, arguments.rounds),
            "picture": lambda: picture(here, table, arguments.large // 2),
        }
        for name in arguments.only:
            steps[name]()


def say(name: str, value: str) -> None:
    print(f"{name:<72}{value:>20}", flush=True)


def timed(task: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    start = time.perf_counter()
    result = task()
    return time.perf_counter() - start, result


def digest(run: dict[str, Any]) -> int:
    """Return a hash of ids, positions and the bits of scores, in order."""
    from hashlib import blake2b

    found = blake2b(digest_size=8)
    for name in run["files"]:
        table = pq.read_table(Path(run["out"]) / name).combine_chunks()
        found.update("".join(table["id"].to_pylist()).encode())
        for column in ("positions", "scores"):
            found.update(memoryview(table[column].chunk(0).flatten().to_numpy()))
    return int.from_bytes(found.digest(), "big")


@contextmanager
def clusters() -> Iterator[dict[str, Any]]:
    """Start the engines once, so that only warm rounds count."""
    import distributed

    from eventkit.scale.engines import spark_session

    with (
        distributed.LocalCluster(
            n_workers=os.cpu_count(), threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        spark = spark_session(f"local[{os.cpu_count()}]")
        try:
            yield {"dask": client, "daft": None, "spark": spark}
        finally:
            spark.stop()


def engines(here: Path, catalog: Path, table: pa.Table, rounds: int) -> None:
    """Compare the engines with this process alone: the same batch, files to files."""
    source = scale_data.profile_files(here / "people", table, 40)

    def batch(engine: Any, cluster: Any) -> tuple[float, int]:
        out = here / "out"
        shutil.rmtree(out, ignore_errors=True)
        spent, run = timed(
            lambda: recommend(
                source, catalog, out, TOP, engine=engine, cluster=cluster, part_rows=10_000
            )
        )
        return spent, digest(run)

    with clusters() as known:
        want = batch("local", None)[1]
        first = {name: batch(name, cluster) for name, cluster in known.items()}
        spent: dict[str, list[float]] = {name: [] for name in ("local", *known)}
        for _ in range(rounds):
            # In turns, so that a slow minute affects all.
            for name in spent:
                seconds, found = batch(name, known.get(name))
                assert found == want, f"{name} gives other results"
                spent[name].append(seconds)
    alone = min(spent["local"])
    say(f"alone: {len(table):,} profiles, files to files", f"{len(table) / alone:,.0f}/s")
    for name in known:
        assert first[name][1] == want
        # Each round is compared with the one of `local` just before it.
        shares = sorted(one / two for one, two in zip(spent["local"], spent[name], strict=True))
        say(f"{name}: first round, share of alone", f"{alone / first[name][0]:.2f}")
        say(f"{name}: warm, share of alone (median of {rounds})", f"{shares[rounds // 2]:.2f}")


def arrow(here: Path, catalog: Path, table: pa.Table, rounds: int) -> None:
    """Compare the processor time of `rank_arrow` with lists that are converted."""
    small = scale_data.catalog(
        here / "tiny.catalog", scale_data.session_lines(here / "tiny.ndjson", 5_000)
    )
    column = table["interests"].combine_chunks()[:50_000]
    for file, count in ((small, 5_000), (catalog, "as above")):
        whole = Catalog.open(file)

        def by_arrow(whole: Catalog = whole) -> pa.Array:
            return pa.array(whole.rank_arrow(column, TOP, ids=False))

        def by_lists(whole: Catalog = whole) -> pa.Array:
            positions, scores = map(np.asarray, whole.rank_many(column.to_pylist(), TOP))
            cells = [pa.array(positions.ravel()), pa.array(scores.ravel())]
            cells = pa.StructArray.from_arrays(cells, ["position", "score"])
            return pa.FixedSizeListArray.from_arrays(cells, TOP)

        for name in ("position", "score"):
            assert by_arrow().flatten().field(name).equals(by_lists().flatten().field(name))
        times = [(processor(by_arrow), processor(by_lists)) for _ in range(rounds + 2)]
        ratio = min(one for one, _ in times) / min(two for _, two in times)
        say(
            f"rank_arrow by lists, both without ids, processor time, sessions: {count}",
            f"{ratio:.2f}",
        )


def processor(task: Callable[[], object]) -> float:
    start = time.process_time()
    task()
    return time.process_time() - start


def sql(here: Path, catalog: Path, table: pa.Table) -> None:
    """Compare with DuckDB and Polars, answers first."""
    from scale_sql import Tables

    small = scale_data.catalog(
        here / "sql.catalog", scale_data.session_lines(here / "sql.ndjson", 5_000)
    )
    for file, profiles in ((small, 2_000), (catalog, 200)):
        whole = Catalog.open(file)
        column = table["interests"].combine_chunks()[:profiles]
        ranked = pa.array(whole.rank_arrow(column, TOP))
        own = min(timed(partial(whole.rank_arrow, column, TOP))[0] for _ in range(5))
        places = ranked.flatten().field("position").to_pylist()
        want = [places[start : start + TOP] for start in range(0, len(places), TOP)]
        tables = Tables(whole, column)
        for name, side in (("DuckDB", tables.by_duckdb), ("Polars", tables.by_polars)):
            spent, found = timed(side)
            same = sum(one == two for one, two in zip(found, want, strict=True)) / profiles
            assert same > 0.99, f"{name} gives other positions for {1 - same:.0%}"
            title = f"{name}, {profiles:,} x {len(whole):,}: {profiles / spent:,.0f}/s"
            say(f"{title}; same positions in {same:.1%}", f"{spent / own:,.0f} x slower")


def large(here: Path, table: pa.Table, sessions: int, rounds: int) -> None:
    """Measure builds, shards and the memory of workers with a large file."""
    lines = scale_data.session_lines(here / "large.ndjson", sessions)
    parquet = scale_data.session_parquet(here / "large.parquet", lines)
    one = here / "large.catalog"
    spent, _ = timed(lambda: scale_data.catalog(one, lines))
    say(f"from_ndjson and save, {sessions:,} sessions, this process", f"{sessions / spent:,.0f}/s")
    for source in (lines, parquet):
        kind = source.suffix
        out = here / f"shards{kind}" / "all.json"
        spent, made = timed(lambda s=source, o=out: build(s, o, sessions // 10))
        assert made["sessions"] == sessions
        say(f"build of ten shards from {kind}, all processes", f"{sessions / spent:,.0f}/s")
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            spent, peak = pool.submit(peak_of_one, source, here / "one").result()
        say(f"  {sessions:,} sessions as one shard, in one process", f"{sessions / spent:,.0f}/s")
        say("  peak memory that it adds", f"{peak / 2**20:,.0f} MB")
    shards(one, [here / f"shards{kind}" / "all.json" for kind in (".ndjson", ".parquet")], table)
    memory(one)


def peak_of_one(source: Path, folder: Path) -> tuple[float, int]:
    """Compile a file as one shard. Returns the seconds and the memory above that of the imports."""
    from eventkit.scale.sessions import divide_sessions

    pa.array([["warm"]])
    before = status("VmRSS")
    (shard,) = divide_sessions(source, sys.maxsize)
    spent, _ = timed(lambda: shard.compile(None).save(folder))
    return spent, status("VmHWM") - before


def status(name: str) -> int:
    """Return a size of this process in bytes, by its name in ``/proc/self/status``."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) * 1024


def shards(one: Path, manifests: list[Path], table: pa.Table) -> None:
    """Compare ten shards with the whole, answers first."""
    column = table["interests"].combine_chunks()[:20_000]
    whole = Catalog.open(one)
    for manifest in manifests:
        many = Catalog.open_many(manifest)
        want, found = (pa.array(side.rank_arrow(column, TOP)) for side in (whole, many))
        assert want.equals(found), f"{manifest} gives other answers"
        times = [
            [timed(lambda side=side: side.rank_arrow(column, TOP))[0] for side in (whole, many)]
            for _ in range(5)
        ]
        alone, cut = (min(column_) for column_ in zip(*times, strict=True))
        say("ten shards as one, rate by that of the whole", f"{alone / cut:.2f}")
        say(
            "  one core-second ranks, with ten shards",
            f"{len(column) / cut / cores():,.0f} profiles",
        )


def cores() -> int:
    return os.cpu_count() or 1


def memory(file: Path) -> None:
    """Compare the memory of four workers with that of one, after each ranked."""
    bare = total_memory(None, 1)
    one, four = (total_memory(file, workers) for workers in (1, 4))
    say("memory of four workers by that of one (proportional set size)", f"{four / one:.2f}")
    say("  one worker, and without a catalogue", f"{one / 2**20:,.0f}, {bare / 2**20:,.0f} MB")
    added = (four - total_memory(None, 4)) / (one - bare)
    say("  what the catalogue adds to four by what it adds to one", f"{added:.2f}")


def total_memory(file: Path | None, workers: int) -> int:
    """Return the proportional set size of some workers in bytes, all alive at once."""
    context = multiprocessing.get_context("forkserver")
    # The server imports once, and its children share that memory, as those of Spark's daemon do.
    context.set_forkserver_preload(["eventkit.scale.work", "pyarrow"])
    barrier = context.Barrier(workers)
    pickled = None if file is None else Recommender(file, threads=1)
    # Made here, because making them takes more memory than ranking.
    interests = scale_data.profiles(2_000)["interests"]
    with ProcessPoolExecutor(workers, context, initializer=_meet, initargs=(barrier,)) as pool:
        return sum(pool.map(_proportional, [pickled] * workers, [interests] * workers))


_barrier: Any = None


def _meet(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _proportional(recommender: Recommender | None, interests: pa.ChunkedArray) -> int:
    """Rank, wait until all workers did, and return the memory of this one."""
    if recommender is not None:
        recommender(interests)
    _barrier.wait()
    rollup = Path("/proc/self/smaps_rollup").read_text()
    size = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
    _barrier.wait()
    return int(size.split()[1]) * 1024


def picture(here: Path, table: pa.Table, largest: int) -> None:
    """Draw profiles a second against sessions."""
    from scale_picture import draw
    from scale_sql import Tables

    own, batch, duck, polars = [], [], [], []
    sizes = [size for size in (1_000, 5_000, 20_000, 100_000) if size < largest]
    for sessions in (*sizes, largest):
        lines = scale_data.session_lines(here / "curve.ndjson", sessions)
        file = scale_data.catalog(here / "curve.catalog", lines)
        whole = Catalog.open(file)
        column = table["interests"].combine_chunks()[:50_000]
        whole.rank_arrow(column, TOP)
        best = min(timed(lambda w=whole, c=column: w.rank_arrow(c, TOP))[0] for _ in range(3))
        own.append((sessions, len(column) / best))
        shutil.rmtree(here / "curve", ignore_errors=True)
        source = here / "curve.parquet"
        pq.write_table(table.slice(0, 100_000), source, row_group_size=20_000)
        spent, _ = timed(lambda s=source, f=file: recommend(s, f, here / "curve", part_rows=20_000))
        batch.append((sessions, min(len(table), 100_000) / spent))
        if sessions <= 100_000:
            few = max(20, 2_000_000 // sessions // 5)
            tables = Tables(whole, column[:few])
            duck.append((sessions, few / timed(tables.by_duckdb)[0]))
            polars.append((sessions, few / timed(tables.by_polars)[0]))
    curves = {
        "rank_arrow": own,
        "eventkit batch, files to files": batch,
        "SQL in DuckDB": duck,
        "Polars": polars,
    }
    draw(PICTURE, curves, f"top {TOP}, 3 to 7 interests; {layout.machine()}")
    say("picture", str(PICTURE.relative_to(PICTURE.parent.parent)))


if __name__ == "__main__":
    sys.exit(main())
