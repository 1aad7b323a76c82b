"""Writes results as HTML for notebooks. Every text is escaped, and no result is over 20 KB."""

from __future__ import annotations

from html import escape
from typing import Any

from eventkit.dates import SHORT_DATE, describe_slot
from eventkit.exports import as_text, single_line

__all__ = ["LARGEST", "catalog", "explanation", "recommendation", "shortened"]

LARGEST = 20_000
"""The largest size of the HTML in bytes: a notebook keeps it in its file."""

_MOST_ROWS = 50
_BAR_EM = 12
# The colours of Okabe and Ito, which people with any colour vision tell apart.
_COLOURS = {"interest_match": "#0072b2", "popularity": "#e69f00", "diversity": "#009e73"}
_OTHER = "#cc79a7"
_LEFT = 'style="text-align:left"'


def shortened(text: object, most: int) -> str:
    """Return a text on one line, cut to a number of characters.

    Example:
        >>> shortened("Opening and keynote", 10)
        'Opening a…'
    """
    line = single_line(str(text))
    return line if len(line) <= most else line[: most - 1] + "…"


def recommendation(result: Any) -> str:
    """Return a table of the sessions of a recommendation or a plan."""
    rows = list(zip(result["sessions"], result["scoring"], strict=True))
    longest = max((_total(row["contributions"]) for _, row in rows), default=0.0)
    heads = ("", "Session", "When", "Where", "Score", _legend(rows))
    lines = []
    for place, (session, row) in enumerate(rows[:_MOST_ROWS], 1):
        texts = (place, row["title"], _when(session), session.get("location", ""))
        cells = "".join(f"<td {_LEFT}>{_cell(text)}</td>" for text in texts)
        bar = _bar(row["contributions"], longest)
        lines.append(f"<tr>{cells}<td>{_number(row['score'])}</td><td {_LEFT}>{bar}</td></tr>")
    return _table(heads, lines, len(rows), _remarks(result))


def explanation(result: Any) -> str:
    """Return the contributions of a score, and the terms of the match if it was understood."""
    parts = result["contributions"]
    lines = [
        f"<tr><td {_LEFT}>{_cell(_spaced(name))}</td><td>{_number(value)}</td>"
        f"<td {_LEFT}>{_bar({name: value}, _total(parts))}</td></tr>"
        for name, value in parts.items()
    ]
    for term in result.get("terms", ()):
        text = f"{term['word']}: {term['term']} ({term['how']}, {', '.join(term['fields'])})"
        weight = _number(term["weight"])
        lines.append(f"<tr><td {_LEFT}>&emsp;{_cell(text)}</td><td>{weight}</td><td></td></tr>")
    heads = (_cell(result["title"]), _number(result["score"]), "")
    tags = ", ".join(result["matched_tags"])
    return _table(heads, lines, len(lines), [f"Matching tags: {tags or 'none'}"])


def catalog(name: str, sessions: list[Any], count: int) -> str:
    """Return a table of the first sessions of a catalogue."""
    lines = []
    for place, session in enumerate(sessions):
        tags = ", ".join(as_text(session.get("tags")))
        title, place_name = session.get("title", ""), session.get("location", "")
        texts = (place, title, _when(session), place_name, tags)
        lines.append(
            "<tr>" + "".join(f"<td {_LEFT}>{_cell(text)}</td>" for text in texts) + "</tr>"
        )
    return _table(("", "Session", "When", "Where", "Tags"), lines, count, [name])


def _table(heads: tuple[str, ...], lines: list[str], count: int, remarks: list[str]) -> str:
    """Return a table of as many lines as fit, with the number of those that do not."""
    head = "".join(f"<th {_LEFT}>{text}</th>" for text in heads)
    foot = "".join(f"<div>{_cell(remark, 300)}</div>" for remark in remarks[:20])
    start = f"<table><thead><tr>{head}</tr></thead><tbody>"
    more = f"<div>and {count:,} more</div>"
    room = LARGEST - sum(len(part.encode()) for part in (start, "</tbody></table>", more, foot))
    shown = []
    for line in lines:
        room -= len(line.encode())
        if room < 0:
            break
        shown.append(line)
    left = count - len(shown)
    rest = f"<div>and {left:,} more</div>" if left > 0 else ""
    return f"{start}{''.join(shown)}</tbody></table>{rest}{foot}"


def _remarks(result: Any) -> list[str]:
    remarks = []
    if result.get("total") is not None:
        remarks.append(f"Total score: {_number(result['total'])}")
    if result["conflicts"]:
        remarks.append(f"Time slots of several sessions: {result['conflicts']}")
    for row in result.get("unmatched", ()):
        nearest = ", ".join(row["nearest"]) or "none"
        remarks.append(f"No session has the tag {row['interest']}. The nearest tags: {nearest}")
    for row in result.get("understood", ()):
        terms = ", ".join(f"{match['term']} ({match['sessions']})" for match in row["matches"][:5])
        remarks.append(f"{row['interest']}: {terms or 'matches nothing'}")
    return remarks


def _when(session: Any) -> str:
    return describe_slot(session.get("start"), session.get("end"), SHORT_DATE)


def _cell(text: object, most: int = 120) -> str:
    return escape(shortened(text, most))


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, (int, float)) else _cell(value)


def _amount(value: Any) -> float:
    """Return a part of a score as the length of a bar: 0 for what has no length."""
    return float(value) if isinstance(value, (int, float)) and 0 < value < float("inf") else 0.0


def _total(parts: Any) -> float:
    return sum(_amount(value) for value in parts.values())


def _bar(parts: Any, longest: float) -> str:
    pieces = []
    for name, value in parts.items():
        width = _BAR_EM * _amount(value) / longest if longest else 0.0
        if width >= 0.01:
            hint = f"{_cell(_spaced(name), 40)} {_number(value)}"
            pieces.append(
                f'<span title="{hint}" style="display:inline-block;height:.8em;width:{width:.2f}em;'
                f'background:{_COLOURS.get(name, _OTHER)}"></span>'
            )
    return f'<span style="white-space:nowrap">{"".join(pieces)}</span>'


def _legend(rows: list[Any]) -> str:
    names = dict.fromkeys(name for _, row in rows[:1] for name in row["contributions"])
    return " ".join(
        f'<span style="color:{_COLOURS.get(name, _OTHER)}">■</span>&nbsp;{_cell(_spaced(name))}'
        for name in names
    )


def _spaced(name: str) -> str:
    return name.replace("_", " ")
