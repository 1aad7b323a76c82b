"""Compares two states of a programme: which sessions are new, cancelled, moved or in another room.

Sessions are the same if they have the same id. Where that fails, they are the same if they have the
same title. Ids of two formats may be numbered differently, so ids count only if at least half of
the sessions that share one have the same title too.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventkit.dates import Moment, parse_moment

__all__ = ["Difference", "Moved", "compare"]

Session = dict[str, Any]


@dataclass(frozen=True)
class Moved:
    """A session whose time, room or title changed.

    Attributes:
        session: The session as it is now.
        before: What it was.
        after: What it is.
    """

    session: Session
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """What changed between two states of a programme.

    Attributes:
        new: The sessions that were not there before.
        cancelled: The sessions that are no longer there.
        moved: The sessions with another time.
        rooms: The sessions with another room.
        renamed: The sessions with the same id and another title.
        unchanged: The number of sessions with none of these changes.
    """

    new: list[Session] = field(default_factory=list)
    cancelled: list[Session] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    rooms: list[Moved] = field(default_factory=list)
    renamed: list[Moved] = field(default_factory=list)
    unchanged: int = 0

    def __bool__(self) -> bool:
        """Return true if anything changed."""
        return bool(self.new or self.cancelled or self.moved or self.rooms or self.renamed)


def compare(old: Sequence[Session], new: Sequence[Session]) -> Difference:
    """Compare two states of a programme.

    Example:
        >>> before = [{"id": 1, "title": "Ducks", "start_at": "2026-09-14T09:00:00+02:00"}]
        >>> after = [{"id": 1, "title": "Ducks", "start_at": "2026-09-14T10:00:00+02:00"}]
        >>> [(change.before, change.after) for change in compare(before, after).moved]
        [('2026-09-14 09:00', '2026-09-14 10:00')]
    """
    pairs, cancelled, added = _matched(old, new)
    moved: list[Moved] = []
    rooms: list[Moved] = []
    renamed: list[Moved] = []
    unchanged = 0
    for before, after in pairs:
        kinds = [
            (moved, _slot_differs(before, after), _slot(before), _slot(after)),
            (rooms, _room(before) != _room(after), _room(before), _room(after)),
            (renamed, _title(before) != _title(after), _title(before), _title(after)),
        ]
        for changes, differs, was, now in kinds:
            if differs:
                changes.append(Moved(after, was, now))
        unchanged += not any(differs for _, differs, _, _ in kinds)
    return Difference(added, cancelled, moved, rooms, renamed, unchanged)


def _matched(
    old: Sequence[Session], new: Sequence[Session]
) -> tuple[list[tuple[Session, Session]], list[Session], list[Session]]:
    """Return the pairs of the same session in order of the new state, and both remainders."""
    found: dict[int, int] = {}
    by_id = _pairs(old, new, range(len(old)), range(len(new)), _ids(old), _ids(new))
    same = sum(_key(old[one]) == _key(new[other]) for other, one in by_id.items())
    if same * 2 >= len(by_id):
        found = by_id
    taken = set(found.values())
    left = [at for at in range(len(old)) if at not in taken]
    rest = [at for at in range(len(new)) if at not in found]
    # Of several sessions with one title, first those with the same start.
    starts = [(_key(session), _start(session)) for session in old]
    now = [(_key(session), _start(session)) for session in new]
    found |= _pairs(old, new, left, rest, starts, now)
    taken = set(found.values())
    left = [at for at in left if at not in taken]
    rest = [at for at in rest if at not in found]
    found |= _pairs(old, new, left, rest, [*map(_key, old)], [*map(_key, new)])
    taken = set(found.values())
    pairs = [(old[found[at]], new[at]) for at in range(len(new)) if at in found]
    cancelled = [session for at, session in enumerate(old) if at not in taken]
    return pairs, cancelled, [session for at, session in enumerate(new) if at not in found]


def _pairs(
    old: Sequence[Session],
    new: Sequence[Session],
    left: Iterable[int],
    right: Iterable[int],
    old_keys: Sequence[Any],
    new_keys: Sequence[Any],
) -> dict[int, int]:
    """Match positions of `new` with positions of `old` that have an equal key, each once."""
    waiting: dict[Any, deque[int]] = {}
    for at in left:
        if old_keys[at] is not None:
            waiting.setdefault(old_keys[at], deque()).append(at)
    found = {}
    for at in right:
        candidates = waiting.get(new_keys[at]) if new_keys[at] is not None else None
        if candidates:
            found[at] = candidates.popleft()
    return found


def _ids(sessions: Sequence[Session]) -> list[str | None]:
    """Return the id of each session; ``None`` for one without an id, or whose id is repeated."""
    ids = [None if session.get("id") in (None, "") else str(session["id"]) for session in sessions]
    counts = Counter(ids)
    return [identity if counts[identity] == 1 else None for identity in ids]


def _key(session: Session) -> str:
    return " ".join(_title(session).casefold().split())


def _title(session: Session) -> str:
    return str(session.get("title", ""))


def _room(session: Session) -> str:
    return str(session.get("location") or "")


def _start(session: Session) -> str:
    return str(session.get("start_at") or session.get("start") or "")


def _moments(session: Session, name: str) -> Moment | None:
    return parse_moment(session.get(f"{name}_at")) or parse_moment(session.get(name))


def _slot_differs(before: Session, after: Session) -> bool:
    """Return true if the start differs, or the end where both have one, or the numbered day."""
    starts = _moments(before, "start"), _moments(after, "start")
    ends = _moments(before, "end"), _moments(after, "end")
    if not _same(*starts) or (None not in ends and not _same(*ends)):
        return True
    undated = all(moment is None or moment.day is None for moment in starts)
    return undated and str(before.get("day") or "") != str(after.get("day") or "")


def _same(one: Moment | None, other: Moment | None) -> bool:
    if one is None or other is None:
        return one is other
    if None in (one.offset, other.offset) or None in (one.day, other.day):
        # What one of them does not say, cannot differ.
        days = None in (one.day, other.day) or one.day == other.day
        return days and one.clock == other.clock
    if one.clock is None or other.clock is None:
        return one == other
    return one.instant() == other.instant()


def _slot(session: Session) -> str:
    """Return the start as it is shown: date and time, or as much of it as there is."""
    moment = _moments(session, "start")
    if moment is None:
        return ""
    day = moment.day.isoformat() if moment.day else str(session.get("day") or "")
    clock = moment.clock.strftime("%H:%M") if moment.clock else ""
    until = _moments(session, "end")
    end = f"-{until.clock:%H:%M}" if until and until.clock and clock else ""
    return f"{day} {clock}{end}".strip()
