"""Calendars of Microsoft Graph as sessions, and a cache for any calendar service.

`GraphEventService` needs ``pip install 'eventkit-recommender[graph]'`` and `ValkeyStore` the extra
``redis``. The cache needs neither. Each class is imported at its first use.
"""

from __future__ import annotations

import importlib
import typing

if typing.TYPE_CHECKING:
    from eventkit.graph.cache import CachedGraphEventService, LastResult, UserCalendar
    from eventkit.graph.service import GraphEventService
    from eventkit.graph.settings import GraphSettings
    from eventkit.graph.store import ValkeyStore

__all__ = [
    "CachedGraphEventService",
    "GraphEventService",
    "GraphSettings",
    "LastResult",
    "UserCalendar",
    "ValkeyStore",
]

_LATER = {
    "CachedGraphEventService": "eventkit.graph.cache",
    "GraphEventService": "eventkit.graph.service",
    "GraphSettings": "eventkit.graph.settings",
    "LastResult": "eventkit.graph.cache",
    "UserCalendar": "eventkit.graph.cache",
    "ValkeyStore": "eventkit.graph.store",
}


def __getattr__(name: str) -> typing.Any:
    """Import a class at its first use."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
