"""Runs the same work on many parts, on engines that exist: one small adapter for each.

An adapter is a function of (work, parts, cluster). It yields once for each part, as soon as the
part is done, and raises the error of the first part that fails. What the work returns is not passed
on. The engine schedules, and repeats what a dead worker had begun.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from eventkit._imports import required
from eventkit.errors import BatchError
from eventkit.scale.storage import described
from eventkit.scale.threads import limit_threads

__all__ = ["ENGINES", "engine_of", "run_processes", "spark_session"]

Run = Callable[[Any, list[Any], Any], Iterator[Any]]

_AHEAD = 2
"""The parts in this process at a time: one is read or written while another is ranked."""

_LOOK = 0.2
"""The seconds between two looks at Spark's counter."""

_RETRIES = 2
"""How often an engine repeats a part that raised an error, perhaps on another worker."""

_TASKS_PER_CORE = 4
"""How many tasks Spark gets for each core that it reports. Starting a task takes about 30 ms, in
which a core ranks thousands of profiles."""

_PARTS_PER_TASK = 8
"""The most parts of a task. Spark reports few cores where it adds executors only as needed."""

_ALLOWED_FAILURES = 20
"""How many workers may die under one part before Dask gives it up."""


def engine_of(name: str, cluster: Any = None) -> Run:
    """Return the adapter of an engine, after a look whether it can run here.

    Raises:
        MissingExtraError: The package of the engine is not installed.
        ValueError: There is no such engine, or it takes no cluster.

    Example:
        >>> engine_of("local")(lambda part: part * 2, [1, 2], None)
        <generator object _run_local at ...>
    """
    if name not in ENGINES:
        raise ValueError(f"engine is {name!r}, expected one of {', '.join(ENGINES)}")
    if cluster is not None and name == "local":
        raise ValueError(f"cluster is {cluster!r}, but the engine local has none")
    if cluster is not None and name == "daft":
        raise ValueError(f"cluster is {cluster!r}, but Daft takes it from its own settings")
    if name in _PACKAGES:
        required(_PACKAGES[name])
    return ENGINES[name]


def _run_local(work: Any, parts: list[Any], cluster: Any) -> Iterator[Any]:
    """Work in this process. The ranking uses all cores itself."""
    pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="eventkit-batch")
    left = iter(parts)
    running: set[Future[Any]] = set()
    try:
        while True:
            for part in left:
                running.add(pool.submit(work, part))
                if len(running) == _AHEAD:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
                yield
    finally:
        pool.shutdown(cancel_futures=True)


def run_processes(work: Any, parts: list[Any], cluster: Any) -> Iterator[Any]:
    """Work in a process for each core, each with one thread. This is for building."""
    context = multiprocessing.get_context("spawn")
    workers = min(os.cpu_count() or 1, max(len(parts), 1))
    pool = ProcessPoolExecutor(workers, context, initializer=limit_threads, initargs=(1,))
    try:
        for future in as_completed([pool.submit(work, part) for part in parts]):
            future.result()
            yield
    except BrokenProcessPool:
        reason = (
            "it was killed (too little memory?), or could not start: a program that builds begins "
            'under `if __name__ == "__main__":`, because each process imports it'
        )
        raise BatchError("a process of this machine", reason) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _run_dask(work: Any, parts: list[Any], cluster: Any) -> Iterator[Any]:
    """Work on a Dask cluster: a client, an address, or processes of this machine."""
    distributed = required("distributed")
    with _dask_client(distributed, cluster) as client:
        threads = max(client.nthreads().values(), default=1)
        limited = _with_threads(work, threads)
        # Not `pure`: the same work may be needed again after its file was deleted.
        futures = client.map(limited, parts, key="eventkit", pure=False, retries=_RETRIES)
        numbers = {future.key: part for future, part in zip(futures, parts, strict=True)}
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                try:
                    future.result()
                except distributed.KilledWorker as error:
                    raise BatchError(str(numbers[future.key]), str(error)) from None
                future.release()
                yield
        finally:
            client.cancel(futures)


@contextmanager
def _dask_client(distributed: Any, cluster: Any) -> Iterator[Any]:
    """Give a client. What was given stays open; what was started here is closed."""
    if isinstance(cluster, distributed.Client):
        yield cluster
    elif cluster is not None:
        try:
            connected = distributed.Client(cluster, set_as_default=False)
        except (OSError, TypeError, ValueError) as error:
            raise BatchError(f"Dask at {cluster}", described(error)) from error
        with connected as client:
            yield client
    else:
        dask = required("dask")
        settings = {"distributed.scheduler.allowed-failures": _ALLOWED_FAILURES}
        with (
            dask.config.set(settings),
            distributed.LocalCluster(
                n_workers=os.cpu_count(),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
            ) as started,
            distributed.Client(started, set_as_default=False) as client,
        ):
            yield client


def _run_daft(work: Any, parts: list[Any], cluster: Any) -> Iterator[Any]:
    """Work where Daft's runner runs: in this process, or on Ray if that was chosen before."""
    daft = required("daft")

    def one(number: int) -> Any:
        return work(parts[number])

    run = daft.func(one, return_dtype=daft.DataType.python())
    frame = daft.from_pydict({"part": list(range(len(parts)))}).into_batches(1)
    try:
        yield from frame.select(run(daft.col("part"))).iter_rows()
    except daft.exceptions.DaftCoreException as error:
        raise _error_of_part("Daft", error) from error


def _run_spark(work: Any, parts: list[Any], cluster: Any) -> Iterator[Any]:
    """Work on Spark: a session, the address of a master, or all cores of this machine."""
    sql = required("pyspark.sql")
    own = not isinstance(cluster, sql.SparkSession)
    session = spark_session(cluster) if own else cluster
    try:
        context = session.sparkContext
        finished = context.accumulator(0)
        least = _TASKS_PER_CORE * context.defaultParallelism
        tasks = min(len(parts), max(least, -(-len(parts) // _PARTS_PER_TASK)))
        limited = _with_threads(work, 1)

        def one(part: Any) -> None:
            limited(part)
            finished.add(1)

        # Spark counts when a task ends, and tells of a part's error when the job has failed. A
        # task that is repeated finds the files of its first parts, and computes only the others.
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(context.parallelize(parts, max(tasks, 1)).foreach, one)
            yielded = 0
            while yielded < len(parts):
                ended = job.done()
                if ended:
                    _raise_error(job.exception())
                while yielded < (len(parts) if ended else finished.value):
                    yielded += 1
                    yield None
                wait([job], timeout=_LOOK)
    finally:
        if own:
            session.stop()


def _raise_error(error: BaseException | None) -> None:
    if error is not None:
        raise _error_of_part("Spark", error) from error


def _error_of_part(engine: str, error: BaseException) -> BatchError:
    """Return the error of a part. Engines keep only its text, in a message of their own."""
    text = described(error)
    found = re.search(r"BatchError: (.*)", text)
    return BatchError(engine, text.splitlines()[0] if found is None else found[1])


def spark_session(master: str | None) -> Any:
    """Return a session of a Spark cluster, or of all cores of this machine.

    Its workers use this interpreter, unless ``PYSPARK_PYTHON`` names another.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    master = master or "local[*]"
    builder = required("pyspark.sql").SparkSession.builder.master(master).appName("eventkit")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    if master.startswith("local"):
        # Its parts are processes of this machine: nobody else may connect to them.
        builder = builder.config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
        builder = builder.config("spark.ui.enabled", "false")
    try:
        return builder.getOrCreate()
    except required("pyspark.errors").PySparkException as error:
        raise BatchError(f"Spark at {master}", described(error)) from error


def _with_threads(work: Any, threads: int) -> Any:
    """Return the work, limited to ``threads`` threads a worker if it has such a limit."""
    limit = getattr(work, "with_threads", None)
    return work if limit is None else limit(threads)


ENGINES: dict[str, Run] = {
    "local": _run_local,
    "dask": _run_dask,
    "daft": _run_daft,
    "spark": _run_spark,
}
"""The adapters by name."""

_PACKAGES = {"dask": "distributed", "daft": "daft", "spark": "pyspark.sql"}
"""What an engine cannot run without."""
