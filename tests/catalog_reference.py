"""What `Filter` and `Catalog.plan` promise, read session by session and choice by choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from eventkit import reference

DAY = 24 * 60


@dataclass(frozen=True)
class Time:
    """A time in minutes: ``day`` and ``minute`` of the wall clock, and the offset to UTC.

    Without a day it is a time of day, without an offset nobody knows which instant it is.
    """

    minute: int
    day: int | None = None
    offset: int | None = None
    style: int = 0

    @property
    def kind(self) -> str:
        if self.day is None:
            return "clock"
        return "wall" if self.offset is None else "instant"

    @property
    def wall(self) -> int:
        assert self.day is not None
        return self.day * DAY + self.minute

    @property
    def instant(self) -> int:
        assert self.offset is not None
        return self.wall - self.offset

    def text(self) -> str:
        hour, minute = divmod(self.minute, 60)
        clock = f"{hour:02}:{minute:02}"
        if self.day is None:
            return (clock, f"{hour}:{minute:02}", clock + ":00", f" {clock} ")[self.style % 4]
        date = f"2026-01-{self.day + 1:02}"
        clock = (clock, clock + ":00", clock + ":00.000", clock + ":00,0")[self.style % 4]
        text = f"{date}{'T' if self.style % 3 else ' '}{clock}"
        if self.offset is None:
            return text
        sign, (hours, minutes) = "-" if self.offset < 0 else "+", divmod(abs(self.offset), 60)
        if self.offset == 0 and self.style % 2:
            return text + "Z"
        return f"{text}{sign}{hours:02}{':' if self.style % 5 else ''}{minutes:02}"


@dataclass
class Wish:
    """The arguments of a `Filter`."""

    start: Time | None = None
    end: Time | None = None
    fit: str = "within"
    locations: list[str] | None = None
    all_tags: list[str] | None = None
    any_tags: list[str] | None = None
    no_tags: list[str] | None = None
    exclude: list[str] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        made: dict[str, Any] = {"fit": self.fit}
        for name in ("start", "end"):
            time = getattr(self, name)
            if time is not None:
                made[name] = time.text()
        for name in ("locations", "all_tags", "any_tags", "no_tags", "exclude"):
            if getattr(self, name) is not None:
                made[name] = getattr(self, name)
        return made

    def admits(self, session: dict[str, Any], times: tuple[Time | None, Time | None]) -> bool:
        """Say whether a session passes; its times are given as they are, not as text."""
        tags = {tag.lower() for tag in session.get("tags", [])}
        wanted = [tag.lower() for tag in self.all_tags or []]
        unwanted = [tag.lower() for tag in self.no_tags or []]
        if not tags.issuperset(wanted) or not tags.isdisjoint(unwanted):
            return False
        if self.any_tags is not None and tags.isdisjoint(tag.lower() for tag in self.any_tags):
            return False
        if session.get("id") in (self.exclude or []):
            return False
        if self.locations is not None:
            place = session.get("location")
            names = [name.lower() for name in self.locations]
            if type(place) is not str or place.lower() not in names:
                return False
        return self.in_window(*times)

    def in_window(self, start: Time | None, end: Time | None) -> bool:
        ends = [time for time in (self.start, self.end) if time is not None]
        if not ends:
            return True
        if start is None:
            return False
        length = length_of(start, end)
        if ends[0].kind == "clock":
            return self.in_daily_window(start.minute, length)
        if ends[0].kind == "instant":
            if start.kind != "instant":
                return False
            first, low, high = start.instant, self.start and self.start.instant, self.end
            high = high and high.instant
        else:
            if start.kind == "clock":
                return False
            first, low, high = start.wall, self.start and self.start.wall, self.end
            high = high and high.wall
        low = -(10**9) if low is None else low
        high = 10**9 if high is None else high
        if self.fit == "starting":
            return low <= first < high
        if length is None:
            return self.fit == "overlapping" and low <= first < high
        if self.fit == "within":
            return low <= first and first + length <= high
        return first < high and first + length > low and low < high

    def in_daily_window(self, first: int, length: float | None) -> bool:
        """Lay the window on several days, and look at each."""
        low = self.start.minute if self.start else 0
        high = self.end.minute if self.end else DAY
        if high < low:
            high += DAY
        days = range(-8 * DAY, 9 * DAY, DAY)
        if self.fit == "starting":
            return any(low + day <= first < high + day for day in days)
        if length is None:
            overlaps = self.fit == "overlapping"
            return overlaps and any(low + day <= first < high + day for day in days)
        if self.fit == "within":
            return any(low + day <= first and first + length <= high + day for day in days)
        return high > low and any(first < high + day and first + length > low + day for day in days)


MOMENT = 1 / 60_000
"""The shortest session, in minutes: nobody is at two places in one millisecond."""


def length_of(start: Time, end: Time | None) -> float | None:
    """How long a session lasts, in minutes; ``None`` where that cannot be told."""
    if end is None or end.kind != start.kind:
        return None
    if start.kind == "clock":
        length = end.minute - start.minute
        return max(length + DAY if length < 0 else length, MOMENT)
    length = end.instant - start.instant if start.kind == "instant" else end.wall - start.wall
    return None if length < 0 else max(length, MOMENT)


@dataclass(frozen=True)
class Item:
    """A session that a plan may hold; minutes on an axis that all of them share."""

    start: float
    end: float
    score: float
    place: str | None
    position: int


def matching(
    sessions: list[dict[str, Any]], interests: list[str], weights: Any
) -> list[tuple[int, float]]:
    """Return position and score of the sessions that share a tag with the interests."""
    found = []
    for position, session in enumerate(sessions):
        if any(tag.lower() in interests for tag in session.get("tags", [])):
            score = reference.score_session(session, interests, weights)["score"]
            found.append((position, score))
    return found


def apart(first: Item, second: Item, gap: float) -> bool:
    """Say whether somebody can go to the first and then to the second."""
    moves = first.place is None or first.place != second.place
    return first.end + (gap if moves else 0) <= second.start


def is_plan(items: list[Item], gap: float) -> bool:
    return all(apart(first, second, gap) for first, second in pairwise(items))


def best_total(items: list[Item], top: int | None, gap: float) -> float:
    """The greatest total of any choice of sessions that do not overlap, by trying them all.

    A choice is an order in time. Sessions of no length stand where they stand: so does a choice.
    """
    items = sorted((item for item in items if item.score > 0), key=lambda it: (it.start, it.end))
    most = len(items) if top is None else top
    best = 0.0

    def extend(place: int, last: Item | None, total: float, count: int) -> None:
        nonlocal best
        best = max(best, total)
        if count == most:
            return
        for number in range(place, len(items)):
            item = items[number]
            if last is None or apart(last, item, gap):
                extend(number + 1, item, total + item.score, count + 1)

    extend(0, None, 0.0, 0)
    return best
