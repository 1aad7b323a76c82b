"""Shows tables in colour at a terminal, by the library rich."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eventkit._imports import optional
from eventkit.cli.table import GAP, Row, Table, widths, word_pattern

__all__ = ["coloured"]

HIT, MISS, MARK, HEAD = "cyan", "bright_black", "bold underline", "bold"


def coloured(parts: Sequence[str | Table], width: int, stream: Any) -> bool:
    """Print lines and tables in colour. The first line is a heading.

    Args:
        parts: Lines of text, which may hold no control characters, and tables.
        width: The columns of the terminal.
        stream: The file to print to.

    Returns:
        False, and nothing is printed, if rich is not installed.
    """
    console_module = optional("rich.console")
    if console_module is None:
        return False
    from rich.text import Text

    console = console_module.Console(file=stream, width=width, highlight=False, soft_wrap=False)
    for place, part in enumerate(parts):
        if isinstance(part, Table):
            _print_table(console, part, width)
        else:
            console.print(Text(part, HEAD if place == 0 else ""), soft_wrap=True)
    return True


def _print_table(console: Any, table: Table, width: int) -> None:
    """Print a table, in two parts if there is a divider."""
    from rich.text import Text

    columns = widths(table, width, wraps=True)
    hits = [row for row in table.rows if row.hit or not table.divider]
    others = table.rows[len(hits) :]
    console.print(_part(table, columns, hits, heads=True))
    if others:
        console.print(Text(table.divider, f"italic {MISS}"), soft_wrap=True)
        console.print(_part(table, columns, others, heads=False))


def _part(table: Table, columns: Sequence[int], rows: Sequence[Row], *, heads: bool) -> Any:
    from rich.table import Table as RichTable
    from rich.text import Text

    part = RichTable(
        box=None,
        pad_edge=False,
        padding=(0, len(GAP), 0, 0),
        collapse_padding=True,
        show_header=heads,
    )
    for head, column in zip(table.heads, columns, strict=False):
        part.add_column(Text(head, HEAD), width=column, overflow="fold")
    marked = word_pattern(table.marked)
    for row in rows:
        part.add_row(*_cells(row, table, len(columns), marked))
    return part


def _cells(row: Row, table: Table, columns: int, marked: re.Pattern[str]) -> list[Any]:
    from rich.text import Text

    cells = [Text(cell, "" if row.hit else MISS) for cell in row.cells[:columns]]
    if row.hit and table.title is not None:
        cells[table.title].stylize(HIT)
        for place in {table.title, len(row.cells) - 1} & set(range(columns)):
            cells[place].highlight_regex(marked, MARK)
    return cells
