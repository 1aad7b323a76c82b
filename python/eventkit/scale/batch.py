"""Recommends for files of profiles, on an engine of the caller's choice. Resumes after a crash."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from eventkit._imports import required
from eventkit._native import Filter
from eventkit.errors import BatchError
from eventkit.scale.engines import engine_of
from eventkit.scale.profiles import part_name
from eventkit.scale.recommender import Recommender
from eventkit.scale.run import (
    MANIFEST,
    Run,
    load_run,
    new_run,
    renamed,
    require_same,
    save_run,
)
from eventkit.scale.storage import Location, clean, held_alone, join, locate
from eventkit.scale.values import whole_number
from eventkit.scale.work import FORMATS, Work

__all__ = ["PART_ROWS", "Engine", "recommend"]

Engine = Literal["local", "dask", "daft", "spark"]

PART_ROWS = 250_000
"""The rows of a part: seconds of work, and some 20 MB of results."""


def recommend(
    profiles: str | os.PathLike[str] | Iterable[str],
    catalog: str | os.PathLike[str],
    out: str | os.PathLike[str],
    top: int = 5,
    *,
    understand: bool = False,
    filter: Filter | Mapping[str, Any] | None = None,
    engine: Engine = "local",
    cluster: Any = None,
    resume: bool = False,
    format: Literal["parquet", "ndjson"] = "parquet",
    part_rows: int = PART_ROWS,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    """Recommend for each profile of some files, and write the results as files.

    Profiles are rows with an ``id`` (a text or a whole number) and ``interests`` (a list of texts),
    in Parquet, NDJSON or CSV. Results are rows of ``id``, ``session_ids``, ``positions`` and
    ``scores``, best first. The input is divided into parts, and each part becomes one file, which
    is complete as soon as it is there. The order of the rows is that of the profiles.

    Args:
        profiles: A file, a directory or a pattern with ``*``, or several of them; paths, or URLs
            that fsspec knows.
        catalog: A file that `Catalog.save` wrote, or the manifest of shards. Each worker must find
            it at this path.
        out: The directory of the results: a path or URL.
        top: The number of sessions for each profile.
        understand: As for `Recommender`.
        filter: As for `Recommender`.
        engine: ``local`` is this process with all cores. The others run where Dask, Daft or Spark
            runs workers.
        cluster: For ``dask`` a client or the address of a scheduler; for ``spark`` a session or the
            address of a master. Without it, a cluster of processes on this machine.
        resume: Continue a run that was interrupted. The finished parts are kept. If there is
            nothing to continue, a new run begins.
        format: The kind of the result files.
        part_rows: About how many profiles a part has.
        progress: A function that is called with (parts done, parts in all).

    Returns:
        ``{"out", "files", "parts", "computed", "profiles"}``: the directory, the names of the
        result files in the order of the profiles, how many there are, how many this call computed,
        and the number of profiles (``None`` for NDJSON results).

    Raises:
        BatchError: A part cannot be read, ranked or written; ``out`` holds another run; or an input
            changed. Names the part or the file. The finished parts stay for ``resume``.
        CatalogFileError: The catalogue is damaged.
        MissingExtraError: A package is not installed.
        TypeError: A number is no number, or a filter no filter.
        ValueError: An argument has no meaning.

    Example:
        >>> import json, pathlib, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> here = pathlib.Path(folder.name)
        >>> from eventkit import Catalog
        >>> Catalog([{"id": "a", "title": "Agents", "tags": ["AI"]}]).save(here / "day.catalog")
        >>> _ = (here / "people.ndjson").write_text('{"id": "ann", "interests": ["ai"]}')
        >>> run = recommend(
        ...     here / "people.ndjson", here / "day.catalog", here / "out", format="ndjson"
        ... )
        >>> json.loads((here / "out" / run["files"][0]).read_text())
        {'id': 'ann', 'session_ids': ['a'], 'positions': [0], 'scores': [2.003]}
        >>> folder.cleanup()
    """
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {', '.join(FORMATS)}")
    part_rows = whole_number("part_rows", part_rows, 1)
    required("pyarrow")
    run_on = engine_of(engine, cluster)
    recommender = Recommender(catalog, top, understand=understand, filter=filter)
    place = locate(out)
    folder = place.path if place.local else place.url
    run = _begun(new_run(profiles, recommender, format, part_rows), folder, place.url, resume)
    with held_alone(locate(join(folder, MANIFEST))):
        clean(place, run.token)
        missing = _missing(run, place)
        work = Work(folder, run.token, run.kind, run.format, recommender)
        done = len(run.parts) - len(missing)
        tell = progress or (lambda *_: None)
        tell(done, len(run.parts))
        for _ in run_on(work, [run.part(number) for number in missing], cluster):
            done += 1
            tell(done, len(run.parts))
        return _summary(run, place, len(missing))


def _begun(now: Run, folder: str, shown: str, resume: bool) -> Run:
    """Return the run to work on: a new one, or the one that the directory holds."""
    held = load_run(folder)
    if held is None:
        save_run(now, folder)
        return now
    if not resume:
        raise BatchError(
            shown, "it holds a run already: resume that run, or choose an empty directory"
        )
    require_same(held, renamed(now, held.token))
    return held


def _missing(run: Run, place: Location) -> list[int]:
    place.fs.invalidate_cache()
    there = {path.rpartition("/")[2] for path in place.fs.ls(place.path, detail=False)}
    numbers = range(len(run.parts))
    return [one for one in numbers if part_name(run.token, one, run.format) not in there]


def _summary(run: Run, place: Location, computed: int) -> dict[str, Any]:
    """Return what was done, after a look at each file of results."""
    clean(place, run.token)
    lost = _missing(run, place)
    if lost:
        raise BatchError(str(run.part(lost[0])), "its file of results is not there any more")
    files = [part_name(run.token, number, run.format) for number in range(len(run.parts))]
    return {
        "out": place.url,
        "files": files,
        "parts": len(files),
        "computed": computed,
        "profiles": _count(run, place, files),
    }


def _count(run: Run, place: Location, files: list[str]) -> int | None:
    if run.format != "parquet":
        return None
    read = required("pyarrow.parquet").read_metadata
    total = 0
    for name in files:
        with place.fs.open(join(place.path, name), "rb") as file:
            total += read(file).num_rows
    return total
