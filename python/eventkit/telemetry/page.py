"""A page of latency curves and a histogram: one file, no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

__all__ = ["build_page"]

_WIDTH, _HEIGHT, _MARGIN = 720, 240, 48
_CURVES = (("p50", "#2a7"), ("p95", "#d80"), ("p99", "#c33"))
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:right;"
    "border-bottom:1px solid #8884}td:first-child,th:first-child{text-align:left}"
    "svg{width:100%;height:auto}text{font-size:11px;fill:currentColor}"
    ":root{color-scheme:light dark}"
)


def build_page(summary: dict[str, Any], hours: dict[str, dict[str, Any]]) -> str:
    """Build the page.

    Args:
        summary: What `eventkit.summarize` returns.
        hours: The ``by`` of a summary by hour.

    Example:
        >>> latency = {"count": 1, "p50": 1.0, "p95": 2.0, "p99": 3.0}
        >>> part = {"count": 1, "success_rate": 1.0, "latency": latency}
        >>> summary = {**part, "by": {"a<b": part}, "histogram": [[1.0, 2.0, 1]]}
        >>> page = build_page(summary, {"2026-11-23T15Z": part})
        >>> "a&lt;b" in page, "<script" in page
        (True, False)
    """
    known = {hour: part["latency"] for hour, part in hours.items() if part["latency"]["count"]}
    return "\n".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Telemetry</title>',
            f"<style>{_STYLE}</style><h1>Telemetry</h1>",
            _table(summary),
            "<h2>Latency by hour (UTC)</h2>",
            _curves(known),
            "<h2>Latencies</h2>",
            _histogram(summary["histogram"]),
            "</html>",
            "",
        ]
    )


def _table(summary: dict[str, Any]) -> str:
    rows = ["<tr><th><th>Count<th>Success<th>p50 ms<th>p95 ms<th>p99 ms</tr>"]
    for name, part in [*summary["by"].items(), ("all", summary)]:
        rate, latency = part["success_rate"], part["latency"]
        cells = [f"{part['count']:,}", "-" if rate is None else f"{rate:.1%}"]
        cells += ["-" if latency[key] is None else f"{latency[key]:,.1f}" for key, _ in _CURVES]
        rows.append("".join(["<tr>", f"<td>{escape(name)}", *(f"<td>{cell}" for cell in cells)]))
    return f"<table>{''.join(rows)}</table>"


def _curves(hours: dict[str, dict[str, Any]]) -> str:
    if not hours:
        return "<p>No times."
    names = sorted(hours)
    most = max(hours[name]["p99"] for name in names) or 1.0
    step = (_WIDTH - 2 * _MARGIN) / max(1, len(names) - 1)
    shapes = []
    for place, (key, colour) in enumerate(_CURVES):
        points = [
            (_MARGIN + at * step, _down(hours[name][key] / most)) for at, name in enumerate(names)
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        shapes.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{colour}"/>' for x, y in points]
        shapes.append(_text(_WIDTH - _MARGIN + 6, 20 + 16 * place, key, f' style="fill:{colour}"'))
    shapes += [_text(0, _down(part), f"{part * most:,.1f} ms") for part in (0.0, 0.5, 1.0)]
    shapes += [_text(_MARGIN, _HEIGHT - 4, names[0]), _text(_WIDTH - 160, _HEIGHT - 4, names[-1])]
    return _svg(shapes)


def _histogram(bars: list[list[float]]) -> str:
    if not bars:
        return "<p>No latencies."
    most = max(count for _, _, count in bars)
    width = (_WIDTH - 2 * _MARGIN) / len(bars)
    shapes = []
    for place, (low, _high, count) in enumerate(bars):
        x, y = _MARGIN + place * width, _down(count / most)
        height = _HEIGHT - _MARGIN / 2 - y
        shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width * 0.9:.1f}" height="{height:.1f}" '
            f'fill="#48c"><title>from {low:g} ms: {int(count):,}</title></rect>'
        )
        shapes.append(_text(x, _HEIGHT - 8, f"{low:g}"))
    return _svg(shapes)


def _down(part: float) -> float:
    return _HEIGHT - _MARGIN / 2 - part * (_HEIGHT - _MARGIN)


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{escape(text)}</text>'


def _svg(shapes: list[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(shapes)}</svg>'
