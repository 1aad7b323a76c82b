"""Imports the compiled module. Nothing else in the package does.

Each native function answers exactly or returns ``NotImplemented``. Without the compiled module, the
functions in `_DECLINING` always return ``NotImplemented``, so that the public functions answer by
`eventkit.reference`. Every other name raises an `ImportError` that says what to install.
"""

from __future__ import annotations

import sys
import warnings

TYPE_CHECKING = False  # as in `typing`, whose import takes longer than that of the engine

try:
    from eventkit._eventkit import *  # noqa: F403 - the stub lists the names
    from eventkit._eventkit import __version__, unproven

    AVAILABLE = True
    if unproven:
        warnings.warn(
            f"eventkit does not know how Python {sys.version_info.major}.{sys.version_info.minor} "
            f"treats {', '.join(unproven)}: its answers are exact, but slower; a newer version of "
            "eventkit-recommender may know",
            RuntimeWarning,
            stacklevel=2,
        )

    if not TYPE_CHECKING:
        # Not compiled where the system lacks locks that end with their process: on Windows.
        _OF_UNIX = ("ServerMetrics", "TelemetryWriter", "summarize_telemetry", "telemetry_segments")

        def __getattr__(name):
            if name not in _OF_UNIX:
                raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
            from eventkit.errors import UnsupportedPlatformError

            raise UnsupportedPlatformError(
                f"{name} needs locks of the operating system that {sys.platform} does not have"
            )
except ImportError as error:
    from importlib import metadata

    try:
        __version__ = metadata.version("eventkit-recommender")
    except metadata.PackageNotFoundError:  # a bare checkout on the path
        __version__ = "unknown"

    AVAILABLE = False
    _INSTALL = (
        f"install a build for CPython {sys.version_info.major}.{sys.version_info.minor}: "
        "pip install --force-reinstall eventkit-recommender"
    )
    warnings.warn(
        f"eventkit runs without its compiled module, at the speed of plain Python ({error}); "
        f"{_INSTALL}",
        RuntimeWarning,
        stacklevel=2,
    )

    _DECLINING = {
        "external_place",
        *("cache_info", "clear_cache", "count_conflicts", "explain", "explain_sessions"),
        *("graph_page", "profile", "recommend", "recommend_sessions", "score_session"),
        "transform_events",
    }

    if not TYPE_CHECKING:

        def __getattr__(name):
            if name in _DECLINING:
                return _decline
            if name.startswith("__"):  # what the import system and copying ask of any module
                raise AttributeError(name)
            raise ImportError(f"{name} needs the compiled module of eventkit; {_INSTALL}")

    def _decline(*_arguments: object) -> object:
        return NotImplemented
