"""Profiles, a catalogue and their right results, for the tests of `eventkit.scale`."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import generator
from eventkit import Catalog

SESSIONS = 400


def catalog_file(folder: Path, sessions: int = SESSIONS, seed: int = 0) -> Path:
    """Save a catalogue of generated sessions."""
    file = folder / "programme.catalog"
    Catalog(generator.manifest(sessions, seed=seed)).save(file)
    return file


def profiles(count: int) -> list[dict[str, Any]]:
    """Return generated profiles; a few have no interests, and two have the same."""
    return [
        {"id": f"p{n:06}", "interests": generator.interests(n % 6, n // 2)} for n in range(count)
    ]


def expected(file: Path, rows: Sequence[dict[str, Any]], top: int = 5) -> list[dict[str, Any]]:
    """Return the results of profiles as `Catalog.recommend` and `Catalog.rank_many` give them."""
    catalog = Catalog.open(file)
    tables = catalog.rank_many([row["interests"] for row in rows], top)
    positions, scores = (t.tolist() if top else [[] for _ in rows] for t in tables)
    return [
        {
            "id": row["id"],
            "session_ids": [catalog[place]["id"] for place in places],
            "positions": places,
            "scores": points,
        }
        for row, places, points in zip(rows, positions, scores, strict=True)
    ]


def write_parquet(file: Path, rows: Sequence[dict[str, Any]], group: int = 250) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = pa.schema([("id", pa.string()), ("interests", pa.list_(pa.string()))])
    # Gzip, because Spark's Java has no working Snappy on a machine that has the library musl too.
    table = pa.Table.from_pylist(list(rows), kinds)
    pq.write_table(table, file, row_group_size=group, compression="gzip")
    return file


def write_lines(file: Path, rows: Sequence[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def results(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Read all results of a run, in order."""
    import pyarrow.parquet as pq

    folder = Path(run["out"])
    found: list[dict[str, Any]] = []
    for name in run["files"]:
        file = folder / name
        if file.suffix == ".parquet":
            found += pq.read_table(file).to_pylist()
        else:
            found += map(json.loads, file.read_text().splitlines())
    return found


def digest(rows: Sequence[dict[str, Any]]) -> str:
    """Return a hash of ids, positions and the bits of scores."""
    found = hashlib.sha256()
    for row in rows:
        found.update(row["id"].encode())
        found.update(struct.pack(f"<{len(row['positions'])}q", *row["positions"]))
        found.update(struct.pack(f"<{len(row['scores'])}d", *row["scores"]))
    return found.hexdigest()


def left_over(folder: Path) -> list[str]:
    """Return the names of temporary files in a directory."""
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".tmp"))
