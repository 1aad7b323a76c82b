"""Opens a file that holds a manifest or a compiled catalogue, whichever it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from eventkit import _native
from eventkit.catalog.catalog import Catalog
from eventkit.manifest import COMPILED_HEAD, parse_manifest

__all__ = ["catalog_from_bytes", "is_compiled", "open_programme"]


def is_compiled(data: bytes) -> bool:
    """Return true if bytes, or the first of them, are those of a compiled catalogue.

    Example:
        >>> is_compiled(b'{"sessions": []}')
        False
    """
    return data.startswith(COMPILED_HEAD)


def catalog_from_bytes(data: bytes) -> Catalog:
    """Open a compiled catalogue whose file was read already.

    Raises:
        CatalogFileError: It is damaged, or was written by a newer eventkit.
    """
    return Catalog._reopened(*_native.load_catalog(data))


def open_programme(path: str | os.PathLike[str]) -> dict[str, Any] | Catalog:
    """Open a manifest, or a compiled catalogue. The content decides, not the name.

    Raises:
        OSError: The file cannot be read.
        ManifestError: It is neither; names file, line and column.
        CatalogFileError: It is a damaged catalogue, or was written by a newer eventkit.
    """
    with Path(path).open("rb") as file:
        head = file.read(len(COMPILED_HEAD))
        if not is_compiled(head):
            return parse_manifest(head + file.read(), os.fspath(path))
    return Catalog.open(path)
