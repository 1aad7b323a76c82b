"""Writes recommendations as Markdown, calendar, web page, JSON or Adaptive Card, and saves files.

The command line, the server and `eventkit.catalog` import this façade only. The package is not
called ``export``: Python would then replace the function `eventkit.export` by the package.
"""

from __future__ import annotations

from eventkit.exports.calendar import Calendar, build_calendar
from eventkit.exports.document import (
    FORMATS,
    Document,
    Recommend,
    build_document,
    default_top,
    export,
    format_of,
)
from eventkit.exports.escaping import as_text, escape_markdown, readable, single_line
from eventkit.exports.name import file_name
from eventkit.exports.page import build_page
from eventkit.exports.saving import save, save_beneath

__all__ = [
    "FORMATS",
    "Calendar",
    "Document",
    "Recommend",
    "as_text",
    "build_calendar",
    "build_document",
    "build_page",
    "default_top",
    "escape_markdown",
    "export",
    "file_name",
    "format_of",
    "readable",
    "save",
    "save_beneath",
    "single_line",
]
