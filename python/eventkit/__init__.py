"""Exact, fast session recommendations for Event Kit agents.

The functions give the results of the original agent, to the last bit, many times faster::

    import eventkit

    manifest = eventkit.load_manifest()
    eventkit.recommend(manifest, ["ai", "agents"], 3)

`eventkit.compat` has the same functions under the names of the original's modules.
`eventkit.reference` is the specification in plain Python.
"""

from eventkit.accelerate import AccelerationWarning, accelerate

TYPE_CHECKING = False  # as in `typing`, whose import takes longer than all of this
if TYPE_CHECKING:
    import typing

    from eventkit._native import Filter, __version__
    from eventkit.catalog.catalog import Catalog
    from eventkit.catalog.hashing import manifest_hash
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
    from eventkit.exports import export
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
    from eventkit.graph.cache import CachedGraphEventService
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
    from eventkit.server.app import create_app, create_asgi_app, create_wsgi_app
    from eventkit.telemetry import Telemetry, get_telemetry, summarize
    from eventkit.understanding import Understanding, understand
del TYPE_CHECKING

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
    "Understanding",
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
    "understand",
]

# All of this is imported when it is first used: `import eventkit` alone imports no engine.
_MODULES = frozenset(
    (
        *("catalog", "cli", "compat", "dates", "errors", "exports", "external_cache", "functions"),
        *("graph", "manifest", "profiles", "profiling", "reference", "results", "schema", "server"),
        *("telemetry", "understanding"),
    )
)
_LATER = {
    "AccelerationError": "eventkit.errors",
    "CacheRecursionError": "eventkit.errors",
    "CacheTimeoutError": "eventkit.errors",
    "CachedGraphEventService": "eventkit.graph",
    "CalendarRecommendation": "eventkit.results",
    "Catalog": "eventkit.catalog",
    "CatalogFileError": "eventkit.errors",
    "Contributions": "eventkit.results",
    "EventKitError": "eventkit.errors",
    "Explanation": "eventkit.results",
    "ExportError": "eventkit.errors",
    "Filter": "eventkit._native",
    "InputWarning": "eventkit.errors",
    "InternalError": "eventkit.errors",
    "Itinerary": "eventkit.results",
    "ManifestError": "eventkit.errors",
    "MissingExtraError": "eventkit.errors",
    "Plan": "eventkit.results",
    "ProfileError": "eventkit.errors",
    "Recommendation": "eventkit.results",
    "ScoredSession": "eventkit.results",
    "Scoring": "eventkit.results",
    "ServerSettingsError": "eventkit.errors",
    "SessionNotFound": "eventkit.results",
    "Telemetry": "eventkit.telemetry",
    "Understanding": "eventkit.understanding",
    "__version__": "eventkit._native",
    "build_adaptive_card": "eventkit.functions",
    "build_itinerary_markdown": "eventkit.functions",
    "cache_info": "eventkit.functions",
    "clear_cache": "eventkit.functions",
    "count_conflicts": "eventkit.functions",
    "create_app": "eventkit.server",
    "create_asgi_app": "eventkit.server",
    "create_wsgi_app": "eventkit.server",
    "explain": "eventkit.functions",
    "export": "eventkit.exports",
    "get_sessions": "eventkit.manifest",
    "get_telemetry": "eventkit.telemetry",
    "load_manifest": "eventkit.manifest",
    "load_profile": "eventkit.profiles",
    "manifest_hash": "eventkit.catalog",
    "normalize_interests": "eventkit.functions",
    "profile": "eventkit.profiling",
    "recommend": "eventkit.functions",
    "recommend_from_graph": "eventkit.functions",
    "save_profile": "eventkit.profiles",
    "score_session": "eventkit.functions",
    "summarize": "eventkit.telemetry",
    "understand": "eventkit.understanding",
}


def __getattr__(name: str) -> "typing.Any":
    """Import a part of the package when it is first used."""
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
