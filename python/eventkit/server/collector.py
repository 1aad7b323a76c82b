"""Creates the rate limiter and the metrics; collects figures that other parts count."""

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

__all__ = ["Collector", "build_limiter", "build_metrics"]

_log = logging.getLogger("eventkit.server")


def build_limiter(settings: ServerSettings) -> RateLimiter | None:
    """Create the rate limiter; return ``None`` if the settings ask for no limit."""
    most = settings.requests_per_minute
    return RateLimiter(requests_per_minute=most) if most else None


# Created at the start, with 0: Prometheus sees no increase in a counter that first appears as 1.
_COUNTERS = (
    *("cache_hits", "cache_misses", "rate_limited", "unauthorized"),
    *("telemetry_dropped", "graph_rate_limited", "manifest_reloads", "manifest_failures"),
)


def build_metrics(settings: ServerSettings) -> ServerMetrics:
    """Create the metrics: those of all workers together, or of this process alone if that fails."""
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


class Collector:
    """Adds to the metrics the figures that telemetry, calendars and the manifest count.

    Args:
        source: The manifest that is served.
        calendars: The service that reads calendars.
    """

    SECONDS = 1.0

    def __init__(self, source: Source, calendars: Calendars) -> None:
        """See the class."""
        self._source = source
        self._calendars = calendars
        self._lock = threading.Lock()
        self._seen = Counter[str]()
        self._due = float("-inf")

    def collect(self, metrics: Any, *, at_once: bool = False) -> None:
        """Add the increase since the last call; at most once a second unless `at_once` is true."""
        now = self._source.clock()
        if not at_once and now < self._due:
            return
        with self._lock:
            self._due = now + self.SECONDS
            revision = self._source.current(now) if at_once else self._source.revision
            feed = self._source.feed
            feed_failures = 0 if feed is None else feed.failures
            counts = {
                "telemetry_dropped": revision.telemetry.stats()["dropped"],
                "manifest_reloads": self._source.reloads,
                "manifest_failures": self._source.failures + feed_failures,
                **self._calendars.counts(),
            }
            for name, amount in counts.items():
                if amount > self._seen[name]:
                    metrics.add(name, amount - self._seen[name])
                self._seen[name] = amount
            metrics.set("manifest_sessions", len(revision.catalog))
            troubles = (self._source.trouble, self._source.feed_trouble())
            metrics.set("manifest_stale", float(troubles != (None, None)))
