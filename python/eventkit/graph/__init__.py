"""Calendars: events of Microsoft Graph as sessions, and the cache in front of whatever has them."""

from __future__ import annotations

from eventkit.graph.cache import CachedGraphEventService, LastResult, UserCalendar

__all__ = ["CachedGraphEventService", "LastResult", "UserCalendar"]
