"""Limits the threads that rank in a process, where an engine already uses all cores."""

from __future__ import annotations

import os
import sys

__all__ = ["limit_threads", "threads_of_engine"]

_THREADS = "RAYON_NUM_THREADS"


def limit_threads(threads: int) -> None:
    """Let this process rank with ``threads`` threads, unless it has ranked already.

    ``RAYON_NUM_THREADS`` has precedence.
    """
    os.environ.setdefault(_THREADS, str(threads))


def threads_of_engine() -> int | None:
    """Return how many threads the engine that runs this process gives to it.

    ``None`` means that no engine limits it. A Dask worker in the process of its client is no limit,
    because all workers of that process share the threads that rank.

    Example:
        >>> threads_of_engine() is None
        True
    """
    pyspark = sys.modules.get("pyspark")
    if pyspark is not None and pyspark.TaskContext.get() is not None:
        return 1
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        worker = distributed.get_worker()
    except ValueError:
        return None
    threads: int = worker.state.nthreads
    return threads if worker.nanny else None
