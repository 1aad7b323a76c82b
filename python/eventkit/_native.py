"""The one place that imports the compiled module.

Every native function answers exactly or returns ``NotImplemented``. So where the module is missing,
functions that always decline are a full replacement: the same answers, at the reference's speed.
"""

from __future__ import annotations

import gc
import sys
import warnings

__all__ = [
    "AVAILABLE",
    "CatalogBase",
    "Filter",
    "GraphCacheBase",
    "RateLimiter",
    "ServerMetrics",
    "SharedEvents",
    "TelemetryWriter",
    "Ticket",
    "__version__",
    "cache_info",
    "clear_cache",
    "compile_sessions",
    "count_conflicts",
    "dump_catalog",
    "explain",
    "explain_sessions",
    "graph_page",
    "kept_question",
    "load_catalog",
    "load_json",
    "load_ndjson",
    "open_catalog",
    "profile",
    "recommend",
    "recommend_sessions",
    "save_catalog",
    "score_session",
    "share_events",
    "summarize_telemetry",
    "telemetry_segments",
    "transform_events",
]

try:
    from eventkit._eventkit import (
        CatalogBase,
        Filter,
        GraphCacheBase,
        RateLimiter,
        ServerMetrics,
        SharedEvents,
        TelemetryWriter,
        Ticket,
        __version__,
        cache_info,
        clear_cache,
        compile_sessions,
        count_conflicts,
        dump_catalog,
        explain,
        explain_sessions,
        graph_page,
        kept_question,
        load_catalog,
        load_json,
        load_ndjson,
        on_collection,
        open_catalog,
        profile,
        recommend,
        recommend_sessions,
        save_catalog,
        score_session,
        share_events,
        summarize_telemetry,
        telemetry_segments,
        transform_events,
    )

    AVAILABLE = True
except ImportError as error:
    from eventkit._declined import (  # type: ignore[assignment]
        CatalogBase,
        Filter,
        GraphCacheBase,
        RateLimiter,
        ServerMetrics,
        SharedEvents,
        TelemetryWriter,
        Ticket,
        __version__,
        cache_info,
        clear_cache,
        compile_sessions,
        count_conflicts,
        dump_catalog,
        explain,
        explain_sessions,
        graph_page,
        kept_question,
        load_catalog,
        load_json,
        load_ndjson,
        on_collection,
        open_catalog,
        profile,
        recommend,
        recommend_sessions,
        save_catalog,
        score_session,
        share_events,
        summarize_telemetry,
        telemetry_segments,
        transform_events,
    )

    AVAILABLE = False
    warnings.warn(
        f"eventkit runs without its compiled module, at the speed of plain Python ({error}); "
        f"install a build for CPython {sys.version_info.major}.{sys.version_info.minor}: "
        "pip install --force-reinstall eventkit-recommender",
        RuntimeWarning,
        stacklevel=2,
    )

# A manifest cannot be watched for its end, but the collector runs often enough after it.
gc.callbacks.append(on_collection)
