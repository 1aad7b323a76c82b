"""Lists the sessions of an answer, for a model and for a program."""

from __future__ import annotations

from typing import Any

from eventkit.mcp.lines import row_of, session_lines
from eventkit.mcp.programme import Programme

__all__ = ["rows_and_lines"]


def rows_and_lines(
    programme: Programme, interests: list[str], answer: Any, *, all_match: bool = False
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the structured rows of an answer's sessions, and a line for each.

    Args:
        programme: The programme.
        interests: The interests of the question.
        answer: The answer of the engine.
        all_match: Whether every session matches at least one of the interests.
    """
    sessions = answer["sessions"]
    if all_match and len(interests) == 1:
        matched = [interests] * len(sessions)
    else:
        matched = programme.matched(sessions, interests)
    rows = [
        row_of(session, found, score["score"])
        for session, score, found in zip(sessions, answer["scoring"], matched, strict=True)
    ]
    handles = [programme.short_id(row.get("id", "")) for row in rows]
    return rows, session_lines(sessions, rows, handles)
