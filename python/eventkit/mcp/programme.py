"""One state of the programme, with what the tools look up in it."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from eventkit._native import Filter
from eventkit.catalog import Catalog
from eventkit.dates import parse_moment
from eventkit.exports import as_text
from eventkit.mcp.clean import clean
from eventkit.mcp.lines import slot_of
from eventkit.mcp.reply import Refused
from eventkit.understanding import matches_from_catalog

__all__ = ["Key", "Programme", "key_of"]

Key = tuple[Any, ...]
"""Tells sessions apart: some programmes give no ids, or give one twice."""

_MOST_INTERESTS = 1_024
_NEAREST = 3
_SHORT_ID, _LONG_ID = 8, 20


class Programme:
    """Sessions, compiled, and lazily made tables about them.

    Threads may share it: what two of them compute at once is the same.

    Attributes:
        catalog: The sessions.
        fields: The manifest without its sessions.

    Args:
        catalog: The sessions.

    Example:
        >>> Programme(Catalog([{"title": "A", "tags": ["AI"]}])).topics
        [('ai', 1)]
    """

    def __init__(self, catalog: Catalog) -> None:
        """Keep the sessions."""
        self.catalog = catalog
        self.fields = catalog.fields
        self._matching: OrderedDict[str, frozenset[Key]] = OrderedDict()

    @property
    def name(self) -> str:
        """The name of the event."""
        name = self.fields.get("name")
        return clean(name) if isinstance(name, str) and name.strip() else "the event"

    @cached_property
    def topics(self) -> list[tuple[str, int]]:
        """The tags in lower case and on how many sessions each is, the most frequent first."""
        counts: Counter[str] = Counter()
        for session in self.catalog:
            tags = as_text(session.get("tags"))
            counts.update({clean(tag).lower() for tag in tags} - {""})
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    @cached_property
    def days(self) -> list[str]:
        """The days on which sessions start; empty if they have clock times only."""
        found = set()
        for session in self.catalog:
            moment = parse_moment(slot_of(session)[0])
            if moment is not None and moment.day is not None:
                found.add(moment.day.isoformat())
        return sorted(found)

    @cached_property
    def _shown(self) -> dict[str, int]:
        """The position of each session by its id and its title as they are shown."""
        shown: dict[str, int] = {}
        for position, session in enumerate(self.catalog):
            for name in ("title", "id"):
                text = session.get(name)
                if text is not None:
                    shown.setdefault(clean(text).lower(), position)
            short = self.short_id(clean(session.get("id", "")))
            shown.setdefault(short.lower(), position)
        return shown

    @cached_property
    def _short(self) -> dict[str, str]:
        """The first characters of long ids, where no other id begins with them."""
        ids = [clean(session.get("id", "")) for session in self.catalog]
        counts = Counter(one[:_SHORT_ID] for one in ids)
        long = (one for one in ids if len(one) > _LONG_ID)
        return {one: one[:_SHORT_ID] for one in long if counts[one[:_SHORT_ID]] == 1}

    def short_id(self, identity: str) -> str:
        """Return an id, or its beginning if it is long: `find` takes both.

        Example:
            >>> sessions = [{"id": "0d6687b2-aa91-4fdb-8d74-0a0327c2e571", "title": "A"}]
            >>> Programme(Catalog(sessions)).short_id("0d6687b2-aa91-4fdb-8d74-0a0327c2e571")
            '0d6687b2'
        """
        return self._short.get(identity, identity) if len(identity) > _LONG_ID else identity

    def find(self, name: str) -> Any:
        """Return the session that has an id or a title, in any case.

        Raises:
            Refused: There is none; names the nearest titles.
        """
        try:
            return self.catalog.score(name, [])["session"]
        except KeyError:
            pass
        position = self._shown.get(clean(name).lower())
        if position is not None:
            return self.catalog[position]
        near: Any = self.catalog.recommend([name], _NEAREST, understand=True)
        titles = [
            f"{clean(session.get('id', '-'))} ({clean(session.get('title'))})"
            for session in near["sessions"]
        ]
        meant = f" Nearest: {'; '.join(titles)}." if titles else ""
        raise Refused(
            f"No session has the id or title {clean(name)!r}.{meant} Call search_programme with a"
            " word of its title."
        )

    def handle(self, session: Mapping[str, Any]) -> str:
        """Return by which text the catalogue finds a session: its id, else its title."""
        identity = session.get("id")
        return identity if isinstance(identity, str) and identity else str(session.get("title"))

    def filter_of(self, day: str | None) -> Filter | None:
        """Return the filter for the sessions that start on a day.

        Raises:
            Refused: There is no session on that day; names the days.
        """
        if day is None:
            return None
        if not self.days:
            raise Refused("The sessions have clock times and no dates: leave out day.")
        if day not in self.days:
            raise Refused(f"No session is on {day}. The days: {', '.join(self.days)}.")
        return Filter(start=f"{day}T00:00:00", end=f"{day}T23:59:59", fit="starting")

    def matched(self, sessions: list[Any], interests: list[str]) -> list[list[str]]:
        """Return for each session the interests that it matches."""
        sets = [(interest, self._keys(interest)) for interest in interests]
        return [
            [interest for interest, keys in sets if key_of(session) in keys] for session in sessions
        ]

    def _keys(self, interest: str) -> frozenset[Key]:
        """Return the keys of all sessions that match an interest; kept for the next call."""
        held = self._matching.get(interest)
        if held is None:
            positions = matches_from_catalog(self.catalog, [interest]).positions
            held = frozenset(key_of(self.catalog[position]) for position in positions)
            self._matching[interest] = held
            while len(self._matching) > _MOST_INTERESTS:
                self._matching.popitem(last=False)
        return held

    def recommend(self, interests: list[str], top: int, day: str | None = None) -> Any:
        """Recommend sessions of what the interests mean, and share the places among them."""
        balance: Any = "interests" if len(interests) > 1 else None
        return self.catalog.recommend(
            interests, top, filter=self.filter_of(day), understand=True, balance=balance
        )


def key_of(session: Mapping[str, Any]) -> Key:
    """Return what tells a session apart."""
    return tuple(str(session.get(name)) for name in ("id", "title", "start", "end", "location"))
