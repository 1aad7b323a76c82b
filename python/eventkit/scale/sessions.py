"""Divides files of sessions into shards of a catalogue, and compiles one shard."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from eventkit._imports import required
from eventkit.catalog import Catalog
from eventkit.errors import BatchError
from eventkit.scale.profiles import Source, find_sources, open_parquet, row_group_counts
from eventkit.scale.storage import locate, open_input

__all__ = ["Piece", "ShardSource", "divide_sessions"]

_BLOCK = 16 << 20


@dataclass(frozen=True)
class Piece:
    """A range of one file.

    Attributes:
        source: The file.
        start: Its first row group (Parquet) or byte.
        stop: The row group or byte after its last.
        first: The number of rows or lines of the file before the range.
        rows: The number of rows or lines in it.
    """

    source: Source
    start: int
    stop: int
    first: int
    rows: int


@dataclass(frozen=True)
class ShardSource:
    """The sessions of one shard.

    Attributes:
        number: The number of the shard, from 0.
        pieces: Where they are, in order.
    """

    number: int
    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        """Return the number, and the files with their ranges."""
        places = [
            f"{piece.source.url}, rows {piece.first:,} to {piece.first + piece.rows:,}"
            for piece in self.pieces
        ]
        return f"shard {self.number} ({'; '.join(places)})"

    def compile(self, weights: Any) -> Catalog:
        """Read and compile the sessions.

        Raises:
            BatchError: A file cannot be read, or changed.
            ManifestError: A line is no session; names the line.
        """
        for piece in self.pieces:
            piece.source.require_unchanged()
        read = _from_parquet if self.pieces[0].source.kind == "parquet" else _from_lines
        catalog = read(self.pieces, weights)
        for piece in self.pieces:
            piece.source.require_unchanged()
        return catalog


def divide_sessions(source: Any, shard_rows: int) -> list[ShardSource]:
    """Divide files of sessions into shards of at most `shard_rows` rows.

    A row group of Parquet is never divided, so a shard may have more rows if a row group has.

    Args:
        source: As for `find_sources`.
        shard_rows: The rows of a shard.

    Raises:
        BatchError: There is no file, one has another ending, or the files are of several kinds.
    """
    sources = find_sources(source)
    for one in sources:
        if one.kind == "csv" or one.compression is not None or one.kind != sources[0].kind:
            raise BatchError(one.url, "expected files of one kind: all .parquet, or all .ndjson")
    divide = _row_groups if sources[0].kind == "parquet" else _lines
    pieces = (piece for one in sources for piece in divide(one, shard_rows))
    return [ShardSource(number, shard) for number, shard in enumerate(_grouped(pieces, shard_rows))]


def _grouped(pieces: Iterable[Piece], shard_rows: int) -> Iterator[tuple[Piece, ...]]:
    held: list[Piece] = []
    for piece in pieces:
        if held and sum(one.rows for one in held) + piece.rows > shard_rows:
            yield tuple(held)
            held = []
        held.append(piece)
    if held:
        yield tuple(held)


def _row_groups(source: Source, _shard_rows: int) -> Iterator[Piece]:
    first = 0
    for number, rows in enumerate(row_group_counts(source)):
        yield Piece(source, number, number + 1, first, rows)
        first += rows


def _lines(source: Source, shard_rows: int) -> Iterator[Piece]:
    """Cut after every `shard_rows` lines. The whole file is read once to find them."""
    start = place = first = rows = 0
    with open_input(locate(source.url)) as file:
        while block := file.read(_BLOCK):
            cut = 0
            while (found := block.count(b"\n", cut)) + rows >= shard_rows:
                cut = _after_lines(block, cut, shard_rows - rows, found)
                yield Piece(source, start, place + cut, first, shard_rows)
                start, first, rows = place + cut, first + shard_rows, 0
            rows += found
            place += len(block)
    if place > start:
        yield Piece(source, start, place, first, rows + 1)


def _after_lines(block: bytes, start: int, lines: int, found: int) -> int:
    """Return the place behind a number of lines of a block, counted from `start`.

    It halves the block until few lines are left, because counting is faster than finding.
    """
    low, high = start, len(block)
    while high - low > 256:
        middle = (low + high) // 2
        count = block.count(b"\n", low, middle)
        if count >= lines:
            high = middle
        else:
            low, lines = middle, lines - count
    for _ in range(lines):
        low = block.index(b"\n", low) + 1
    return low


def _from_parquet(pieces: tuple[Piece, ...], weights: Any) -> Catalog:
    pyarrow = required("pyarrow")
    with open_parquet(locate(pieces[0].source.url)) as file:
        schema = file.schema_arrow
    reader = pyarrow.RecordBatchReader.from_batches(schema, _batches(pieces, schema))
    return Catalog.from_arrow(reader, weights=weights)


def _batches(pieces: tuple[Piece, ...], schema: Any) -> Iterator[Any]:
    """Read the rows batch by batch, so that the tables are never in memory as a whole."""
    for piece in pieces:
        with open_parquet(locate(piece.source.url)) as file:
            if file.schema_arrow != schema:
                message = f"its columns differ from those of {pieces[0].source.url}"
                raise BatchError(piece.source.url, message)
            yield from file.iter_batches(row_groups=range(piece.start, piece.stop))


def _from_lines(pieces: tuple[Piece, ...], weights: Any) -> Catalog:
    reader = io.BufferedReader(_Lines(pieces), _BLOCK)
    try:
        return Catalog.from_ndjson(reader, weights=weights)
    finally:
        reader.close()


class _Lines(io.RawIOBase):
    """The bytes of several ranges as one file."""

    def __init__(self, pieces: tuple[Piece, ...]) -> None:
        """Open the files; the name is for error messages."""
        self._pieces = pieces
        self._files = [open_input(locate(piece.source.url)) for piece in pieces]
        self._place = 0
        first = pieces[0]
        self.name = f"{first.source.url} (line 1 here is line {first.first + 1:,} of it)"

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a place from the beginning."""
        if whence != 0:
            raise io.UnsupportedOperation(f"seek from {whence}")
        self._place = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        """Read up to the end of the range in which the place is."""
        before = 0
        for piece, file in zip(self._pieces, self._files, strict=True):
            length = piece.stop - piece.start
            if self._place < before + length:
                file.seek(piece.start + self._place - before)
                wanted = min(len(buffer), before + length - self._place)
                data = file.read(wanted)
                if not data:
                    raise BatchError(piece.source.url, "it became shorter while it was read")
                buffer[: len(data)] = data
                self._place += len(data)
                return len(data)
            before += length
        return 0

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()
        super().close()
