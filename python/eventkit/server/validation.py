"""Checks the values of parameters; holds the original's `SecurityValidator` too.

Lengths are checked before a pattern is matched, and every pattern is linear. The server's own rules
are matched against the whole text: the original's end in ``$``, which lets a trailing line break
pass, and refuse every interest that is not ASCII.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from eventkit.functions import normalize_interests
from eventkit.server.message import Problem
from eventkit.server.settings import ServerSettings

__all__ = [
    "BUSY",
    "DATE",
    "INTERESTS",
    "LINE",
    "LONGEST_KEY",
    "MOST_FIELDS",
    "MOST_MINUTES",
    "MOST_PAGES",
    "USER",
    "USER_EXPECTED",
    "ZONE",
    "SecurityValidator",
    "checked_balance",
    "checked_day",
    "checked_gap",
    "checked_interests",
    "checked_lines",
    "checked_page",
    "checked_switch",
    "checked_text",
    "checked_top",
    "checked_user",
    "checked_zone",
]

# The OpenAPI document shows these too, hence the anchors. The server matches the whole text.
LINE = re.compile(r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$")
# Blanks and separators, then a character that is neither, then the rest of a line. Each character
# can match in one place only, so the time is linear.
_BLANK = r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000,;"
INTERESTS = re.compile(
    rf"^[{_BLANK}]*"
    rf"[^\x00-\x1f\x7f-\x9f\u2028\u2029{_BLANK}][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
)
USER = re.compile(r"^[A-Za-z0-9._%+-]{1,64}(?:@[A-Za-z0-9.-]{1,190})?$")
DATE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_DATE_OF_TIME = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME_OF_DAY = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])?"
_TIME = rf"(?:{_DATE_OF_TIME}T{_TIME_OF_DAY}(?::[0-5][0-9])?{_OFFSET}|{_TIME_OF_DAY})"
BUSY = re.compile(rf"^{_TIME}/{_TIME}$")
ZONE = re.compile(r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$")
MOST_MINUTES = 1440
MOST_PAGES = 999_999_999
MOST_FIELDS = 3
USER_EXPECTED = "an id, or a name such as ada@example.com"
DAY_EXPECTED = "a date as 2026-09-14"
LONGEST_KEY = 128
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


def checked_interests(raw: Any, settings: ServerSettings) -> list[str]:
    """Return interests in lower case, without surrounding blanks.

    Args:
        raw: A text with commas, as on the command line; or a list, whose items may hold commas.
        settings: The limits.

    Raises:
        Problem: There are none or too many, or one is too long or holds a control character.

    Example:
        >>> checked_interests("AI; Web,,", ServerSettings())
        ['ai', 'web']
        >>> checked_interests([" AI "], ServerSettings())
        ['ai']
    """
    most, longest = settings.max_interests, settings.max_interest_length
    expected = f"1 to {most} interests of at most {longest} characters"
    # The size first: all other checks look at every character. Two more than an interest's length
    # leave room for a separator and a blank.
    if isinstance(raw, list) and len(raw) > most:
        raise Problem.parameter("interests", f"{len(raw)} interests", expected)
    if isinstance(raw, str) and len(raw) > most * (longest + 2):
        count = 1 + raw.count(",") + raw.count(";")
        size = f"{count} interests" if count > most else f"{len(raw)} characters"
        raise Problem.parameter("interests", size, expected)
    if isinstance(raw, str):
        # Most texts are printable, which is far cheaper to check.
        if not raw.isprintable() and _has_controls(raw):
            raise Problem.parameter("interests", raw, "no control characters")
        interests = normalize_interests(raw)
    elif isinstance(raw, list):
        interests = [_listed(interest, longest, expected) for interest in raw]
    elif raw is None:
        interests = []
    else:
        raise Problem.parameter("interests", raw, "a list of texts, or one text with commas")
    if not interests:
        raise Problem.parameter("interests", raw or "", expected, "no interests provided")
    if len(interests) > most:
        raise Problem.parameter("interests", f"{len(interests)} interests", expected)
    if len(max(interests, key=len)) > longest:
        raise Problem.parameter("interests", max(interests, key=len), expected)
    return interests


def _listed(interest: Any, longest: int, expected: str) -> str:
    """Return an interest out of a list, in which it may hold commas."""
    if isinstance(interest, str) and len(interest) > longest:
        raise Problem.parameter("interests", interest, expected)
    if isinstance(interest, str) and INTERESTS.fullmatch(interest):
        return interest.lower().strip()
    raise Problem.parameter("interests", interest, "texts that are not blank, on one line")


def _has_controls(text: str) -> bool:
    return text != "" and LINE.fullmatch(text) is None


def checked_top(raw: Any, default: int, settings: ServerSettings) -> int:
    """Return how many sessions a request asks for; as for the original, 0 is the default.

    In a query it is digits only, though Python's ``int`` takes more (``1_0``, blanks around).

    Raises:
        Problem: It is no whole number, negative, or larger than the settings allow.

    Example:
        >>> checked_top("5", 3, ServerSettings()), checked_top(None, 3, ServerSettings())
        (5, 3)
    """
    if raw is None:
        return default
    top = _whole(raw)
    if type(top) is not int or not 0 <= top <= settings.max_top:
        expected = f"a whole number from 1 to {settings.max_top}, or 0 for the manifest's default"
        raise Problem.parameter("top", raw, expected)
    return top or default


def _whole(raw: Any) -> Any:
    """Return the number that digits in a query or a number in JSON mean; another value as it is."""
    if isinstance(raw, str) and _WHOLE_NUMBER.fullmatch(raw):
        return int(raw)
    # 5.0 is an integer to JSON Schema, and to JavaScript.
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def checked_text(name: str, raw: Any, longest: int) -> str:
    """Return a text of one line that is not empty.

    Raises:
        Problem: It is missing, longer, or holds control characters.

    Example:
        >>> checked_text("session", "Agents", 100)
        'Agents'
    """
    if raw is None or raw == "":
        raise Problem.parameter(name, "", f"1 to {longest} characters", f"{name} required")
    if not isinstance(raw, str) or len(raw) > longest:
        raise Problem.parameter(name, raw, f"1 to {longest} characters")
    if not raw.isprintable() and _has_controls(raw):
        raise Problem.parameter(name, raw, "no control characters")
    return raw


def checked_user(raw: Any) -> str | None:
    """Return a user's id or principal name; ``None`` for the server's own calendar.

    Raises:
        Problem: It is neither.

    Example:
        >>> checked_user("ada@example.com")
        'ada@example.com'
    """
    if raw is None:
        return None
    if not isinstance(raw, str) or not USER.fullmatch(raw):
        raise Problem.parameter("userId", raw, USER_EXPECTED)
    return raw


def checked_day(raw: Any, name: str = "date") -> str | None:
    """Return a day that is written as ``2026-09-14``; the day itself may not exist.

    Raises:
        Problem: It is written in another way.
    """
    if raw is None or (isinstance(raw, str) and DATE.fullmatch(raw)):
        return raw
    raise Problem.parameter(name, raw, DAY_EXPECTED)


def checked_switch(name: str, raw: Any) -> bool:
    """Read a switch: ``card=1`` in a query, ``"card": true`` in a body.

    Raises:
        Problem: It is neither on nor off.
    """
    if raw is None or raw is False or raw == "0" or raw == "false":
        return False
    if raw is True or raw == "1" or raw == "true":
        return True
    raise Problem.parameter(name, raw, "1, true, 0 or false")


def checked_balance(raw: Any) -> Literal["interests"] | None:
    """Return how the places are shared.

    Raises:
        Problem: It is neither ``interests`` nor ``none``.
    """
    if raw is None or raw == "none":
        return None
    if raw == "interests":
        return "interests"
    raise Problem.parameter("balance", raw, "interests or none")


def checked_lines(
    name: str, raw: Any, most: int, longest: int, pattern: re.Pattern[str] = LINE
) -> list[str]:
    """Return a list of texts of one line each.

    Raises:
        Problem: It is no list, has too many items, or one is too long or of another form.
    """
    expected = f"at most {most} texts of 1 to {longest} characters"
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise Problem.parameter(name, raw, expected)
    if len(raw) > most:
        raise Problem.parameter(name, f"{len(raw)} texts", expected)
    for text in raw:
        if not isinstance(text, str) or len(text) > longest or not pattern.fullmatch(text):
            form = "START/END, as 12:00/13:00" if pattern is BUSY else expected
            raise Problem.parameter(name, text, form)
    return raw


def checked_gap(raw: Any) -> float:
    """Return the minutes from one location to another.

    Raises:
        Problem: It is no whole number, negative, or more than a day.
    """
    if raw is None:
        return 0.0
    minutes = _whole(raw)
    if type(minutes) is not int or not 0 <= minutes <= MOST_MINUTES:
        raise Problem.parameter("gap", raw, f"whole minutes from 0 to {MOST_MINUTES}")
    return float(minutes)


def checked_page(raw: Any) -> int:
    """Return the number of a page, from 0 on; the page itself may not exist.

    Raises:
        Problem: It is no whole number of at most nine digits.
    """
    page = 0 if raw is None else _whole(raw)
    if type(page) is not int or not 0 <= page <= MOST_PAGES:
        raise Problem.parameter("page", raw, f"a whole number from 0 to {MOST_PAGES}")
    return page


def checked_zone(raw: Any) -> str | None:
    """Return the name of a time zone, which may not exist.

    Raises:
        Problem: It is no such name.
    """
    if raw is None or (isinstance(raw, str) and ZONE.fullmatch(raw)):
        return raw
    raise Problem.parameter("zone", raw, "a name such as Europe/Berlin")


class SecurityValidator:
    r"""The original's checks, with its class's names and limits; the server has stricter ones.

    Each returns ``(valid, message)``, the message ``""`` when valid. They end in ``$`` as the
    original's do, so that one trailing line break passes.

    Example:
        >>> SecurityValidator.validate_interests("ai, machine learning")
        (True, '')
        >>> SecurityValidator.validate_user_id("ada")
        (False, 'User ID must be a valid email address')
    """

    MAX_INTERESTS_LENGTH = 500
    MAX_TITLE_LENGTH = 200

    _INTERESTS = re.compile(r"^[a-zA-Z0-9\s,\-_.]+$")
    _TITLE = re.compile(r"^[\w\s\-:,.&'()?!/#+]+$")
    _EMAIL = re.compile(r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$")

    @staticmethod
    def validate_interests(interests: str) -> tuple[bool, str]:
        """Check a typed list of interests."""
        if not interests or not interests.strip():
            return False, "Interests cannot be empty"
        if len(interests) > SecurityValidator.MAX_INTERESTS_LENGTH:
            most = SecurityValidator.MAX_INTERESTS_LENGTH
            return False, f"Interests too long (max {most} characters)"
        if not SecurityValidator._INTERESTS.match(interests):
            return False, "Interests contain invalid characters"
        return True, ""

    @staticmethod
    def validate_user_id(user_id: str) -> tuple[bool, str]:
        """Check a user's id, which is a mail address."""
        if not user_id or not user_id.strip():
            return False, "User ID cannot be empty"
        if not SecurityValidator._EMAIL.match(user_id):
            return False, "User ID must be a valid email address"
        return True, ""

    @staticmethod
    def validate_session_title(title: str) -> tuple[bool, str]:
        """Check a session's title."""
        if not title or not title.strip():
            return False, "Session title cannot be empty"
        if len(title) > SecurityValidator.MAX_TITLE_LENGTH:
            most = SecurityValidator.MAX_TITLE_LENGTH
            return False, f"Session title too long (max {most} characters)"
        if not SecurityValidator._TITLE.match(title):
            return False, "Session title contains invalid characters"
        return True, ""
