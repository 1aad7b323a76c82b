"""Generates sessions and interests from a seed, for tests, benches and figures.

The same arguments give the same sessions on every version of Python and numpy. Only
`random.Random.random` and `numpy.random.RandomState.random_sample` are used, whose sequences never
change. Columns are generated first and text is made from them, because a million single sessions
would take longer than the measurements.
"""

from __future__ import annotations

import gc
import json
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate
from random import Random
from typing import Any, Literal
from zlib import crc32

import numpy as np

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
_CHUNK = 100_000


def tag_names(count: int = 200) -> list[str]:
    """Return `count` distinct tag names, the most common first under a Zipf law."""
    names = [f"{field} {aspect}" for aspect in _ASPECTS.split() for field in _FIELDS.split()]
    return [names[i] if i < len(names) else f"topic {i}" for i in range(count)]


@dataclass(frozen=True)
class Columns:
    """The columns of sessions. Session i has the tags `tags[offsets[i]:offsets[i + 1]]`."""

    names: list[str]
    offsets: np.ndarray
    tags: np.ndarray
    popularity: np.ndarray | None

    def __len__(self) -> int:
        return len(self.offsets) - 1


def columns(
    sessions: int,
    *,
    tags: int = 200,
    zipf: float = 1.0,
    tags_per_session: tuple[int, int] = (2, 5),
    popularity: Popularity = "random",
    seed: int = 0,
) -> Columns:
    """Generate sessions.

    Args:
        sessions: The number of sessions.
        tags: The number of different tags.
        zipf: The exponent of the distribution of tags; 0 makes all tags equally likely.
        tags_per_session: The smallest and the largest number of distinct tags of a session.
        popularity: `random` is uniform in 0..1, `rounded` has two decimals (many ties), `equal` is
            0.5 for all sessions, `missing` has no popularity.
        seed: Another seed gives other sessions.
    """
    low, high = tags_per_session
    random = np.random.RandomState(crc32(f"{seed} manifest {sessions}".encode()))
    counts = low + (random.random_sample(sessions) * (high - low + 1)).astype(np.int64)
    bounds = np.cumsum(np.arange(1, tags + 1, dtype=np.float64) ** -zipf)

    def draw(count: int) -> np.ndarray:
        return np.searchsorted(bounds, random.random_sample(count) * bounds[-1], side="right")

    drawn = np.empty((sessions, high), np.int32)
    for place in range(high):
        drawn[:, place] = draw(sessions)
        again = np.arange(sessions)
        while len(again := again[(drawn[again, :place] == drawn[again, place, None]).any(1)]):
            drawn[again, place] = draw(len(again))
    value: np.ndarray | None = random.random_sample(sessions)
    if popularity == "rounded":
        value = np.round(value, 2)
    elif popularity == "equal":
        value = np.full(sessions, 0.5)
    elif popularity == "missing":
        value = None
    offsets = np.concatenate(([0], np.cumsum(counts)))
    return Columns(tag_names(tags), offsets, drawn[np.arange(high) < counts[:, None]], value)


def text(drawn: Columns) -> bytes:
    """Return a manifest of the sessions as `json.dumps` would write it."""
    fields = {
        "id": f"generated-{len(drawn)}",
        "name": f"Generated conference of {len(drawn)} sessions",
        "weights": WEIGHTS,
        "recommend": {"max_sessions_default": 5},
        "features": {"externalSessions": {"enabled": False}, "export": {"enabled": True}},
    }
    head = json.dumps(fields)[:-1] + ', "sessions": ['
    # Ten million sessions take gigabytes, so one buffer grows instead of joining parts.
    out = BytesIO()
    out.write(head.encode())
    for start in range(0, len(drawn), _CHUNK):
        out.write(b", " if start else b"")
        out.write(", ".join(_sessions(drawn, start)).encode())
    out.write(b"]}")
    return out.getvalue()


def manifest(sessions: int, **law: Any) -> Manifest:
    """Make a manifest as if read from a file, with distinct strings: see `columns`."""
    return load(text(columns(sessions, **law)))


def load(made: bytes) -> Manifest:
    """Load a manifest with the collector off, which would take three times the parser's time."""
    gc.disable()
    try:
        return json.loads(made)
    finally:
        gc.enable()


def interests(count: int, seed: int = 0, *, dense: bool = True, tags: int = 200) -> list[str]:
    """Generate `count` distinct interests.

    Args:
        count: The number of interests.
        seed: Another seed gives other interests. Benches rotate through seeds.
        dense: If true, tags are drawn with the distribution of the sessions' tags, so common tags
            are likely. Otherwise they are drawn evenly from the rarer half.
        tags: As in `columns`.
    """
    names = tag_names(tags)
    random = Random(f"{seed} interests {count} {dense}")
    draw = _TagDraw(names, 1.0, random) if dense else _TagDraw(names[tags // 2 :], 0.0, random)
    return draw.distinct(count)


class _TagDraw:
    """Draws tags by Zipf's law, with one random number for each."""

    def __init__(self, names: list[str], zipf: float, random: Random) -> None:
        self.random = random
        self._names = names
        self._bounds = list(accumulate((rank + 1) ** -zipf for rank in range(len(names))))

    def distinct(self, count: int) -> list[str]:
        """Draw `count` distinct tags. Returns them in the order in which they were drawn."""
        chosen: dict[str, None] = {}
        total = self._bounds[-1]
        while len(chosen) < min(count, len(self._names)):
            chosen[self._names[bisect(self._bounds, self.random.random() * total)]] = None
        return list(chosen)


def _sessions(drawn: Columns, start: int) -> Iterator[str]:
    """Return the JSON texts of a chunk of sessions."""
    stop = min(start + _CHUNK, len(drawn))
    quoted = [json.dumps(name) for name in drawn.names]
    titles = [name.capitalize() for name in drawn.names]
    slots = [(_clock(at), _clock(at + 30)) for at in range(9 * 60, 9 * 60 + _SLOTS * 5, 5)]
    offsets = drawn.offsets[start : stop + 1].tolist()
    tags = drawn.tags[offsets[0] : offsets[-1]].tolist()
    values = None if drawn.popularity is None else drawn.popularity[start:stop].tolist()
    for i in range(stop - start):
        topics = tags[offsets[i] - offsets[0] : offsets[i + 1] - offsets[0]]
        index = start + i
        begin, end = slots[index % _SLOTS]
        popularity = f', "popularity": {values[i]!r}' if values else ""
        yield (
            f'{{"id": "s{index:06}", "title": "{titles[topics[0]]}, part {index}", '
            f'"start": "{begin}", "end": "{end}", "location": "Room {index % _ROOMS + 1}", '
            f'"tags": [{", ".join([quoted[tag] for tag in topics])}]{popularity}}}'
        )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
