"""Loads catalogues from JSON and from tables, without making a Python object for each session."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from io import BufferedIOBase, BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

from eventkit import _native
from eventkit.catalog.parsing import parsed_lines, parsed_source, uses_external_sessions
from eventkit.errors import ManifestError
from eventkit.files import open_regular, read_regular, require_size
from eventkit.manifest import COMPILED_HEAD
from eventkit.reference import DEFAULT_WEIGHTS

if TYPE_CHECKING:
    from eventkit.catalog.catalog import Catalog

C = TypeVar("C", bound="Catalog")

__all__ = ["Progress", "catalog_of_json", "catalog_of_lines", "catalog_of_table"]

Progress = Callable[[int, int], object]

_LARGEST = 1 << 36
"""Bytes of a JSON file: ten million sessions have 2.3 GB, and a sparse file may claim terabytes."""


def catalog_of_json(
    kind: type[C],
    source: str | os.PathLike[str] | bytes,
    weights: Any,
    progress: Progress | None,
) -> C:
    """Load a manifest, or an array of sessions. See `eventkit.Catalog.from_json`."""
    data = source if isinstance(source, bytes) else read_regular(source, _LARGEST)
    origin = "bytes" if isinstance(source, bytes) else os.fspath(source)
    if data.startswith(COMPILED_HEAD):
        raise ManifestError(origin, "a compiled catalogue, not JSON: use Catalog.open")
    loaded = _native.load_json(data, origin, progress)
    if loaded is None or uses_external_sessions(loaded[1]):
        return _made(kind, parsed_source(data, origin), weights)
    return _loaded(kind, *loaded, weights)


def catalog_of_lines(
    kind: type[C],
    source: str | os.PathLike[str] | BufferedIOBase,
    weights: Any,
    progress: Progress | None,
) -> C:
    """Load one session a line. See `eventkit.Catalog.from_ndjson`."""
    if isinstance(source, (str, os.PathLike)):
        with open_regular(source) as file:
            require_size(file, source, _LARGEST)
            return _from_lines(kind, file, os.fspath(source), weights, progress)
    return _from_lines(kind, source, str(getattr(source, "name", "lines")), weights, progress)


def catalog_of_table(kind: type[C], table: Any, weights: Any, progress: Progress | None) -> C:
    """Load an Arrow table. See `eventkit.Catalog.from_arrow`.

    Raises:
        ValueError: As there; also if only Python's own numbers can hold a value.
    """
    if isinstance(table, (str, os.PathLike)):
        raise TypeError(f"from_arrow was given {table!r}, a path: use Catalog.from_parquet")
    loaded = _native.load_arrow(table, progress)
    if loaded is None:
        raise ValueError(
            "the table: only Python can hold one of the values, such as a popularity that is a "
            "text or has more than 64 bits: use Catalog(table.to_pylist())"
        )
    return _loaded(kind, *loaded, weights)


def _from_lines(
    kind: type[C], file: Any, origin: str, weights: Any, progress: Progress | None
) -> C:
    # If the engine declines, Python reads the source again: what cannot seek is kept in memory.
    if not file.seekable():
        file = BytesIO(file.read())
    start = file.tell()
    loaded = _native.load_ndjson(file, origin, progress)
    if loaded is not None:
        return _loaded(kind, *loaded, weights)
    file.seek(start)
    return _made(kind, list(parsed_lines(file, origin)), weights)


def _loaded(kind: type[C], data: Any, members: dict[str, bytes] | None, weights: Any) -> C:
    fields = {name: json.loads(text) for name, text in (members or {}).items()}
    if weights is None:
        weights = DEFAULT_WEIGHTS if members is None else fields["weights"]
    loaded: Any = kind._made(data, weights, fields)
    catalog: C = loaded
    return catalog


def _made(kind: type[C], source: Any, weights: Any) -> C:
    made: Any = kind(source, weights=weights)
    catalog: C = made
    return catalog
