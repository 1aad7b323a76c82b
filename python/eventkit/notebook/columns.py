"""Makes columns of rows, and data frames of columns."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["columns_of", "to_arrow", "to_pandas", "to_polars"]

Columns = dict[str, list[Any]]


def columns_of(rows: Iterable[Mapping[str, Any]]) -> Columns:
    """Return the columns of rows.

    The values of a column are of one type, and ``None`` where a row has none. Numbers of several
    types become floats. Lists stay lists if they hold texts only. Whatever no data frame has a type
    for becomes JSON.

    Example:
        >>> columns_of([{"title": "A", "popularity": 1}, {"title": "B", "tags": ["ai"]}])
        {'title': ['A', 'B'], 'popularity': [1, None], 'tags': [None, ['ai']]}
        >>> columns_of([{"n": 1}, {"n": 0.5}]), columns_of([{"x": "a"}, {"x": {"b": 1}}])
        ({'n': [1.0, 0.5]}, {'x': ['a', '{"b": 1}']})
    """
    listed = list(rows)
    names = dict.fromkeys(str(name) for row in listed for name in row)
    return {name: _of_one_type([row.get(name) for row in listed]) for name in names}


def _of_one_type(values: list[Any]) -> list[Any]:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        fits = all(value is None or -(1 << 63) <= value < 1 << 63 for value in values)
        return values if fits else [None if value is None else str(value) for value in values]
    if kinds and kinds <= {int, float}:
        return [None if value is None else float(value) for value in values]
    if kinds <= {str} or kinds == {bool}:
        return values
    if kinds <= {list, tuple} and all(
        isinstance(item, str) for value in values if value is not None for item in value
    ):
        return [None if value is None else list(value) for value in values]
    return [value if value is None or isinstance(value, str) else _json(value) for value in values]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def to_pandas(columns: Columns) -> Any:
    """Return a data frame of pandas."""
    return importlib.import_module("pandas").DataFrame(columns)


def to_polars(columns: Columns) -> Any:
    """Return a data frame of polars."""
    return importlib.import_module("polars").DataFrame(columns)


def to_arrow(columns: Columns) -> Any:
    """Return a table of pyarrow."""
    return importlib.import_module("pyarrow").table(columns)
