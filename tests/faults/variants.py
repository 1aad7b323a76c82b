"""Deliberately wrong recommenders: a proof that lets one of them live proves nothing.

Each is a small, plausible mistake; `Right` is the frame that they bend, and must itself pass.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

Recommender = Callable[[Any, Any, Any], dict[str, Any]]


class Right:
    """A recommendation cut into the steps that can go wrong."""

    def recommend(self, manifest: Any, interests: Any, top: Any) -> dict[str, Any]:
        weights = manifest["weights"]
        rows = [self.score(s, interests, weights) for s in self.sessions(manifest)]
        chosen = self.cut(self.order(rows), top)
        sessions = [row[0] for row in chosen]
        conflicts = self.conflicts(sessions, rows)
        scoring = [
            {"title": self.title(row[0]), "score": row[1], "contributions": row[2]}
            for row in chosen
        ]
        return {"sessions": sessions, "scoring": scoring, "conflicts": conflicts}

    def sessions(self, manifest: Any) -> Any:
        from eventkit.manifest import get_sessions

        return get_sessions(manifest)

    def score(self, session: Any, interests: Any, weights: Any) -> tuple[Any, Any, dict[str, Any]]:
        hits = self.hits(self.tags(session), interests)
        spread = self.spread(interests)
        parts = {}
        try:
            weight = weights["diversity"]
        except KeyError:
            pass
        else:
            parts["diversity"] = self.diversity(spread, weight)
        interest = hits * weights["interest"]
        popularity = self.popularity(session) * weights["popularity"]
        found = self.arrange({"interest_match": interest, "popularity": popularity, **parts})
        return session, self.total(list(found.values())), found

    def tags(self, session: Any) -> list[Any]:
        return [self.lower(tag) for tag in session.get("tags", [])]

    def lower(self, tag: Any) -> Any:
        return tag.lower()

    def hits(self, tags: list[Any], interests: Any) -> int:
        return sum(1 for tag in tags if tag in interests)

    def spread(self, interests: Any) -> Any:
        return len(set(interests))

    def diversity(self, spread: Any, weight: Any) -> Any:
        return spread * 0.01 * weight

    def popularity(self, session: Any) -> Any:
        return session.get("popularity", 0)

    def arrange(self, parts: dict[str, Any]) -> dict[str, Any]:
        return parts

    def total(self, values: list[Any]) -> Any:
        return sum(values)

    def order(self, rows: list[Any]) -> list[Any]:
        return sorted(rows, key=lambda row: row[1], reverse=True)

    def cut(self, rows: list[Any], top: Any) -> list[Any]:
        return rows[:top]

    def conflicts(self, sessions: list[Any], rows: list[Any]) -> int:
        slots = Counter((s.get("start"), s.get("end")) for s in sessions)
        return sum(1 for users in slots.values() if users > 1)

    def title(self, session: Any) -> Any:
        return session["title"]


class OtherSum(Right):
    """Sums as the other generation of Pythons does."""

    def total(self, values: list[Any]) -> Any:
        if not all(type(value) in (int, float) for value in values):
            return sum(values)
        if sys.version_info < (3, 12):
            return math.fsum(values) if any(type(v) is float for v in values) else sum(values)
        result: Any = 0
        for value in values:
            result = result + value
        return result


class Fsum(Right):
    def total(self, values: list[Any]) -> Any:
        return math.fsum(values)


class Casefold(Right):
    def lower(self, tag: Any) -> Any:
        return tag.casefold() if type(tag) is str else tag.lower()


class AsciiLower(Right):
    def lower(self, tag: Any) -> Any:
        if type(tag) is not str:
            return tag.lower()
        return tag.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


class LowerTwice(Right):
    """Forgets the final sigma: lowers letter by letter."""

    def lower(self, tag: Any) -> Any:
        return "".join(letter.lower() for letter in tag) if type(tag) is str else tag.lower()


class Strip(Right):
    def lower(self, tag: Any) -> Any:
        return tag.lower().strip()


class LowerInterests(Right):
    def hits(self, tags: list[Any], interests: Any) -> int:
        if type(interests) is list and all(type(i) is str for i in interests):
            interests = [interest.lower() for interest in interests]
        return super().hits(tags, interests)


class UniqueHits(Right):
    def hits(self, tags: list[Any], interests: Any) -> int:
        return super().hits(list(dict.fromkeys(tags)), interests)


class HitsPerInterest(Right):
    def hits(self, tags: list[Any], interests: Any) -> int:
        if type(interests) is list and all(type(i) is str for i in interests):
            return sum(tags.count(interest) for interest in interests)
        return super().hits(tags, interests)


class HashedInterests(Right):
    def hits(self, tags: list[Any], interests: Any) -> int:
        return super().hits(tags, set(interests) if tags else interests)


class ListSpread(Right):
    def spread(self, interests: Any) -> Any:
        return len(list(interests))


class SpreadAssociation(Right):
    def diversity(self, spread: Any, weight: Any) -> Any:
        return spread * (0.01 * weight)


class FloatPopularity(Right):
    def popularity(self, session: Any) -> Any:
        return float(session.get("popularity", 0))


class HalfPopularity(Right):
    def popularity(self, session: Any) -> Any:
        return session.get("popularity", 0.5)


class FalsyPopularity(Right):
    def popularity(self, session: Any) -> Any:
        return session.get("popularity") or 0


class FalsyTags(Right):
    def tags(self, session: Any) -> list[Any]:
        return [self.lower(tag) for tag in session.get("tags") or []]


class PopularityFirst(Right):
    def arrange(self, parts: dict[str, Any]) -> dict[str, Any]:
        return {key: parts[key] for key in sorted(parts, reverse=True)}


class FloatParts(Right):
    def arrange(self, parts: dict[str, Any]) -> dict[str, Any]:
        return {key: float(value) if type(value) is int else value for key, value in parts.items()}


class PositiveZeros(Right):
    def arrange(self, parts: dict[str, Any]) -> dict[str, Any]:
        return {key: value + 0.0 if type(value) is float else value for key, value in parts.items()}


class Rounded(Right):
    def total(self, values: list[Any]) -> Any:
        total = sum(values)
        return round(total, 12) if type(total) is float else total


class NegatedOrder(Right):
    def order(self, rows: list[Any]) -> list[Any]:
        return sorted(rows, key=lambda row: -row[1])


class TiesBackwards(Right):
    def order(self, rows: list[Any]) -> list[Any]:
        return sorted(rows, key=lambda row: row[1])[::-1]


class NanLast(Right):
    def order(self, rows: list[Any]) -> list[Any]:
        good = [row for row in rows if row[1] == row[1]]
        return super().order(good) + [row for row in rows if row[1] != row[1]]


class ClampedTop(Right):
    def cut(self, rows: list[Any], top: Any) -> list[Any]:
        return rows[: max(top, 0) if type(top) is int else top]


class NoneIsTen(Right):
    def cut(self, rows: list[Any], top: Any) -> list[Any]:
        return rows[: 3 if top is None else top]


class IndexTop(Right):
    def cut(self, rows: list[Any], top: Any) -> list[Any]:
        return rows[: int(top) if isinstance(top, float) else top]


class ConflictingSessions(Right):
    def conflicts(self, sessions: list[Any], rows: list[Any]) -> int:
        slots = Counter((s.get("start"), s.get("end")) for s in sessions)
        return sum(users for users in slots.values() if users > 1)


class ConflictsOfAll(Right):
    def conflicts(self, sessions: list[Any], rows: list[Any]) -> int:
        return super().conflicts([row[0] for row in rows], rows)


class TimelessAreFree(Right):
    def conflicts(self, sessions: list[Any], rows: list[Any]) -> int:
        return super().conflicts([s for s in sessions if s.get("start") is not None], rows)


class TitleOptional(Right):
    def title(self, session: Any) -> Any:
        return session.get("title")


class CopiedTitle(Right):
    def title(self, session: Any) -> Any:
        title = session["title"]
        return "".join(list(title)) if type(title) is str else title


class CopiedSessions(Right):
    def score(self, session: Any, interests: Any, weights: Any) -> tuple[Any, Any, dict[str, Any]]:
        _, total, parts = super().score(session, interests, weights)
        return dict(session) if type(session) is dict else session, total, parts


class LeakedTags(Right):
    def tags(self, session: Any) -> list[Any]:
        tags = super().tags(session)
        if type(session) is dict:
            session["_normalized_tags"] = tags
        return tags


class ListedSessions(Right):
    """Takes the sessions before it scores: one that is added meanwhile is missed."""

    def sessions(self, manifest: Any) -> Any:
        return list(super().sessions(manifest))


class IdCache(Right):
    """Remembers lowered tags by the id of their list."""

    def __init__(self) -> None:
        self.seen: dict[int, list[Any]] = {}

    def tags(self, session: Any) -> list[Any]:
        tags = session.get("tags", [])
        if type(tags) is not list:
            return super().tags(session)
        if id(tags) not in self.seen:
            self.seen[id(tags)] = super().tags(session)
        return self.seen[id(tags)]


class LengthCache(IdCache):
    """Notices a list that grew, and no tag that was replaced."""

    def tags(self, session: Any) -> list[Any]:
        tags = session.get("tags", [])
        if type(tags) is list and len(self.seen.get(id(tags), ())) != len(tags):
            self.seen.pop(id(tags), None)
        return super().tags(session)


class AnswerCache(Right):
    """Remembers whole answers by the session list and the question."""

    def __init__(self) -> None:
        self.seen: dict[Any, Any] = {}

    def recommend(self, manifest: Any, interests: Any, top: Any) -> dict[str, Any]:
        if type(manifest) is not dict or type(manifest.get("sessions")) is not list:
            return super().recommend(manifest, interests, top)
        key = (id(manifest["sessions"]), len(manifest["sessions"]), repr(interests), repr(top))
        if key not in self.seen:
            self.seen[key] = super().recommend(manifest, interests, top)
        return self.seen[key]  # type: ignore[no-any-return]


VARIANTS = [
    kind
    for kind in vars(sys.modules[__name__]).values()
    if isinstance(kind, type) and issubclass(kind, Right) and kind is not Right
]
