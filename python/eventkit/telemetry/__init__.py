"""Writes telemetry as lines of JSON, rotates the file, and summarises such files exactly.

`Telemetry` writes, `get_telemetry` makes one from a manifest, and `summarize` reads. The compiled
module does the work; `eventkit.telemetry.privacy` decides what may be written at all.
"""

from __future__ import annotations

from eventkit._imports import lazy_modules
from eventkit.telemetry.life import flush_on_sigterm
from eventkit.telemetry.log import Telemetry
from eventkit.telemetry.settings import get_telemetry
from eventkit.telemetry.summary import summarize

__all__ = ["Telemetry", "flush_on_sigterm", "get_telemetry", "summarize"]

# The exporter needs an extra, so it is imported only when it is first used.
__getattr__ = lazy_modules(__name__, frozenset({"otel"}))
