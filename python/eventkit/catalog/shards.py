"""Reads and writes the manifest of a catalogue in several files (shards).

A manifest is JSON. It names the compiled files in order, relative to itself, each with its number
of sessions, the position of its first session, its size and its checksum, and the weights and the
kind of ``sum()`` that all have in common. It is replaced whole, so a reader sees the old catalogue
or the new one. Files that it names are never changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventkit import _native
from eventkit.catalog.fields import dump_fields, load_fields
from eventkit.catalog.pickling import check_regime, shown_identity, sum_regime
from eventkit.errors import CatalogFileError
from eventkit.files import atomic_write, exclusive, read_regular
from eventkit.manifest import COMPILED_HEAD

if TYPE_CHECKING:
    from eventkit.catalog.catalog import Catalog

__all__ = [
    "Shard",
    "ShardManifest",
    "add_shard",
    "open_files",
    "open_shards",
    "read_manifest",
    "write_manifest",
]

_KIND = "eventkit shards"
_VERSION = 1
_LARGEST = 1 << 26


@dataclass(frozen=True)
class Shard:
    """One file of a catalogue in several files.

    Attributes:
        path: The file, relative to the manifest.
        offset: The position of its first session in the whole catalogue.
        sessions: The number of its sessions.
        bytes: Its size.
        checksum: The checksum of its header in 16 hexadecimal digits. It covers the whole content.
    """

    path: str
    offset: int
    sessions: int
    bytes: int
    checksum: str


@dataclass(frozen=True)
class ShardManifest:
    """A manifest of shards that was read or written.

    Attributes:
        path: The absolute path of the manifest.
        shards: The files in order.
        fields: The members of the programme beside its sessions; ``weights`` is one of them.
        sum: How the interpreters that may use it add floats: see `sum_regime`.
        eventkit: The version of eventkit that wrote it.
        checksum: A hash of the manifest's bytes.
    """

    path: str
    shards: tuple[Shard, ...]
    fields: dict[str, Any]
    sum: str | None
    eventkit: str
    checksum: str

    @property
    def sessions(self) -> int:
        """The number of sessions of all shards."""
        return sum(shard.sessions for shard in self.shards)

    def absolute(self, shard: Shard) -> str:
        """Return the absolute path of a shard."""
        return os.path.normpath(_directory(self.path) / shard.path)


def read_manifest(path: str | os.PathLike[str]) -> ShardManifest:
    """Read a manifest of shards. Opens none of them.

    Raises:
        CatalogFileError: The file is no such manifest, or was written by a newer eventkit.
        OSError: The file cannot be read.
    """
    name = os.path.abspath(path)  # noqa: PTH100 - the path may be a str
    data = read_regular(path, _LARGEST)
    if data.startswith(COMPILED_HEAD):
        raise CatalogFileError(
            f"{name}: not a manifest of shards, but a compiled catalogue: put its path into a list"
        )
    try:
        held = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CatalogFileError(f"{name}: not a manifest of shards: {error}") from None
    if not isinstance(held, dict) or held.get("kind") != _KIND:
        raise CatalogFileError(f'{name}: not a manifest of shards: no "kind": "{_KIND}"')
    if held.get("version") != _VERSION:
        raise CatalogFileError(
            f"{name}: version {held.get('version')!r} of the manifest, and this release reads "
            f"{_VERSION}"
        )
    fields = load_fields(json.dumps(held.get("fields")).encode(), name)
    try:
        shards = tuple(_shard(**shard) for shard in held["shards"])
        regime, version = held["sum"], held["eventkit"]
    except (KeyError, TypeError, ValueError) as error:
        raise CatalogFileError(
            f"{name}: a manifest of shards with wrong members: {error}"
        ) from None
    offset = 0
    for shard in shards:
        if shard.offset != offset:
            raise CatalogFileError(
                f"{name}: shard {shard.path} has the offset {shard.offset}, expected {offset}"
            )
        offset += shard.sessions
    if held.get("sessions") != offset:
        raise CatalogFileError(
            f"{name}: it claims {held.get('sessions')!r} sessions, and its shards have {offset:,}"
        )
    return ShardManifest(name, shards, fields, regime, version, _hashed(data))


def _shard(*, path: Any, offset: Any, sessions: Any, bytes: Any, checksum: Any) -> Shard:
    for name, value in (("offset", offset), ("sessions", sessions), ("bytes", bytes)):
        if type(value) is not int or value < 0:
            raise ValueError(f"{name} is {value!r}, expected a number from 0 up")
    if not isinstance(path, str) or not path:
        raise ValueError(f"path is {path!r}, expected a text")
    if not isinstance(checksum, str) or not re.fullmatch("[0-9a-f]{16}", checksum):
        raise ValueError(f"checksum is {checksum!r}, expected 16 hexadecimal digits")
    return Shard(path, offset, sessions, bytes, checksum)


def write_manifest(
    path: str | os.PathLike[str],
    shards: Iterable[str | os.PathLike[str]],
    *,
    fields: Mapping[str, Any] | None = None,
) -> ShardManifest:
    """Write the manifest of some compiled files, or replace one. The files are not changed.

    Args:
        path: The manifest.
        shards: The files in order, that `Catalog.save` wrote.
        fields: The members of the programme beside its sessions, ``weights`` among them. Those of
            the first file when left out.

    Returns:
        The manifest.

    Raises:
        CatalogFileError: A file is no compiled catalogue, or its weights differ from the others'.
        TypeError: ``shards`` is one path.
        ValueError: There is no file.
        OSError: A file cannot be read, or the manifest cannot be written.
    """
    name = os.path.abspath(path)  # noqa: PTH100 - the path may be a str
    if isinstance(shards, (str, os.PathLike)):
        raise TypeError(f"shards is {os.fspath(shards)!r}, one path; expected a list of paths")
    described = []
    offset = 0
    for file in shards:
        shard, saved = _described(os.fspath(file), name, offset)
        if fields is None:
            fields = saved
        require_weights(saved["weights"], fields["weights"], os.fspath(file))
        described.append(shard)
        offset += shard.sessions
    if fields is None:
        raise ValueError(f"{name}: a manifest needs at least one shard")
    return _write(name, tuple(described), dict(fields), sum_regime())


def add_shard(
    path: str | os.PathLike[str],
    sessions: Catalog | Iterable[Any] | str | os.PathLike[str],
) -> ShardManifest:
    """Add sessions to the end of a catalogue in several files: one new file, and a new manifest.

    No other file is read or written. If the process ends in between, the old manifest still holds.
    Only one process at a time changes a manifest; others wait for it.

    Args:
        path: The manifest.
        sessions: The sessions, a catalogue of them, or the path of a file that `Catalog.save`
            wrote, which then becomes the shard where it is.

    Returns:
        The new manifest.

    Raises:
        CatalogFileError: The manifest or the file is damaged, or its weights differ.
        FileLockedError: Another process held the manifest for too long.
        OSError: A file cannot be read or written.

    Example:
        >>> import tempfile
        >>> from eventkit import Catalog
        >>> directory = Path(tempfile.mkdtemp())
        >>> Catalog([{"title": "A"}]).save(directory / "first.catalog")
        >>> manifest = write_manifest(directory / "all.json", [directory / "first.catalog"])
        >>> [shard.sessions for shard in add_shard(manifest.path, [{"title": "B"}]).shards]
        [1, 1]
        >>> [session["title"] for session in Catalog.open_many(manifest.path)]
        ['A', 'B']
    """
    from eventkit.catalog.catalog import Catalog

    with exclusive(path):
        manifest = read_manifest(path)
        if isinstance(sessions, (str, os.PathLike)):
            file = os.fspath(sessions)
        else:
            if not isinstance(sessions, Catalog):
                sessions = Catalog(sessions, weights=manifest.fields["weights"])
            file = _free_name(manifest)
            require_weights(sessions.weights, manifest.fields["weights"], file)
            Catalog.from_parts(sessions, {"weights": sessions.weights}).save(file)
        shard, saved = _described(file, manifest.path, manifest.sessions)
        require_weights(saved["weights"], manifest.fields["weights"], file)
        shards = (*manifest.shards, shard)
        return _write(manifest.path, shards, manifest.fields, manifest.sum)


def open_files(names: list[str], *, verify: bool, copy: bool) -> tuple[Any, dict[str, Any]]:
    """Open compiled files as one. Returns the sessions, and the fields of the first file.

    Raises:
        CatalogFileError: A file is no compiled catalogue, or weights differ.
        ValueError: There is no file.
        OSError: A file cannot be read.
    """
    opened = []
    first: dict[str, Any] | None = None
    for name in names:
        data, saved = _native.open_catalog(name, verify, copy, None)
        fields = load_fields(saved, name)
        first = fields if first is None else first
        require_weights(fields["weights"], first["weights"], name)
        opened.append((data, b""))
    if first is None:
        raise ValueError("open_many was given no file")
    return _native.join_catalogs(opened), first


def open_shards(
    manifest: ShardManifest, checksum: str | None = None, *, verify: bool, copy: bool
) -> Any:
    """Open the shards of a manifest as one, and compare each with what the manifest says of it.

    Raises:
        CatalogFileError: The manifest has another checksum, or is for a Python that adds floats in
            another way; a file is not the one that the manifest names. Names the file.
        OSError: A file cannot be read.
    """
    if checksum not in (None, manifest.checksum):
        raise CatalogFileError(f"{manifest.path}: another manifest than the expected one")
    check_regime(manifest.sum, manifest.path)
    opened = []
    for shard in manifest.shards:
        file = manifest.absolute(shard)
        data, _ = _native.open_catalog(file, verify, copy, None)
        found = _native.file_identity(data)
        if found != (shard.bytes, int(shard.checksum, 16)):
            raise CatalogFileError(
                f"{file}: not the file that {manifest.path} names: expected {shard.bytes:,} bytes "
                f"with {shard.checksum}, found {shown_identity(found)}"
            )
        sessions = len(_native.CatalogBase(data, {}))
        if sessions != shard.sessions:
            raise CatalogFileError(
                f"{file}: it has {sessions:,} sessions, and {manifest.path} says {shard.sessions:,}"
            )
        opened.append((data, b""))
    return _native.join_catalogs(opened)


def require_weights(found: Any, expected: Any, file: str) -> None:
    """Raise `CatalogFileError` if the weights of a shard differ from those of the others."""
    # As text, because 1, 1.0 and True are equal and give scores of different types.
    if json.dumps(found, sort_keys=True) != json.dumps(expected, sort_keys=True):
        raise CatalogFileError(
            f"{file}: its weights are {found!r}, and those of the other shards {expected!r}"
        )


def _described(file: str, manifest: str, offset: int) -> tuple[Shard, dict[str, Any]]:
    """Return what a manifest says of a file, and the fields that the file holds."""
    data, saved = _native.open_catalog(file, False, False, None)
    identity = _native.file_identity(data)
    if identity is None:
        raise CatalogFileError(f"{file}: not one compiled file")
    size, checksum = identity
    sessions = len(_native.CatalogBase(data, {}))
    beside = os.path.relpath(os.path.realpath(file), _directory(manifest))
    shard = Shard(Path(beside).as_posix(), offset, sessions, size, f"{checksum:016x}")
    return shard, load_fields(saved, file)


def _free_name(manifest: ShardManifest) -> str:
    """Return the path of the next shard. One that a killed process left there is overwritten."""
    stem = Path(manifest.path).stem
    taken = {shard.path for shard in manifest.shards}
    number = len(taken)
    while f"{stem}-{number:05}.catalog" in taken:
        number += 1
    return str(_directory(manifest.path) / f"{stem}-{number:05}.catalog")


def _directory(manifest: str) -> Path:
    """Return the directory to which the paths of shards are relative. Links are followed."""
    return Path(os.path.realpath(manifest)).parent


def _write(
    path: str, shards: tuple[Shard, ...], fields: dict[str, Any], regime: str | None
) -> ShardManifest:
    held = {
        "kind": _KIND,
        "version": _VERSION,
        "eventkit": _native.__version__,
        "sum": regime,
        "fields": json.loads(dump_fields(fields, path)),
        "sessions": sum(shard.sessions for shard in shards),
        "shards": [asdict(shard) for shard in shards],
    }
    data = json.dumps(held, indent=1).encode() + b"\n"
    atomic_write(path, data)
    return ShardManifest(path, shards, fields, regime, _native.__version__, _hashed(data))


def _hashed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
