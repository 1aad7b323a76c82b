"""Itineraries: a recommendation as Markdown, calendar, web page, JSON or Adaptive Card."""

from __future__ import annotations

from eventkit.itinerary.calendar import Calendar, build_calendar
from eventkit.itinerary.escaping import escape_markdown
from eventkit.itinerary.export import FORMATS, export
from eventkit.itinerary.name import file_name
from eventkit.itinerary.page import build_page

__all__ = [
    "FORMATS",
    "Calendar",
    "build_calendar",
    "build_page",
    "escape_markdown",
    "export",
    "file_name",
]
