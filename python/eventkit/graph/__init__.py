"""Calendars: events of Microsoft Graph as sessions, and the cache in front of whatever has them."""

from __future__ import annotations

from eventkit.graph.cache import CachedGraphEventService, LastResult, UserCalendar
from eventkit.graph.store import ValkeyStore

__all__ = ["CachedGraphEventService", "LastResult", "UserCalendar", "ValkeyStore"]
