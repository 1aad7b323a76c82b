"""Telemetry that is not lost: JSON lines, rotated by themselves, summarised exactly.

`Telemetry` writes, `get_telemetry` makes one from a manifest, `summarize` reads. The writing and
reading is compiled; what may be written at all is decided in `eventkit.telemetry.privacy`.
"""

from __future__ import annotations

from eventkit.telemetry.log import Telemetry
from eventkit.telemetry.settings import get_telemetry
from eventkit.telemetry.summary import summarize

__all__ = ["Telemetry", "get_telemetry", "summarize"]
