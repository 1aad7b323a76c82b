"""`ServerMetrics` counts requests and their latencies over all worker processes.

The multiprocess mode of prometheus_client is not used. There, counting a request takes 10 µs of a
core, here 0.2 (`benches/counting.py`), and the files of dead workers are never deleted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from eventkit import _native

__all__ = [
    "ServerMetrics",
    "create_server_directory",
    "delete_abandoned_directories",
    "exposition",
    "group_directory",
]

_UNKNOWN_START = "0"
_PLAIN = "text/plain; version=0.0.4; charset=utf-8"
_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class ServerMetrics(_native.ServerMetrics):
    """Counts in memory-mapped files, one for each worker process, that all of them can read.

    The counts of a killed worker stay: its file is merged into another one. A forked child counts
    in a new file.

    Args:
        directory: The directory of the files; created with mode 0700, and refused if other users
            may enter it. Without one, this process counts for itself.

    Raises:
        OSError: The directory is another's, open to others, or cannot be written to.

    Example:
        >>> metrics = ServerMetrics()
        >>> metrics.observe("/recommend", 200, 0.0004)
        >>> metrics.add("cache_hits")
        >>> metrics.set("manifest_sessions", 12)
        >>> metrics.snapshot()["routes"]["/recommend"]["count"]
        1
        >>> b"eventkit_cache_hits_total 1" in metrics.render()
        True
    """


def exposition(metrics: _native.ServerMetrics, accept: str | None) -> tuple[str, bytes]:
    """Return the content type and the text for a scraper.

    Args:
        metrics: The metrics.
        accept: The ``Accept`` header of the request. The format is OpenMetrics if it names that,
            else Prometheus's own.

    Example:
        >>> exposition(ServerMetrics(), None)[0]
        'text/plain; version=0.0.4; charset=utf-8'
    """
    openmetrics = "application/openmetrics-text" in (accept or "")
    kind = _OPENMETRICS if openmetrics else _PLAIN
    return kind, metrics.render(openmetrics=openmetrics)


def group_directory() -> Path:
    """Return where the workers of one process group count together when no directory is set.

    The name holds the group and when its leader started, so that a later group uses another one.

    Example:
        >>> group_directory() == group_directory()
        True
    """
    group = os.getpgrp()
    return _parent() / f"{_prefix()}{group}-{_started(group)}"


def create_server_directory() -> Path:
    """Create the directory where the workers of this process count together, and return it."""
    process = os.getpid()
    prefix = f"{_prefix()}{process}-{_started(process)}-"
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_parent()))


def delete_abandoned_directories() -> None:
    """Delete the directories of servers that were killed, and of process groups that ended."""
    for directory in _parent().glob(f"{_prefix()}*-*"):
        owner, started, *random = directory.name.removeprefix(_prefix()).split("-")
        with contextlib.suppress(OSError):
            if directory.lstat().st_uid != os.getuid() or not owner.isdigit():
                continue
            is_alive = _is_running(int(owner), started) if random else _has_members(int(owner))
            if not is_alive:
                shutil.rmtree(directory, ignore_errors=True)


def _parent() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())


def _prefix() -> str:
    return f"eventkit-metrics-{os.getuid()}-"


def _is_running(process: int, started: str) -> bool:
    """Return true if a process runs that started at a clock tick; one that is killed does not."""
    fields = _fields(process)
    if fields:
        return fields[0] != "Z" and fields[19] == started
    return _answers(os.kill, process) and started == _UNKNOWN_START


def _has_members(group: int) -> bool:
    return _answers(os.killpg, group)


def _answers(signal: Callable[[int, int], None], target: int) -> bool:
    try:
        signal(target, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _started(process: int) -> str:
    """Return the clock tick at which a process started, as a text."""
    fields = _fields(process)
    return fields[19] if fields else _UNKNOWN_START


def _fields(process: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` from the state on; none where it cannot be read."""
    try:
        # The second field, the program's name, may hold blanks and brackets itself.
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].decode().split()
    except OSError:
        return []
    return fields if len(fields) > 19 else []
