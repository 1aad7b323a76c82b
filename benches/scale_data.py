"""Generates profiles and sessions as columns, in the numbers that `benches/scale.py` needs."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq

import generator
from eventkit import Catalog

_CHUNK = 100_000


def profiles(count: int, seed: int = 1) -> pa.Table:
    """Generate profiles of 3 to 7 interests, drawn by the law of the sessions' tags."""
    drawn = generator.columns(count, tags_per_session=(3, 7), seed=seed)
    names = pa.array(drawn.names).take(pa.array(drawn.tags))
    interests = pa.ListArray.from_arrays(pa.array(drawn.offsets, pa.int32()), names)
    ids = pa.array([f"p{number:09}" for number in range(count)])
    return pa.table({"id": ids, "interests": interests})


def profile_files(folder: Path, table: pa.Table, files: int) -> Path:
    """Write profiles as files of Parquet."""
    folder.mkdir()
    rows = -(-len(table) // files)
    for number in range(files):
        pq.write_table(table.slice(number * rows, rows), folder / f"{number:03}.parquet")
    return folder


def session_lines(file: Path, count: int) -> Path:
    """Write sessions as lines of JSON."""
    drawn = generator.columns(count)
    with file.open("w") as out:
        for start in range(0, count, _CHUNK):
            out.write("\n".join(generator._sessions(drawn, start)))
            out.write("\n")
    return file


def session_parquet(file: Path, lines: Path) -> Path:
    """Write the sessions of a file of lines as Parquet."""
    pq.write_table(pj.read_json(lines), file, row_group_size=_CHUNK)
    return file


def catalog(file: Path, lines: Path) -> Path:
    """Compile a file of lines."""
    Catalog.from_ndjson(lines).save(file)
    return file
