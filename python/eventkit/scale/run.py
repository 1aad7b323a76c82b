"""The manifest of a run: what it reads, with which catalogue, and how it is divided into parts.

It is written once, before the first part. ``resume`` reads it, and refuses to continue with other
inputs, so that the results of one run are never of two kinds.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

from eventkit._native import __version__
from eventkit.catalog.pickling import sum_regime
from eventkit.errors import BatchError
from eventkit.scale.opening import catalog_checksum
from eventkit.scale.profiles import Part, Source, divide, find_sources, id_type
from eventkit.scale.recommender import Recommender
from eventkit.scale.storage import join, locate, write_file

__all__ = ["MANIFEST", "Run", "load_run", "new_run", "require_same", "save_run"]

MANIFEST = "run.json"
"""The name of the manifest in the directory of the results."""

_FORMAT = 1


@dataclass(frozen=True)
class Run:
    """A run of a batch.

    Attributes:
        token: A random text that is in the name of each of its files.
        version: The version of eventkit.
        regime: How the interpreter adds floats; before Python 3.12 the last bits differ.
        catalog: The path of the catalogue.
        checksum: The checksum of the catalogue.
        query: ``top``, ``understand`` and ``filter``.
        kind: The Arrow type of the ids, as text.
        format: ``parquet`` or ``ndjson``: the kind of the results.
        part_rows: About how many rows a part has.
        sources: The files of profiles.
        parts: For each part the number of its source, and its range.
    """

    token: str
    version: str
    regime: str | None
    catalog: str
    checksum: str
    query: dict[str, Any]
    kind: str
    format: str
    part_rows: int
    sources: list[Source]
    parts: list[tuple[int, int, int]]

    def part(self, number: int) -> Part:
        """Return a part of the run."""
        source, start, stop = self.parts[number]
        return Part(number, self.sources[source], start, stop)


def new_run(
    profiles: Any, recommender: Recommender, format: str, part_rows: int, *, token: str = ""
) -> Run:
    """Describe a run: find its inputs, and divide them into parts.

    Raises:
        BatchError: There are no profiles, or a file of them cannot be read.
    """
    sources = find_sources(profiles)
    if not sources:
        raise BatchError("profiles", "there are none")
    numbers = {source: number for number, source in enumerate(sources)}
    parts = [(numbers[part.source], part.start, part.stop) for part in divide(sources, part_rows)]
    return Run(
        token=token or secrets.token_hex(4),
        version=__version__,
        regime=sum_regime(),
        catalog=recommender.path,
        checksum=catalog_checksum(recommender.path),
        query=recommender.query(),
        kind=str(id_type(sources[0])),
        format=format,
        part_rows=part_rows,
        sources=sources,
        parts=parts,
    )


def save_run(run: Run, folder: str) -> None:
    """Write the manifest of a run into the directory of its results."""
    text = json.dumps({"manifest": _FORMAT, **asdict(run)}, indent=1)
    write_file(locate(join(folder, MANIFEST)), lambda file: file.write(text.encode()))


def load_run(folder: str) -> Run | None:
    """Read the manifest of a run; ``None`` if the directory holds no run.

    Raises:
        BatchError: The manifest is damaged, or of a newer eventkit.
    """
    place = locate(join(folder, MANIFEST))
    place.fs.invalidate_cache()
    try:
        text = place.fs.cat_file(place.path)
    except FileNotFoundError:
        return None
    try:
        held = json.loads(text)
        if held.pop("manifest") != _FORMAT:
            raise BatchError(place.url, "it was written by a newer eventkit")
        sources = [Source(**source) for source in held.pop("sources")]
        parts = [(int(a), int(b), int(c)) for a, b, c in held.pop("parts")]
        return Run(sources=sources, parts=parts, **held)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, BatchError):
            raise
        raise BatchError(place.url, f"it is no manifest of a run: {error!r}") from None


def require_same(held: Run, now: Run) -> None:
    """Raise unless a run that is continued has the inputs that it had when it began.

    Raises:
        BatchError: Names the first difference.
    """
    names = ("version", "regime", "catalog", "checksum", "query", "format", "part_rows", "kind")
    for name in names:
        was, is_now = getattr(held, name), getattr(now, name)
        if was != is_now:
            reason = f"the run began with {_NAMES[name]} {was!r}, and now it is {is_now!r}"
            raise BatchError(MANIFEST, f"{reason}; a run is only continued with the same inputs")
    for was, is_now in zip(held.sources, now.sources, strict=False):
        if was.url == is_now.url:
            was.require_unchanged()
    if held.sources != now.sources:
        before, after = ({source.url for source in run.sources} for run in (held, now))
        changed = sorted(before ^ after)
        raise BatchError(MANIFEST, f"the run began with other files of profiles: {changed}")


_NAMES = {
    "version": "the eventkit version",
    "regime": "the Python that adds floats as",
    "catalog": "the catalogue",
    "checksum": "the catalogue of the checksum",
    "query": "the query",
    "format": "the result format",
    "part_rows": "the part size",
    "kind": "the type of ids",
}


def renamed(run: Run, token: str) -> Run:
    """Return the same run with the token of another."""
    return replace(run, token=token)
