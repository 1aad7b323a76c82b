"""`Recommender`: a catalogue's ranking as a small function that engines send to their workers."""

from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from eventkit._imports import required
from eventkit._native import Filter
from eventkit.catalog import Catalog
from eventkit.scale.columns import answer_lists, interest_chunks, rows_of
from eventkit.scale.opening import open_catalog

__all__ = ["Recommender", "limit_threads"]

_MOST_CATALOGS = 4
_MOST_IDS = 1_000_000
_THREADS = "RAYON_NUM_THREADS"


class Recommender:
    """Recommends sessions of a saved catalogue for many lists of interests.

    It pickles as the path of the catalogue and its checksum, in less than 1 KB. A process that
    receives it opens the file by memory map when it first recommends, and once for all
    recommenders of that file. So the processes of a machine share the memory of the catalogue.

    Args:
        path: A file that `Catalog.save` wrote, or the manifest of shards. Each worker must find it
            at this path.
        top: The number of sessions for each list of interests.
        understand: Match what the interests mean, as ``Catalog.recommend(understand=True)``. Each
            session of the catalogue needs an id of its own then.
        filter: Which sessions to choose from: a `Filter`, or its arguments as a mapping.
        threads: The number of threads that rank in each process. By default, one for each core.
            Give 1 where the engine runs a process for each core. It holds for the whole process,
            and only if nothing was ranked there before. ``RAYON_NUM_THREADS`` has precedence.

    Raises:
        FileNotFoundError: There is no such file.
        CatalogFileError: The file is not a catalogue, or is damaged.
        MissingExtraError: pyarrow is not installed.
        ValueError: ``top`` is negative.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = f"{folder.name}/day.catalog"
        >>> Catalog([{"id": "a", "title": "Agents", "tags": ["AI"]}]).save(path)
        >>> Recommender(path, top=1)([["ai"], ["web"]]).to_pylist()[0]
        [{'position': 0, 'id': 'a', 'score': 2.003}]
        >>> folder.cleanup()
    """

    __slots__ = ("_filter", "_reference", "path", "threads", "top", "understand")

    def __init__(
        self,
        path: str | os.PathLike[str],
        top: int = 5,
        *,
        understand: bool = False,
        filter: Filter | Mapping[str, Any] | None = None,
        threads: int | None = None,
    ) -> None:
        """Open the catalogue, so that a wrong file is reported here and not by a worker."""
        required("pyarrow")
        if top < 0:
            raise ValueError(f"top is {top}, expected a number of sessions, 0 or more")
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}, expected at least 1")
        self.path = os.path.abspath(os.fspath(path))  # noqa: PTH100 - the path may be a str
        self.top = top
        self.understand = understand
        self.threads = threads
        self._filter = dict(filter) if isinstance(filter, Mapping) else filter
        self._filter_of_process()
        catalog = open_catalog(self.path)
        self._reference = pickle.dumps(catalog)
        _remember(self._reference, _Opened(catalog))

    def __call__(self, interests: Any) -> Any:
        """Recommend for each list of interests.

        Args:
            interests: A list of lists of texts; an Arrow array or chunked array of them; a pandas
                or polars series; or another object with Arrow's C interface.

        Returns:
            An Arrow array of lists, best first, of ``position`` (int64), ``id`` (string) and
            ``score`` (float64). A chunked array for chunked input. An id that is no text is
            written as JSON, and is null if the session has none.

        Raises:
            TypeError: A row is not a list of texts.
            ValueError: A row or one of its interests is null, or the index cannot rank exactly.
            CatalogFileError: The file is not the one that this recommender was made with.

        Example:
            >>> import inspect
            >>> list(inspect.signature(Recommender.__call__).parameters)
            ['self', 'interests']
        """
        opened = self._opened()
        chunks = interest_chunks(interests)
        if chunks is None:
            return self._answer(opened, rows_of(interests))
        pyarrow = required("pyarrow")
        kind = answer_lists([0], [], [], []).type
        return pyarrow.chunked_array([self._answer(opened, chunk) for chunk in chunks], type=kind)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the reference to the catalogue, never its content."""
        own = (self.path, self.top, self.understand, self.threads, self._filter)
        return _restore, (*own, self._reference)

    def __repr__(self) -> str:
        """Return the class and its arguments."""
        parts = [repr(self.path), f"top={self.top}"]
        parts += ["understand=True"] if self.understand else []
        parts += [f"filter={self._filter!r}"] if self._filter is not None else []
        return f"Recommender({', '.join(parts)})"

    def with_threads(self, threads: int | None) -> Recommender:
        """Return the same recommender with another number of threads for each process."""
        return _restore(
            self.path, self.top, self.understand, threads, self._filter, self._reference
        )

    def query(self) -> dict[str, Any]:
        """Return what is asked of the catalogue, as JSON can hold it."""
        chosen = self._filter_of_process()
        shown = None if chosen is None else repr(chosen)
        return {"top": self.top, "understand": self.understand, "filter": shown}

    def open(self) -> Catalog:
        """Return the catalogue of this process, and open it if it is not open."""
        return self._opened().catalog

    def _answer(self, opened: _Opened, interests: Any) -> Any:
        chosen = self._filter_of_process()
        if self.understand:
            return _understood(opened, interests, self.top, chosen)
        return opened.ranked(interests, self.top, chosen)

    def _filter_of_process(self) -> Filter | None:
        return Filter(**self._filter) if isinstance(self._filter, dict) else self._filter

    def _opened(self) -> _Opened:
        if self.threads is not None:
            limit_threads(self.threads)
        with _LOCK:
            held = _OPENED.get(self._reference)
            if held is None:
                held = _Opened(pickle.loads(self._reference))
                _remember(self._reference, held)
        return held


def limit_threads(threads: int) -> None:
    """Let this process rank with so many threads, if it did not rank before.

    ``RAYON_NUM_THREADS`` has precedence.
    """
    os.environ.setdefault(_THREADS, str(threads))


def _restore(
    path: str,
    top: int,
    understand: bool,
    threads: int | None,
    filter: Any,
    reference: bytes,
) -> Recommender:
    made = Recommender.__new__(Recommender)
    made.path, made.top, made.understand, made.threads = path, top, understand, threads
    made._filter, made._reference = filter, reference
    return made


class _Opened:
    """A catalogue of this process, and the ids that were looked up in it."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._ids: dict[int, str | None] = {}
        self._places: dict[str, int] | None = None

    def ranked(self, interests: Any, top: int, filter: Filter | None) -> Any:
        """Rank for rows of interests, and add the ids."""
        more: dict[str, Any] = {} if filter is None else {"filter": filter}
        positions, scores = self.catalog.rank_many(interests, top, **more)
        rows = len(interests)
        columns = positions.nbytes // 8 // rows if rows else 0
        offsets = range(0, rows * columns + 1, columns) if columns else [0] * (rows + 1)
        return answer_lists(offsets, positions, self.ids, scores)

    def ids(self, positions: list[int]) -> list[str | None]:
        """Return the ids at some positions."""
        if len(self._ids) + len(positions) > _MOST_IDS:
            self._ids = {}
        ids = self._ids
        for position in positions:
            if position not in ids:
                ids[position] = _id_text(self.catalog[position].get("id"))
        return [ids[position] for position in positions]

    def places(self) -> dict[str, int]:
        """Return the position of each id.

        Raises:
            ValueError: A session has no id, or the id of another one.
        """
        if self._places is None:
            places: dict[str, int] = {}
            for position, session in enumerate(self.catalog):
                text = _id_text(session.get("id"))
                if text is None or text in places:
                    fault = "has no id" if text is None else f"has the id {text!r} of another"
                    raise ValueError(
                        f"session {position} {fault}; understand=True needs distinct ids"
                    )
                places[text] = position
            self._places = places
        return self._places


_OPENED: dict[bytes, _Opened] = {}
_LOCK = threading.RLock()


def _remember(reference: bytes, opened: _Opened) -> None:
    with _LOCK:
        _OPENED[reference] = opened
        while len(_OPENED) > _MOST_CATALOGS:
            del _OPENED[next(iter(_OPENED))]


def _id_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _understood(opened: _Opened, interests: Iterable[Any], top: int, filter: Filter | None) -> Any:
    """Answer by ``Catalog.recommend(understand=True)``, and find the positions by the ids."""
    places = opened.places()
    offsets, positions, scores = [0], [], []
    for row in interests:
        answer = opened.catalog.recommend(row, top, understand=True, filter=filter)
        for session, scored in zip(answer["sessions"], answer["scoring"], strict=True):
            text = _id_text(session["id"])
            assert text is not None
            positions.append(places[text])
            scores.append(scored["score"])
        offsets.append(len(positions))
    return answer_lists(offsets, positions, opened.ids, scores)
