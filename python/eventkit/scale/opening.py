"""Opens the catalogue of a batch, and names the content that a run must find again."""

from __future__ import annotations

import hashlib
import os

from eventkit.catalog import Catalog, first_bytes, is_compiled
from eventkit.errors import CatalogFileError
from eventkit.files import open_regular, read_regular

__all__ = ["catalog_checksum", "open_catalog"]

_HEADER = 64
"""The bytes of a catalogue's header. It holds the checksum of the table, which holds all others."""


def open_catalog(path: str | os.PathLike[str]) -> Catalog:
    """Open a compiled catalogue, or the shards that a manifest names, by memory map.

    Raises:
        FileNotFoundError: There is no such file.
        CatalogFileError: The file is neither, or is damaged.
    """
    first = first_bytes(path)
    if is_compiled(first):
        return Catalog.open(path)
    if not first.lstrip().startswith(b"{"):
        raise CatalogFileError(
            f"{os.fspath(path)}: neither a compiled catalogue nor a manifest of shards: compile a "
            "programme by `eventkit catalog build`"
        )
    return Catalog.open_many(path)


def catalog_checksum(path: str | os.PathLike[str]) -> str:
    """Return a checksum that changes whenever the content of a catalogue does.

    It reads the header of a compiled file only, which pins the rest.

    Raises:
        OSError: The file cannot be read.
    """
    if not is_compiled(first_bytes(path)):
        return hashlib.blake2b(read_regular(path), digest_size=16).hexdigest()
    with open_regular(path) as file:
        return hashlib.blake2b(file.read(_HEADER), digest_size=16).hexdigest()
