"""Writes itineraries as one web page without scripts and external files. All texts are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from eventkit.dates import describe_slot, parse_moment
from eventkit.exports.escaping import as_text, single_line

__all__ = ["build_page"]

_STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --back: #fdfdfc; --soft: #57606a;
  --line: #d0d7de; --mark: #eaf2ff; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --back: #14171a; --soft: #a5adb6;
  --line: #39414a; --mark: #1d2b40; } }
body { margin: 0 auto; max-width: 46rem; padding: 2rem 1rem 4rem; color: var(--text);
  background: var(--back); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.15rem; margin: 0 0 .25rem; }
ol { list-style: none; margin: 0; padding: 0; }
.session { border-top: 1px solid var(--line); padding: 1rem 0; }
.facts, .note { color: var(--soft); margin: 0; }
.tags { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: .5rem 0 0;
  padding: 0; }
.tags li { background: var(--mark); border-radius: 1rem; font-size: .85rem; padding: .1rem .7rem; }
@media print { body { max-width: none; padding: 0; } .session { break-inside: avoid; } }
""".strip()

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{notes}
<ol>
{sessions}
</ol>
</main>
</body>
</html>
"""


def build_page(
    interests: Iterable[object],
    recommendation: Mapping[str, Any],
    *,
    title: str = "Event Itinerary",
) -> str:
    """Write a recommendation as one self-contained web page.

    Args:
        interests: The interests of the recommendation.
        recommendation: The result of `recommend`.
        title: The title of the page.

    Returns:
        An HTML document, light or dark as the reader's system is.

    Example:
        >>> page = build_page(["ai"], {"sessions": [{"title": "<b>Opening</b>"}]})
        >>> "&lt;b&gt;Opening" in page, "<b>" in page
        (True, False)
    """
    sessions = "\n".join(_session(session) for session in recommendation.get("sessions", ()))
    notes = "\n".join(_notes(interests, recommendation))
    return _PAGE.format(title=_safe(title), style=_STYLE, notes=notes, sessions=sessions)


def _safe(value: object) -> str:
    return escape(single_line(str(value)), quote=True)


def _notes(interests: Iterable[object], recommendation: Mapping[str, Any]) -> Iterable[str]:
    yield f'<p class="note">Recommended for: {", ".join(map(_safe, interests))}</p>'
    conflicts = recommendation.get("conflicts")
    if conflicts:
        yield f'<p class="note">Time slots that more than one session has: {_safe(conflicts)}</p>'


def _session(session: Any) -> str:
    facts = f"{_time(session)} &middot; {_safe(session.get('location', '?'))}"
    parts = [
        f"<h2>{_safe(session.get('title', 'Unknown Session'))}</h2>",
        f'<p class="facts">{facts}</p>',
    ]
    tags = as_text(session.get("tags"))
    if tags:
        items = "".join(f"<li>{_safe(tag)}</li>" for tag in tags)
        parts.append(f'<ul class="tags" aria-label="Tags">{items}</ul>')
    return f'<li class="session">\n{chr(10).join(parts)}\n</li>'


def _time(session: Any) -> str:
    start, end = session.get("start"), session.get("end")
    said = _safe(describe_slot(start, end))
    moment = parse_moment(start)
    if moment is None or moment.day is None:
        return said
    iso = moment.instant().isoformat() if moment.clock else moment.day.isoformat()
    return f'<time datetime="{iso}">{said}</time>'
