"""Finds what the last word of a command line may become, by the parser and the programme."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from eventkit.cli.parser import build_parser
from eventkit.errors import EventKitError

__all__ = ["Candidates", "candidates"]

_TITLES = ("--session", "--must", "--avoid")
_FILES = ("PATH", "FILE", "DIR", "FEED", "SOURCE", "OLD", "NEW")


class Candidates(NamedTuple):
    """What a word may become.

    Attributes:
        kind: ``values``, ``open`` if more may follow without a blank, or ``files``.
        values: Pairs of a value and its description, which may be empty.
    """

    kind: str
    values: list[tuple[str, str]]


def candidates(words: Sequence[str]) -> Candidates:
    """Return what the last of the words may become.

    Args:
        words: The words after the name of the program. The last one may be empty.

    Example:
        >>> [value for value, _ in candidates(["cata"]).values]
        ['catalog']
        >>> [value for value, _ in candidates(["recommend", "--sou"]).values]
        ['--source']
        >>> candidates(["recommend", "--source", "g"]).values, candidates(["validate", ""]).kind
        ([('graph', '')], 'files')
    """
    place = _Place(build_parser(), list(words))
    prefix = words[-1]
    if place.waiting is not None:
        return _matching(place.values_of(place.waiting, prefix), prefix)
    flag, equals, value = prefix.partition("=")
    if prefix.startswith("-") and equals:
        action = place.option(flag)
        if action is None:
            return Candidates("values", [])
        found = _matching(place.values_of(action, value), value)
        return Candidates(found.kind, [(f"{flag}={name}", text) for name, text in found.values])
    positional = place.positional()
    if prefix.startswith("-") or positional is None:
        return _matching(Candidates("values", list(place.flags())), prefix)
    return _matching(place.values_of(positional, prefix), prefix)


def _matching(found: Candidates, prefix: str) -> Candidates:
    start = prefix.lower()
    chosen = [
        (value, text)
        for value, text in found.values
        if value.lower().startswith(start) and value.isprintable()
    ]
    return Candidates(found.kind, chosen)


class _Place:
    """The parser that a command line has come to, and the argument whose value is next."""

    def __init__(self, parser: Any, words: list[str]) -> None:
        self.words = words
        self.parser = parser.completed()
        self.waiting: Any = None
        self._given = 0
        for word in words[:-1]:
            self._pass(word)

    def _pass(self, word: str) -> None:
        if self.waiting is not None and not (self.waiting.nargs == "+" and word.startswith("-")):
            self.waiting = self.waiting if self.waiting.nargs == "+" else None
        elif word.startswith("-"):
            action = None if "=" in word else self.option(word)
            self.waiting = action if action is not None and action.nargs != 0 else None
        else:
            action = self.positional()
            if isinstance(action, argparse._SubParsersAction) and word in action.choices:
                chosen: Any = action.choices[word]
                self.parser, self._given = chosen.completed(), 0
            else:
                self._given += 1

    def option(self, flag: str) -> Any:
        """Return the argument of a flag, or ``None``."""
        return self.parser._option_string_actions.get(flag)

    def positional(self) -> Any:
        """Return the argument that the next word without a flag belongs to, or ``None``."""
        actions = [action for action in self.parser._actions if not action.option_strings]
        if self._given < len(actions):
            return actions[self._given]
        return actions[-1] if actions and actions[-1].nargs in ("*", "+") else None

    def flags(self) -> Iterator[tuple[str, str]]:
        """Iterate over the flags that may follow, with their help."""
        for action in self.parser._actions:
            repeats = isinstance(action, argparse._AppendAction)
            if repeats or not set(action.option_strings) & set(self.words[:-1]):
                for flag in action.option_strings:
                    if flag.startswith("--"):
                        yield flag, _first_line(action.help)

    def values_of(self, action: Any, prefix: str) -> Candidates:
        """Return the values that an argument may have."""
        if isinstance(action, argparse._SubParsersAction):
            rows = [(row.dest, _first_line(row.help)) for row in action._choices_actions]
            return Candidates("values", rows)
        if action.choices is not None:
            return Candidates("values", [(str(choice), "") for choice in action.choices])
        flags = set(action.option_strings)
        if "--interests" in flags:
            return Candidates("open", list(_continued(self._tags(), prefix)))
        if "--interest" in flags and action.metavar == "TAG":
            return Candidates("values", _undescribed(self._tags()))
        if flags & set(_TITLES):
            titles = (str(session.get("title", "")) for session in self._sessions())
            return Candidates("values", _undescribed(titles))
        if "--profile-load" in flags:
            return Candidates("values", _undescribed(self._profiles()))
        return Candidates("files" if action.metavar in _FILES else "values", [])

    def _tags(self) -> Iterable[str]:
        return (
            str(tag).lower() for session in self._sessions() for tag in session.get("tags") or ()
        )

    def _sessions(self) -> list[Any]:
        try:
            programme = self._programme()
            return [] if programme is None else list(programme.compiled())
        except Exception:  # The command itself reports what is wrong; a key press does not.
            return []

    def _profiles(self) -> list[str]:
        from eventkit.profiles import profile_file, profile_names

        try:
            programme = self._programme()
            file: Any = self._value("--profile-file")
            if file is None and programme is not None:
                file = profile_file(programme.manifest)
            return [] if file is None else [str(name) for name in profile_names(file)]
        except (EventKitError, OSError):  # As for the sessions.
            return []

    def _programme(self) -> Any:
        """Return the programme that the words name. An address is not fetched for a key press."""
        from eventkit.cli.programme import read

        file, feed = self._value("--manifest"), self._value("--feed")
        if feed is not None and ("://" in feed or feed == "-"):
            return None
        return read(file or feed)

    def _value(self, flag: str) -> str | None:
        for place, word in enumerate(self.words[:-1]):
            if word == flag and place + 1 < len(self.words) - 1:
                return self.words[place + 1]
            if word.startswith(f"{flag}="):
                return word.partition("=")[2]
        return None


def _continued(tags: Iterable[str], prefix: str) -> Iterator[tuple[str, str]]:
    """Iterate over a list of interests, with each tag in the place of its last one."""
    length = max(prefix.rfind(","), prefix.rfind(";")) + 1
    length += len(prefix[length:]) - len(prefix[length:].lstrip())
    for tag, text in _undescribed(tags):
        # A tag with a comma would be split.
        if not set(tag) & {",", ";"}:
            yield prefix[:length] + tag, text


def _undescribed(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, "") for value in sorted(set(values))]


def _first_line(text: str | None) -> str:
    return " ".join((text or "").replace("%%", "%").split())
