"""Calendars of Microsoft Graph as sessions, and a cache for any calendar service.

`GraphEventService` needs ``pip install 'eventkit-recommender[graph]'`` and `ValkeyStore` the extra
``redis``. The cache needs neither. Each class is imported at its first use.
"""

from __future__ import annotations

import typing

from eventkit._imports import lazy_names

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
    "CachedGraphEventService": "cache",
    "GraphEventService": "service",
    "GraphSettings": "settings",
    "LastResult": "cache",
    "UserCalendar": "cache",
    "ValkeyStore": "store",
}

__getattr__ = lazy_names(__name__, _LATER)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
