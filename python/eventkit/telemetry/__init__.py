"""Telemetry that is not lost: JSON lines, rotated by themselves, summarised exactly.

`Telemetry` writes, `get_telemetry` makes one from a manifest, `summarize` reads. The writing and
reading is compiled; what may be written at all is decided in `eventkit.telemetry.privacy`.
"""

from __future__ import annotations

from eventkit._imports import lazy_modules
from eventkit.telemetry.log import Telemetry
from eventkit.telemetry.settings import get_telemetry
from eventkit.telemetry.summary import summarize

__all__ = ["Telemetry", "get_telemetry", "summarize"]

# The exporter needs an extra, so it is imported only when it is first used.
__getattr__ = lazy_modules(__name__, frozenset({"otel"}))
