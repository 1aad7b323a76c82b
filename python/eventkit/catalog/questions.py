"""The methods of a catalogue that plan and that answer questions about one session."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from eventkit import _native
from eventkit.busy import Busy, busy_times
from eventkit.results import Alternatives, Interests, Plan, SessionNotFound, Unmatched, WhyNot

__all__ = ["Questions"]


class Questions(_native.CatalogBase):
    """Answers what `eventkit.plan`, `eventkit.why_not` and `eventkit.alternatives` ask."""

    __slots__ = ()

    def plan(
        self,
        interests: Interests,
        top: int | None = None,
        *,
        gap: float = 0.0,
        weights: Mapping[str, Any] | None = None,
        filter: _native.Filter | None = None,
        must: Iterable[str] = (),
        avoid: Iterable[str] = (),
        busy: Busy = (),
        date: datetime.date | str | None = None,
        zone: str | None = None,
        understand: bool = False,
    ) -> Plan:
        """Plan the best itinerary of sessions that do not overlap.

        Of all sets of sessions that match an interest and do not overlap, this is the one with the
        highest total score. It is found by weighted interval scheduling (Kleinberg and Tardos,
        Algorithm Design, section 6.1). A greedy choice, which takes the best session that still
        fits again and again, reaches 36 % of that total on average for a whole day of Gen Con
        2017; for the best five sessions it is often the same.

        Args:
            interests: As for `recommend`.
            top: The largest number of sessions; ``None`` for as many as fit.
            gap: The minutes it takes to get from one location to another.
            weights: As for `recommend`.
            filter: As for `recommend`.
            must: Ids or titles of sessions that are in the plan, whatever their scores. Of several
                sessions with a title, the first.
            avoid: Ids or titles of sessions that are not in the plan.
            busy: Times at which no session is planned: the name of an .ics file, or a list of pairs
                (start, end), sessions, events of Microsoft Graph, and such names. A time of day is
                busy on every day. A time without an offset is compared with the wall clock of the
                session's place. Events that are cancelled or shown as free are passed over.
            date: The day of a programme whose sessions have times of day only. Busy times with a
                date then count on this day.
            zone: The time zone of the programme, such as ``"Europe/Berlin"``. Busy times with an
                offset from UTC are converted to it. Needed if the sessions name no offset.
            understand: As for `recommend`: rank by what the interests mean. The answer then has
                ``"understood"`` too, and ``"unmatched"`` has the interests that match nothing.

        Returns:
            As `recommend`, with the sessions in order of time, ``"total"`` (the sum of their
            scores) and ``"untimed"`` (how many matched and had no times to plan with). Times are
            ISO 8601 text, ``HH:MM``, or objects of ``datetime``, pandas or numpy. An end that is a
            date alone is inclusive: the session lasts until that day is over. Times with an offset
            are compared as instants. A time without one has the offset that most of the sessions
            name, and where no session names one, all are times on one clock.
            ``"left_out"`` has every other session that matches an interest, best first, with the
            reason: ``overlaps`` (and the session of the plan that it overlaps), ``busy`` (and the
            busy time), ``avoided``, ``untimed``, ``limit`` (the plan has ``top`` sessions), or ``no
            gain`` (its score is not above zero). ``"unmatched"`` has the interests that no session
            has as a tag, each with the tags that are spelt most like it.

        Raises:
            KeyError: No session has an id or title of ``must`` or ``avoid``.
            TypeError: Interests are one text instead of a list.
            ValueError: ``gap`` is negative; the sessions of ``must`` overlap each other or a busy
                time, are more than ``top``, or have no times; a busy time cannot be read, or cannot
                be compared with the sessions' times; only the reference can score the interests,
                weights or sessions; or ``top`` times the number of sessions is more than 2**27.

        Example:
            >>> from eventkit import Catalog
            >>> catalog = Catalog([
            ...     {"title": "A", "tags": ["ai"], "start": "9:00", "end": "10:00"},
            ...     {"title": "B", "tags": ["ai"], "start": "9:30", "end": "10:30"},
            ...     {"title": "C", "tags": ["ai"], "start": "10:00", "end": "11:00"},
            ... ])
            >>> [session["title"] for session in catalog.plan(["ai"])["sessions"]]
            ['A', 'C']
            >>> plan = catalog.plan(["ai"], must=["B"])
            >>> plan["left_out"][0]["reason"], plan["left_out"][0]["session"]
            ('overlaps', 'B')
        """
        required, unwanted = _names("must", must), _names("avoid", avoid)
        times = busy_times(busy, date, zone)
        interests, reading = _asked(self, interests, understand)
        found = _native.plan(
            self, interests, top, gap, weights, filter, required, unwanted, times, reading
        )
        planned: Plan = _answered(found, "planned")
        return planned

    def why_not(
        self,
        title: str,
        interests: Interests,
        top: int = 5,
        *,
        weights: Mapping[str, Any] | None = None,
        filter: _native.Filter | None = None,
        understand: bool = False,
    ) -> WhyNot | SessionNotFound:
        """Say why a session is not recommended, and what would bring it in. See `eventkit.why_not`.

        Example:
            >>> from eventkit import Catalog
            >>> sessions = [{"title": "A", "tags": ["ai"]}, {"title": "B", "tags": ["web"]}]
            >>> found = Catalog(sessions).why_not("b", ["ai"], 1)
            >>> found["rank"], found["changes"]
            (2, [])
        """
        if top < 0:
            raise ValueError(f"top is {top}, expected a number of sessions, 0 or more")
        interests, reading = _asked(self, interests, understand)
        found = _native.why_not(self, title, interests, top, weights, filter, reading)
        explained: WhyNot | SessionNotFound = _answered(found, "explained")
        return explained

    def alternatives(
        self,
        title: str,
        interests: Interests,
        top: int | None = None,
        *,
        weights: Mapping[str, Any] | None = None,
        understand: bool = False,
    ) -> Alternatives | SessionNotFound:
        """Recommend what else runs at the time of a session. See `eventkit.alternatives`.

        Example:
            >>> from eventkit import Catalog
            >>> slot = {"start": "9:00", "end": "10:00"}
            >>> catalog = Catalog([{"title": "A", **slot}, {"title": "B", "tags": ["ai"], **slot}])
            >>> [row["title"] for row in catalog.alternatives("A", ["ai"])["scoring"]]
            ['B']
        """
        if top is not None and top < 0:
            raise ValueError(f"top is {top}, expected a number of sessions, 0 or more")
        interests, reading = _asked(self, interests, understand)
        found = _native.alternatives(self, title, interests, top, weights, reading)
        compared: Alternatives | SessionNotFound = _answered(found, "compared")
        return compared

    def unmatched(self, interests: Interests) -> list[Unmatched]:
        """Return the interests that no session has as a tag, each with the nearest tags.

        Example:
            >>> from eventkit import Catalog
            >>> Catalog([{"title": "A", "tags": ["kubernetes"]}]).unmatched(["kuberntes"])
            [{'interest': 'kuberntes', 'nearest': ['kubernetes']}]
        """
        return _native.unmatched_interests(self, interests)


def _asked(catalog: Any, interests: Any, understand: bool) -> tuple[Any, Any]:
    """Return the interests, and how they are read; ``None`` if whole tags are compared."""
    if not understand:
        return interests, None
    # Imported here, because it reads the aliases.
    from eventkit.understanding import asked_and_read

    return asked_and_read(catalog, interests)


def _names(argument: str, names: Iterable[str]) -> list[str]:
    """Return ids or titles as a list. One text alone would be read as a list of letters."""
    if isinstance(names, (str, bytes)):
        raise TypeError(f"{argument} is {names!r}, one text; expected a list of ids or titles")
    listed = list(names)
    for name in listed:
        if not isinstance(name, str):
            raise TypeError(f"{argument} holds {name!r}, expected ids or titles")
    return listed


def _answered(answer: Any, done: str) -> Any:
    if answer is NotImplemented:
        raise ValueError(
            f"these interests, weights or sessions cannot be {done}: there is a score that "
            "the index cannot prove (NaN, or types other than str, int and float)"
        )
    return answer
