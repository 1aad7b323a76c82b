"""Exact, fast session recommendations for Event Kit agents.

The functions of the original agent, with its answers to the last bit, many times faster::

    import eventkit

    manifest = eventkit.load_manifest()
    eventkit.recommend(manifest, ["ai", "agents"], 3)

`eventkit.compat` has the same functions under the original's module and function names, and
`eventkit.reference` is the specification in plain Python.
"""

import typing

from eventkit._native import __version__
from eventkit.accelerate import AccelerationWarning, accelerate
from eventkit.errors import (
    AccelerationError,
    EventKitError,
    ExportError,
    InternalError,
    ManifestError,
    ProfileError,
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

if typing.TYPE_CHECKING:
    from eventkit.itinerary import export

__all__ = [
    "AccelerationError",
    "AccelerationWarning",
    "EventKitError",
    "ExportError",
    "InternalError",
    "ManifestError",
    "ProfileError",
    "__version__",
    "accelerate",
    "build_adaptive_card",
    "build_itinerary_markdown",
    "cache_info",
    "clear_cache",
    "count_conflicts",
    "explain",
    "export",
    "get_sessions",
    "load_manifest",
    "load_profile",
    "normalize_interests",
    "profile",
    "recommend",
    "recommend_from_graph",
    "save_profile",
    "score_session",
]


def __getattr__(name: str) -> typing.Any:
    """Import the itineraries when they are asked for: a start without them takes half the time."""
    if name != "export":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from eventkit.itinerary import export

    globals()[name] = export
    return export


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
