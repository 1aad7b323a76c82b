"""Opens a file that holds a manifest or a compiled catalogue, whichever it is."""

from __future__ import annotations

import os
from typing import Any

from eventkit import _native
from eventkit.catalog.catalog import Catalog
from eventkit.catalog.fields import load_fields
from eventkit.errors import CatalogFileError
from eventkit.files import open_regular, read_regular
from eventkit.manifest import COMPILED_HEAD, check_manifest, parse_manifest

__all__ = ["catalog_from_bytes", "check_catalog", "first_bytes", "is_compiled", "open_programme"]


def is_compiled(data: bytes) -> bool:
    """Return true if bytes, or the first of them, are those of a compiled catalogue.

    Example:
        >>> is_compiled(b'{"sessions": []}')
        False
    """
    return data.startswith(COMPILED_HEAD)


def catalog_from_bytes(data: bytes, path: str | os.PathLike[str]) -> Catalog:
    """Open a compiled catalogue whose file was read already, and check every byte of it.

    Args:
        data: The content of the file.
        path: The file, for error messages.

    Raises:
        CatalogFileError: It is damaged, or was written by a newer eventkit.
    """
    name = os.fspath(path)
    try:
        shelved, saved = _native.load_catalog(data, verify=True)
    except CatalogFileError as error:
        raise CatalogFileError(f"{name}: {str(error).removeprefix('bytes: ')}") from None
    fields = load_fields(saved, name)
    return Catalog._made(shelved, fields["weights"], fields)


def check_catalog(catalog: Catalog, origin: str) -> None:
    """Raise unless ``eventkit validate`` accepts the manifest that a catalogue was made of.

    The engine checks sessions that it loaded itself, while other threads run: 100,000 of them take
    44 ms, and 1.5 s as Python objects. Python looks only where the engine is not certain.

    Args:
        catalog: The compiled manifest.
        origin: Its file, for the message.

    Raises:
        ManifestError: Names the first problem, and how many there are.
    """
    sessions = [] if _native.sessions_pass_schema(catalog._data) else list(catalog)
    check_manifest({**catalog.fields, "sessions": sessions}, origin)


def open_programme(path: str | os.PathLike[str]) -> dict[str, Any] | Catalog:
    """Open a manifest, or a compiled catalogue. The content decides, not the name.

    Raises:
        OSError: The file cannot be read.
        ManifestError: It is neither; names file, line and column.
        CatalogFileError: It is a damaged catalogue, or was written by a newer eventkit.
    """
    if is_compiled(first_bytes(path)):
        return Catalog.open(path)
    return parse_manifest(read_regular(path), os.fspath(path))


def first_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes by which `is_compiled` knows a compiled catalogue.

    Raises:
        OSError: The file cannot be read, or is not a regular file.
    """
    with open_regular(path) as file:
        return file.read(len(COMPILED_HEAD))
