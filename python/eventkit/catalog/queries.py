"""The queries of `Catalog` whose arguments and results Python prepares."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from eventkit import _native
from eventkit._native import Filter, RankedArray
from eventkit.catalog.questions import Questions
from eventkit.results import Interests, Itinerary, Top

__all__ = ["CatalogQueries"]


_UNRANKED = (
    "these interests or weights cannot be ranked by the index (NaN, or types other than str, int "
    "and float): use recommend, which calls the reference"
)


class CatalogQueries(Questions):
    """Adds queries to the native base class. `Catalog` adds how to make and save a catalogue."""

    __slots__ = ()

    _fields: dict[str, Any]

    def recommend_many_json(
        self,
        many_interests: Iterable[Interests],
        top: Top = 5,
        *,
        weights: Mapping[str, Any] | None = None,
    ) -> Iterator[bytes]:
        r"""Recommend for many lists of interests, as lines of JSON.

        Args:
            many_interests: A list of interests for each answer. It is read step by step.
            top: As for `recommend`.
            weights: As for `recommend`.

        Yields:
            Chunks of whole lines. There is one line for each list of interests, in order.

        Example:
            >>> from eventkit import Catalog
            >>> lines = Catalog([{"title": "A"}]).recommend_many_json([["ai"], ["web"]], 1)
            >>> b"".join(lines).count(b"\n")
            2
        """
        chunk: list[Any] = []
        for interests in many_interests:
            chunk.append(interests)
            if len(chunk) == 1024:
                yield self._recommend_lines(chunk, top, weights=weights)
                chunk = []
        if chunk:
            yield self._recommend_lines(chunk, top, weights=weights)

    def rank_many(
        self,
        many_interests: Iterable[Interests],
        top: int = 5,
        *,
        weights: Mapping[str, Any] | None = None,
        filter: Filter | None = None,
    ) -> tuple[memoryview[int], memoryview[float]]:
        """Rank sessions for many lists of interests, as columns of numbers.

        Args:
            many_interests: A list of interests for each row.
            top: The number of columns, at least 0. There are no more columns than sessions.
            weights: As for `recommend`.
            filter: As for `recommend`. It is prepared once for all rows.

        Returns:
            Positions (int64) and scores (float64): two-dimensional buffers of rows x columns, which
            ``numpy.asarray`` reads without a copy. ``catalog[position]`` is the session. Where the
            filter admits fewer sessions than there are columns, a row ends with -1 and NaN.

        Raises:
            TypeError: Interests are one text instead of a list.
            ValueError: ``top`` is negative, or the index cannot rank the interests or weights
                exactly (use `recommend` for them).

        Example:
            >>> from eventkit import Catalog
            >>> catalog = Catalog([{"title": "A", "tags": ["web"]}, {"title": "B", "tags": ["ai"]}])
            >>> positions, scores = catalog.rank_many([["ai"], ["web"]], 1)
            >>> positions.tolist(), positions.shape
            ([[1], [0]], (2, 1))
        """
        if top < 0:
            raise ValueError(f"top is {top}, expected a number of columns, 0 or more")
        rows = many_interests if type(many_interests) is list else list(many_interests)
        ranked = self._rank_many(rows, top, weights=weights, filter=filter)
        if ranked is None:
            _refuse_text(rows)
            raise ValueError(_UNRANKED)
        positions, scores, columns = ranked
        shape = [len(rows), columns]
        return _table(positions, "q", shape), _table(scores, "d", shape)

    def rank_arrow(
        self,
        interests: Any,
        top: int = 5,
        filter: Filter | None = None,
        *,
        weights: Mapping[str, Any] | None = None,
        ids: bool = True,
    ) -> RankedArray:
        """Rank sessions for the rows of an Arrow array, as `rank_many` does for lists.

        No value becomes a Python object on the way, and other threads run meanwhile. The answer
        shares its memory with whoever reads it: ``pyarrow.array(answer)``,
        ``pyarrow.chunked_array(answer)``, or a ``Series`` of polars.

        Args:
            interests: An array of lists of texts with ``__arrow_c_array__`` or
                ``__arrow_c_stream__``: an array or chunked array of pyarrow, a series of polars.
            top: The largest number of sessions for a row, at least 0.
            filter: As for `rank_many`. A row has as many sessions as the filter admits; no cell is
                filled up with -1 and NaN.
            weights: As for `recommend`.
            ids: False leaves the member ``id`` out, which saves a part of the time.

        Returns:
            For each row a list of structs, best first: ``position`` (int64), ``id`` (text; another
            JSON value as its text, null where a session has none) and ``score`` (float64). A null
            row stays null.

        Raises:
            TypeError: The object is no such array.
            ValueError: The values are no lists of texts; an interest is null (names the row);
                ``top`` is negative; or the index cannot rank the weights exactly.

        Example:
            >>> import pyarrow
            >>> from eventkit import Catalog
            >>> catalog = Catalog([{"id": "a", "title": "A", "tags": ["web"]}])
            >>> ranked = catalog.rank_arrow(pyarrow.array([["web"], None]), 1)
            >>> pyarrow.array(ranked).to_pylist()
            [[{'position': 0, 'id': 'a', 'score': 2.003}], None]
        """
        if top < 0:
            raise ValueError(f"top is {top}, expected a number of sessions, 0 or more")
        ranked = _native.rank_arrow(self, interests, top, weights, filter, ids)
        if ranked is None:
            raise ValueError(_UNRANKED)
        return ranked

    def export(
        self,
        interests: Interests,
        top: Top = None,
        *,
        format: str = "markdown",
        output: str | os.PathLike[str] | None = None,
        escape: bool = False,
        date: datetime.date | str | None = None,
    ) -> Itinerary:
        """Recommend sessions and write them as an itinerary. See `eventkit.export`.

        Example:
            >>> from eventkit import Catalog
            >>> catalog = Catalog([{"title": "Agents", "start": "09:00", "tags": ["AI"]}])
            >>> catalog.export(["ai"])["sessionCount"]
            1
        """
        # Imported here, because it takes as long as all else that a catalogue imports.
        from eventkit.exports import build_document, save

        document = build_document(
            self._fields,
            interests,
            top,
            format=format,
            escape=escape,
            day=date,
            recommend=lambda _manifest, wanted, most: self.recommend(wanted, most),
        )
        if output is not None:
            document.result["saved"] = save(output, document.name, document.text)
        return document.result


def _refuse_text(many_interests: list[Any]) -> None:
    for row, interests in enumerate(many_interests):
        if isinstance(interests, (str, bytes)):
            raise TypeError(
                f"interests of row {row} is {interests!r}, one text; expected a list of texts"
            )


def _table(data: bytes, code: str, shape: list[int]) -> Any:
    view: Any = memoryview(data)
    # A view cannot have an empty dimension, so rows x 0 becomes one empty row.
    return view.cast(code) if 0 in shape else view.cast(code, shape)
