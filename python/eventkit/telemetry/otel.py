"""Exports telemetry records as OpenTelemetry spans: ``pip install eventkit-recommender[otel]``.

No other module imports this one. The process sets up with OpenTelemetry's own SDK where the spans
are sent.
"""

from __future__ import annotations

from typing import Any

from opentelemetry import trace

__all__ = ["Exporter"]

_NS = 1_000_000_000


class Exporter:
    """Makes a span of each record. Pass it to `eventkit.Telemetry` as ``exporter``.

    Args:
        provider: The tracer provider; that of the process when left out.

    Example:
        >>> from eventkit import Telemetry
        >>> telemetry = Telemetry("telemetry.jsonl", exporter=Exporter())
        >>> telemetry.log("recommend", {"sessions": []}, None, True)
        True
    """

    def __init__(self, provider: trace.TracerProvider | None = None) -> None:
        """Take the tracer called ``eventkit`` from the provider."""
        self._tracer = trace.get_tracer("eventkit", tracer_provider=provider)

    def __call__(self, record: dict[str, Any]) -> None:
        """Make a span that ended when the record was logged."""
        end = int(record["ts"] * _NS)
        took = int((record["latency_ms"] or 0.0) * 1_000_000)
        attributes = {
            f"eventkit.{name}": value
            for name, value in record.items()
            if value is not None and name not in ("ts", "action", "latency_ms")
        }
        span = self._tracer.start_span(
            record["action"], start_time=end - took, attributes=attributes
        )
        if not record["success"]:
            span.set_status(trace.StatusCode.ERROR, record["error"])
        span.end(end)
