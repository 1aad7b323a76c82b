"""The command ``template``: writes sessions to fill in, for a manifest or an external file."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from eventkit.cli.answer import Answer
from eventkit.dates import parse_day
from eventkit.errors import EventKitError
from eventkit.exports import save, single_line

__all__ = ["FILE", "sessions_template", "template"]

FILE = "sessions_external.json"
"""The name of the external sessions file that agents look for."""

_FIRST_HOUR, _LAST_HOUR = 9, 17


class BadTemplateError(EventKitError):
    """The arguments of ``template`` cannot be used."""


def template(arguments: argparse.Namespace) -> Answer:
    """Print or write sessions to fill in."""
    if arguments.count < 1:
        raise BadTemplateError(f"--count {arguments.count}: expected 1 or more")
    output = arguments.output
    if output is not None and not _takes_json(output):
        raise BadTemplateError(f"--output {output}: a template is JSON, expected a name in .json")
    sessions = sessions_template(arguments.count, _day(arguments.date))
    text = json.dumps(sessions, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        return Answer(sessions, lambda: text.rstrip("\n").split("\n"))
    saved = save(output, FILE, text)
    result = {"saved": saved, "sessionCount": len(sessions)}
    line = f"{len(sessions)} sessions to fill in, written to {single_line(saved)}"
    return Answer(result, lambda: [line])


def _day(text: str | None) -> date:
    try:
        return date.today() if text is None else parse_day(text)
    except ValueError as error:
        raise BadTemplateError(f"--date {error}") from error


def _takes_json(output: str) -> bool:
    path = Path(output)
    return path.suffix.lower() in ("", ".json") or path.is_dir() or output.endswith("/")


def sessions_template(count: int, day: date) -> list[dict[str, Any]]:
    """Make sessions to fill in, with every member that eventkit reads.

    They start every hour, from 9 to 16. Further sessions are on the next days.

    Args:
        count: The number of sessions.
        day: The day of the first session.

    Example:
        >>> rows = sessions_template(9, date(2026, 9, 14))
        >>> rows[0]["start"], rows[8]["start"]
        ('2026-09-14T09:00:00', '2026-09-15T09:00:00')
        >>> list(rows[0])
        ['id', 'title', 'start', 'end', 'location', 'tags', 'popularity']
    """
    return [_session(number, day) for number in range(count)]


def _session(number: int, first: date) -> dict[str, Any]:
    days, hour = divmod(number, _LAST_HOUR - _FIRST_HOUR)
    day = first + timedelta(days=days)
    start = datetime(day.year, day.month, day.day, _FIRST_HOUR + hour)
    return {
        "id": f"session-{number + 1:03}",
        "title": f"Title of session {number + 1}",
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=45)).isoformat(),
        "location": "Room",
        "tags": ["first tag", "second tag"],
        "popularity": 0.5,
    }
