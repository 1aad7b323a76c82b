"""Says what interests matched, and what they did not."""

from __future__ import annotations

from typing import Any

from eventkit.mcp.clean import clean
from eventkit.understanding import Understood

__all__ = ["COLUMNS", "of_interests", "unmatched"]

COLUMNS = "id | title | time | room | matched | score"
_LITERAL = frozenset({"exact", "word", "text", "form", "level"})
_MOST_TERMS = 3


def unmatched(understood: list[Understood]) -> list[dict[str, Any]]:
    """Return the interests that no session matches, each with the nearest topics."""
    return [
        {"interest": clean(row["interest"]), "nearest": [clean(tag) for tag in row["nearest"]]}
        for row in understood
        if not row["sessions"]
    ]


def of_interests(understood: list[Understood]) -> list[str]:
    """Return a line for each interest that matched nothing, or that was read as another word."""
    lines = []
    for row in understood:
        interest = clean(row["interest"])
        if not row["sessions"]:
            nearest = ", ".join(clean(tag) for tag in row["nearest"])
            meant = f" Nearest topics: {nearest}." if nearest else ""
            lines.append(f"Nothing matches {interest}.{meant}")
            continue
        if row["unmatched"]:
            words = ", ".join(clean(word) for word in row["unmatched"])
            lines.append(f"Of {interest}, nothing matches: {words}.")
        read = [match for match in row["matches"] if match["how"] not in _LITERAL]
        if read and len(read) == len(row["matches"]):
            terms = ", ".join(f"{clean(one['term'])} ({one['how']})" for one in read[:_MOST_TERMS])
            lines.append(f"{interest} was read as {terms}.")
    return lines
