"""Shows what changed between two states of a programme: as text, JSON or Markdown."""

from __future__ import annotations

from typing import Any

from eventkit.cli.answer import Answer
from eventkit.exports import escape_markdown, single_line
from eventkit.feeds import Difference, Moved

__all__ = ["FORMATS", "answer"]

FORMATS = ("text", "json", "markdown")
_HEADINGS = (
    ("moved", "Moved"),
    ("rooms", "Room changed"),
    ("renamed", "Renamed"),
    ("new", "New"),
    ("cancelled", "Cancelled"),
)
_SHOWN = ("id", "title", "start", "end", "start_at", "end_at", "day", "location")


def answer(difference: Difference, format: str) -> Answer:
    """Return the answer of ``diff`` in a format."""
    view = _markdown if format == "markdown" else _text
    return Answer(_result(difference), lambda: view(difference), lines=format != "json")


def _result(difference: Difference) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, _ in _HEADINGS:
        result[name] = [_described(entry) for entry in getattr(difference, name)]
    return {**result, "unchanged": difference.unchanged}


def _described(entry: Moved | dict[str, Any]) -> dict[str, Any]:
    session = entry.session if isinstance(entry, Moved) else entry
    shown = {name: session[name] for name in _SHOWN if name in session}
    if isinstance(entry, Moved):
        return {**shown, "before": entry.before, "after": entry.after}
    return shown


def _text(difference: Difference) -> list[str]:
    lines = []
    for name, heading in _HEADINGS:
        entries = getattr(difference, name)
        if entries:
            lines += [f"{heading} ({len(entries):,})"]
            lines += [f"  {single_line(_line(entry))}" for entry in entries]
    return [*lines, _summary(difference)]


def _markdown(difference: Difference) -> list[str]:
    lines = []
    for name, heading in _HEADINGS:
        entries = getattr(difference, name)
        if entries:
            lines += [f"## {heading}", ""]
            lines += [f"- {escape_markdown(single_line(_line(entry)))}" for entry in entries]
            lines += [""]
    return [*lines, _summary(difference)]


def _summary(difference: Difference) -> str:
    if not difference:
        return f"Nothing changed in {difference.unchanged:,} sessions."
    return f"{difference.unchanged:,} sessions are unchanged."


def _line(entry: Moved | dict[str, Any]) -> str:
    if isinstance(entry, Moved):
        title = str(entry.session.get("title", ""))
        return f"{title}: {entry.before or 'nothing'} → {entry.after or 'nothing'}"
    when = str(entry.get("start_at") or entry.get("start") or "")[:16].replace("T", " ")
    place = str(entry.get("location") or "")
    return ", ".join(part for part in (str(entry.get("title", "")), when, place) if part)
