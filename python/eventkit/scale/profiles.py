"""Divides files of profiles into parts, and reads a part as batches of Arrow.

A part of Parquet is some row groups of a file. A part of NDJSON is a range of its bytes, from the
start of one line to the start of another. A CSV file or a compressed file is one part, because
only its beginning is a known start of a row.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from eventkit._imports import required
from eventkit.errors import BatchError
from eventkit.scale.storage import Location, fingerprint, join, locate, named, open_input
from eventkit.scale.tables import csv_batches, csv_id, line_batches, line_id

__all__ = [
    "BATCH_ROWS",
    "ENDINGS",
    "Part",
    "Source",
    "divide",
    "find_sources",
    "id_type",
    "open_parquet",
    "part_name",
    "part_url",
    "read_part",
    "row_group_counts",
]

BATCH_ROWS = 25_000
"""The rows that are in memory at a time. The engine's rate does not grow with more of them."""

ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
}
_COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}
_SAMPLE = 1 << 16


@dataclass(frozen=True)
class Source:
    """A file of profiles, as it was when the run began.

    Attributes:
        url: Its path or URL.
        size: Its size in bytes.
        version: What changes when it is written again; see `storage.fingerprint`.
        kind: ``parquet``, ``ndjson`` or ``csv``.
        compression: The name of its compression, or ``None``.
    """

    url: str
    size: int
    version: str
    kind: str
    compression: str | None = None

    def require_unchanged(self) -> None:
        """Raise unless the file is still the same.

        Raises:
            BatchError: It is not, or cannot be read.
        """
        now = fingerprint(locate(self.url))
        if now != {"size": self.size, "version": self.version}:
            raise BatchError(
                self.url,
                f"it changed after the run began (then {self.size} bytes, version {self.version}; "
                f"now {now['size']} bytes, version {now['version']})",
            )


@dataclass(frozen=True)
class Part:
    """A piece of a source whose results become one file.

    Attributes:
        number: Its number in the run, from 0.
        source: The file.
        start: Its first row group (Parquet) or byte.
        stop: The row group or byte after its last.
    """

    number: int
    source: Source
    start: int
    stop: int

    def __str__(self) -> str:
        """Return the number, the file and the range."""
        unit = "row groups" if self.source.kind == "parquet" else "bytes"
        return f"part {self.number} ({self.source.url}, {unit} {self.start} to {self.stop})"


def find_sources(profiles: str | os.PathLike[str] | Iterable[str]) -> list[Source]:
    """Find the files of profiles.

    Args:
        profiles: A file, a directory, a pattern with ``*``, or several of them; paths or URLs.

    Raises:
        BatchError: There is no such file, a file has another ending, or a directory holds none.
    """
    given = [profiles] if isinstance(profiles, (str, os.PathLike)) else list(profiles)
    return [source for one in given for source in _expanded(os.fspath(one))]


def divide(sources: list[Source], part_rows: int) -> Iterator[Part]:
    """Divide sources into parts of about ``part_rows`` rows.

    Args:
        sources: The files.
        part_rows: The rows of a part. A row group of Parquet is never divided.

    Raises:
        BatchError: A file is damaged.
    """
    number = 0
    for source in sources:
        with named(source.url):
            ranges = list(_ranges(source, part_rows))
        for start, stop in ranges:
            yield Part(number, source, start, stop)
            number += 1


def id_type(source: Source) -> Any:
    """Return the Arrow type of the ids of a source.

    Raises:
        BatchError: It has no ids or interests, or interests of another type.
    """
    place = locate(source.url)
    if source.kind == "parquet":
        with open_parquet(place) as file:
            schema = file.schema_arrow
            _require_columns(source.url, schema.names)
            return _plain_id(source.url, schema.field("id").type)
    with named(source.url), open_input(place, source.compression) as file:
        return (csv_id if source.kind == "csv" else line_id)(file, source.url)


def read_part(part: Part, kind: Any) -> Iterator[Any]:
    """Read a part.

    Args:
        part: The part.
        kind: The Arrow type of the ids.

    Yields:
        Record batches of ``id`` and ``interests``.

    Raises:
        BatchError: The file cannot be read, or holds other types.
    """
    place = locate(part.source.url)
    if part.source.kind == "parquet":
        with open_parquet(place) as file:
            _require_columns(place.url, file.schema_arrow.names)
            found = _plain_id(place.url, file.schema_arrow.field("id").type)
            if found != kind:
                reason = f"its ids are of type {found}, those of the first file of {kind}"
                raise BatchError(place.url, reason)
            groups = range(part.start, part.stop)
            for batch in file.iter_batches(BATCH_ROWS, groups, columns=["id", "interests"]):
                yield batch.set_column(0, "id", batch.column("id").cast(kind))
        return
    with open_input(place, part.source.compression) as file:
        if part.source.kind == "csv":
            yield from csv_batches(file, kind)
        else:
            whole = part.source.compression is not None
            yield from line_batches(file, part.start, None if whole else part.stop, kind)


def _expanded(url: str) -> Iterator[Source]:
    place = locate(url)
    try:
        if any(sign in url for sign in "*?["):
            paths = sorted(place.fs.glob(place.path))
        elif place.fs.isdir(place.path):
            inside = place.fs.ls(place.path, detail=False)
            paths = sorted(path for path in inside if _kind(path) and not _is_hidden(path))
        else:
            yield _source(url)
            return
    except OSError as error:
        raise BatchError(url, str(error)) from None
    if not paths:
        raise BatchError(url, f"there is no file that ends in {', '.join(ENDINGS)}")
    for path in paths:
        yield _source(path if place.local else place.fs.unstrip_protocol(path))


def _source(url: str) -> Source:
    found = _kind(url)
    if found is None:
        raise BatchError(url, f"expected a file that ends in {', '.join(ENDINGS)}")
    place = locate(url)
    return Source(place.path if place.local else url, **fingerprint(place), **found)


def _kind(path: str) -> dict[str, Any] | None:
    stem, ending = os.path.splitext(path)  # noqa: PTH122 - a URL is no Path
    compression = _COMPRESSIONS.get(ending)
    if compression is not None:
        ending = os.path.splitext(stem)[1]  # noqa: PTH122
    kind = ENDINGS.get(ending.lower())
    if kind is None or (kind == "parquet" and compression):
        return None
    return {"kind": kind, "compression": compression}


def _is_hidden(path: str) -> bool:
    return path.rpartition("/")[2].startswith((".", "_"))


def _ranges(source: Source, part_rows: int) -> Iterator[tuple[int, int]]:
    if source.kind == "parquet":
        yield from _row_groups(source, part_rows)
    elif source.kind == "csv" or source.compression is not None:
        yield 0, source.size
    else:
        yield from _byte_ranges(source, part_rows)


def _row_groups(source: Source, part_rows: int) -> Iterator[tuple[int, int]]:
    counts = row_group_counts(source)
    start = rows = 0
    for number, count in enumerate(counts):
        if rows and rows + count > part_rows:
            yield start, number
            start, rows = number, 0
        rows += count
    if rows:
        yield start, len(counts)


def _byte_ranges(source: Source, part_rows: int) -> Iterator[tuple[int, int]]:
    """Cut at bytes. A reader moves both ends to the next start of a line."""
    with open_input(locate(source.url)) as file:
        sample = file.read(_SAMPLE)
    lines = max(sample.count(b"\n"), 1)
    length = max(len(sample) * part_rows // lines, 1)
    for start in range(0, source.size, length):
        yield start, min(start + length, source.size)


def row_group_counts(source: Source) -> list[int]:
    """Return the rows of each row group of a Parquet file.

    Raises:
        BatchError: As for `open_parquet`.
    """
    with open_parquet(locate(source.url)) as file:
        return [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]


def open_parquet(place: Location) -> Any:
    """Open a Parquet file. A local one is mapped, which spares a copy.

    Raises:
        BatchError: It is no Parquet file, or cannot be read.
    """
    pyarrow = required("pyarrow")
    parquet = required("pyarrow.parquet")
    try:
        if place.local:
            return parquet.ParquetFile(place.path, memory_map=True)
        return parquet.ParquetFile(open_input(place))
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise BatchError(place.url, str(error)) from None


def _plain_id(url: str, kind: Any) -> Any:
    """Return the type of ids without its dictionary.

    Raises:
        BatchError: It is neither of texts nor of whole numbers.
    """
    types = required("pyarrow.types")
    plain = kind.value_type if types.is_dictionary(kind) else kind
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    if not any(check(plain) for check in (*texts, types.is_integer)):
        raise BatchError(url, f"its ids have the type {kind}, expected texts or whole numbers")
    return plain


def _require_columns(url: str, names: list[str]) -> None:
    missing = [name for name in ("id", "interests") if name not in names]
    if missing:
        raise BatchError(url, f"it has no column {missing[0]!r}, only {', '.join(names)}")


def part_name(run: str, number: int, ending: str) -> str:
    """Return the name of the result file of a part.

    Example:
        >>> part_name("5c1e", 3, "parquet")
        'part-000003-5c1e.parquet'
    """
    return f"part-{number:06}-{run}.{ending}"


def part_url(folder: str, run: str, number: int, ending: str) -> str:
    """Return the path or URL of the result file of a part."""
    return join(folder, part_name(run, number, ending))
