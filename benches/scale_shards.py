"""Measures pickles, Arrow and shards: a part of `make bench-scale`.

The figures are ratios of processor time in one process, the sides in turns, the best of some
rounds. Answers are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa

import generator
from eventkit import Catalog
from eventkit.catalog import add_shard, write_manifest

SHARDS = 10
TOP = 5


def main() -> None:
    """Print the sections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000, help="those of the shards")
    parser.add_argument("--profiles", type=int, default=20_000)
    given = parser.parse_args()
    for section in (
        pickles(100_000),
        arrow(5_000, given.profiles),
        arrow(100_000, given.profiles),
        loading(200_000),
        shards(given.sessions, given.profiles),
    ):
        for line in section:
            print(line, flush=True)
        print()


def processor(*sides: Callable[[], Any], rounds: int = 5) -> list[float]:
    """Return the least processor seconds of each side."""
    best = [float("inf")] * len(sides)
    for _ in range(rounds):
        for number, side in enumerate(sides):
            start = process_time()
            side()
            best[number] = min(best[number], process_time() - start)
    return best


def wall(side: Callable[[], Any], rounds: int = 5) -> float:
    """Return the least seconds of one side."""
    best = float("inf")
    for _ in range(rounds):
        start = perf_counter()
        side()
        best = min(best, perf_counter() - start)
    return best


def profiles(count: int) -> list[list[str]]:
    """Return lists of 3 to 7 interests; 2,000 different ones."""
    few = [generator.interests(3 + seed % 5, seed=seed) for seed in range(min(count, 2000))]
    return [few[number % len(few)] for number in range(count)]


def lines(sessions: int) -> list[bytes]:
    """Return sessions as lines of JSON."""
    text = generator.text(generator.columns(sessions))
    return text[text.index(b"[{") + 1 : -2].replace(b"}, {", b"}\n{").splitlines(keepends=True)


def loaded(rows: list[bytes]) -> Catalog:
    return Catalog.from_ndjson(BytesIO(b"".join(rows)))


def pickles(sessions: int) -> Iterator[str]:
    """Measure the size of pickles, and the time to make and to open them."""
    rows = lines(sessions)
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/one.catalog"
        loaded(rows).save(path)
        opened = Catalog.open(path)
        sides = {
            "opened": opened,
            "opened, one session added": opened.with_sessions([{"title": "new"}]),
            "of JSON": loaded(rows),
            "of dicts": Catalog(generator.manifest(sessions)),
        }
        yield f"pickles of {sessions:,} sessions: bytes, nbytes, milliseconds to dump and to load"
        for name, catalog in sides.items():
            data = pickle.dumps(catalog)
            assert len(pickle.loads(data)) == len(catalog)
            dump, load = (
                wall(lambda it=catalog: pickle.dumps(it), 3),
                wall(lambda it=data: pickle.loads(it), 3),
            )
            yield (
                f"  {name:<28} {len(data):>12,} {catalog.nbytes:>12,} "
                f"{dump * 1e3:>9.2f} {load * 1e3:>9.2f}"
            )


def arrow(sessions: int, count: int) -> Iterator[str]:
    """Compare `rank_arrow` with converting to lists and back around `rank_many`.

    Both sides do the same work: without ids, and with ids, which the adapter then takes from a
    column that it made before.
    """
    catalog = loaded(lines(sessions))
    many = pa.array(profiles(count), pa.list_(pa.utf8()))
    known = pa.array([session["id"] for session in catalog])

    def adapter(ids: bool) -> Any:
        positions, scores = catalog.rank_many(many.to_pylist(), TOP)
        position = pa.array(np.asarray(positions).ravel())
        cells = {"position": position}
        if ids:
            cells["id"] = known.take(position)
        cells["score"] = pa.array(np.asarray(scores).ravel())
        held = pa.StructArray.from_arrays(list(cells.values()), list(cells))
        return pa.FixedSizeListArray.from_arrays(held, TOP)

    def direct(ids: bool) -> Any:
        return pa.array(catalog.rank_arrow(many, TOP, ids=ids))

    sides = [partial(side, ids) for ids in (False, True) for side in (direct, adapter)]
    for ours, theirs in (sides[:2], sides[2:]):
        assert ours().flatten().equals(theirs().flatten())
    listed, *times = processor(many.to_pylist, *sides)
    yield (
        f"Arrow, {sessions:,} sessions, {count:,} profiles, processor us a profile "
        f"(to_pylist {listed / count * 1e6:.2f}):"
    )
    for name, ours, theirs in (("without ids", *times[:2]), ("with ids", *times[2:])):
        yield (
            f"  {name}: rank_arrow {ours / count * 1e6:.2f}, adapter {theirs / count * 1e6:.2f}, "
            f"ratio {ours / theirs:.2f}"
        )


def loading(sessions: int) -> Iterator[str]:
    """Compare loading a table with loading the same sessions as lines of JSON."""
    rows = lines(sessions)
    text = b"".join(rows)
    table = pa.Table.from_pylist(generator.manifest(sessions)["sessions"])
    assert list(Catalog.from_arrow(table.slice(0, 500))) == list(loaded(rows[:500]))
    ours = wall(lambda: Catalog.from_arrow(table), 3)
    json = wall(lambda: Catalog.from_ndjson(BytesIO(text)), 3)
    dicts = wall(lambda: Catalog(table.to_pylist()), 1)
    yield (
        f"loading {sessions:,} sessions, a second: from_arrow {sessions / ours / 1e6:.2f} M, "
        f"from_ndjson {sessions / json / 1e6:.2f} M, to_pylist {sessions / dicts / 1e6:.2f} M"
    )


def shards(sessions: int, count: int) -> Iterator[str]:
    """Compare ten shards with the whole, and with merging the answers of each."""
    rows, many = lines(sessions), profiles(count)
    borders = [len(rows) * number // SHARDS for number in range(SHARDS + 1)]
    with tempfile.TemporaryDirectory() as directory:
        where = Path(directory)
        loaded(rows).save(where / "whole.catalog")
        files = []
        for number, (start, end) in enumerate(pairwise(borders)):
            files.append(where / f"{number}.catalog")
            loaded(rows[start:end]).save(files[-1])
        manifest = write_manifest(where / "all.json", files).path
        whole, joined = Catalog.open(where / "whole.catalog"), Catalog.open_many(manifest)
        each = [Catalog.open(file) for file in files]

        def merged() -> tuple[Any, Any]:
            answers = [catalog.rank_many(many, TOP) for catalog in each]
            return merge(answers, borders)

        want = [np.asarray(table) for table in whole.rank_many(many, TOP)]
        for got in (joined.rank_many(many, TOP), merged()):
            assert all(np.array_equal(a, b) for a, b in zip(got, want, strict=True))
        answers = [catalog.rank_many(many, TOP) for catalog in each]
        one, ten, apart, merging = processor(
            lambda: whole.rank_many(many, TOP),
            lambda: joined.rank_many(many, TOP),
            merged,
            lambda: merge(answers, borders),
            rounds=3,
        )
        yield (
            f"{SHARDS} shards, {sessions:,} sessions, {count:,} profiles, processor us a profile: "
            f"whole {one / count * 1e6:.1f}, open_many {ten / count * 1e6:.1f} ({one / ten:.2f} of "
            f"the whole), each alone and merged {apart / count * 1e6:.1f} ({one / apart:.2f}); "
            f"merging in numpy {merging / count * 1e6:.1f}"
        )
        opening = wall(lambda: Catalog.open_many(manifest))
        yield f"open_many of {SHARDS} files: {opening * 1e3:.2f} ms"
        adding = wall(lambda: add_shard(manifest, loaded(rows[:10_000])), 3)
        yield f"add_shard of 10,000 sessions: {adding * 1e3:.0f} ms"
        yield f"pickle of the {SHARDS} shards: {len(pickle.dumps(joined)):,} bytes"
        yield from tiny(count)


def tiny(count: int) -> Iterator[str]:
    """Bound the cost of going from shard to shard: ten shards of five sessions."""
    rows, many = lines(50), profiles(count)
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory) / f"{number}.catalog" for number in range(SHARDS)]
        for number, file in enumerate(files):
            loaded(rows[number * 5 : number * 5 + 5]).save(file)
        whole, joined = loaded(rows), Catalog.open_many(files)
        one, ten = processor(
            lambda: whole.rank_many(many, TOP), lambda: joined.rank_many(many, TOP)
        )
    yield (
        f"{SHARDS} shards of 5 sessions: {(ten - one) / count * 1e6:.1f} us a profile more than "
        "one of 50, searches and merging together"
    )


def merge(answers: list[tuple[Any, Any]], borders: list[int]) -> tuple[Any, Any]:
    """Merge the answers of shards by (score descending, shard, position)."""
    positions = np.hstack(
        [np.asarray(table) + first for (table, _), first in zip(answers, borders, strict=False)]
    )
    scores = np.hstack([np.asarray(table) for _, table in answers])
    order = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    return np.take_along_axis(positions, order, 1), np.take_along_axis(scores, order, 1)


if __name__ == "__main__":
    main()
