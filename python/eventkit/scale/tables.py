"""Reads profiles from lines of JSON and from CSV as record batches of Arrow."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from eventkit._imports import required
from eventkit.errors import BatchError
from eventkit.reference import normalize_interests

__all__ = ["csv_batches", "csv_id", "line_batches", "line_id"]

_BLOCK = 4 << 20


def line_id(file: Any, url: str) -> Any:
    """Return the Arrow type of the ids, by the first line: string or int64.

    Raises:
        BatchError: The first line is no object with an id of one of these types.
    """
    pyarrow = required("pyarrow")
    line = b""
    while not line.strip():
        line = file.readline()
        if not line:
            return pyarrow.string()
    try:
        found = json.loads(line)
    except ValueError as error:
        raise BatchError(url, f"line 1 is not JSON: {error}") from None
    value = found.get("id") if isinstance(found, dict) else None
    if isinstance(value, str):
        return pyarrow.string()
    if type(value) is int:
        return pyarrow.int64()
    raise BatchError(url, f"line 1 has the id {value!r}, expected a text or a whole number")


def line_batches(file: Any, start: int, stop: int | None, kind: Any) -> Iterator[Any]:
    r"""Read the lines that begin in a range of bytes.

    Args:
        file: An open binary file.
        start: The first byte. The line that runs over it belongs to the range before.
        stop: The byte after the last one; ``None`` for the whole file.
        kind: The Arrow type of the ids.

    Yields:
        Record batches of ``id`` and ``interests``.

    Example:
        >>> lines = b'{"id": 1, "interests": ["ai"]}\n{"id": 2, "interests": []}\n'
        >>> kind = required("pyarrow").int64()
        >>> [batch.num_rows for batch in line_batches(BytesIO(lines), 5, len(lines), kind)]
        [1]
    """
    pyarrow = required("pyarrow")
    reader = required("pyarrow.json")
    schema = pyarrow.schema([("id", kind), ("interests", pyarrow.list_(pyarrow.string()))])
    parse = reader.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    for block in _line_blocks(file, start, stop):
        read = reader.ReadOptions(block_size=len(block) + 1, use_threads=False)
        table = reader.read_json(BytesIO(block), read_options=read, parse_options=parse)
        yield from table.select(["id", "interests"]).to_batches()


def csv_id(file: Any, url: str) -> Any:
    """Return the Arrow type of the ids: always string, so that ``007`` stays what it is.

    Raises:
        BatchError: A column is missing.
    """
    names = next(csv.reader([file.readline().decode("utf-8-sig")]), [])
    if not names:
        raise BatchError(url, "its first line is empty, expected the names of its columns")
    missing = [name for name in ("id", "interests") if name not in names]
    if missing:
        raise BatchError(url, f"it has no column {missing[0]!r}, only {', '.join(names)}")
    return required("pyarrow").string()


def csv_batches(file: Any, kind: Any) -> Iterator[Any]:
    """Read a CSV file. Interests are a JSON array, or separated by commas or semicolons.

    Yields:
        Record batches of ``id`` and ``interests``.

    Raises:
        ValueError: The interests of a row begin with ``[`` and are no JSON array of texts.
    """
    pyarrow = required("pyarrow")
    reader = required("pyarrow.csv")
    if kind != pyarrow.string():
        raise ValueError(f"the ids of a CSV file are texts, those of the first file are {kind}")
    columns = {"id": pyarrow.string(), "interests": pyarrow.string()}
    convert = reader.ConvertOptions(column_types=columns, include_columns=list(columns))
    parse = reader.ParseOptions(newlines_in_values=True)
    read = reader.ReadOptions(block_size=_BLOCK, use_threads=False)
    row = 0
    for batch in reader.open_csv(
        file, read_options=read, parse_options=parse, convert_options=convert
    ):
        texts = batch.column(1).to_pylist()
        lists = [_listed(text, row + number) for number, text in enumerate(texts)]
        row += len(texts)
        interests = pyarrow.array(lists, pyarrow.list_(pyarrow.string()))
        yield pyarrow.record_batch([batch.column(0), interests], ["id", "interests"])


def _line_blocks(file: Any, start: int, stop: int | None) -> Iterator[bytes]:
    """Read whole lines in blocks, from the first that begins in the range to the last that does."""
    if start:
        # From the byte before, because a line may begin exactly at `start`.
        file.seek(start - 1)
        start += len(file.readline()) - 1
    while stop is None or start < stop:
        block = file.read(_BLOCK if stop is None else min(_BLOCK, stop - start))
        if not block:
            return
        block += file.readline() if not block.endswith(b"\n") else b""
        start += len(block)
        if not block.isspace():
            yield block


def _listed(text: str, row: int) -> list[str]:
    if not text.startswith("["):
        return normalize_interests(text)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"row {row} has the interests {text!r}, expected a JSON array of texts")
    return found
