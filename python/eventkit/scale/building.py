"""Compiles files of sessions into a catalogue of several files, with several processes at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventkit.catalog.shards import write_manifest
from eventkit.errors import BatchError
from eventkit.scale.batch import Engine
from eventkit.scale.engines import engine_of, run_processes
from eventkit.scale.sessions import ShardSource, divide_sessions
from eventkit.scale.storage import described
from eventkit.scale.values import whole_number

__all__ = ["build"]


def build(
    source: Any,
    out: str | os.PathLike[str],
    shard_rows: int = 10_000_000,
    *,
    engine: Engine = "local",
    cluster: Any = None,
    weights: Mapping[str, Any] | None = None,
    text: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    r"""Compile files of sessions that are larger than memory, as shards and a manifest of them.

    Each shard is compiled on its own, several at once. A process holds one shard at a time: 0.25 to
    0.4 GB for a million sessions. The manifest is written last. Without it nothing refers to the
    shards, so another program sees the whole catalogue or none.

    Args:
        source: Files of sessions in Parquet or NDJSON: a file, a directory or a pattern with ``*``,
            or several of them; paths or URLs.
        out: The manifest to write, as ``programme.json``; a local path. The shards are written
            beside it, as ``programme-00000.catalog``.
        shard_rows: The largest number of sessions of a shard.
        engine: ``local`` uses a process for each core. The others are as for `recommend`. All
            workers must see the directory of ``out``.
        cluster: As for `recommend`.
        weights: As for `Catalog`.
        text: Compile the words too, for ``understand``.
        progress: A function that is called with (shards done, shards in all).

    Returns:
        ``{"manifest", "shards", "sessions", "bytes"}``.

    Raises:
        BatchError: A shard cannot be read or written, there are no sessions, or ``out`` exists.
        MissingExtraError: A package is not installed.
        TypeError: ``shard_rows`` is no whole number.
        ValueError: ``shard_rows`` is below 1, there is no such engine, or it takes no cluster.

    Example:
        >>> import json, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> here = Path(folder.name)
        >>> lines = [json.dumps({"id": str(n), "title": f"Talk {n}"}) for n in range(5)]
        >>> _ = (here / "talks.ndjson").write_text("\n".join(lines))
        >>> build(here / "talks.ndjson", here / "all.json", shard_rows=2)["shards"]
        3
        >>> folder.cleanup()
    """
    shard_rows = whole_number("shard_rows", shard_rows, 1)
    adapter = engine_of(engine, cluster)
    run_on = run_processes if engine == "local" else adapter
    manifest = Path(os.path.realpath(out))
    if manifest.exists():
        raise BatchError(str(out), "it exists already: choose another name, or delete it first")
    shards = divide_sessions(source, shard_rows)
    if not shards:
        raise BatchError(str(source), "it holds no sessions")
    # What a killed build left is in one hidden directory, and the next build deletes it.
    hidden = manifest.with_name(f".{manifest.name}.build")
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir(parents=True)
    try:
        work = _Compile(str(hidden), None if weights is None else dict(weights), text)
        tell = progress or (lambda *_: None)
        tell(0, len(shards))
        for done, _ in enumerate(run_on(work, shards, cluster), 1):
            tell(done, len(shards))
        return _published(hidden, manifest, shards)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


@dataclass(frozen=True)
class _Compile:
    """Compiles a shard into a file of a directory."""

    folder: str
    weights: dict[str, Any] | None
    text: bool

    def __call__(self, shard: ShardSource) -> int:
        try:
            catalog = shard.compile(self.weights)
            if self.text:
                catalog.with_text()
            catalog.save(Path(self.folder) / _name(shard.number))
        except Exception as error:  # Of the many libraries that read a shard, each has its own.
            raise BatchError(str(shard), described(error)) from error
        return shard.number


def _name(number: int) -> str:
    return f"{number:05}.catalog"


def _published(hidden: Path, manifest: Path, shards: list[ShardSource]) -> dict[str, Any]:
    """Move the shards to their place, and write the manifest last."""
    files = []
    for shard in shards:
        file = manifest.with_name(f"{manifest.stem}-{_name(shard.number)}")
        (hidden / _name(shard.number)).replace(file)
        files.append(file)
    written = write_manifest(manifest, files)
    return {
        "manifest": str(manifest),
        "shards": len(files),
        "sessions": written.sessions,
        "bytes": sum(shard.bytes for shard in written.shards),
    }
