"""The one seeded generator of manifests and interests: for tests, benches and README figures.

The same arguments give the same manifest on every Python version: only `random.Random.random` is
used, whose sequence CPython promises to keep.
"""

from __future__ import annotations

import json
from bisect import bisect
from itertools import accumulate
from random import Random
from typing import Any, Literal

Popularity = Literal["random", "rounded", "equal", "missing"]
Manifest = dict[str, Any]

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
"""The original manifest's weights."""

_FIELDS = (
    "agents accessibility analytics architecture art audio biology careers chemistry cloud "
    "community compilers data databases design devices education energy ethics finance"
)
_ASPECTS = "basics practice research tooling safety testing history policy performance teaching"
_ROOMS = 40
_SLOTS = 80


def tag_names(count: int = 200) -> list[str]:
    """Return `count` distinct tag names, the most common first under a Zipf law."""
    names = [f"{field} {aspect}" for aspect in _ASPECTS.split() for field in _FIELDS.split()]
    return [names[i] if i < len(names) else f"topic {i}" for i in range(count)]


def manifest(
    sessions: int,
    *,
    tags: int = 200,
    zipf: float = 1.0,
    tags_per_session: tuple[int, int] = (2, 5),
    popularity: Popularity = "random",
    seed: int = 0,
    as_loaded: bool = True,
) -> Manifest:
    """Make a manifest of `sessions` sessions.

    Args:
        sessions: How many sessions.
        tags: How many different tags there are.
        zipf: The exponent of the tags' law; 0 makes every tag equally likely.
        tags_per_session: The fewest and the most distinct tags of one session.
        popularity: `random` is uniform in 0..1 with every digit, `rounded` has two decimals (many
            ties), `equal` is 0.5 for all (nothing but ties), `missing` leaves the key out.
        seed: Another seed, another manifest.
        as_loaded: Pass it through JSON, so that equal strings are distinct objects, as they are
            in a manifest that was read from a file.
    """
    draw = _TagDraw(tag_names(tags), zipf, Random(f"{seed} manifest {sessions}"))
    made: Manifest = {
        "id": f"generated-{sessions}-{seed}",
        "name": f"Generated conference of {sessions} sessions",
        "weights": dict(WEIGHTS),
        "recommend": {"max_sessions_default": 5},
        "features": {"externalSessions": {"enabled": False}, "export": {"enabled": True}},
        "sessions": [_session(i, draw, tags_per_session, popularity) for i in range(sessions)],
    }
    return json.loads(json.dumps(made)) if as_loaded else made


def interests(count: int, seed: int = 0, *, dense: bool = True, tags: int = 200) -> list[str]:
    """Draw `count` distinct interests.

    Args:
        count: How many.
        seed: Another seed, other interests: benches rotate through seeds.
        dense: Draw by the sessions' own Zipf law, so common tags are likely; otherwise evenly
            from the rarer half of the tags.
        tags: As in `manifest`.
    """
    names = tag_names(tags)
    random = Random(f"{seed} interests {count} {dense}")
    draw = _TagDraw(names, 1.0, random) if dense else _TagDraw(names[tags // 2 :], 0.0, random)
    return draw.distinct(count)


class _TagDraw:
    """Tags drawn by a Zipf law, one random number each."""

    def __init__(self, names: list[str], zipf: float, random: Random) -> None:
        self.random = random
        self._names = names
        self._bounds = list(accumulate((rank + 1) ** -zipf for rank in range(len(names))))

    def distinct(self, count: int) -> list[str]:
        """Draw until `count` distinct tags are there, in order of appearance."""
        chosen: dict[str, None] = {}
        total = self._bounds[-1]
        while len(chosen) < min(count, len(self._names)):
            chosen[self._names[bisect(self._bounds, self.random.random() * total)]] = None
        return list(chosen)

    def between(self, low: int, high: int) -> list[str]:
        """Draw between `low` and `high` distinct tags."""
        return self.distinct(low + int(self.random.random() * (high - low + 1)))


def _session(
    index: int, draw: _TagDraw, tags_per_session: tuple[int, int], popularity: Popularity
) -> dict[str, Any]:
    topics = draw.between(*tags_per_session)
    start = 9 * 60 + (index % _SLOTS) * 5
    session: dict[str, Any] = {
        "id": f"s{index:06}",
        "title": f"{topics[0].capitalize()}, part {index}",
        "start": _clock(start),
        "end": _clock(start + 30),
        "location": f"Room {index % _ROOMS + 1}",
        "tags": topics,
    }
    if popularity == "equal":
        session["popularity"] = 0.5
    elif popularity != "missing":
        value = draw.random.random()
        session["popularity"] = round(value, 2) if popularity == "rounded" else value
    return session


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
