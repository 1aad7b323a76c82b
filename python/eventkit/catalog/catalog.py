"""`Catalog`: for callers who can say that their sessions do not change."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import Any, cast

from eventkit import _native
from eventkit.catalog.parsing import parsed_lines, parsed_source, uses_external_sessions
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
        cache_size: Keep what the index found for so many queries, by (interests, top, weights). Off
            by default, because it seldom pays: a search is cheaper than most of what surrounds it.
        cache_ttl: Seconds after which a kept one is searched for again.
        clock: Monotonic seconds; the system's when left out.

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

    def __new__(
        cls,
        source: Any,
        *,
        weights: Any = None,
        cache_size: int = 0,
        cache_ttl: float = 300.0,
        clock: Callable[[], float] | None = None,
    ) -> Catalog:
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
        cache = (cache_size, cache_ttl, clock)
        return cls._made(_native.shelve(sessions), weights, fields, cache)

    @classmethod
    def _made(
        cls, shelved: Any, weights: Any, fields: dict[str, Any], cache: tuple[Any, ...] = ()
    ) -> Catalog:
        base = _native.CatalogBase.__new__(cls, shelved, _frozen(weights), *cache)
        catalog = cast("Catalog", base)
        catalog._fields = {**fields, "weights": catalog.weights}
        return catalog

    @classmethod
    def from_parts(cls, sessions: list[Any], manifest: Mapping[str, Any]) -> Catalog:
        """Compile given sessions with the weights of a manifest, whose own sessions do not count.

        Example:
            >>> manifest = {"weights": {"interest": 2.0, "popularity": 0.5}, "name": "Day one"}
            >>> Catalog.from_parts([{"title": "Agents"}], manifest).fields["name"]
            'Day one'
        """
        fields = {name: value for name, value in manifest.items() if name != "sessions"}
        return cls._made(_native.shelve(sessions), manifest["weights"], fields)

    @property
    def fields(self) -> dict[str, Any]:
        """What the manifest held beside its sessions; only ``weights`` for bare sessions."""
        return dict(self._fields)

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
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        origin = "bytes" if isinstance(source, bytes) else os.fspath(source)
        loaded = _native.load_json(data, origin, progress)
        if loaded is None or uses_external_sessions(loaded[1]):
            return cls(parsed_source(data, origin), weights=weights)
        return cls._loaded(*loaded, weights)

    @classmethod
    def from_ndjson(
        cls,
        source: str | os.PathLike[str] | BufferedIOBase,
        *,
        weights: Any = None,
        progress: Progress | None = None,
    ) -> Catalog:
        r"""Load one session a line, as a stream.

        Args:
            source: A file, or an open binary one.
            weights: As for the class.
            progress: As for `from_json`.

        Raises:
            ManifestError: A line is no JSON object; names file, line and column.

        Example:
            >>> from io import BytesIO
            >>> len(Catalog.from_ndjson(BytesIO(b'{"title": "A"}\n{"title": "B"}\n')))
            2
        """
        if isinstance(source, (str, os.PathLike)):
            with Path(source).open("rb") as file:
                return cls._from_lines(file, os.fspath(source), weights, progress)
        return cls._from_lines(source, str(getattr(source, "name", "lines")), weights, progress)

    @classmethod
    def _from_lines(
        cls, file: Any, origin: str, weights: Any, progress: Progress | None
    ) -> Catalog:
        # What Python has to read after all is read twice: what is no file is kept for that.
        if not file.seekable():
            file = BytesIO(file.read())
        start = file.tell()
        loaded = _native.load_ndjson(file, origin, progress)
        if loaded is not None:
            return cls._loaded(*loaded, weights)
        file.seek(start)
        return cls(list(parsed_lines(file, origin)), weights=weights)

    @classmethod
    def _loaded(cls, shelved: Any, members: dict[str, bytes] | None, weights: Any) -> Catalog:
        fields = {name: json.loads(text) for name, text in (members or {}).items()}
        if weights is None:
            weights = DEFAULT_WEIGHTS if members is None else fields["weights"]
        return cls._made(shelved, weights, fields)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        weights: Any = None,
        verify: bool = False,
        copy: bool = False,
        progress: Progress | None = None,
    ) -> Catalog:
        """Open a saved catalogue by memory map: processes that open one file share its memory.

        **Replace such a file, never overwrite it.** `save` does, and so does ``mv``: processes that
        have the old file open keep it. ``cp new live.catalog`` writes into the old file instead.
        Every use of the catalogue checks that the file did not change, by one system call before
        the use and one after it, and raises
        `CatalogFileError` if it did. But a file that is cut short in the middle of a use ends the
        process (``SIGBUS``). Open it with ``copy=True`` where you cannot rule that out.

        Args:
            path: What `save` wrote.
            weights: Weights to score with; those that were saved when left out.
            verify: Check every byte against its checksum; else only the header and the table of
                sections. No content, whatever it holds, makes the reader read outside the file.
            copy: Read the file into this process's memory instead. What happens to the file
                afterwards then does not matter. Servers do this.
            progress: Called with (bytes checked, bytes in all) while verifying.

        Raises:
            FileNotFoundError: There is no such file.
            CatalogFileError: It is no catalogue, is damaged, or was written by a newer eventkit.
                Later uses raise it when another program changed the file.
            MemoryError: There is no memory for the copy.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as directory:
            ...     Catalog([{"title": "Agents"}]).save(f"{directory}/one.catalog")
            ...     Catalog.open(f"{directory}/one.catalog", verify=True)[0]
            {'title': 'Agents'}
        """
        shelved, fields = _native.open_catalog(os.fspath(path), verify, copy, progress)
        return cls._reopened(shelved, fields, weights)

    @classmethod
    def _reopened(cls, shelved: Any, saved: bytes, weights: Any = None) -> Catalog:
        fields = json.loads(saved)
        return cls._made(shelved, fields["weights"] if weights is None else weights, fields)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the catalogue to a file, whole or not at all, for `open`.

        Args:
            path: The file; an older one is replaced when the new one is complete.

        Raises:
            ValueError: A session, or what else the manifest holds, that JSON cannot hold as it is
                (a tuple, NaN, a key that is no string), or that cannot be recommended well (no
                title, tags that are no list of strings, a popularity beyond 64 bits); names it.
            OSError: The file cannot be written; an older one is then still there.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as directory:
            ...     Catalog([{"title": "Agents", "tags": ("AI",)}]).save(f"{directory}/no.catalog")
            Traceback (most recent call last):
            ValueError: sessions[0].tags is ('AI',) of type tuple, which JSON cannot hold as it is
        """
        _native.save_catalog(self._shelved, self._saved_fields(), os.fspath(path))

    def _saved_fields(self) -> bytes:
        return json.dumps(self._fields, allow_nan=False).encode()

    def recommend_many_json(
        self, many_interests: Iterable[Any], top: Any, *, weights: Any = None
    ) -> Iterator[bytes]:
        r"""Recommend for many, as lines of JSON.

        Args:
            many_interests: A list of interests for each answer; read as it is needed.
            top: As for `recommend`.
            weights: As for `recommend`.

        Yields:
            NDJSON in chunks of whole lines, one line an answer, in order.

        Example:
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
        self, many_interests: Iterable[Any], top: int, *, weights: Any = None
    ) -> tuple[memoryview[int], memoryview[float]]:
        """Rank for many, as columns and without an object an answer.

        Args:
            many_interests: A list of interests for each row.
            top: How many columns, at least 0; no more than there are sessions.
            weights: As for `recommend`.

        Returns:
            Positions (int64) and scores (float64), two-dimensional buffers of rows x columns that
            ``numpy.asarray`` reads without a copy. ``catalog[position]`` is the session.

        Raises:
            ValueError: A negative ``top``; interests or weights that the index cannot rank exactly
                (use `recommend` for them).

        Example:
            >>> catalog = Catalog([{"title": "A", "tags": ["web"]}, {"title": "B", "tags": ["ai"]}])
            >>> positions, scores = catalog.rank_many([["ai"], ["web"]], 1)
            >>> positions.tolist(), positions.shape
            ([[1], [0]], (2, 1))
        """
        if top < 0:
            raise ValueError(f"top is {top}, expected how many columns, from 0 up")
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
        date: datetime.date | str | None = None,
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

    def plan(
        self,
        interests: Any,
        top: int | None = None,
        *,
        gap: float = 0.0,
        weights: Any = None,
        filter: _native.Filter | None = None,
    ) -> dict[str, Any]:
        """Plan the best itinerary without overlapping times.

        Of all choices of sessions that match an interest and do not overlap, the one of the highest
        total score, found by weighted interval scheduling (Kleinberg and Tardos, Algorithm Design,
        section 6.1), not by taking the best that still fits again and again: for a whole day of
        Gen Con 2017 the greedy choice is worth 36 % of it on average, for the best five sessions
        often the same.

        Args:
            interests: As for `recommend`.
            top: At most so many sessions; ``None`` for as many as fit.
            gap: Minutes to get from one location to another.
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
            ValueError: A negative ``gap``; interests, weights or sessions that only the reference
                can score; or a ``top`` times sessions beyond 2**27.

        Example:
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

    def with_sessions(self, added: Iterable[Any] = (), removed: Iterable[str] = ()) -> Catalog:
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
        """Pickle the compiled file where the engine holds the sessions, else the sessions."""
        dumped = _native.dump_catalog(self._shelved, b"")
        held = list(self) if dumped is None else dumped
        return _restore, (type(self), held, self.weights, self._fields)


def _restore(kind: type[Catalog], held: Any, weights: Any, fields: Any) -> Catalog:
    shelved = _native.load_catalog(held)[0] if type(held) is bytes else _native.shelve(held)
    return kind._made(shelved, weights, fields)


def _frozen(weights: Any) -> Any:
    # A copy: the caller's own may change, the catalogue's answers may not.
    return dict(weights) if type(weights) is dict else weights


def _table(data: bytes, code: str, shape: list[int]) -> Any:
    view: Any = memoryview(data)
    # A view may not have an empty dimension: rows x 0 is one empty row.
    return view.cast(code) if 0 in shape else view.cast(code, shape)
