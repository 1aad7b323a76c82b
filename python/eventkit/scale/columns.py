"""Converts between columns of Arrow, pandas and polars, and what a `Catalog` takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from eventkit._imports import required

__all__ = ["answer_lists", "interest_chunks", "rows_of"]


def interest_chunks(interests: Any) -> list[Any] | None:
    """Return the rows of each chunk of chunked input; ``None`` for input of one piece.

    Example:
        >>> interest_chunks([["ai"]]) is None
        True
    """
    pyarrow = required("pyarrow")
    if isinstance(interests, pyarrow.ChunkedArray):
        return [rows_of(chunk) for chunk in interests.chunks]
    return None


def rows_of(interests: Any) -> list[Any]:
    """Return interests as lists of texts.

    Raises:
        TypeError: The input is one text, or a row is not a list of texts.
        ValueError: A row, or one of its interests, is null; names the row.

    Example:
        >>> rows_of([["ai"], None])
        Traceback (most recent call last):
        ValueError: row 1 is null, expected a list of texts
    """
    if isinstance(interests, (str, bytes)):
        raise TypeError(f"interests is {interests!r}, one text; expected lists of texts")
    pyarrow = required("pyarrow")
    array = _as_arrow(interests, pyarrow)
    if array is None:
        rows = [_plain(row, number) for number, row in enumerate(interests)]
    else:
        _require_texts(array.type, pyarrow)
        rows = list(array.to_pylist())
        if array.null_count == 0 and array.flatten().null_count == 0:
            return rows
    for number, row in enumerate(rows):
        _require_row(row, number)
    return rows


def answer_lists(
    offsets: Iterable[int],
    positions: Any,
    ids: Callable[[list[int]], Sequence[str | None]] | list[Any],
    scores: Any,
) -> Any:
    """Build the Arrow lists of (position, id, score).

    Args:
        offsets: Where each row begins, and at the end the length of all.
        positions: The positions of all rows; a buffer of int64 or a list.
        ids: A function that returns the ids of distinct positions, or an empty list.
        scores: The scores of all rows; a buffer of float64 or a list.

    Example:
        >>> answer_lists([0, 1], [4], lambda places: ["x"], [0.5]).to_pylist()
        [[{'position': 4, 'id': 'x', 'score': 0.5}]]
    """
    pyarrow = required("pyarrow")
    places = _numbers(positions, pyarrow.int64(), pyarrow)
    points = _numbers(scores, pyarrow.float64(), pyarrow)
    encoded = places.dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    texts = pyarrow.array(ids(distinct) if callable(ids) else [], pyarrow.string())
    names = texts.take(encoded.indices)
    fields = ["position", "id", "score"]
    structs = pyarrow.StructArray.from_arrays([places, names, points], fields)
    return pyarrow.ListArray.from_arrays(pyarrow.array(offsets, pyarrow.int32()), structs)


def _numbers(values: Any, kind: Any, pyarrow: Any) -> Any:
    if isinstance(values, memoryview):
        count = values.nbytes // 8
        return pyarrow.Array.from_buffers(kind, count, [None, pyarrow.py_buffer(values)])
    return pyarrow.array(values, kind)


def _as_arrow(interests: Any, pyarrow: Any) -> Any | None:
    """Return an Arrow array of the input; ``None`` if it is none, and Python must read it."""
    if isinstance(interests, pyarrow.Array):
        return interests
    if hasattr(interests, "__arrow_c_array__"):
        return pyarrow.array(interests)
    if hasattr(interests, "__arrow_c_stream__") and not hasattr(interests, "iloc"):
        return pyarrow.chunked_array(interests).combine_chunks()
    return None


def _require_texts(kind: Any, pyarrow: Any) -> None:
    types = pyarrow.types
    lists = (types.is_list, types.is_large_list, types.is_list_view, types.is_fixed_size_list)
    texts = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
    if any(check(kind) for check in lists) and any(check(kind.value_type) for check in texts):
        return
    raise TypeError(f"interests have the Arrow type {kind}, expected list<string>")


def _plain(row: Any, number: int) -> Any:
    """Return one row that came as a Python object; pandas and numpy have arrays as rows."""
    if isinstance(row, (str, bytes)):
        raise TypeError(f"row {number} is {row!r}, one text; expected a list of texts")
    if row is None or type(row) is list:
        return row
    if hasattr(row, "tolist"):
        return row.tolist()
    if isinstance(row, Iterable):
        return list(row)
    if row != row:  # NaN is how pandas writes a missing row.
        return None
    raise TypeError(f"row {number} is {row!r}, expected a list of texts")


def _require_row(row: Any, number: int) -> None:
    if row is None:
        raise ValueError(f"row {number} is null, expected a list of texts")
    for interest in row:
        if interest is None:
            raise ValueError(f"row {number} has an interest that is null, expected texts")
        if not isinstance(interest, str):
            raise TypeError(f"row {number} has the interest {interest!r}, expected texts")
