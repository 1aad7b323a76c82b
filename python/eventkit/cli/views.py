"""Shows answers at a terminal. Control characters in a manifest never reach the terminal."""

from __future__ import annotations

import re
from typing import Any

from eventkit.cli.table import Row, Table, word_pattern
from eventkit.dates import SHORT_DATE, describe_slot
from eventkit.exports import as_text, readable, single_line

__all__ = [
    "explanation",
    "interest_lines",
    "itinerary",
    "number",
    "recommendation",
    "term_lines",
]

_HEADS = ("", "Score", "Session", "When", "Where", "Matches")
_TITLE = 2
_WHOLE = frozenset({0, 1, 3})
_DIVIDER = "No interest matches the sessions below."


def recommendation(result: Any, interests: list[str], *, divided: bool = True) -> list[str | Table]:
    """Return a table of sessions, best first, and the interests that match none of them.

    Args:
        result: The result of a recommendation or a plan.
        interests: The interests that were asked for.
        divided: True to show sessions that match no interest last, below a line that says so.
    """
    sessions, scoring = result["sessions"], result["scoring"]
    if not sessions:
        return ["No sessions.", *interest_lines(result)]
    words = _matching_words(result, interests)
    pattern = word_pattern(words)
    rows = []
    for place, (session, score) in enumerate(zip(sessions, scoring, strict=True), 1):
        matching = _matching_tags(session, interests, pattern)
        hit = bool(matching or score["contributions"]["interest_match"])
        shown = ", ".join(matching) or ("in its text" if hit else "none")
        cells = [f"{place}", number(score["score"]), *_facts(session), single_line(shown)]
        rows.append(Row(cells, hit))
    if divided:
        rows.sort(key=lambda row: not row.hit)
    divider = _DIVIDER if divided else ""
    table = Table(_HEADS, rows, _TITLE, _WHOLE, words, divider)
    lines = [*_conflict_lines(result["conflicts"]), *interest_lines(result)]
    return [table, *lines, *_profile_lines(result)]


def _matching_words(result: Any, interests: list[str]) -> frozenset[str]:
    """Return the interests, and the terms of the programme that they were understood as."""
    understood = result.get("understood", ())
    terms = [match["term"] for row in understood for match in row["matches"]]
    return frozenset(single_line(word).lower() for word in (*interests, *terms) if word.strip())


def _matching_tags(session: Any, interests: list[str], understood: re.Pattern[str]) -> list[str]:
    tags = as_text(session.get("tags"))
    return [tag for tag in tags if tag.lower() in interests or understood.search(tag)]


def interest_lines(result: Any) -> list[str]:
    """Return a line for each interest that matches nothing, or if understood, for each interest."""
    if "understood" in result:
        return _understood_lines(result)
    lines = []
    for row in result.get("unmatched", []):
        line = f"No session has the tag {single_line(row['interest'])}."
        if row["nearest"]:
            line += f" Did you mean {single_line(_either(row['nearest']))}?"
        lines.append(line)
    return ["", *lines] if lines else []


def _either(names: list[str]) -> str:
    """Return names as a choice: ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _facts(session: Any) -> list[str]:
    return [
        single_line(str(session.get("title", "?"))),
        single_line(describe_slot(*_slot(session), SHORT_DATE)),
        single_line(str(session.get("location", "?"))),
    ]


def _slot(session: Any) -> tuple[Any, Any]:
    """Return start and end: those with a date if the session is one of a feed."""
    if session.get("start_at") and "day" in session:
        return session["start_at"], session.get("end_at")
    return session.get("start"), session.get("end")


def _understood_lines(result: Any) -> list[str]:
    """Return a line for each interest: what it matched, or the nearest tags."""
    lines = []
    for row in result.get("understood", ()):
        interest = single_line(row["interest"])
        if row["sessions"]:
            found = [
                f"{match['term']} ({match['how']}, {match['sessions']})" for match in row["matches"]
            ]
            more = f", and {len(found) - 5} more" if len(found) > 5 else ""
            lines.append(f"{interest}: {single_line(', '.join(found[:5]))}{more}")
        else:
            nearest = single_line(_either(row["nearest"])) if row["nearest"] else ""
            tags = f" Did you mean {nearest}?" if nearest else ""
            lines.append(f"{interest}: matches nothing.{tags}")
    return ["", *lines] if lines else []


def _conflict_lines(conflicts: int) -> list[str]:
    if not conflicts:
        return []
    slots = "time slot has" if conflicts == 1 else "time slots have"
    return ["", f"{conflicts} {slots} more than one of these sessions."]


def _profile_lines(result: Any) -> list[str]:
    saved = result.get("profileSaved")
    return [] if saved is None else ["", f"Interests saved as {single_line(saved)}."]


def explanation(result: Any) -> list[str]:
    """Return lines about a score and its contributions."""
    lines = [f"{single_line(str(result['title']))}: score {number(result['score'])}"]
    for name, value in result["contributions"].items():
        lines.append(f"  {name.replace('_', ' '):<15} {number(value):>8}")
    lines += term_lines(result)
    tags = single_line(", ".join(result["matched_tags"]))
    lines.append(f"Matching tags: {tags or 'none'}")
    return [*lines, *_profile_lines(result)]


def term_lines(result: Any) -> list[str]:
    """Return a line for each term of a match, with its weight."""
    lines = []
    for term in result.get("terms", ()):
        words = f"{term['word']}: {term['term']} ({term['how']}, {', '.join(term['fields'])})"
        lines.append(f"    {number(term['weight'])} {single_line(words)}")
    return lines


def itinerary(result: Any, text: str) -> list[str]:
    """Return the lines of the itinerary, or the name of the file that holds it."""
    saved = result.get("saved")
    if saved is None:
        lines = readable(text).rstrip("\n").split("\n")
    else:
        count = result["sessionCount"]
        sessions = "session" if count == 1 else "sessions"
        lines = [f"{count} {sessions} written to {single_line(saved)}"]
    return [*lines, *_profile_lines(result)]


def number(value: Any) -> str:
    """Return a score with three digits after the point."""
    return f"{value:.3f}" if isinstance(value, (int, float)) else single_line(str(value))
