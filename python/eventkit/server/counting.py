"""Where an application counts, and what its parts have counted by themselves."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import Any

from eventkit.server.calendar import Calendars
from eventkit.server.limits import RateLimiter
from eventkit.server.metrics import ServerMetrics, delete_abandoned_directories, group_directory
from eventkit.server.settings import ServerSettings
from eventkit.server.source import Source

__all__ = ["Tally", "build_limiter", "build_metrics"]

_log = logging.getLogger("eventkit.server")


def build_limiter(settings: ServerSettings) -> RateLimiter | None:
    """Make the limiter that the settings ask for, if they ask for one."""
    most = settings.requests_per_minute
    return RateLimiter(requests_per_minute=most) if most else None


# Shown from the start: Prometheus takes a counter that appears at 1 for one that has always been 1.
_COUNTERS = (
    *("cache_hits", "cache_misses", "rate_limited", "unauthorized"),
    *("telemetry_dropped", "graph_rate_limited", "manifest_reloads", "manifest_failures"),
)


def build_metrics(settings: ServerSettings) -> ServerMetrics:
    """Make the counters: those of all workers where they can meet, else this process's own."""
    metrics = _metrics_of(settings)
    for name in _COUNTERS:
        metrics.add(name, 0)
    return metrics


def _metrics_of(settings: ServerSettings) -> ServerMetrics:
    directory = settings.metrics_directory
    try:
        if directory is None:
            delete_abandoned_directories()
            directory = str(group_directory())
        return ServerMetrics(directory)
    except OSError as error:
        _log.warning("the metrics are those of this process alone: %s", error)
        return ServerMetrics()


class Tally:
    """Brings counters up to what counts by itself: telemetry, calendars, the manifest.

    Args:
        source: Where the manifest comes from.
        calendars: Where calendars come from.
    """

    SECONDS = 1.0

    def __init__(self, source: Source, calendars: Calendars) -> None:
        """See the class."""
        self._source = source
        self._calendars = calendars
        self._lock = threading.Lock()
        self._seen = Counter[str]()
        self._due = float("-inf")

    def bring(self, metrics: Any, *, at_once: bool = False) -> None:
        """Add what is new, at most once a second unless it is wanted at once."""
        now = self._source.clock()
        if not at_once and now < self._due:
            return
        with self._lock:
            self._due = now + self.SECONDS
            edition = self._source.current(now) if at_once else self._source.edition
            counts = {
                "telemetry_dropped": edition.telemetry.stats()["dropped"],
                "manifest_reloads": self._source.reloads,
                "manifest_failures": self._source.failures,
                **self._calendars.counts(),
            }
            for name, amount in counts.items():
                if amount > self._seen[name]:
                    metrics.add(name, amount - self._seen[name])
                self._seen[name] = amount
            metrics.set("manifest_sessions", len(edition.catalog))
            metrics.set("manifest_stale", float(self._source.trouble is not None))
