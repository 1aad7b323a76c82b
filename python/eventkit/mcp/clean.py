r"""Makes texts of a programme safe to show to a language model.

Whoever submits a talk writes its title, and a model reads the title. A title cannot be kept from
saying anything in plain words, but it must not say it invisibly, or look like more than one line.
So characters that a person does not see are removed: controls, marks that reorder text, tag
characters, fillers, and variation selectors. Line breaks become blanks. Where a vertical bar
separates the columns of an answer, one in a title becomes a slash.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = ["clean", "clean_data", "shortened", "visible"]

_BREAK = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
_INVISIBLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls
    "\xad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f"  # soft hyphen, joiners, direction marks
    "\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # breaks, embeddings, isolates, operators
    "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters and patterns that are blank
    "\ufe00-\ufe0f\U000e0000-\U000e0fff"  # variation selectors and tags
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # surrogates and what is no character
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # formats of shorthand and of music
    "]"
)
# One joiner between two letters is part of Persian and Indic words and of emoji. More hide data.
_JOINERS = re.compile("(?<!\\S)[\u200c\u200d]+|[\u200c\u200d]+(?!\\S)|[\u200c\u200d]{2,}")
_LONGEST = 10_000
_DEEPEST = 20
_LONGEST_KEPT = 200


def visible(value: Any) -> str:
    r"""Return a value as text on one line, without characters that nobody sees.

    Example:
        >>> visible("Agents\n at\u202e work\U000e0041 | now")
        'Agents at work | now'
    """
    text = value if isinstance(value, str) else str(value)
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text or text[:1] == " " else text.rstrip()
    text = _INVISIBLE.sub("", _BREAK.sub(" ", text[:_LONGEST]))
    return " ".join(_JOINERS.sub("", text).split())


def clean(value: Any) -> str:
    """Return a value as `visible` text that holds no vertical bar.

    Example:
        >>> clean("Agents | a workshop")
        'Agents / a workshop'
    """
    text = value if isinstance(value, str) else str(value)
    return _kept(text) if len(text) <= _LONGEST_KEPT else visible(text).replace("|", "/")


# The same titles and rooms are shown again and again. Otherwise, cleaning takes half of an answer.
@lru_cache(maxsize=8_192)
def _kept(text: str) -> str:
    return visible(text).replace("|", "/")


def clean_data(value: Any, depth: int = 0) -> Any:
    r"""Return JSON data with every text in it made safe by `clean`. Other objects become texts.

    Example:
        >>> clean_data({"title": "A\x00", "tags": ["b\u200b"], "popularity": 0.5})
        {'title': 'A', 'tags': ['b'], 'popularity': 0.5}
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        # Infinity and NaN are no JSON.
        return value if abs(value) <= 1e300 else str(value)
    if depth >= _DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {clean(key): clean_data(held, depth + 1) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_data(held, depth + 1) for held in value]
    return clean(value)


def shortened(value: Any, most: int) -> str:
    """Return a clean text of at most `most` characters; what is cut ends in an ellipsis.

    Example:
        >>> shortened("Running Kubernetes at home", 12)
        'Running Kub…'
    """
    text = clean(value)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
