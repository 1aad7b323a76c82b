"""Pickles a catalogue: as the path of its file if it was opened, else in its compiled form.

A pickle carries a catalogue to another process of the same job; it is no format to keep. `save` is.
"""

from __future__ import annotations

import functools
import json
import os
from typing import TYPE_CHECKING, Any

from eventkit import _native
from eventkit.catalog.fields import dump_fields, load_fields
from eventkit.errors import CatalogFileError

if TYPE_CHECKING:
    from eventkit.catalog.catalog import Catalog

__all__ = ["FORMAT", "check_regime", "open_known", "reduce_catalog", "sum_regime"]

FORMAT = 1
"""The version of the pickled form."""

_KEPT = 8
"""The number of files that stay open for later pickles of the same catalogue."""

# Without a lock, which a fork could leave locked: every single operation on a dict is atomic.
_opened: dict[tuple[str, int, int], tuple[tuple[int, ...], Any, bytes]] = {}


@functools.lru_cache(maxsize=1)
def sum_regime() -> str | None:
    """Return how this interpreter's ``sum`` adds floats: ``"plain"`` or ``"compensated"``.

    Scores are sums, so below Python 3.12 (plain) the last bits of some differ from those of later
    ones. ``None`` if ``sum`` does neither.

    Example:
        >>> sum_regime() in ("plain", "compensated", "compensated_ints")
        True
    """
    return _native.sum_regime(sum)


def reduce_catalog(catalog: Catalog, manifest: tuple[str, str] | None) -> tuple[Any, ...]:
    """Return what ``__reduce__`` of a catalogue returns.

    Args:
        catalog: The catalogue.
        manifest: The absolute path and the checksum of the shard manifest it was opened from.

    Raises:
        CatalogFileError: The catalogue's file changed since it was opened.
    """
    stamp = (FORMAT, _native.__version__, sum_regime())
    weights, fields = catalog.weights, catalog._fields
    if manifest is not None:
        return _restore_many, (type(catalog), stamp, manifest, weights)
    parts = _native.take_apart(catalog._data)
    held = None if _are_saved(catalog) else fields
    return _restore, (type(catalog), stamp, parts, weights, held)


def _are_saved(catalog: Catalog) -> bool:
    """Return true if the catalogue's file holds its fields as they are, whatever the weights."""
    saved = _native.saved_fields(catalog._data)
    if saved is None:
        return False
    try:
        known = json.loads(saved)
        fields = {**catalog._fields, "weights": known["weights"]}
        return dump_fields(fields, "") == saved
    except (CatalogFileError, ValueError, KeyError, TypeError):
        return False


def _restore(
    kind: type[Catalog], stamp: tuple[Any, ...], parts: list[Any], weights: Any, fields: Any
) -> Catalog:
    check_stamp(stamp, "the pickled catalogue")
    saved = b""
    joined = []
    for source, removed in parts:
        if type(source) is tuple:
            data, saved = open_known(*source)
        elif type(source) is bytes:
            data, _ = _native.load_catalog(source, verify=False)
        else:
            data = _native.compile_sessions(source)
        joined.append((data, removed))
    if fields is None:
        fields = load_fields(saved, parts[0][0][0])
    one = len(joined) == 1 and not joined[0][1]
    return kind._made(joined[0][0] if one else _native.join_catalogs(joined), weights, fields)


def _restore_many(
    kind: type[Catalog], stamp: tuple[Any, ...], manifest: tuple[str, str], weights: Any
) -> Catalog:
    check_stamp(stamp, manifest[0])
    return kind._open_manifest(*manifest, weights=weights)


def check_stamp(stamp: tuple[Any, ...], what: str) -> None:
    """Raise `CatalogFileError` unless this process gives the answers of the one that pickled."""
    form, version, regime = stamp
    if form != FORMAT or version != _native.__version__:
        raise CatalogFileError(
            f"{what}: pickled by eventkit {version}, and this process has eventkit "
            f"{_native.__version__}: use one version in all processes, or send the path of a file"
        )
    check_regime(regime, what)


def check_regime(regime: str | None, what: str) -> None:
    """Raise `CatalogFileError` unless this interpreter's ``sum`` works in the given way."""
    if regime != sum_regime():
        raise CatalogFileError(
            f"{what}: made for a Python whose sum() of floats is {_shown(regime)}, and this one's "
            f"is {_shown(sum_regime())}, so the last bits of scores would differ: use Python 3.12 "
            "or newer in all processes, or an older one in all"
        )


def _shown(regime: str | None) -> str:
    return "of an unknown kind" if regime is None else regime.replace("_", " ")


def open_known(path: str, size: int, checksum: int) -> tuple[Any, bytes]:
    """Open a compiled catalogue by memory map, once in a process for all pickles that name it.

    Args:
        path: The absolute path.
        size: The length that the file must have, in bytes.
        checksum: The checksum that its header must have.

    Returns:
        The compiled sessions, and the JSON of the other fields.

    Raises:
        CatalogFileError: The path names another file by now, or a damaged one.
        OSError: The file cannot be read.
    """
    key = (path, size, checksum)
    before = _state(path)
    known = _opened.get(key)
    if known is not None and known[0] == before:
        return known[1], known[2]
    data, saved = _native.open_catalog(path, False, False, None)
    found = _native.file_identity(data)
    if found != (size, checksum):
        raise CatalogFileError(
            f"{path}: the path names another file now: expected {size:,} bytes with the checksum "
            f"{checksum:016x}, found {shown_identity(found)}"
        )
    if before == _state(path):
        _opened.pop(key, None)
        _opened[key] = before, data, saved
        for old in list(_opened)[:-_KEPT]:
            _opened.pop(old, None)
    return data, saved


def shown_identity(found: tuple[int, int] | None) -> str:
    """Return the size and the checksum of a file as words."""
    return "no file" if found is None else f"{found[0]:,} bytes with {found[1]:016x}"


def _state(path: str) -> tuple[int, ...]:
    """Return an identity of the file: it changes with the file, or with another one at its path."""
    found = os.stat(path)  # noqa: PTH116 - a str is what is known
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
