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
    "TelemetryWriter",
    "__version__",
    "cache_info",
    "clear_cache",
    "count_conflicts",
    "explain",
    "explain_sessions",
    "profile",
    "recommend",
    "recommend_sessions",
    "score_session",
    "summarize_telemetry",
    "telemetry_segments",
    "transform_events",
]

try:
    from eventkit._eventkit import (
        TelemetryWriter,
        __version__,
        cache_info,
        clear_cache,
        count_conflicts,
        explain,
        explain_sessions,
        on_collection,
        profile,
        recommend,
        recommend_sessions,
        score_session,
        summarize_telemetry,
        telemetry_segments,
        transform_events,
    )

    AVAILABLE = True
except ImportError as error:
    from eventkit._declined import (  # type: ignore[assignment]
        TelemetryWriter,
        __version__,
        cache_info,
        clear_cache,
        count_conflicts,
        explain,
        explain_sessions,
        on_collection,
        profile,
        recommend,
        recommend_sessions,
        score_session,
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
