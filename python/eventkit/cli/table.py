"""Lays out tables of text in any script, so that they fit a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = [
    "GAP",
    "Row",
    "Table",
    "display_width",
    "fitted",
    "layout",
    "plain_lines",
    "widths",
    "word_pattern",
]

GAP = "  "
_NARROWEST = 8
_NARROWEST_TITLE = 20
_NARROWEST_TIME = 11  # "Mon 14 Sep,", and below it "09:00-09:45"


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        cells: The texts, one for each column.
        hit: False if the row is a session that matches no interest.
    """

    cells: Sequence[str]
    hit: bool = True


class Table(NamedTuple):
    """A table before it is laid out.

    Attributes:
        heads: The names of the columns.
        rows: The rows.
        title: The column that keeps its width the longest, or ``None``.
        whole: Columns whose texts make no sense if they are cut, such as numbers and times.
        marked: Lower-case words to mark where the table has colours.
        divider: The line above the rows that are no hits. The hits then come first.
    """

    heads: Sequence[str]
    rows: Sequence[Row]
    title: int | None = None
    whole: frozenset[int] = frozenset()
    marked: frozenset[str] = frozenset()
    divider: str = ""

    def divided(self) -> list[Row | str]:
        """Return the rows, with the divider above the first one that is no hit."""
        lines: list[Row | str] = list(self.rows)
        first = next((place for place, row in enumerate(self.rows) if not row.hit), None)
        if first is not None and self.divider:
            lines.insert(first, self.divider)
        return lines


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
        dots = min(width, 3)
        kept, used = "", dots
        for character in text:
            if used + _columns(character) > width:
                break
            kept, used = kept + character, used + _columns(character)
        text = kept + "." * dots
    return text + " " * (width - used)


def widths(table: Table, width: int, *, wraps: bool = False) -> list[int]:
    """Return the widths of the columns. The last columns are left out if not all fit.

    The other columns become narrower before the title does.

    Args:
        table: The table.
        width: The columns of the terminal.
        wraps: True if a text that is too long continues on the next line. Then times may be
            broken, too.

    Example:
        >>> rows = [Row(["A talk with a long title", "09:00", "The very large hall"])]
        >>> table = Table(["Session", "When", "Where"], rows, title=0, whole=frozenset({1}))
        >>> widths(table, 60), widths(table, 45), widths(table, 30)
        ([24, 5, 19], [24, 5, 12], [23, 5])
    """
    cells = [table.heads, *(row.cells for row in table.rows)]
    found = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    least = [_least(table, place, natural, wraps) for place, natural in enumerate(found)]
    while len(least) > 1 + (table.title or 0) and _total(least) > width:
        least.pop()
    if table.title is not None:  # What is left of the narrowest terminal is the title's.
        rest = _total(least) - least[table.title]
        least[table.title] = max(1, min(least[table.title], width - rest))
    found = found[: len(least)]
    others = [place for place in range(len(found)) if place != table.title]
    titles = [] if table.title is None else [table.title]
    for places in (others, titles):
        while (excess := _total(found) - width) > 0:
            places = [place for place in places if found[place] > least[place]]
            if not places:
                break
            widest = max(places, key=found.__getitem__)
            found[widest] -= min(1, excess)
    return found


def _least(table: Table, place: int, natural: int, wraps: bool) -> int:
    if place in table.whole:
        return min(natural, _NARROWEST_TIME) if wraps else natural
    return min(natural, _NARROWEST_TITLE if place == table.title else _NARROWEST)


def _total(columns: Sequence[int]) -> int:
    return sum(columns) + len(GAP) * (len(columns) - 1)


def plain_lines(table: Table, width: int) -> list[str]:
    r"""Lay out a table as plain text.

    Example:
        >>> rows = [Row(["A talk with a very long title", "09:00"]), Row(["Dinner", ""], False)]
        >>> table = Table(["Session", "When"], rows, 0, divider="No interest matches:")
        >>> print("\n".join(plain_lines(table, 30)))
        Session                  When
        A talk with a very l...  09:00
        No interest matches:
        Dinner
    """
    columns = widths(table, width)
    lines = []
    for row in [Row(table.heads), *table.divided()]:
        if isinstance(row, str):
            lines.append(fitted(row, width).rstrip())
        else:
            cells = map(fitted, row.cells, columns)
            lines.append(GAP.join(cells).rstrip())
    return lines


def word_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of whole words or phrases, in any case. It matches nothing without words.

    Example:
        >>> pattern = word_pattern({"rust", "c++"})
        >>> [pattern.search(text) is not None for text in ("Rust!", "trust", "in C++.")]
        [True, False, True]
        >>> word_pattern([]).search("rust") is None
        True
    """
    # The longer ones first: of `agents` and `ai agents`, the whole phrase is marked.
    choices = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)" if choices else "(?!)", re.IGNORECASE)


def layout(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Lay out rows in columns. If the terminal is too narrow, the widest columns are shortened.

    Example:
        >>> for line in layout([["Session", "When"], ["A talk with a long title", "09:00"]], 22):
        ...     print(line)
        Session          When
        A talk with ...  09:00
    """
    columns = [max(display_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    excess = _total(columns) - width
    while excess > 0 and max(columns) > _NARROWEST:
        columns[columns.index(max(columns))] -= 1
        excess -= 1
    return [GAP.join(map(fitted, row, columns)).rstrip() for row in rows]
