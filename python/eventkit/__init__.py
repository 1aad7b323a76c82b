"""Exact, fast session recommendations for Event Kit agents.

The functions give the results of the original agent, to the last bit, many times faster::

    import eventkit

    manifest = eventkit.load_manifest()
    eventkit.recommend(manifest, ["ai", "agents"], 3)

`eventkit.compat` has the same functions under the names of the original's modules.
`eventkit.reference` is the specification in plain Python.
"""

import importlib
import typing

from eventkit import _imports
from eventkit._native import __version__
from eventkit.accelerate import AccelerationWarning, accelerate
from eventkit.errors import (
    AccelerationError,
    CacheRecursionError,
    CacheTimeoutError,
    CatalogFileError,
    EventKitError,
    ExportError,
    InputWarning,
    InternalError,
    ManifestError,
    MissingExtraError,
    ProfileError,
    ServerSettingsError,
)
from eventkit.functions import (
    build_adaptive_card,
    build_itinerary_markdown,
    cache_info,
    clear_cache,
    count_conflicts,
    explain,
    normalize_interests,
    recommend,
    recommend_from_graph,
    score_session,
)
from eventkit.manifest import get_sessions, load_manifest
from eventkit.profiles import load_profile, save_profile
from eventkit.profiling import profile
from eventkit.results import (
    CalendarRecommendation,
    Contributions,
    Explanation,
    Itinerary,
    Plan,
    Recommendation,
    ScoredSession,
    Scoring,
    SessionNotFound,
)

if typing.TYPE_CHECKING:
    from eventkit._native import Filter
    from eventkit.catalog.catalog import Catalog
    from eventkit.catalog.hashing import manifest_hash
    from eventkit.exports import export
    from eventkit.graph.cache import CachedGraphEventService
    from eventkit.server.app import create_app, create_asgi_app, create_wsgi_app
    from eventkit.telemetry import Telemetry, get_telemetry, summarize

__all__ = [
    "AccelerationError",
    "AccelerationWarning",
    "CacheRecursionError",
    "CacheTimeoutError",
    "CachedGraphEventService",
    "CalendarRecommendation",
    "Catalog",
    "CatalogFileError",
    "Contributions",
    "EventKitError",
    "Explanation",
    "ExportError",
    "Filter",
    "InputWarning",
    "InternalError",
    "Itinerary",
    "ManifestError",
    "MissingExtraError",
    "Plan",
    "ProfileError",
    "Recommendation",
    "ScoredSession",
    "Scoring",
    "ServerSettingsError",
    "SessionNotFound",
    "Telemetry",
    "__version__",
    "accelerate",
    "build_adaptive_card",
    "build_itinerary_markdown",
    "cache_info",
    "clear_cache",
    "count_conflicts",
    "create_app",
    "create_asgi_app",
    "create_wsgi_app",
    "explain",
    "export",
    "get_sessions",
    "get_telemetry",
    "load_manifest",
    "load_profile",
    "manifest_hash",
    "normalize_interests",
    "profile",
    "recommend",
    "recommend_from_graph",
    "save_profile",
    "score_session",
    "summarize",
]


_module = _imports.lazy_modules(
    __name__,
    frozenset(
        {
            *("catalog", "cli", "compat", "dates", "exports", "external_cache", "graph"),
            *("schema", "server", "telemetry"),
        }
    ),
)
_LATER = {
    "CachedGraphEventService": "eventkit.graph",
    "Catalog": "eventkit.catalog",
    "Filter": "eventkit._native",
    "Telemetry": "eventkit.telemetry",
    "create_app": "eventkit.server",
    "create_asgi_app": "eventkit.server",
    "create_wsgi_app": "eventkit.server",
    "export": "eventkit.exports",
    "get_telemetry": "eventkit.telemetry",
    "manifest_hash": "eventkit.catalog",
    "summarize": "eventkit.telemetry",
}


def __getattr__(name: str) -> typing.Any:
    """Import larger parts when they are first used. This halves the time of ``import eventkit``."""
    if name not in _LATER:
        return _module(name)
    value = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
