"""The queries of `Catalog` whose arguments and results Python prepares."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from eventkit import _native
from eventkit.exports import build_document, save
from eventkit.results import Interests, Itinerary, Plan, Top

__all__ = ["CatalogQueries"]


class CatalogQueries(_native.CatalogBase):
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
    ) -> tuple[memoryview[int], memoryview[float]]:
        """Rank sessions for many lists of interests, as columns of numbers.

        Args:
            many_interests: A list of interests for each row.
            top: The number of columns, at least 0. There are no more columns than sessions.
            weights: As for `recommend`.

        Returns:
            Positions (int64) and scores (float64): two-dimensional buffers of rows x columns, which
            ``numpy.asarray`` reads without a copy. ``catalog[position]`` is the session.

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
        ranked = self._rank_many(rows, top, weights=weights)
        if ranked is None:
            _refuse_text(rows)
            raise ValueError(
                "these interests or weights cannot be ranked by the index (NaN, or types other "
                "than str, int and float): use recommend, which calls the reference"
            )
        positions, scores, columns = ranked
        shape = [len(rows), columns]
        return _table(positions, "q", shape), _table(scores, "d", shape)

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

    def plan(
        self,
        interests: Interests,
        top: int | None = None,
        *,
        gap: float = 0.0,
        weights: Mapping[str, Any] | None = None,
        filter: _native.Filter | None = None,
    ) -> Plan:
        """Plan the best itinerary of sessions that do not overlap.

        Of all sets of sessions that match an interest and do not overlap, this is the one with the
        highest total score. It is found by weighted interval scheduling (Kleinberg and Tardos,
        Algorithm Design, section 6.1). A greedy choice, which takes the best session that still
        fits again and again, reaches 36 % of that total on average for a whole day of Gen Con
        2017; for the best five sessions it is often the same.

        Args:
            interests: As for `recommend`.
            top: The largest number of sessions; ``None`` for as many as fit.
            gap: The minutes it takes to get from one location to another.
            weights: As for `recommend`.
            filter: As for `recommend`.

        Returns:
            As `recommend`, with the sessions in order of time, ``"total"`` (the sum of their
            scores) and ``"untimed"`` (how many matched and had no times to plan with). Times are
            ISO 8601 text, ``HH:MM``, or objects of ``datetime``, pandas or numpy. An end that is a
            date alone is inclusive: the session lasts until that day is over. Times with an offset
            are compared as instants. A time without one has the offset that most of the sessions
            name, and where no session names one, all are times on one clock.

        Raises:
            TypeError: Interests are one text instead of a list.
            ValueError: ``gap`` is negative; only the reference can score the interests, weights or
                sessions; or ``top`` times the number of sessions is more than 2**27.

        Example:
            >>> from eventkit import Catalog
            >>> catalog = Catalog([
            ...     {"title": "A", "tags": ["ai"], "start": "9:00", "end": "10:00"},
            ...     {"title": "B", "tags": ["ai"], "start": "9:30", "end": "10:30"},
            ...     {"title": "C", "tags": ["ai"], "start": "10:00", "end": "11:00"},
            ... ])
            >>> [session["title"] for session in catalog.plan(["ai"])["sessions"]]
            ['A', 'C']
        """
        planned = self._plan(interests, top, gap, weights, filter)
        if planned is NotImplemented:
            raise ValueError(
                "these interests, weights or sessions cannot be planned: there is a score that "
                "the index cannot prove (NaN, or types other than str, int and float)"
            )
        return planned


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
