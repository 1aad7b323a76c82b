"""Exact, fast session recommendations for Event Kit agents.

The functions give the results of the original agent, to the last bit, many times faster::

    import eventkit

    manifest = eventkit.load_manifest()
    eventkit.recommend(manifest, ["ai", "agents"], 3)

`eventkit.compat` has the same functions under the names of the original's modules.
`eventkit.reference` is the specification in plain Python.
"""

from sys import version_info as _python

from eventkit.accelerate import AccelerationWarning, accelerate

TYPE_CHECKING = False  # as in `typing`, whose import takes longer than all of this
if TYPE_CHECKING:
    import typing

    from eventkit._native import Filter, __version__
    from eventkit.catalog.catalog import Catalog
    from eventkit.catalog.hashing import manifest_hash
    from eventkit.errors import (
        AccelerationError,
        BatchError,
        CacheRecursionError,
        CacheTimeoutError,
        CatalogFileError,
        EventKitError,
        ExportError,
        FeedError,
        InputWarning,
        InternalError,
        ManifestError,
        MissingExtraError,
        ProfileError,
        ServerSettingsError,
        UnsupportedPlatformError,
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
    from eventkit.notebook import view
    from eventkit.profiles import load_profile, save_profile
    from eventkit.profiling import profile
    from eventkit.questions import alternatives, plan, why_not
    from eventkit.results import (
        Alternatives,
        CalendarRecommendation,
        Contributions,
        Explanation,
        Itinerary,
        LeftOut,
        Plan,
        Recommendation,
        ScoredSession,
        Scoring,
        SessionNotFound,
        Share,
        Step,
        Unmatched,
        WhyNot,
    )
    from eventkit.server.app import create_app, create_asgi_app, create_wsgi_app
    from eventkit.telemetry import Telemetry, get_telemetry, summarize
    from eventkit.understanding import Understanding, understand
del TYPE_CHECKING

__all__ = [
    "AccelerationError",
    "AccelerationWarning",
    "Alternatives",
    "BatchError",
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
    "FeedError",
    "Filter",
    "InputWarning",
    "InternalError",
    "Itinerary",
    "LeftOut",
    "ManifestError",
    "MissingExtraError",
    "Plan",
    "ProfileError",
    "Recommendation",
    "ScoredSession",
    "Scoring",
    "ServerSettingsError",
    "SessionNotFound",
    "Share",
    "Step",
    "Telemetry",
    "Understanding",
    "Unmatched",
    "UnsupportedPlatformError",
    "WhyNot",
    "__version__",
    "accelerate",
    "alternatives",
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
    "plan",
    "profile",
    "recommend",
    "recommend_from_graph",
    "save_profile",
    "score_session",
    "summarize",
    "understand",
    "view",
    "why_not",
]

# All of this is imported when it is first used: `import eventkit` alone imports no engine.
_MODULES = frozenset(
    (
        *("busy", "catalog", "cli", "compat", "dates", "errors", "exports", "external_cache"),
        *("feeds", "functions", "graph", "manifest", "notebook", "profiles", "profiling"),
        *("questions", "reference", "results", "scale", "schema", "server", "telemetry"),
        "understanding",
    )
)
_LATER = {
    "AccelerationError": "eventkit.errors",
    "Alternatives": "eventkit.results",
    "BatchError": "eventkit.errors",
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
    "FeedError": "eventkit.errors",
    "Filter": "eventkit._native",
    "InputWarning": "eventkit.errors",
    "InternalError": "eventkit.errors",
    "Itinerary": "eventkit.results",
    "LeftOut": "eventkit.results",
    "ManifestError": "eventkit.errors",
    "MissingExtraError": "eventkit.errors",
    "Plan": "eventkit.results",
    "ProfileError": "eventkit.errors",
    "Recommendation": "eventkit.results",
    "ScoredSession": "eventkit.results",
    "Scoring": "eventkit.results",
    "ServerSettingsError": "eventkit.errors",
    "SessionNotFound": "eventkit.results",
    "Share": "eventkit.results",
    "Step": "eventkit.results",
    "Telemetry": "eventkit.telemetry",
    "Understanding": "eventkit.understanding",
    "Unmatched": "eventkit.results",
    "UnsupportedPlatformError": "eventkit.errors",
    "WhyNot": "eventkit.results",
    "__version__": "eventkit._native",
    "alternatives": "eventkit.questions",
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
    "plan": "eventkit.questions",
    "profile": "eventkit.profiling",
    "recommend": "eventkit.functions",
    "recommend_from_graph": "eventkit.functions",
    "save_profile": "eventkit.profiles",
    "score_session": "eventkit.functions",
    "summarize": "eventkit.telemetry",
    "understand": "eventkit.understanding",
    "view": "eventkit.notebook",
    "why_not": "eventkit.questions",
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


if _python >= (3, 16):
    # No such version was tested. If the compiled module does not support it, the import says so.
    import eventkit._native  # noqa: F401
