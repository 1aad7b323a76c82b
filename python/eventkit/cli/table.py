"""Lays out tables of text in any script, so that they fit a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["display_width", "fitted", "layout"]

_GAP = "  "
_NARROWEST = 8


def display_width(text: str) -> int:
    """Return the number of columns that a text takes at a terminal.

    Example:
        >>> display_width("agent"), display_width("会議")
        (5, 4)
    """
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fitted(text: str, width: int) -> str:
    """Shorten or pad a text to a width.

    Example:
        >>> fitted("A long title", 8), fitted("Short", 8)
        ('A lon...', 'Short   ')
    """
    used = display_width(text)
    if used > width:
        kept, used = "", 3
        for character in text:
            if used + _columns(character) > width:
                break
            kept, used = kept + character, used + _columns(character)
        text = kept + "..."
    return text + " " * (width - used)


def layout(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Lay out rows in columns. If the terminal is too narrow, the widest columns are shortened.

    Example:
        >>> for line in layout([["Session", "When"], ["A talk with a long title", "09:00"]], 22):
        ...     print(line)
        Session          When
        A talk with ...  09:00
    """
    widths = [max(display_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0 and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
        excess -= 1
    return [_GAP.join(map(fitted, row, widths)).rstrip() for row in rows]
