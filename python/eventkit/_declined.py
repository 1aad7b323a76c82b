"""Stands in for the compiled module where there is none: every input is declined."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from eventkit._plain_limiter import RateLimiter
from eventkit._plain_telemetry import TelemetryWriter, summarize_telemetry, telemetry_segments

__all__ = [
    "RateLimiter",
    "TelemetryWriter",
    "__version__",
    "cache_info",
    "clear_cache",
    "count_conflicts",
    "explain",
    "explain_sessions",
    "external_place",
    "graph_page",
    "kept_question",
    "on_collection",
    "profile",
    "recommend",
    "recommend_sessions",
    "score_session",
    "summarize_telemetry",
    "telemetry_segments",
    "transform_events",
]

try:
    __version__ = metadata.version("eventkit-recommender")
except metadata.PackageNotFoundError:  # A bare checkout on the path.
    __version__ = "unknown"


def recommend(manifest: Any, interests: Any, top: Any) -> Any:
    """Decline."""
    return NotImplemented


def recommend_sessions(sessions: Any, weights: Any, interests: Any, top: Any) -> Any:
    """Decline."""
    return NotImplemented


def explain(manifest: Any, title: Any, interests: Any) -> Any:
    """Decline."""
    return NotImplemented


def explain_sessions(sessions: Any, weights: Any, title: Any, interests: Any) -> Any:
    """Decline."""
    return NotImplemented


def external_place(manifest: Any, directories: tuple[str, ...]) -> Any:
    """Decline."""
    return NotImplemented


def score_session(session: Any, interests: Any, weights: Any) -> Any:
    """Decline."""
    return NotImplemented


def count_conflicts(sessions: Any) -> Any:
    """Decline."""
    return NotImplemented


def transform_events(events: Any) -> Any:
    """Decline."""
    return NotImplemented


def graph_page(body: bytes) -> Any:
    """Decline."""
    return NotImplemented


def kept_question(environ: Any, most_headers: int, most_bytes: int) -> Any:
    """Decline."""
    return NotImplemented


def profile(manifest: Any, interests: Any, top: Any) -> Any:
    """Decline."""
    return NotImplemented


def clear_cache() -> None:
    """Clear nothing: nothing is held."""


def cache_info() -> dict[str, int]:
    """Return zeros: nothing is held."""
    keys = ("snapshots", "max_snapshots", "sessions", "bytes", "hits", "misses")
    return dict.fromkeys(keys, 0)


def on_collection(phase: str, info: Any, /) -> None:
    """Drop nothing: nothing is held."""


class _Compiled:
    """A class that only the compiled module has."""

    def __new__(cls, *_arguments: Any, **_settings: Any) -> Any:
        """Say what is missing."""
        raise ImportError(f"{cls.__name__} needs the compiled module of eventkit")


class CatalogBase(_Compiled):
    """Stands in for the compiled half of `eventkit.Catalog`."""


class Filter(_Compiled):
    """Stands in for `eventkit.Filter`."""


class GraphCacheBase(_Compiled):
    """Stands in for the compiled half of `eventkit.CachedGraphEventService`.

    A clear error and no copy in Python: who may load and who must wait, proven once in Rust, would
    have to be proven again, and a calendar service works without a cache.
    """


class SharedEvents(_Compiled):
    """Stands in for compiled events."""


class Ticket(_Compiled):
    """Stands in for a caller's part in a load."""


def share_events(events: list[Any], weights: Any) -> Any:
    """Say what is missing."""
    return SharedEvents(events, weights)


class ServerMetrics(_Compiled):
    """Stands in for the compiled half of `eventkit.server.ServerMetrics`."""


def shelve(sessions: list[Any]) -> Any:
    """Say what is missing."""
    return CatalogBase(sessions)


def load_json(data: bytes, origin: str, progress: Any) -> Any:
    """Say what is missing."""
    return CatalogBase(data)


def load_ndjson(file: Any, origin: str, progress: Any) -> Any:
    """Say what is missing."""
    return CatalogBase(file)


def open_catalog(path: str, verify: bool, progress: Any) -> Any:
    """Say what is missing."""
    return CatalogBase(path)


def load_catalog(data: bytes) -> Any:
    """Say what is missing."""
    return CatalogBase(data)


def dump_catalog(shelved: Any, fields: bytes) -> Any:
    """Say what is missing."""
    return CatalogBase(shelved)


def save_catalog(shelved: Any, fields: bytes, path: str) -> None:
    """Say what is missing."""
    CatalogBase(shelved)
