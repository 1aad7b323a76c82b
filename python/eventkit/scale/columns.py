"""Converts columns of Python, Arrow, pandas and polars to what a `Catalog` ranks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from eventkit._imports import required

__all__ = ["answer_type", "arrow_chunks"]


def answer_type() -> Any:
    """Return the Arrow type of an answer: a list of position, id and score.

    Example:
        >>> answer_type().value_type.names
        ['position', 'id', 'score']
    """
    pyarrow = required("pyarrow")
    kinds = (pyarrow.int64(), pyarrow.string(), pyarrow.float64())
    names = ("position", "id", "score")
    return pyarrow.list_(pyarrow.struct(list(zip(names, kinds, strict=True))))


def arrow_chunks(interests: Any) -> tuple[list[Any], bool]:
    """Return interests as Arrow arrays of lists of texts, and whether the input had chunks.

    Raises:
        TypeError: The input is one text, or a row is not a list of texts; names the row.
        ValueError: A row, or one of its interests, is null; names the row.

    Example:
        >>> chunks, chunked = arrow_chunks([["ai"], []])
        >>> chunks[0].to_pylist(), chunked
        ([['ai'], []], False)
        >>> arrow_chunks([["ai"], None])
        Traceback (most recent call last):
        ValueError: row 1 is null, expected a list of texts
    """
    if isinstance(interests, (str, bytes)):
        raise TypeError(f"interests is {interests!r}, one text; expected lists of texts")
    pyarrow = required("pyarrow")
    if isinstance(interests, pyarrow.ChunkedArray):
        chunks, row = [], 0
        for chunk in interests.chunks:
            chunks.append(_checked(chunk, row, pyarrow))
            row += len(chunk)
        return chunks, True
    return [_checked(_as_arrow(interests, pyarrow), 0, pyarrow)], False


def _as_arrow(interests: Any, pyarrow: Any) -> Any:
    """Return one Arrow array. A series of pandas is read row by row, as are lists."""
    if isinstance(interests, pyarrow.Array):
        return interests
    kind = type(interests).__name__
    if hasattr(interests, "columns"):
        raise TypeError(f"interests is a {kind}, a whole table; expected one column of it")
    if hasattr(interests, "__arrow_c_array__"):
        return pyarrow.array(interests)
    if hasattr(interests, "__arrow_c_stream__") and not hasattr(interests, "iloc"):
        return pyarrow.chunked_array(interests).combine_chunks()
    if not isinstance(interests, Iterable):
        raise TypeError(f"interests is {interests!r}, a {kind}; expected lists of texts")
    rows = [_plain(row, number) for number, row in enumerate(interests)]
    try:
        return pyarrow.array(rows, pyarrow.list_(pyarrow.string()))
    except UnicodeEncodeError as error:
        row = next(number for number, row in enumerate(rows) if error.object in row)
        raise ValueError(
            f"row {row} has the interest {error.object!r}, which UTF-8 cannot encode: {error}"
        ) from None


def _plain(row: Any, number: int) -> list[str]:
    """Return one row as a list. The rows of pandas and numpy are arrays."""
    if isinstance(row, (str, bytes)):
        raise TypeError(f"row {number} is {row!r}, one text; expected a list of texts")
    if row is None or (isinstance(row, float) and row != row):  # NaN is a null of pandas.
        raise _null(number)
    if not isinstance(row, Iterable):
        raise TypeError(f"row {number} is {row!r}, expected a list of texts")
    listed = row if type(row) is list else list(row)
    for interest in listed:
        if interest is None:
            raise _null(number, "has an interest that is null, expected texts")
        if not isinstance(interest, str):
            raise TypeError(f"row {number} has the interest {interest!r}, expected texts")
    return listed


def _checked(array: Any, first: int, pyarrow: Any) -> Any:
    """Return an array in a layout that the engine reads, after a look for nulls."""
    array = _in_known_layout(array, pyarrow)
    if array.null_count:
        raise _null(first + array.is_null().index(True).as_py())
    texts = array.flatten()
    is_dictionary = pyarrow.types.is_dictionary(texts.type)
    if texts.null_count or (is_dictionary and texts.dictionary.null_count):
        # An unused null of a dictionary is no interest.
        for number, row in enumerate(array.to_pylist()):
            if None in row:
                raise _null(first + number, "has an interest that is null, expected texts")
    return array


def _null(row: int, fault: str = "is null, expected a list of texts") -> ValueError:
    return ValueError(f"row {row} {fault}")


def _in_known_layout(array: Any, pyarrow: Any) -> Any:
    types, kind = pyarrow.types, array.type
    views = (types.is_list_view, types.is_large_list_view)
    lists = (types.is_list, types.is_large_list, types.is_fixed_size_list, *views)
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    if any(check(kind) for check in lists):
        value = kind.value_type
        if types.is_null(value):
            return array.cast(pyarrow.list_(pyarrow.string()))
        if any(check(kind) for check in views):
            return _in_known_layout(array.cast(pyarrow.list_(value)), pyarrow)
        if types.is_dictionary(value):
            value = value.value_type
        if any(check(value) for check in texts):
            return array
    raise TypeError(f"interests have the Arrow type {kind}, expected list<string>")
