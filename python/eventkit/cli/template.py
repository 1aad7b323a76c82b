"""The command ``template``: sessions to fill in, as a manifest or an external file holds them."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime, timedelta
from typing import Any

from eventkit.cli.answer import Answer
from eventkit.errors import EventKitError
from eventkit.exports import save, single_line

__all__ = ["FILE", "sessions_template", "template"]

FILE = "sessions_external.json"
"""The name under which an agent looks for external sessions."""

_FIRST_HOUR, _LAST_HOUR = 9, 17


class BadTemplateError(EventKitError):
    """A template that cannot be made as asked."""


def template(arguments: argparse.Namespace) -> Answer:
    """Print or write sessions to fill in."""
    if arguments.count < 1:
        raise BadTemplateError(f"--count {arguments.count}: at least 1")
    sessions = sessions_template(arguments.count, _day(arguments.date))
    text = json.dumps(sessions, indent=2, ensure_ascii=False) + "\n"
    if arguments.output is None:
        return Answer(sessions, lambda: text.rstrip("\n").split("\n"))
    saved = save(arguments.output, FILE, text)
    result = {"saved": saved, "sessionCount": len(sessions)}
    line = f"{len(sessions)} sessions to fill in, written to {single_line(saved)}"
    return Answer(result, lambda: [line])


def _day(text: str | None) -> date:
    try:
        return date.today() if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise BadTemplateError(f"--date {text}: write a day as 2026-09-14") from error


def sessions_template(count: int, day: date) -> list[dict[str, Any]]:
    """Make sessions to fill in, with every member that is read: one an hour, from 9 to 17.

    Args:
        count: How many.
        day: The first one's day; each further day begins at 9 again.

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
