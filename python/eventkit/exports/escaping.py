"""Escapes text for Markdown, and makes text that is safe in UTF-8 files and on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["as_text", "escape_markdown", "escaped_session", "readable", "single_line"]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
# C0, DEL and C1 except tab and line feed, and the marks that reorder text on a screen.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# The markup characters, and the beginnings of links that some programs make of plain text.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~!&@$^]|://|(?<=www)\.", re.IGNORECASE)


def readable(text: str) -> str:
    r"""Return text without lone surrogates and control characters, with ``\n`` as line breaks.

    Example:
        >>> readable("a\r\nb\x00c\x1b[31m")
        'a\nbc[31m'
    """
    text = _LONE_SURROGATE.sub("\ufffd", _LINE_BREAK.sub("\n", text))
    return _CONTROL.sub("", text)


def single_line(text: str) -> str:
    r"""Return text as one line, without marks that reorder it.

    Example:
        >>> single_line("Opening\n  and keynote")
        'Opening and keynote'
    """
    return " ".join(_REORDERING.sub("", readable(text)).split())


def escape_markdown(text: str) -> str:
    r"""Escape text so that Markdown shows it as it is, on one line.

    Example:
        >>> print(escape_markdown("[free](http://x)\n# <b>Big</b>"))
        \[free\](http\://x) \# \<b\>Big\</b\>
    """
    return _MARKDOWN.sub(lambda match: "\\" + match[0], single_line(text))


def escaped_session(session: Any) -> dict[str, Any]:
    """Copy the members of a session that an itinerary shows, with texts escaped for Markdown."""
    copy: dict[str, Any] = {}
    for key in ("title", "start", "end", "location"):
        value = session.get(key, copy)  # The copy itself never occurs as a value of a session.
        if value is not copy:
            copy[key] = escape_markdown(str(value))
    copy["tags"] = [escape_markdown(tag) for tag in as_text(session.get("tags"))]
    return copy


def as_text(values: object) -> list[str]:
    """Return the texts of a member that should be an array of strings, but may be anything.

    Example:
        >>> as_text(("ai", 5)), as_text("ai"), as_text(None)
        (['ai', '5'], ['ai'], [])
    """
    if values is None:
        return []
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [str(values)]
    return [str(value) for value in values]
