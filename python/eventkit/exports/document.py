"""`export`: a recommendation as a document of one of five formats, written to a file on request."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from eventkit import functions
from eventkit.errors import ExportError
from eventkit.exports.calendar import build_calendar
from eventkit.exports.escaping import escape_markdown, escaped_session
from eventkit.exports.name import file_name
from eventkit.exports.page import build_page
from eventkit.exports.saving import save

__all__ = [
    "DEFAULT_TOP",
    "FORMATS",
    "Document",
    "Recommend",
    "build_document",
    "default_top",
    "export",
]

DEFAULT_TOP = 3
Recommend = Callable[[Any, Any, Any], dict[str, Any]]


@dataclass(frozen=True)
class Document:
    """An itinerary in one format.

    Attributes:
        result: what `export` answers, but for ``saved``.
        text: what a file of it holds.
        name: the file's name, made of the interests.
        undated: the titles of sessions that a calendar has on the day given for them.
    """

    result: dict[str, Any]
    text: str
    name: str
    undated: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Request:
    manifest: Any
    interests: Any
    recommendation: dict[str, Any]
    escape: bool
    day: date | None


def export(
    manifest: Any,
    interests: Any,
    top: Any = None,
    *,
    format: str = "markdown",
    output: str | os.PathLike[str] | None = None,
    escape: bool = False,
    date: date | str | None = None,
) -> dict[str, Any]:
    """Recommend sessions and write them as an itinerary.

    Args:
        manifest: the manifest.
        interests: a list of interests, or one text as on the command line (``"ai, agents"``).
        top: how many sessions; ``None`` takes the manifest's ``recommend.max_sessions_default``,
            3 if it has none.
        format: ``markdown`` (byte for byte the original's), ``ics``, ``html``, ``json``, ``card``.
        output: where to write: a file, or a directory in which the file is named after the first
            three interests. Nothing is written without it. The write is atomic, and stays inside
            the directory: ``..``, links to directories and control characters are refused.
        escape: neutralise markup in the texts of a Markdown itinerary (the original does not).
        date: the day of sessions with clock times only, for ``ics``; today when not given.

    Returns:
        The document under its format's name (text; for ``json`` and ``card`` the object itself) and
        ``sessionCount``; with ``ics`` also ``skipped``, the titles without a readable start;
        ``saved``, the path, when a file was written.

    Raises:
        ExportError: for an unknown format, a date or an output that cannot be used.
        OSError: when the file cannot be written; an older one is then still there.

    Example:
        >>> manifest = {
        ...     "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
        ...     "sessions": [{"title": "Agents at Work", "start": "09:00", "tags": ["AI"]}],
        ... }
        >>> export(manifest, ["ai"])["markdown"].splitlines()[4]
        '## Agents at Work'
        >>> export(manifest, ["ai"], format="ics", date="2026-09-14")["sessionCount"]
        1
    """
    document = build_document(manifest, interests, top, format=format, escape=escape, day=date)
    if output is not None:
        document.result["saved"] = save(output, document.name, document.text)
    return document.result


def build_document(
    manifest: Any,
    interests: Any,
    top: Any,
    *,
    format: str,
    escape: bool = False,
    day: date | str | None = None,
    recommend: Recommend = functions.recommend,
) -> Document:
    """Make the document that `export` answers with, and may write.

    The command line brings a `recommend` of its own, which knows where its manifest lies.
    """
    if format not in FORMATS:
        raise ExportError("format", format, f"must be one of {', '.join(FORMATS)}")
    day = _as_day(day)
    if isinstance(interests, str):
        interests = functions.normalize_interests(interests)
    elif not isinstance(interests, (list, tuple)):
        interests = list(interests)
    if top is None:
        top = default_top(manifest)
    recommendation = recommend(manifest, interests, top)
    request = _Request(manifest, interests, recommendation, escape, day)
    return FORMATS[format](request)


def default_top(manifest: Any) -> Any:
    """The number of sessions that a manifest asks for when the caller does not.

    Example:
        >>> default_top({"recommend": {"max_sessions_default": 5}}), default_top({})
        (5, 3)
    """
    settings = manifest.get("recommend")
    top = settings.get("max_sessions_default") if isinstance(settings, dict) else None
    return DEFAULT_TOP if top is None else top


def _as_day(day: date | str | None) -> date | None:
    if isinstance(day, datetime):
        return day.date()
    if day is None or isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except (TypeError, ValueError):
        raise ExportError("date", day, "must be a date as 2026-09-14") from None


def _document(
    request: _Request, key: str, extension: str, content: Any, text: str, **extra: Any
) -> Document:
    count = len(request.recommendation["sessions"])
    result = {key: content, "sessionCount": count, **extra}
    return Document(result, text, file_name(request.interests, extension))


def _as_markdown(request: _Request) -> Document:
    interests: Any = request.interests
    recommendation = request.recommendation
    if request.escape:
        interests = [escape_markdown(str(interest)) for interest in interests]
        recommendation = {"sessions": [escaped_session(s) for s in recommendation["sessions"]]}
    text = functions.build_itinerary_markdown(interests, recommendation)
    return _document(request, "markdown", "md", text, text)


def _as_calendar(request: _Request) -> Document:
    sessions = request.recommendation["sessions"]
    calendar = build_calendar(sessions, name=_name(request.manifest), day=request.day)
    text = calendar.text
    document = _document(request, "ics", "ics", text, text, skipped=calendar.skipped)
    document.undated.extend(calendar.dated)
    return document


def _as_page(request: _Request) -> Document:
    text = build_page(request.interests, request.recommendation, title=_name(request.manifest))
    return _document(request, "html", "html", text, text)


def _as_json(request: _Request) -> Document:
    recommendation = request.recommendation
    return _document(request, "json", "json", recommendation, _json_text(recommendation))


def _as_card(request: _Request) -> Document:
    card = functions.build_adaptive_card(request.recommendation["sessions"])
    return _document(request, "card", "card.json", card, _json_text(card))


def _json_text(content: object) -> str:
    return json.dumps(content, indent=2) + "\n"


def _name(manifest: Any) -> str:
    name = manifest.get("name")
    return name if isinstance(name, str) and name.strip() else "Event Itinerary"


FORMATS: dict[str, Callable[[_Request], Document]] = {
    "markdown": _as_markdown,
    "ics": _as_calendar,
    "html": _as_page,
    "json": _as_json,
    "card": _as_card,
}
