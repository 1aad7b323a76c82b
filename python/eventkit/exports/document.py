"""Makes a document of a recommendation in one of several formats, and can write it to a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from eventkit import functions
from eventkit.dates import parse_day
from eventkit.errors import ExportError
from eventkit.exports.calendar import build_calendar
from eventkit.exports.escaping import escape_markdown, escaped_session
from eventkit.exports.name import file_name
from eventkit.exports.page import build_page
from eventkit.exports.saving import save
from eventkit.results import Interests, Itinerary, Recommendation, Top

__all__ = [
    "DEFAULT_TOP",
    "FORMATS",
    "Document",
    "Recommend",
    "build_document",
    "default_top",
    "export",
    "format_of",
]

DEFAULT_TOP = 3
Recommend = Callable[[Any, Any, Any], Recommendation]
_ENDINGS = {
    ".csv": "csv",
    ".html": "html",
    ".htm": "html",
    ".ics": "ics",
    ".json": "json",
    ".markdown": "markdown",
    ".md": "markdown",
    ".txt": "markdown",
    ".xml": "schedule-xml",
}


@dataclass(frozen=True)
class Document:
    """An itinerary in one format.

    Attributes:
        result: The result of `export`, without ``saved``.
        text: The content of a file.
        name: The name of a file, made of the interests.
        undated: The titles of sessions without a date. A calendar has them on a given day.
    """

    result: Itinerary
    text: str
    name: str
    undated: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Request:
    manifest: Any
    interests: Any
    recommendation: Recommendation
    escape: bool
    day: date | None


def export(
    manifest: Mapping[str, Any],
    interests: Interests,
    top: Top = None,
    *,
    format: str = "markdown",
    output: str | os.PathLike[str] | None = None,
    escape: bool = False,
    date: date | str | None = None,
) -> Itinerary:
    """Recommend sessions and write them as an itinerary.

    Args:
        manifest: As for `recommend`.
        interests: A list of interests, or one text as on the command line (``"ai, agents"``).
        top: How many sessions. ``None`` takes the manifest's ``recommend.max_sessions_default``, or
            3 if it has none.
        format: ``markdown`` (the original's bytes), ``ics``, ``html``, ``json``, ``card``,
            ``schedule-json``, ``schedule-xml`` or ``csv``.
        output: A file to write, or a directory: the file is then named after the first three
            interests. Without an output nothing is written. A reader never sees half a file.
            Outputs with ``..``, links to directories and control characters are refused.
        escape: Escape markup in the texts of a Markdown itinerary. The original does not.
        date: For ``ics``: the day of sessions that have clock times only; today when left out.

    Returns:
        The document under the name of its format (text; an object for ``json``,
        ``card`` and ``schedule-json``) and
        ``sessionCount``. With ``ics`` also ``skipped``, the titles of sessions without a start.
        With an output also ``saved``, the path of the file.

    Raises:
        ExportError: The format, the date or the output cannot be used.
        OSError: The file cannot be written. An existing one is not changed.

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
    manifest: Mapping[str, Any],
    interests: Interests,
    top: Top,
    *,
    format: str,
    escape: bool = False,
    day: date | str | None = None,
    recommend: Recommend = functions.recommend,
) -> Document:
    """Make the document for `export`, without writing it.

    Args:
        manifest: As for `export`; it is also the first argument of `recommend`.
        interests: As for `export`.
        top: As for `export`.
        format: As for `export`.
        escape: As for `export`.
        day: As `date` for `export`.
        recommend: The function to call for a recommendation.

    Raises:
        ExportError: The format or the date cannot be used.
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


def format_of(output: str | os.PathLike[str] | None) -> str:
    """Return the format for the ending of a file name.

    Without an ending, and for a directory, it is Markdown.

    Raises:
        ExportError: No format has this ending.

    Example:
        >>> format_of("plan.ics"), format_of("plan"), format_of(None)
        ('ics', 'markdown', 'markdown')
        >>> format_of("plan.pdf")
        Traceback (most recent call last):
        eventkit.errors.ExportError: output 'plan.pdf': no format has the ending '.pdf', expected \
.csv, .html, .htm, .ics, .json, .markdown, .md, .txt or .xml, or a format
    """
    output = os.fspath(output or "")
    directory = output.endswith(os.sep) or Path(output).is_dir()
    ending = "" if directory else Path(output).suffix.lower()
    if ending and ending not in _ENDINGS:
        *others, last = _ENDINGS
        endings = f"{', '.join(others)} or {last}"
        reason = f"no format has the ending {ending!r}, expected {endings}, or a format"
        raise ExportError("output", output, reason)
    return _ENDINGS.get(ending, "markdown")


def default_top(manifest: Mapping[str, Any]) -> Any:
    """Return the number of sessions that a manifest recommends if the caller names none.

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
        return parse_day(day)
    except ValueError:
        raise ExportError("date", day, "must be a date as 2026-09-14") from None


def _document(
    request: _Request, key: str, extension: str, content: Any, text: str, **extra: Any
) -> Document:
    count = len(request.recommendation["sessions"])
    result: Any = {key: content, "sessionCount": count, **extra}
    return Document(result, text, file_name(request.interests, extension))


def _as_markdown(request: _Request) -> Document:
    interests: Any = request.interests
    recommendation: Any = request.recommendation
    if request.escape:
        interests = [escape_markdown(str(interest)) for interest in interests]
        recommendation = {"sessions": [escaped_session(s) for s in recommendation["sessions"]]}
    text = functions.build_itinerary_markdown(interests, recommendation)
    return _document(request, "markdown", "md", text, text)


def _as_calendar(request: _Request) -> Document:
    sessions = request.recommendation["sessions"]
    calendar = build_calendar(
        sessions, name=_name(request.manifest), day=request.day, zone=_zone(request.manifest)
    )
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


# The schedules' module is imported when it is needed: it takes longer than all of the others.
def _as_schedule(request: _Request) -> Document:
    from eventkit.exports.schedule import build_schedule

    schedule = build_schedule(request.recommendation["sessions"], **_conference(request))
    return _document(request, "schedule-json", "schedule.json", schedule, _json_text(schedule))


def _as_schedule_xml(request: _Request) -> Document:
    from eventkit.exports.schedule import build_schedule_xml

    text = build_schedule_xml(request.recommendation["sessions"], **_conference(request))
    return _document(request, "schedule-xml", "schedule.xml", text, text)


def _as_csv(request: _Request) -> Document:
    from eventkit.exports.schedule import build_csv

    text = build_csv(request.recommendation["sessions"])
    return _document(request, "csv", "csv", text, text)


def _conference(request: _Request) -> dict[str, Any]:
    return {"name": _name(request.manifest), "zone": _zone(request.manifest)}


def _zone(manifest: Any) -> str | None:
    zone = manifest.get("zone")
    return zone if isinstance(zone, str) and zone else None


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
    "schedule-json": _as_schedule,
    "schedule-xml": _as_schedule_xml,
    "csv": _as_csv,
}
