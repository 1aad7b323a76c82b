"""`Catalog`: for callers who can say that their sessions do not change."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date as Date
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast

from eventkit import _native
from eventkit.errors import ManifestError
from eventkit.itinerary.export import build_document
from eventkit.itinerary.saving import save
from eventkit.manifest import get_sessions
from eventkit.reference import DEFAULT_WEIGHTS

__all__ = ["Catalog"]

Progress = Callable[[int, int], object]


class Catalog(_native.CatalogBase):
    """Sessions compiled for exact answers in microseconds.

    The answers are those of `eventkit.recommend` and `eventkit.explain`, to the last bit, for the
    sessions as they were when the catalogue was made: the caller's promise is that they do not
    change. A catalogue is immutable and may be shared by threads; it holds the caller's own session
    objects and returns them. A session that the engine cannot score exactly (a ``Decimal``
    popularity, say) is answered for by `eventkit.reference`, at its speed.

    Args:
        source: A manifest, or its sessions: any iterable of mappings.
        weights: Weights to score with; the manifest's, or for bare sessions the original's
            defaults (2.0, 0.5, 0.3), when left out.

    Raises:
        KeyError: A manifest without weights.

    Example:
        >>> catalog = Catalog([{"id": "a", "title": "Agents", "tags": ["AI"], "popularity": 0.5}])
        >>> catalog.recommend(["ai"], 1)["scoring"][0]["title"]
        'Agents'
        >>> len(catalog), "a" in catalog, catalog
        (1, True, Catalog(1 session))
    """

    __slots__ = ("_fields",)

    _fields: dict[str, Any]

    def __new__(cls, source: Any, *, weights: Any = None) -> Catalog:
        """Compile the sessions; O(sessions + tags)."""
        if isinstance(source, Mapping):
            fields = {name: value for name, value in source.items() if name != "sessions"}
            weights = source["weights"] if weights is None else weights
            sessions = get_sessions(source)
        else:
            fields = {}
            weights = DEFAULT_WEIGHTS if weights is None else weights
            sessions = source
        sessions = sessions if type(sessions) is list else list(sessions)
        return cls._made(_native.shelve(sessions), weights, fields)

    @classmethod
    def _made(cls, shelved: Any, weights: Any, fields: dict[str, Any]) -> Catalog:
        catalog = cast("Catalog", _native.CatalogBase.__new__(cls, shelved, _frozen(weights)))
        catalog._fields = {**fields, "weights": catalog.weights}
        return catalog

    @classmethod
    def from_json(
        cls,
        source: str | os.PathLike[str] | bytes,
        *,
        weights: Any = None,
        progress: Progress | None = None,
    ) -> Catalog:
        """Load a manifest, or an array of sessions, from JSON without an object a session.

        Args:
            source: A file, or its bytes.
            weights: As for the class.
            progress: Called with (bytes read, sessions read) about once for every mebibyte; an
                exception that it raises ends the load.

        Raises:
            ManifestError: It is no JSON, or holds no sessions; names file, line and column.

        Example:
            >>> Catalog.from_json(b'[{"title": "Agents", "tags": ["AI"]}]')[0]
            {'title': 'Agents', 'tags': ['AI']}
        """
        origin, data = ("bytes", source) if isinstance(source, bytes) else _read(source)
        loaded = _native.load_json(data, origin, progress)
        if loaded is not None:
            return cls._loaded(*loaded, weights)
        return cls(_parsed(data, origin), weights=weights)

    @classmethod
    def from_ndjson(
        cls,
        source: str | os.PathLike[str] | BufferedIOBase,
        *,
        weights: Any = None,
        progress: Progress | None = None,
    ) -> Catalog:
        """Load one session a line, as a stream.

        Args:
            source: A file, or an open binary one.
            weights: As for the class.
            progress: As for `from_json`.

        Raises:
            ManifestError: A line is no JSON object; names file, line and column.

        Example:
            >>> from io import BytesIO
            >>> len(Catalog.from_ndjson(BytesIO(b'{"title": "A"}\\n{"title": "B"}\\n')))
            2
        """
        if isinstance(source, (str, os.PathLike)):
            with Path(source).open("rb") as file:
                return cls._from_lines(file, os.fspath(source), weights, progress)
        return cls._from_lines(source, getattr(source, "name", "lines"), weights, progress)

    @classmethod
    def _from_lines(
        cls, file: Any, origin: str, weights: Any, progress: Progress | None
    ) -> Catalog:
        loaded = _native.load_ndjson(file, origin, progress)
        if loaded is not None:
            return cls._loaded(*loaded, weights)
        file.seek(0)
        sessions = [_parsed(line, origin) for line in file if line.strip()]
        return cls(sessions, weights=weights)

    @classmethod
    def _loaded(cls, shelved: Any, members: dict[str, bytes], weights: Any) -> Catalog:
        fields = {name: json.loads(text) for name, text in members.items()}
        if weights is None:
            weights = fields.get("weights", DEFAULT_WEIGHTS)
        return cls._made(shelved, weights, fields)

    def recommend_many_json(
        self, many_interests: Iterable[Any], top: Any, *, weights: Any = None
    ) -> Iterator[bytes]:
        """Recommend for many, as lines of JSON.

        Args:
            many_interests: A list of interests for each answer; read as it is needed.
            top: As for `recommend`.
            weights: As for `recommend`.

        Yields:
            NDJSON in chunks of whole lines, one line an answer, in order.

        Example:
            >>> lines = Catalog([{"title": "A"}]).recommend_many_json([["ai"], ["web"]], 1)
            >>> b"".join(lines).count(b"\\n")
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
        self, many_interests: Iterable[Any], top: int, *, weights: Any = None
    ) -> tuple[memoryview, memoryview]:
        """Rank for many, as columns and without an object an answer.

        Args:
            many_interests: A list of interests for each row.
            top: How many columns, at least 0; no more than there are sessions.
            weights: As for `recommend`.

        Returns:
            Positions (int64) and scores (float64), two-dimensional buffers of rows x columns that
            ``numpy.asarray`` reads without a copy. ``catalog[position]`` is the session.

        Raises:
            ValueError: Interests or weights that the index cannot rank exactly: use `recommend`.

        Example:
            >>> catalog = Catalog([{"title": "A", "tags": ["web"]}, {"title": "B", "tags": ["ai"]}])
            >>> positions, scores = catalog.rank_many([["ai"], ["web"]], 1)
            >>> positions.tolist(), positions.shape
            ([[1], [0]], (2, 1))
        """
        rows = many_interests if type(many_interests) is list else list(many_interests)
        ranked = self._rank_many(rows, top, weights=weights)
        if ranked is None:
            raise ValueError(
                "these interests or weights cannot be ranked by the index (NaN, or types other "
                "than str, int and float): use recommend, which asks the reference"
            )
        positions, scores, columns = ranked
        shape = [len(rows), columns]
        return _table(positions, "q", shape), _table(scores, "d", shape)

    def export(
        self,
        interests: Any,
        top: Any = None,
        *,
        format: str = "markdown",
        output: str | os.PathLike[str] | None = None,
        escape: bool = False,
        date: Date | str | None = None,
    ) -> dict[str, Any]:
        """Recommend sessions and write them as an itinerary: see `eventkit.export`.

        Example:
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

    def with_sessions(
        self, added: Iterable[Any] = (), removed: Iterable[str] = ()
    ) -> Catalog:
        """Return a catalogue with other sessions, which shares what did not change.

        Args:
            added: Sessions that stand behind the others.
            removed: Ids; every session that has one of them goes.

        Raises:
            KeyError: No session has one of the ids.

        Example:
            >>> catalog = Catalog([{"id": "a", "title": "A"}, {"id": "b", "title": "B"}])
            >>> changed = catalog.with_sessions([{"id": "c", "title": "C"}], removed=["a"])
            >>> [session["title"] for session in changed], len(catalog)
            (['B', 'C'], 2)
        """
        shelved = self._with(list(added), list(removed))
        return self._made(shelved, self.weights, self._fields)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the sessions in order."""
        return map(self.__getitem__, range(len(self)))

    def __repr__(self) -> str:
        """Show how many sessions there are."""
        count = len(self)
        return f"{type(self).__name__}({count:,} session{'' if count == 1 else 's'})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the sessions; what is compiled is compiled again."""
        return _restore, (type(self), list(self), self.weights, self._fields)


def _restore(kind: type[Catalog], sessions: list[Any], weights: Any, fields: Any) -> Catalog:
    return kind._made(_native.shelve(sessions), weights, fields)


def _frozen(weights: Any) -> Any:
    # A copy: the caller's own may change, the catalogue's answers may not.
    return dict(weights) if type(weights) is dict else weights


def _read(source: str | os.PathLike[str]) -> tuple[str, bytes]:
    path = Path(source)
    return str(path), path.read_bytes()


def _parsed(data: bytes, origin: str) -> Any:
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        raise ManifestError(origin, error.msg, error.lineno, error.colno) from error
    except (RecursionError, ValueError) as error:
        raise ManifestError(origin, str(error), 1, 1) from error


def _table(data: bytes, code: str, shape: list[int]) -> memoryview:
    if 0 in shape:
        # A view may not have an empty dimension: rows x 0 is one empty column.
        return memoryview(data).cast(code)
    return memoryview(data).cast(code, shape)
