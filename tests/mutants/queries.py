"""Five hundred queries for each function of an agent, over sessions of many kinds.

A round is a set of data, made afresh for each side, and some calls on it: later calls meet what
earlier ones left, and what is left in the end counts as an answer too.
"""

from __future__ import annotations

import copy
import marshal
import random
from collections import OrderedDict, UserDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from outcomes import exact, outcome

ROUNDS = 25
CALLS = 20

TAGS = (
    *("AI", "agents", "Data", "web", "rust", "Straße", "ai safety", "ops", "x", "Keynote", "ml"),
    "",
)
WORDS = (
    "ai",
    "agents",
    "data",
    "web",
    "rust",
    "straße",
    "ai safety",
    "ops",
    "keynote",
    "ml",
    "AI",
    "",
)
EXTRAS: dict[str, tuple[Any, ...]] = {
    "status": ("cancelled", "confirmed", "CANCELLED", None),
    "type": ("keynote", "talk"),
    "hidden": (True, False),
    "featured": (True, False, 1),
    "level": ("beginner", "expert"),
    "language": ("en", "de"),
    "track": ("AI", "Web"),
    "speaker": ("Ada", "Bob"),
    "capacity": (0, 10, 500),
    "registered": (0, 10, 500),
    "sponsor_tier": (0, 1, 3),
    "room": ("A", "B"),
    "date": ("2020-01-01", "2999-01-01"),
    "boost": (0, 0.5, 2),
    "online": (True, False),
    "duration": (30, 90),
    "rating": (1.5, 4.5),
    "id": ("s1", "s2", 3),
    "description": ("about AI and agents", "web"),
}
FLAGS: dict[str, tuple[Any, ...]] = {
    "hidden_titles": (["talk 1", "Talk 2"], []),
    "max_top": (2, 5),
    "synonyms": ({"ml": "ai"}, {}),
    "blocked_tags": (["web"], []),
    "boosts": ({"AI": 2.0}, {}),
    "timezone": ("UTC",),
    "now": ("2025-01-01",),
    "pinned": (["Talk 3"], []),
    "version": (1, 2),
}
FEATURES = ("fuzzy", "dedupe", "strict", "beta", "keynotes_first", "hideCancelled")


@dataclass
class Round:
    """Data, and calls on it.

    Attributes:
        make: Makes the data.
        calls: Each picks the arguments of one call from the data.
        environment: Variables that are set meanwhile.
    """

    make: Callable[[], Any]
    calls: list[Callable[[Any], tuple[Any, ...]]]
    environment: dict[str, str] = field(default_factory=dict)

    def outcomes(self, function: Callable[..., Any]) -> list[Any]:
        """Return what each call comes to, and what is left of the data."""
        data = self.make()
        found = [outcome(partial(_call, function, pick, data)) for pick in self.calls]
        return [*found, exact(data)]


def _call(function: Callable[..., Any], pick: Callable[[Any], tuple[Any, ...]], data: Any) -> Any:
    return function(*pick(data))


def session(rng: random.Random, number: int, plain: bool) -> dict[str, Any]:
    """Make a session, with members that rules of forks read; an odd one now and then."""
    made: dict[str, Any] = {"title": f"Talk {number}"}
    if rng.random() < 0.9:
        made["tags"] = [rng.choice(TAGS) for _ in range(rng.randrange(6))]
    if rng.random() < 0.9:
        made["popularity"] = rng.choice((0.1, 0.35, 0.7, 0.9, 1.0, 0, 1, 2, 7.25))
    if rng.random() < 0.8:
        start = rng.randrange(9, 14)
        made |= {"start": f"{start:02}:00", "end": f"{start + rng.choice((1, 1, 2)):02}:00"}
        made["location"] = rng.choice(("Hall", "Room 1", ""))
    for key, values in EXTRAS.items():
        if rng.random() < 0.25:
            made[key] = rng.choice(values)
    if not plain and rng.random() < 0.05:
        made |= rng.choice(
            (
                *({"popularity": None}, {"popularity": True}, {"popularity": "5"}, {"tags": None}),
                *(
                    {"tags": ("AI", "web")},
                    {"tags": [1]},
                    {"tags": "ai"},
                    {"title": None},
                    {"start": []},
                ),
                *({"popularity": 10**30}, {"popularity": -1.5}, {"popularity": float("inf")}),
            )
        )
    return made


def manifest(rng: random.Random, plain: bool) -> dict[str, Any]:
    """Make a manifest with switches of many kinds."""
    count = rng.choice((0, 1, 3, 8, 20, 40, 40))
    features: dict[str, Any] = {name: True for name in FEATURES if rng.random() < 0.4}
    external = rng.choice((None, None, None, "absent.json", "present.json"))
    if external:
        switch = rng.choice(({"enabled": True}, {"enabled": True}, {"enabled": False}, {}))
        features["externalSessions"] = {**switch, "file": external}
    weights: dict[str, Any] = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    if rng.random() < 0.4:
        weights = {"interest": 1, "popularity": 3, "diversity": 0.1}
    if not plain and rng.random() < 0.15:
        weights.pop(rng.choice(sorted(weights)))
    made: dict[str, Any] = {
        "weights": weights | ({"recency_weight": 0.2} if rng.random() < 0.3 else {}),
        "sessions": [session(rng, number, plain) for number in range(count)],
        "features": features,
        "recommend": {"max_sessions_default": 3, "min_score": 1.0},
    }
    for key, values in FLAGS.items():
        if rng.random() < 0.4:
            made[key] = rng.choice(values)
    return made


def interests(rng: random.Random) -> list[str]:
    """Choose interests, more than ten now and then."""
    count = rng.choice((0, 1, 1, 2, 3, 3, 5, 14))
    return [rng.choice(WORDS) for _ in range(count)]


def event(rng: random.Random, number: int) -> dict[str, Any]:
    """Make an event of a calendar."""
    start = rng.choice(("2026-01-31T09:30:00", "2026-01-31T09:30:00Z", "junk", ""))
    made: dict[str, Any] = {
        "id": f"e{number}",
        "subject": rng.choice((f"Meeting {number}", "Private", None)),
        "start": {"dateTime": start},
        "end": {"dateTime": "2026-01-31T10:00:00"},
    }
    for key, values in (
        ("isCancelled", (True, False, False)),
        ("categories", ([], ["AI"], ["a", "b", "c", "d", "e"], None)),
        ("isOnlineMeeting", (True, False)),
        ("isReminderOn", (True, False)),
        ("bodyPreview", ("text", "")),
        ("body", ({"content": "x"}, {}, None)),
        ("attendees", ([], [1], [1] * 9)),
        ("location", ({"displayName": "Hall"}, {}, None)),
        ("sensitivity", ("private", "normal")),
        ("showAs", ("busy", "free")),
    ):
        if rng.random() < 0.6:
            made[key] = rng.choice(values)
    if rng.random() < 0.05:
        made.pop(rng.choice(("id", "subject", "start", "end")))
    return made


class Calendar:
    """A service that has events, and counts how often it is asked."""

    def __init__(self, events: list[Any]) -> None:
        self.events = events
        self.asked: list[int] = []

    def get_events(self, top: int) -> list[Any]:
        """Return the first of them."""
        self.asked.append(top)
        return self.events[:top]

    def __repr__(self) -> str:
        return f"Calendar({self.events!r}, {self.asked!r})"


@cache
def rounds(label: str) -> tuple[Round, ...]:
    """Return the rounds for a function, the same ones in every process."""
    rng = random.Random(f"{label} 11")
    return tuple(_ROUNDS[label](rng, number) for number in range(ROUNDS))


def _round(rng: random.Random, number: int, data: Any, calls: list[Any]) -> Round:
    environment = {}
    if number % 3 == 1:
        environment = {"EVENTKIT_TOP": "2", "EVENT_MODE": "strict", "HIDE_CANCELLED": "1"}
    make = partial(copy.deepcopy, data)
    try:
        make = partial(marshal.loads, marshal.dumps(data))
    except ValueError:
        pass
    return Round(make, calls, environment)


def _manifest_round(rng: random.Random, number: int) -> dict[str, Any]:
    made = manifest(rng, plain=number % 4 != 3)
    if number == 7:
        made["sessions"] = [OrderedDict(each) for each in made["sessions"]] + [UserDict(title="u")]
    if number == 11:
        return defaultdict(dict, made)
    return made


def _recommend(rng: random.Random, number: int) -> Round:
    calls = []
    for _ in range(CALLS):
        wanted, top = interests(rng), rng.choice((0, 1, 3, 3, 5, 10, 60, None, -1, True, "x"))
        calls.append(lambda data, wanted=wanted, top=top: (data, wanted, top))
    return _round(rng, number, _manifest_round(rng, number), calls)


def _explain(rng: random.Random, number: int) -> Round:
    calls = []
    for _ in range(CALLS):
        wanted = interests(rng)
        title = rng.choice((f"Talk {rng.randrange(8)}", f"talk {rng.randrange(45)}", "nobody", ""))
        calls.append(lambda data, title=title, wanted=wanted: (data, title, wanted))
    return _round(rng, number, _manifest_round(rng, number), calls)


def _score(rng: random.Random, number: int) -> Round:
    data = [session(rng, place, plain=False) for place in range(CALLS)]
    weights = manifest(rng, plain=number % 4 != 3)["weights"]
    calls = []
    for place in range(CALLS):
        wanted = interests(rng)
        calls.append(lambda data, at=place, wanted=wanted: (data[0][at], wanted, data[1]))
    return _round(rng, number, (data, weights), calls)


def _sessions(rng: random.Random, number: int) -> Round:
    data = [session(rng, place, plain=number % 2 == 0) for place in range(30)]
    calls = []
    for _ in range(CALLS):
        first, last = rng.randrange(30), rng.randrange(30)
        calls.append(lambda data, first=first, last=last: (data[first : first + last],))
    return _round(rng, number, data, calls)


def _markdown(rng: random.Random, number: int) -> Round:
    inner = _sessions(rng, number)

    def pick(old: Any, wanted: list[str]) -> Any:
        return lambda data: (wanted, {"sessions": old(data)[0], "conflicts": 0})

    return Round(inner.make, [pick(old, interests(rng)) for old in inner.calls], inner.environment)


def _normalize(rng: random.Random, number: int) -> Round:
    calls = []
    for _ in range(CALLS):
        separator = rng.choice((",", ";", ", ", " ; ", " "))
        text: Any = separator.join(interests(rng)) if rng.random() < 0.97 else None
        calls.append(lambda data, text=text: (text,))
    return _round(rng, number, [], calls)


def _graph(rng: random.Random, number: int) -> Round:
    events = [session(rng, place, plain=number % 2 == 0) for place in range(1 + number % 15)]
    weights = rng.choice((None, None, {"interest": 1, "popularity": 2.0, "diversity": 0.5}))
    calls = []
    for _ in range(CALLS):
        words = interests(rng) or (["ai"] if rng.random() < 0.7 else [])
        wanted = [word if rng.random() < 0.7 else f" {word.upper()} " for word in words]
        top = rng.choice((1, 1, 2, 3, 3, 5, 10, 10, 0, -1))
        calls.append(lambda data, wanted=wanted, top=top: (data, wanted, top, weights))
    return Round(lambda: Calendar(copy.deepcopy(events)), calls)


def _events(rng: random.Random, number: int) -> Round:
    data = [event(rng, place) for place in range(20)]
    calls = []
    for _ in range(CALLS):
        first, count = rng.randrange(20), rng.randrange(12)
        calls.append(lambda data, first=first, count=count: (data[first : first + count],))
    return _round(rng, number, data, calls)


_ROUNDS: dict[str, Callable[[random.Random, int], Round]] = {
    "agent.recommend": _recommend,
    "core.recommend": _recommend,
    "agent.explain": _explain,
    "core.explain": _explain,
    "agent.score_session": _score,
    "agent._count_conflicts": _sessions,
    "agent._build_adaptive_card": _sessions,
    "agent._build_itinerary_markdown": _markdown,
    "agent._normalize_interests": _normalize,
    "core.recommend_from_graph": _graph,
    "graph_service.GraphEventService._transform_events": _events,
}
LABELS = tuple(_ROUNDS)
