"""`Catalog`: compiled sessions, for callers whose sessions do not change between queries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedIOBase
from typing import Any, Literal, cast

from eventkit import _native
from eventkit.catalog.checking import checked_missing, checked_sessions
from eventkit.catalog.fields import dump_fields, load_fields
from eventkit.catalog.frames import Frames
from eventkit.catalog.pickling import reduce_catalog
from eventkit.catalog.shards import open_files, open_shards, read_manifest
from eventkit.catalog.sources import (
    Progress,
    catalog_of_json,
    catalog_of_lines,
    catalog_of_table,
)
from eventkit.catalog.tables import open_table
from eventkit.errors import CatalogFileError
from eventkit.manifest import get_sessions
from eventkit.reference import DEFAULT_WEIGHTS

__all__ = ["Catalog"]


class Catalog(Frames):
    """Sessions compiled for exact answers in microseconds.

    The answers are those of `eventkit.recommend` and `eventkit.explain`, to the last bit, for the
    sessions as they were when the catalogue was made. The caller must not change them afterwards.
    A catalogue is immutable, and threads may share it. It holds the caller's own session objects
    and returns them. If the engine cannot score a session exactly (because of a ``Decimal``
    popularity, for example), `eventkit.reference` answers, at its speed.

    Args:
        source: A manifest, or its sessions: any iterable of mappings.
        weights: Weights to score with. When left out: those of the manifest, or for bare sessions
            the original's defaults (2.0, 0.5, 0.3).
        missing: What to do with a value of a session that is ``None``, NaN or ``pandas.NA``:
            ``"keep"`` it, as the original does, or treat it as ``"absent"``, as if the session did
            not have that key. A session with such values is then replaced by a copy.
        cache_size: The number of queries whose results are kept, by (interests, top, weights). Off
            by default, because a search usually costs less than the rest of the call.
        cache_ttl: The seconds for which a result is kept.
        clock: A function that returns monotonic seconds; the system's clock when left out.
        text: Compile the words of titles, abstracts, tracks and names too, for
            ``recommend(..., understand=True)``. Otherwise the first such call compiles them.

    Raises:
        KeyError: The manifest has no weights.
        TypeError: The source is a path, a data frame, or an iterable of other things than mappings;
            names what was given and the right constructor.

    Warns:
        InputWarning: The popularity of every session is NaN, so every score is NaN.

    Example:
        >>> catalog = Catalog([{"id": "a", "title": "Agents", "tags": ["AI"], "popularity": 0.5}])
        >>> catalog.recommend(["ai"], 1)["scoring"][0]["title"]
        'Agents'
        >>> len(catalog), "a" in catalog, catalog
        (1, True, Catalog(1 session))

        Rows of a table have NaN where a cell is empty:

        >>> rows = [{"title": "Agents", "tags": ["AI"], "popularity": float("nan")}]
        >>> Catalog(rows, missing="absent").score("Agents", ["ai"])["score"]
        2.003
    """

    __slots__ = ("_fields", "_manifest")

    _fields: dict[str, Any]
    _manifest: tuple[str, str] | None

    def __new__(
        cls,
        source: Any,
        *,
        weights: Mapping[str, Any] | None = None,
        missing: Literal["keep", "absent"] = "keep",
        cache_size: int = 0,
        cache_ttl: float = 300.0,
        clock: Callable[[], float] | None = None,
        text: bool = False,
    ) -> Catalog:
        """Compile the sessions, in time O(sessions + tags)."""
        checked_missing(missing)
        if isinstance(source, Mapping):
            fields = {name: value for name, value in source.items() if name != "sessions"}
            weights = source["weights"] if weights is None else weights
            sessions = get_sessions(source)
        else:
            fields = {}
            weights = DEFAULT_WEIGHTS if weights is None else weights
            sessions = source
        sessions = checked_sessions(sessions, missing)
        cache = (cache_size, cache_ttl, clock)
        catalog = cls._made(_native.compile_sessions(sessions), weights, fields, cache)
        return catalog.with_text() if text else catalog

    @classmethod
    def _made(
        cls, data: Any, weights: Any, fields: dict[str, Any], cache: tuple[Any, ...] = ()
    ) -> Catalog:
        base = _native.CatalogBase.__new__(cls, data, _frozen(weights), *cache)
        catalog = cast("Catalog", base)
        catalog._fields = {**fields, "weights": catalog.weights}
        catalog._manifest = None
        return catalog

    @classmethod
    def from_parts(cls, sessions: list[Any] | Catalog, manifest: Mapping[str, Any]) -> Catalog:
        """Compile given sessions with the weights of a manifest. Its own sessions are not used.

        The sessions of a catalogue are shared, not compiled again.

        Raises:
            KeyError: The manifest has no weights.
            TypeError: A session is not a mapping.

        Example:
            >>> manifest = {"weights": {"interest": 2.0, "popularity": 0.5}, "name": "Day one"}
            >>> Catalog.from_parts([{"title": "Agents"}], manifest).fields["name"]
            'Day one'
        """
        fields = {name: value for name, value in manifest.items() if name != "sessions"}
        if isinstance(sessions, Catalog):
            data = sessions._data
        else:
            data = _native.compile_sessions(checked_sessions(sessions))
        return cls._made(data, manifest["weights"], fields)

    def with_text(self) -> Catalog:
        """Compile the words of the sessions, and return the catalogue itself.

        `save` then writes them too, so that processes that open the file share them.

        Example:
            >>> catalog = Catalog([{"title": "Running Kubernetes"}]).with_text()
            >>> catalog.recommend(["k8s"], understand=True)["scoring"][0]["title"]
            'Running Kubernetes'
        """
        _native.compile_words(self)
        return self

    @property
    def fields(self) -> dict[str, Any]:
        """The manifest without its sessions; only ``weights`` if the source was bare sessions."""
        return dict(self._fields)

    @classmethod
    def from_json(
        cls,
        source: str | os.PathLike[str] | bytes,
        *,
        weights: Any = None,
        progress: Progress | None = None,
    ) -> Catalog:
        """Load a manifest, or an array of sessions, from JSON. Makes no Python object a session.

        Args:
            source: A file, or its content as bytes.
            weights: As for the class.
            progress: A function that is called with (bytes read, sessions read) about once for
                every mebibyte. If it raises an exception, the load ends with it.

        Raises:
            ManifestError: The source is not JSON, or holds no sessions; names file, line and
                column.
            OSError: The file cannot be read.

        Example:
            >>> Catalog.from_json(b'[{"title": "Agents", "tags": ["AI"]}]')[0]
            {'title': 'Agents', 'tags': ['AI']}
        """
        return catalog_of_json(cls, source, weights, progress)

    @classmethod
    def from_ndjson(
        cls,
        source: str | os.PathLike[str] | BufferedIOBase,
        *,
        weights: Any = None,
        progress: Progress | None = None,
    ) -> Catalog:
        r"""Load JSON with one session a line, as a stream.

        Args:
            source: A file, or an open binary file.
            weights: As for the class.
            progress: As for `from_json`.

        Raises:
            ManifestError: A line is not a JSON object; names file, line and column.
            OSError: The file cannot be read.

        Example:
            >>> from io import BytesIO
            >>> len(Catalog.from_ndjson(BytesIO(b'{"title": "A"}\n{"title": "B"}\n')))
            2
        """
        return catalog_of_lines(cls, source, weights, progress)

    @classmethod
    def from_arrow(
        cls, table: Any, *, weights: Any = None, progress: Progress | None = None
    ) -> Catalog:
        """Load a table in the memory format of Arrow, as a stream. Makes no object a session.

        The columns are the keys of the sessions: ``title`` (texts), ``tags`` (lists of texts),
        ``id``, ``start``, ``end``, ``popularity`` and any others. Where a cell is null or NaN, the
        session has no such key. Dates, times and timestamps become ISO 8601 text; a timestamp of a
        time zone keeps its clock there, with the offset.

        Args:
            table: An object with ``__arrow_c_stream__`` or ``__arrow_c_array__``: a table, a batch
                or a reader of pyarrow, or a data frame of polars.
            weights: As for the class.
            progress: As for `from_json`; the bytes are those of the text that is kept.

        Raises:
            TypeError: The object is no such table.
            ValueError: A column or a value cannot be read: no column ``title``, a null title or
                tag, infinity, a decimal or binary value; names the column and the row.

        Example:
            >>> import pyarrow
            >>> table = pyarrow.table({"title": ["A", "B"], "tags": [["ai"], None]})
            >>> list(Catalog.from_arrow(table))
            [{'title': 'A', 'tags': ['ai']}, {'title': 'B'}]
        """
        return catalog_of_table(cls, table, weights, progress)

    @classmethod
    def from_parquet(
        cls,
        path: str | os.PathLike[str],
        *,
        weights: Any = None,
        progress: Progress | None = None,
    ) -> Catalog:
        """Load a Parquet file as `from_arrow` loads a table, a batch of rows after the other.

        Needs pyarrow: ``pip install 'eventkit-recommender[arrow]'``.

        Raises:
            MissingExtraError: pyarrow is not installed.
            ManifestError: The file is no Parquet file.
            ValueError: As for `from_arrow`.
            OSError: The file cannot be read.

        Example:
            >>> import pyarrow, pyarrow.parquet
            >>> table = pyarrow.table({"title": ["A"], "tags": [["ai"]]})
            >>> pyarrow.parquet.write_table(table, "programme.parquet")
            >>> Catalog.from_parquet("programme.parquet")[0]
            {'title': 'A', 'tags': ['ai']}
        """
        return catalog_of_table(cls, open_table(path, ".parquet")[0], weights, progress)

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
        """Open a saved catalogue by memory map. Processes that open one file share its memory.

        **Replace such a file, never overwrite it.** `save` does, and so does ``mv``: processes that
        have the old file open keep it. ``cp new live.catalog`` writes into the old file instead.
        Every use of the catalogue checks that the file did not change, by one system call before
        the use and one after it, and raises
        `CatalogFileError` if it did. But a file that is cut short in the middle of a use ends the
        process (``SIGBUS``). Open it with ``copy=True`` where you cannot rule that out.

        Args:
            path: A file that `save` wrote.
            weights: Weights to score with; those that were saved when left out.
            verify: Check every byte against its checksum. Without it, only the header and the table
                of sections are checked. Damaged content never makes the reader read outside the
                file.
            copy: Read the file into this process's memory instead. What happens to the file
                afterwards then does not matter. Servers do this.
            progress: A function that is called with (bytes checked, bytes in all) while verifying.

        Raises:
            FileNotFoundError: There is no such file.
            CatalogFileError: The file is not a catalogue, is damaged, or was written by a newer
                eventkit. Later uses raise it when another program changed the file.
            MemoryError: There is no memory for the copy.
            OSError: The file cannot be read, or is not a regular file.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as directory:
            ...     Catalog([{"title": "Agents"}]).save(f"{directory}/one.catalog")
            ...     Catalog.open(f"{directory}/one.catalog", verify=True)[0]
            {'title': 'Agents'}
        """
        name = os.fspath(path)
        data, saved = _native.open_catalog(name, verify, copy, progress)
        fields = load_fields(saved, name)
        return cls._made(data, fields["weights"] if weights is None else weights, fields)

    @classmethod
    def open_many(
        cls,
        source: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        weights: Any = None,
        verify: bool = False,
        copy: bool = False,
    ) -> Catalog:
        """Open several saved catalogues (shards) as one. Every answer is that of one whole file.

        Positions count through all files. Of sessions with equal scores, ids or titles, those of
        earlier files come first. The files share nothing, and opening reads none of their sessions.

        Args:
            source: A manifest of shards, or the files in order.
            weights: As for `open`. The saved weights of all files must be equal.
            verify: As for `open`.
            copy: As for `open`.

        Raises:
            FileNotFoundError: A file is missing.
            CatalogFileError: As for `open`; a file is not the one that the manifest names; weights
                differ; or the manifest is for a Python whose ``sum()`` gives other last bits.
            TypeError: ``source`` is neither a path nor a list of paths.
            ValueError: There is no file.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as directory:
            ...     files = [f"{directory}/{name}.catalog" for name in "ab"]
            ...     for file in files:
            ...         Catalog([{"title": file[-9], "tags": ["ai"]}]).save(file)
            ...     both = Catalog.open_many(files)
            ...     [session["title"] for session in both.recommend(["ai"])["sessions"]]
            ['a', 'b']
        """
        if isinstance(source, (str, os.PathLike)):
            return cls._open_manifest(source, weights=weights, verify=verify, copy=copy)
        if not isinstance(source, Iterable):
            raise TypeError(f"open_many was given {source!r}, expected a path or a list of paths")
        data, fields = open_files([os.fspath(path) for path in source], verify=verify, copy=copy)
        return cls._made(data, fields["weights"] if weights is None else weights, fields)

    @classmethod
    def _open_manifest(
        cls,
        path: str | os.PathLike[str],
        checksum: str | None = None,
        *,
        weights: Any = None,
        verify: bool = False,
        copy: bool = False,
    ) -> Catalog:
        manifest = read_manifest(path)
        data = open_shards(manifest, checksum, verify=verify, copy=copy)
        weights = manifest.fields["weights"] if weights is None else weights
        catalog = cls._made(data, weights, manifest.fields)
        catalog._manifest = None if copy else (manifest.path, manifest.checksum)
        return catalog

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the catalogue to a file, for `open`.

        Args:
            path: The file. An existing one is replaced when the new one is complete.

        Raises:
            CatalogFileError: A session, or another part of the manifest, cannot be written as JSON
                (a tuple, NaN, infinity, a key that is not a string) or recommended (no title, tags
                that are not a list of strings, a popularity of more than 64 bits). Names the file
                and the value.
            OSError: The file cannot be written. An existing one is not changed.

        Example:
            >>> catalog = Catalog([{"title": "Agents", "tags": ("AI",)}])
            >>> catalog.save("no.catalog")
            Traceback (most recent call last):
            eventkit.errors.CatalogFileError: no.catalog: sessions[0].tags is ('AI',)...
        """
        name = os.fspath(path)
        fields = dump_fields(self._fields, name)
        try:
            _native.save_catalog(self._data, fields, name)
        except CatalogFileError:
            raise
        except ValueError as error:  # what `save_catalog` says of a session does not name the file
            raise CatalogFileError(f"{name}: {error}") from None

    def with_sessions(self, added: Iterable[Any] = (), removed: Iterable[str] = ()) -> Catalog:
        """Return a changed catalogue, which shares the unchanged sessions with this one.

        Args:
            added: Sessions to add at the end.
            removed: Ids. Every session that has one of them is removed.

        Raises:
            KeyError: No session has one of the ids.
            TypeError: A session is not a mapping.

        Example:
            >>> catalog = Catalog([{"id": "a", "title": "A"}, {"id": "b", "title": "B"}])
            >>> changed = catalog.with_sessions([{"id": "c", "title": "C"}], removed=["a"])
            >>> [session["title"] for session in changed], len(catalog)
            (['B', 'C'], 2)
        """
        data = self._with(checked_sessions(added), list(removed))
        return self._made(data, self.weights, self._fields)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the sessions in order."""
        return self._each()

    def __repr__(self) -> str:
        """Return the class and the number of sessions."""
        count = len(self)
        return f"{type(self).__name__}({count:,} session{'' if count == 1 else 's'})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path of the file if the catalogue was opened, else the compiled sessions.

        The receiving process opens the path, and refuses another file. It also refuses if it has
        another version of eventkit, or a Python that adds floats in another way. Session objects
        are pickled themselves only if JSON cannot hold one of them.
        """
        return reduce_catalog(self, self._manifest)


def _frozen(weights: Any) -> Any:
    # A copy, because the caller may change the original later.
    return dict(weights) if type(weights) is dict else weights
