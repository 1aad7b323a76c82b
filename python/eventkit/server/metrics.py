"""`ServerMetrics`: counters and latencies, right over all worker processes.

Not the multiprocess mode of prometheus_client: there, a histogram's observation and a count by
status take 10 µs of a core, here 0.2 (`benches/counting.py`), and dead workers' files pile up.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from eventkit import _native

__all__ = ["ServerMetrics", "exposition", "group_directory"]

_PLAIN = "text/plain; version=0.0.4; charset=utf-8"
_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class ServerMetrics(_native.ServerMetrics):
    """Counts into memory that worker processes share through files, one each.

    What a killed worker counted stays counted: its file is folded into one. A forked child counts
    into a file of its own.

    Args:
        directory: Where the files are; made with mode 0700, and refused where others may enter it.
            Without one, this process counts for itself.

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
    """Return the content type that a scraper asked for, and the text.

    Args:
        metrics: What was counted.
        accept: The request's header; Prometheus's own format unless OpenMetrics is in it.

    Example:
        >>> exposition(ServerMetrics(), None)[0]
        'text/plain; version=0.0.4; charset=utf-8'
    """
    openmetrics = "application/openmetrics-text" in (accept or "")
    kind = _OPENMETRICS if openmetrics else _PLAIN
    return kind, metrics.render(openmetrics=openmetrics)


def group_directory() -> Path:
    """Return where the workers of one server can meet that know of no directory: by process group.

    The group's leader and when it started name it, so that a later server finds nothing of it.

    Example:
        >>> group_directory() == group_directory()
        True
    """
    group = os.getpgrp()
    parent = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(parent) / f"eventkit-metrics-{os.getuid()}-{group}-{_started(group)}"


def _started(process: int) -> str:
    """Return the tick at which a process started, ``0`` where that cannot be read."""
    try:
        # The second field, the program's name, may hold blanks and brackets itself.
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        return fields[19].decode()
    except (OSError, IndexError):
        return "0"
