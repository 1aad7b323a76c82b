"""Adds to a catalogue what notebooks use: data frames, look-up by id, slices and HTML."""

from __future__ import annotations

import datetime
import importlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, overload

from eventkit._imports import optional, required
from eventkit.catalog.checking import is_missing
from eventkit.catalog.queries import CatalogQueries

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from eventkit.catalog.catalog import Catalog

__all__ = ["Frames", "sessions_of_frame"]

_SEPARATOR = re.compile("[,;]")
_SHOWN = 10


class Frames(CatalogQueries):
    """Adds to the queries of a catalogue what people use in notebooks."""

    __slots__ = ()

    @classmethod
    def from_frame(
        cls, frame: Any, columns: Mapping[str, str] | None = None, *, weights: Any = None
    ) -> Catalog:
        """Compile the rows of a data frame.

        A cell that is missing (null, NaN, NaT) is a key that the session does not have. Dates and
        times become ISO 8601 text, with the offset if they have one. A text in the column of the
        tags is split at commas and semicolons.

        Args:
            frame: A data frame of pandas, polars or pyarrow, or any object with
                ``__arrow_c_stream__`` (the Arrow PyCapsule interface) or ``__dataframe__``.
            columns: The columns that have other names than the keys of sessions: ``{"title":
                "Talk", "start": "Begins"}``. All others are taken under their own names.
            weights: As for the class.

        Raises:
            ValueError: There is no such column, no column of titles, or a row without a title.
            TypeError: The object is no data frame.
            MissingExtraError: narwhals is not installed, which reads data frames.

        Example:
            >>> import polars  # doctest: +SKIP
            >>> from eventkit import Catalog
            >>> talks = polars.DataFrame({"Talk": ["A"], "tags": ["ai, web"]})  # doctest: +SKIP
            >>> Catalog.from_frame(talks, {"title": "Talk"})[0]  # doctest: +SKIP
            {'title': 'A', 'tags': ['ai', 'web']}
        """
        made: Any = cls
        catalog: Catalog = made(sessions_of_frame(frame, columns), weights=weights)
        return catalog

    @overload
    def __getitem__(self, key: int | str, /) -> Any: ...
    @overload
    def __getitem__(self, key: slice, /) -> list[Any]: ...
    def __getitem__(self, key: int | str | slice, /) -> Any:
        """Return a session by its position or id, or a list of sessions by a slice.

        Raises:
            IndexError: There is no such position.
            KeyError: No session has that id.

        Example:
            >>> from eventkit import Catalog
            >>> catalog = Catalog([{"id": "a", "title": "A"}, {"id": "b", "title": "B"}])
            >>> catalog["b"]["title"], [session["id"] for session in catalog[:1]]
            ('B', ['a'])
        """
        if type(key) is int:
            return super().__getitem__(key)
        if isinstance(key, str):
            return self._by_id(key)
        if isinstance(key, slice):
            get = super().__getitem__
            return [get(place) for place in range(*key.indices(len(self)))]
        return super().__getitem__(key)

    def _by_id(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        try:
            # The index finds the id. Without weights, no popularity can be one that has no score.
            return self.score(key, [], weights={"interest": 0, "popularity": 0})["session"]
        except (KeyError, TypeError, ValueError):
            return next(session for session in self._each() if session.get("id") == key)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the sessions as a data frame of pandas.

        Example:
            >>> from eventkit import Catalog
            >>> talks = Catalog([{"title": "Agents"}])
            >>> talks.to_pandas()["title"].tolist()  # doctest: +SKIP
            ['Agents']
        """
        from eventkit.notebook.columns import columns_of, to_pandas

        frame: pandas.DataFrame = to_pandas(columns_of(self._each()))
        return frame

    def to_polars(self) -> polars.DataFrame:
        """Return the sessions as a data frame of polars.

        Example:
            >>> from eventkit import Catalog
            >>> talks = Catalog([{"title": "Agents"}])
            >>> talks.to_polars()["title"].to_list()  # doctest: +SKIP
            ['Agents']
        """
        from eventkit.notebook.columns import columns_of, to_polars

        frame: polars.DataFrame = to_polars(columns_of(self._each()))
        return frame

    def to_arrow(self) -> pyarrow.Table:
        """Return the sessions as a table of pyarrow.

        Numbers of several types become floats, and what has no type in a table becomes JSON text.

        Example:
            >>> from eventkit import Catalog
            >>> talks = Catalog([{"title": "Agents"}])
            >>> talks.to_arrow()["title"].to_pylist()  # doctest: +SKIP
            ['Agents']
        """
        from eventkit.notebook.columns import columns_of, to_arrow

        frame: pyarrow.Table = to_arrow(columns_of(self._each()))
        return frame

    def _each(self) -> Iterator[Any]:
        return map(super().__getitem__, range(len(self)))

    def _repr_html_(self) -> str:
        """Return a table of the first sessions, of at most 20 KB."""
        from eventkit.notebook.html import catalog

        return catalog(repr(self), self[:_SHOWN], len(self))


def sessions_of_frame(frame: Any, columns: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """Return the rows of a data frame as sessions; see `eventkit.Catalog.from_frame`."""
    table = _narwhals(frame)
    chosen = _chosen(list(table.columns), columns)
    values = {key: [_value(key, cell) for cell in table[name].to_list()] for key, name in chosen}
    sessions: list[dict[str, Any]] = []
    for row in zip(*values.values(), strict=True):
        session = {key: cell for key, cell in zip(values, row, strict=True) if cell is not None}
        if "title" not in session:
            raise ValueError(f"row {len(sessions)} of the table has no title: {session!r}")
        sessions.append(session)
    return sessions


def _narwhals(frame: Any) -> Any:
    narwhals = required("narwhals")
    table = narwhals.from_native(frame, eager_only=True, pass_through=True)
    if isinstance(table, narwhals.DataFrame):
        return table
    if hasattr(frame, "__arrow_c_stream__"):
        backend = "pyarrow" if optional("pyarrow") is not None else "polars"
        return narwhals.from_arrow(frame, backend=backend)
    if hasattr(frame, "__dataframe__"):
        # Without pyarrow, its own import error says so.
        interchange = importlib.import_module("pyarrow.interchange")
        return narwhals.from_native(interchange.from_dataframe(frame))
    raise TypeError(
        f"from_frame() was given a {type(frame).__name__}: expected a data frame of pandas, polars "
        "or pyarrow, or an object with __arrow_c_stream__ or __dataframe__"
    )


def _chosen(names: list[str], columns: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """Return pairs of a session's key and its column."""
    renamed = dict(columns or {})
    for key, name in renamed.items():
        if name not in names:
            raise ValueError(f"columns has {key!r}: {name!r}, but the table's columns are {names}")
    taken = set(renamed.values())
    kept = [(name, name) for name in names if name not in taken and name not in renamed]
    chosen = [*renamed.items(), *kept]
    if "title" not in dict(chosen):
        raise ValueError(
            f"the table has no column 'title', its columns are {names}: name one by "
            "columns={'title': ...}"
        )
    return chosen


def _value(key: str, cell: Any) -> Any:
    """Return a cell as a session's value: ``None`` if it is missing, texts for times."""
    if hasattr(cell, "tolist"):  # an array or a scalar of numpy
        cell = cell.tolist()
    if is_missing(cell):
        return None
    if isinstance(cell, (datetime.date, datetime.time)):  # a datetime is a date
        return cell.isoformat()
    if key == "tags":
        tags = _SEPARATOR.split(cell) if isinstance(cell, str) else cell
        return [str(tag).strip() for tag in tags if not is_missing(tag) and str(tag).strip()]
    if key in ("title", "id", "location") and not isinstance(cell, str):
        # Whole numbers are floats in a column of pandas where some are missing.
        return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
    return cell
