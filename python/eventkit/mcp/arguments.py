"""Checks the arguments of tools. Models send numbers as texts and lists as one text: both work."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from eventkit.dates import parse_day, parse_moment
from eventkit.mcp.clean import shortened, visible
from eventkit.mcp.declaration import Tool
from eventkit.mcp.reply import Refused

__all__ = ["Arguments"]

MOST_ITEMS, LONGEST_ITEM, LONGEST_CALENDAR = 100, 500, 262_144
_DIGITS = re.compile(r"[0-9]{1,6}")


class Arguments:
    """The arguments of one call. Every method raises `Refused` for a value that cannot be used.

    Args:
        tool: The tool that is called.
        given: The arguments by name.
    """

    def __init__(self, tool: Tool, given: Mapping[str, Any] | None) -> None:
        """Refuse arguments that the tool does not have."""
        self._given = {} if given is None else given
        known = tool.arguments["properties"]
        for name in self._given:
            if name not in known:
                raise Refused(_unknown(tool, name, [*known]))

    def texts(self, name: str, what: str = "") -> list[str]:
        """Return a list of texts without blank ones; empty if the argument is not given.

        Args:
            name: The argument.
            what: What to send, for the message when it is required and missing; ``""`` when the
                argument may be left out.
        """
        raw = self._given.get(name)
        if isinstance(raw, str):
            raw = raw.replace(";", ",").split(",") if name == "interests" else [raw]
        if raw is None:
            raw = []
        if not isinstance(raw, (list, tuple)) or len(raw) > MOST_ITEMS:
            raise Refused(f"{name} must be a list of at most {MOST_ITEMS} texts.")
        found = [self._item(name, item) for item in raw]
        found = [text for text in found if text]
        if what and not found:
            raise Refused(f"{name} is missing. {what}")
        return found

    def _item(self, name: str, item: Any) -> str:
        if not isinstance(item, str):
            raise Refused(f"{name} holds {shortened(repr(item), 60)}; send texts.")
        if len(item) > LONGEST_ITEM:
            raise Refused(
                f"{name} holds a text of {len(item)} characters; send at most {LONGEST_ITEM}."
            )
        return visible(item)

    def interests(self, what: str = "Ask the person what they want to see.") -> list[str]:
        """Return the interests in lower case, each once."""
        return list(dict.fromkeys(text.lower() for text in self.texts("interests", what)))

    def text(self, name: str, what: str = "", longest: int = LONGEST_ITEM) -> str | None:
        """Return a text; ``None`` if it is not given and may be left out."""
        raw = self._given.get(name)
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            if what:
                raise Refused(f"{name} is missing. {what}")
            return None
        if not isinstance(raw, str):
            raise Refused(f"{name} is {shortened(repr(raw), 60)}; send a text.")
        if len(raw) > longest:
            raise Refused(f"{name} has {len(raw)} characters; send at most {longest}.")
        return raw

    def line(self, name: str, what: str = "") -> str | None:
        """Return a text as one line."""
        raw = self.text(name, what)
        return None if raw is None else visible(raw)

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number."""
        raw = self._given.get(name)
        if raw is None:
            return default
        if isinstance(raw, str) and _DIGITS.fullmatch(raw.strip()):
            raw = int(raw)
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        if type(raw) is not int or not least <= raw <= most:
            shown = shortened(repr(raw), 40)
            raise Refused(f"{name} is {shown}; send a whole number from {least} to {most}.")
        return raw

    def day(self) -> str | None:
        """Return a day as ``2026-09-14``."""
        raw = self.line("day")
        if raw is None:
            return None
        try:
            return parse_day(raw).isoformat()
        except ValueError:
            raise Refused(f"day is {shortened(raw, 40)}; send a date such as 2026-09-14.") from None

    def busy(self) -> list[Any]:
        """Return the busy times for `eventkit.plan`: pairs, and the content of a calendar."""
        times: list[Any] = [_pair(text) for text in self.texts("busy")]
        calendar = self.text("calendar", longest=LONGEST_CALENDAR)
        return times if calendar is None else [*times, calendar.encode("utf-8", "replace")]

    def choice(self, name: str, choices: list[str]) -> str:
        """Return one of several words."""
        raw = self.line(name, f"Send {' or '.join(choices)}.")
        if raw not in choices:
            raise Refused(f"{name} is {shortened(raw, 40)}; send {' or '.join(choices)}.")
        return raw


def _pair(text: str) -> tuple[str, str]:
    start, separator, end = text.partition("/")
    if not (separator and parse_moment(start) and parse_moment(end)):
        raise Refused(
            f"busy holds {shortened(text, 60)}; send START/END, such as 12:00/13:00 or"
            " 2026-09-14T12:00/2026-09-14T13:00."
        )
    return start, end


def _unknown(tool: Tool, name: str, known: list[str]) -> str:
    shown = shortened(repr(name), 40)
    near = difflib.get_close_matches(str(name), known, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{tool.name} has no argument {shown}.{meant} It takes: {', '.join(known)}."
