"""The work on one part: read its profiles, rank, and write one file of results.

An engine sends a `Work` and the number of a part to a worker, and sends it again if the worker
dies. A part whose file is there already is not computed again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

from eventkit._imports import required
from eventkit.errors import BatchError
from eventkit.scale.profiles import Part, part_url, read_part
from eventkit.scale.recommender import Recommender
from eventkit.scale.storage import described, locate, write_file

__all__ = ["FORMATS", "Work"]

FORMATS = ("parquet", "ndjson")
"""The kinds of result files."""

_COLUMNS = ("session_ids", "positions", "scores")


@dataclass(frozen=True)
class Work:
    """What a worker does with a part. It is small when pickled.

    Attributes:
        folder: The directory of the results, as a path or URL.
        token: The token of the run.
        kind: The Arrow type of the ids, as text.
        format: One of `FORMATS`.
        recommender: The catalogue and the query.
    """

    folder: str
    token: str
    kind: str
    format: str
    recommender: Recommender

    def __call__(self, part: Part) -> int:
        """Write the results of a part, unless they are there.

        Returns:
            The number of the part.

        Raises:
            BatchError: The part cannot be read, ranked or written, or this process has another
                catalogue, another eventkit, or a Python that adds floats in another way than the
                process that began the run. Names the part.
        """
        try:
            place = locate(part_url(self.folder, self.token, part.number, self.format))
            place.fs.invalidate_cache()
            if not place.fs.exists(place.path):
                part.source.require_unchanged()
                write_file(place, lambda file: self._write(part, file))
        except Exception as error:  # Of the many libraries that read a part, each has its own.
            raise BatchError(str(part), described(error)) from error
        return part.number

    def with_threads(self, threads: int) -> Work:
        """Return the same work, with `threads` threads for ranking in each process."""
        return replace(self, recommender=self.recommender.with_threads(threads))

    def _write(self, part: Part, file: IO[bytes]) -> None:
        tables = self._tables(part)
        if self.format == "ndjson":
            for table in tables:
                rows = (json.dumps(row, ensure_ascii=False) for row in table.to_pylist())
                file.write("".join(f"{row}\n" for row in rows).encode())
        else:
            parquet = required("pyarrow.parquet")
            with parquet.ParquetWriter(file, self._schema()) as writer:
                for table in tables:
                    writer.write_table(table)
        # A source that changed meanwhile may have been read half old, half new.
        part.source.require_unchanged()

    def _tables(self, part: Part) -> Iterator[Any]:
        pyarrow = required("pyarrow")
        schema, row = self._schema(), 0
        for batch in read_part(part, schema.field("id").type):
            if batch.column("id").null_count:
                raise ValueError(f"row {row + _first_null(batch.column('id'))} has no id")
            try:
                answer = self.recommender(batch.column("interests"))
            except (ValueError, TypeError) as error:
                raise type(error)(f"in the rows from {row} on: {error}") from None
            cells, offsets = answer.values, answer.offsets
            lists = [
                pyarrow.ListArray.from_arrays(offsets, cells.field(name))
                for name in ("id", "position", "score")
            ]
            yield pyarrow.table([batch.column("id"), *lists], schema=schema)
            row += batch.num_rows

    def _schema(self) -> Any:
        pyarrow = required("pyarrow")
        kinds = (pyarrow.string(), pyarrow.int64(), pyarrow.float64())
        lists = [(name, pyarrow.list_(kind)) for name, kind in zip(_COLUMNS, kinds, strict=True)]
        return pyarrow.schema([("id", pyarrow.type_for_alias(self.kind)), *lists])


def _first_null(column: Any) -> int:
    place: int = column.is_null().index(True).as_py()
    return place
