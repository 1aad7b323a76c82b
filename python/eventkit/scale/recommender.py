"""`Recommender`: a catalogue's ranking as a small function that engines send to their workers."""

from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Mapping
from typing import Any

from eventkit._imports import required
from eventkit._native import Filter
from eventkit.catalog import Catalog
from eventkit.scale.columns import answer_type, arrow_chunks
from eventkit.scale.opening import open_catalog
from eventkit.scale.threads import limit_threads, threads_of_engine
from eventkit.scale.values import whole_number

__all__ = ["Recommender"]

_MOST_CATALOGS = 4


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
        threads: The number of threads that rank in each process. By default, one in Spark, those
            of the worker in Dask, and one for each core elsewhere. Give 1 where another engine runs
            a process for each core. The number holds for the whole process, and only if nothing was
            ranked there before. ``RAYON_NUM_THREADS`` has precedence.

    Raises:
        FileNotFoundError: There is no such file.
        CatalogFileError: The file is not a catalogue, or is damaged.
        MissingExtraError: pyarrow is not installed.
        TypeError: An argument is of another type.
        ValueError: ``top`` is negative, or ``threads`` is below 1.

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
        top = whole_number("top", top, 0)
        if threads is not None:
            threads = whole_number("threads", threads, 1)
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
        pyarrow = required("pyarrow")
        chunks, chunked = arrow_chunks(interests)
        opened, chosen = self._opened(), self._filter_of_process()
        rank = opened.understood if self.understand else opened.ranked
        answers = [rank(chunk, self.top, chosen) for chunk in chunks]
        return pyarrow.chunked_array(answers, answer_type()) if chunked else answers[0]

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
        chosen, shown = self._filter_of_process(), None
        if chosen is not None:
            # Sorted, because a set has another order in each process.
            shown = {
                name: sorted(value) if isinstance(value, list) else value
                for name, value in chosen.__getnewargs_ex__()[1].items()
            }
        return {"top": self.top, "understand": self.understand, "filter": shown}

    def open(self) -> Catalog:
        """Return the catalogue of this process, and open it if it is not open."""
        return self._opened().catalog

    def _filter_of_process(self) -> Filter | None:
        if isinstance(self._filter, dict):
            return Filter(**self._filter)
        if self._filter is None or isinstance(self._filter, Filter):
            return self._filter
        raise TypeError(f"filter is {self._filter!r}, expected a Filter, or its arguments")

    def _opened(self) -> _Opened:
        threads = threads_of_engine() if self.threads is None else self.threads
        if threads is not None:
            limit_threads(threads)
        with _LOCK:
            held = _OPENED.get(self._reference)
            if held is None:
                held = _Opened(pickle.loads(self._reference))
                _remember(self._reference, held)
        return held


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
    """A catalogue of this process."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._places: dict[str, int] | None = None

    def ranked(self, interests: Any, top: int, filter: Filter | None) -> Any:
        """Rank for an array of lists of texts."""
        most = min(top, len(self.catalog))
        return required("pyarrow").array(self.catalog.rank_arrow(interests, most, filter))

    def understood(self, interests: Any, top: int, filter: Filter | None) -> Any:
        """Answer by ``Catalog.recommend(understand=True)``, and find the positions by the ids."""
        places, rows = self._positions(), []
        for row in interests.to_pylist():
            answer = self.catalog.recommend(row, top, understand=True, filter=filter)
            ids = [_id_text(session["id"]) for session in answer["sessions"]]
            cells = zip(ids, answer["scoring"], strict=True)
            rows.append(
                [
                    {"position": places[text], "id": text, "score": scored["score"]}
                    for text, scored in cells
                ]
            )
        return required("pyarrow").array(rows, answer_type())

    def _positions(self) -> dict[str, int]:
        """Return the position of each id.

        Raises:
            ValueError: A session has no id, or the id of another one.
        """
        if self._places is None:
            places: dict[str, int] = {}
            for position, session in enumerate(self.catalog):
                text = _id_text(session.get("id"))
                if text == "null" or text in places:
                    fault = "has no id" if text == "null" else f"has the id {text!r} of another"
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


def _id_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
