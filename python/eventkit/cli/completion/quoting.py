"""Reads a line of bash up to the cursor, and writes words so that bash takes them as they are."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BashPlace", "bash_words", "for_bash"]

# bash completes from the last of these on (COMP_WORDBREAKS), if they are not quoted.
_BREAKS = "=:@"
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,+-%=:@")
_ESCAPED_IN_DOUBLE = '\\"$`'


class BashPlace(NamedTuple):
    """The words of a line of bash, and what bash replaces of the last one.

    Attributes:
        words: The words after the name of the program, without their quotes.
        quote: The quote that is open at the cursor, or nothing.
        kept: How many characters of the last word bash keeps before the part that it replaces.
    """

    words: list[str]
    quote: str
    kept: int


def bash_words(line: str) -> BashPlace:
    r"""Split a line as bash does. The last word may be unfinished.

    Example:
        >>> bash_words("eventkit explain --session Opening:\\ W")
        BashPlace(words=['explain', '--session', 'Opening: W'], quote='', kept=8)
        >>> bash_words('eventkit recommend --interests="ai, r')
        BashPlace(words=['recommend', '--interests=ai, r'], quote='"', kept=12)
    """
    words, word, quote, kept, begun = [], "", "", 0, False
    characters = iter(line)
    for character in characters:
        if quote == "'" and character != "'":
            word += character
        elif character == "\\":
            following = next(characters, "")
            keep = quote == '"' and following not in _ESCAPED_IN_DOUBLE
            word, begun = word + (f"\\{following}" if keep else following), True
        elif quote:
            quote, word = ("", word) if character == quote else (quote, word + character)
        elif character in "'\"":
            quote, begun, kept = character, True, len(word)
        elif character.isspace():
            if begun or word:
                words.append(word)
            word, begun, kept = "", False, 0
        else:
            word += character
            if character in _BREAKS:
                kept = len(word)
    return BashPlace([*words, word][1:] or [""], quote, kept)


def for_bash(value: str, place: BashPlace) -> str:
    r"""Return a value as bash inserts it: without the part that bash keeps, and quoted.

    Example:
        >>> print(for_bash("a $(b) c", bash_words("eventkit x a")))
        a\ \$\(b\)\ c
        >>> for_bash("--x=y", BashPlace([], "", 4))
        'y'
    """
    rest = value[place.kept :]
    # bash closes the quote itself, unless the value seems to end with one.
    closing = place.quote if place.quote and rest.endswith(place.quote) else ""
    if place.quote == "'":
        return rest.replace("'", "'\\''") + closing
    if place.quote == '"':
        escaped = (f"\\{each}" if each in _ESCAPED_IN_DOUBLE else each for each in rest)
        return "".join(escaped) + closing
    return "".join(each if each in _SAFE or each > "\x7f" else f"\\{each}" for each in rest)
