"""Writes telemetry as lines of JSON, rotates the file, and summarises such files exactly.

`Telemetry` writes, `get_telemetry` makes one from a manifest, and `summarize` reads. The compiled
module does the work; `eventkit.telemetry.privacy` decides what may be written at all.
"""

from __future__ import annotations

from eventkit.telemetry.life import flush_on_sigterm
from eventkit.telemetry.log import Telemetry
from eventkit.telemetry.settings import get_telemetry
from eventkit.telemetry.summary import summarize

__all__ = ["Telemetry", "flush_on_sigterm", "get_telemetry", "summarize"]
