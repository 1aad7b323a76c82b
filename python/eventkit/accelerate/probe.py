"""The inputs on which an agent's function has to agree with ours before it is replaced.

Only inputs that eventkit answers itself are of use here: all others stay the agent's own. They are
the corners that somebody's change is likely to touch (ties, Unicode, duplicates, ints and floats,
missing keys, order), small ones first, so that a warning shows the smallest that differs. On top of
that come sessions and weights with every name that the agent's own code mentions: a factor that
was added under any name shows itself.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["inputs", "mentioned"]

Arguments = tuple[Any, ...]

_LONGEST_KEY = 40
_WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
_ODD_WEIGHTS = (
    {"interest": 0.1, "popularity": 0.2, "diversity": 10.0},
    {"interest": 3, "popularity": 1, "diversity": 2},
    {"interest": -1.5, "popularity": 0.0, "diversity": 0.7},
)
_KNOWN_TEXT = (
    "weights sessions scoring conflicts session score contributions interest_match popularity"
    " diversity interest tags title start end location error matched_tags features"
    " externalSessions enabled file id name recommend export profile telemetry"
)
_KNOWN = frozenset(_KNOWN_TEXT.split())


def _session(title: str, tags: list[str], popularity: float, **more: Any) -> dict[str, Any]:
    return {"title": title, "tags": tags, "popularity": popularity, **more}


def _programme() -> list[dict[str, Any]]:
    """Sessions with ties, shared slots, Unicode, duplicates, missing members and extra ones."""
    nine = {"start": "09:00", "end": "10:00", "location": "Hall"}
    ten = {"start": "10:00", "end": "11:00"}
    return [
        _session("Alpha", ["AI", "ai", "Web"], 0.9, **nine),
        _session("beta", ["web", "web"], 0.1, **nine),
        _session("Gamma", [], 4.03, **ten),
        _session("delta", ["Straße", "STRASSE", "ẞ"], 0.03, **ten),
        _session("Alpha", ["İ", "AΣ", "K", " ai", "é", "e\u0301"], 1, **ten),
        {"title": "Epsilon"},
        {"title": "Zeta", "tags": ["Data", "AI"]},
        _session("Eta", ["data", "ai"], 0.0, level="advanced", featured=True, rating=5),
        _session("Theta", ["ai", "data"], 0, speaker={"name": "Ada"}, capacity=40, recency=1.0),
        _session("Iota", ["ai"], -0.5, date="2026-01-31", description="ai web data", track="ai"),
    ]


_INTERESTS: tuple[Any, ...] = (
    ["ai"],
    ["data", "web", "ai"],
    ["AI", "Web"],
    ["ai", "ai", "straße"],
    ["i\u0307", "aς", "k", "e\u0301"],
    [],
)


def _manifest(sessions: list[dict[str, Any]], weights: dict[str, Any]) -> dict[str, Any]:
    return {"weights": weights, "sessions": sessions, "features": {}, "name": "probe"}


def _marked(names: list[str], value: Any) -> list[dict[str, Any]]:
    """Two sessions, the second with every name that the agent's code mentions."""
    extra = {name: value for name in names if name not in _KNOWN}
    return [_session("Plain", ["ai"], 0.5), {**extra, **_session("Marked", ["ai"], 0.5)}]


def _weights(names: list[str]) -> dict[str, float]:
    """Weights for every name that the agent's code mentions."""
    return {**dict.fromkeys((name for name in names if name not in _KNOWN), 1.0), **_WEIGHTS}


def _scores(names: list[str]) -> Iterator[Arguments]:
    programme = _programme()
    for interests in _INTERESTS:
        for session in programme:
            yield session, interests, dict(_WEIGHTS)
    for weights in _ODD_WEIGHTS:
        for session in programme:
            yield session, ["ai", "web", "x"], dict(weights)
    for value in (1, "ai", [1.5]):
        yield _marked(names, value)[1], ["ai"], _weights(names)


def _recommendations(names: list[str]) -> Iterator[Arguments]:
    one = [_session("Alpha", ["AI"], 0.9)]
    yield _manifest(one, dict(_WEIGHTS)), ["ai"], 1
    yield _manifest([], dict(_WEIGHTS)), ["ai"], 3
    programme = _programme()
    for top in (3, 0, -1, None, 10**30, True):
        yield _manifest(programme, dict(_WEIGHTS)), ["ai", "data"], top
    for interests in _INTERESTS:
        yield _manifest(programme, dict(_WEIGHTS)), interests, 5
    for weights in _ODD_WEIGHTS:
        yield _manifest(programme, dict(weights)), ["ai", "web", "x"], 10
    # Rounded to the same score or not: whether floats are added as this interpreter's sum() does.
    close = [_session(f"s{i}", ["x"][: i % 2], 0.24 + i % 2 * 4 + i * 1e-16) for i in range(4)]
    yield _manifest(close, dict(_WEIGHTS)), ["x"], 4
    for value in (1, "ai", [1.5]):
        yield _manifest(_marked(names, value), _weights(names)), ["ai"], 2


def _explanations(names: list[str]) -> Iterator[Arguments]:
    manifest = _manifest(_programme(), dict(_WEIGHTS))
    for title in ("Alpha", "ALPHA", "epsilon", "Zeta", "IOTA", "Delta", "theta", "nobody", ""):
        for interests in _INTERESTS[1::2]:
            yield manifest, title, interests
    titles = [_session(title, ["ai"], 0.5) for title in ("Straße", "STRASSE", "ΑΣ", "İ")]
    for title in ("strasse", "STRASSE", "ας", "i\u0307"):
        yield _manifest(titles, dict(_WEIGHTS)), title, ["ai"]
    for weights in _ODD_WEIGHTS:
        for title in ("beta", "Alpha", "Epsilon"):
            yield _manifest(_programme()[:6], dict(weights)), title, ["ai", "web", "x"]
    for value in (1, "ai"):
        yield _manifest(_marked(names, value), _weights(names)), "marked", ["ai"]


def _conflicts(_names: list[str]) -> Iterator[Arguments]:
    programme = _programme()
    yield ([],)
    yield (programme[:2],)
    yield (programme[5:7],)
    yield (programme,)
    yield (
        [{"start": 1, "end": None}, {"start": 1.0}, {"start": "1"}, {"end": None, "start": True}],
    )


def _itineraries(names: list[str]) -> Iterator[Arguments]:
    yield [], {}
    yield ["ai"], {"sessions": [_session("Alpha", ["AI", "b"], 0.5)]}
    yield ["ai", "*b*"], {"sessions": _programme(), "scoring": [], "conflicts": 0}
    odd = {"title": None, "start": 1e16, "end": 0, "location": False, "tags": None}
    yield ["ai"], {"sessions": [odd, {"title": "# <b>\n[x](y)", "tags": ["*"]}]}
    yield ["ai"], {"sessions": _marked(names, "x")}


def _cards(names: list[str]) -> Iterator[Arguments]:
    yield ([],)
    yield (_programme(),)
    yield ([{"title": "# <b>\n**x**", "start": None, "end": 1.5}],)
    yield (_marked(names, "x"),)


def _typed_lists(_names: list[str]) -> Iterator[Arguments]:
    for raw in ("", "AI", " A ;B,, c ", "a;b;a", "AI Safety,\tweb ", "ΑΣ;Σ,İ", "\x1cx\x85,\xa0y"):
        yield (raw,)


class _Calendar:
    """A calendar service; how many events it is asked for shows in the first of them."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events

    def get_events(self, top: int) -> list[dict[str, Any]]:
        return self.events[-top:]

    def __repr__(self) -> str:
        return f"<a calendar of {self.events!r}>"


def _calendars(names: list[str]) -> Iterator[Arguments]:
    yield _Calendar([_session("Alpha", ["AI"], 0.9)]), ["ai"], 1, None
    for interests in (
        ["AI", " Web "],
        ["data", " ", "ai"],
        ["x"],
        ["Straße", "aς", "e\u0301"],
    ):
        yield _Calendar(_programme()), interests, 5, None
    for weights in _ODD_WEIGHTS:
        for top in (3, 5):
            yield _Calendar(_programme()), ["ai", "web", "x"], top, dict(weights)
    yield _Calendar(_marked(names, 1)), ["ai"], 2, _weights(names)


def _event(number: int, **more: Any) -> dict[str, Any]:
    start = {"dateTime": f"2026-01-31T{number % 24:02}:30:00", "timeZone": "UTC"}
    end = {"dateTime": f"2026-01-31T{number % 24:02}:45:00Z", "timeZone": "UTC"}
    return {"id": f"e{number}", "subject": f"Event {number}", "start": start, "end": end, **more}


def _events(names: list[str]) -> Iterator[Arguments]:
    yield ([],)
    yield ([_event(1)],)
    full = {
        "categories": ["Blue", "b", "c", "d"],
        "isOnlineMeeting": True,
        "isReminderOn": True,
        "bodyPreview": "text",
        "attendees": [{}] * 7,
        "location": {"displayName": "Room 1"},
    }
    yield ([_event(2, **full), _event(3, isCancelled=True), _event(4, categories=None)],)
    yield ([_event(5, start=None), _event(6, attendees=[{}]), _event(7, subject=None)],)
    yield ([_event(8, body={"content": "x"}), _event(9, location={"displayName": ""})],)
    unread = ("dateTime", "timeZone", "displayName", "content", "subject", "start", "end", "body")
    extra = {name: 1 for name in names if name not in unread and name not in full}
    yield ([{**extra, **_event(10)}],)


_BY_NAME: dict[str, Callable[[list[str]], Iterator[Arguments]]] = {
    "score_session": _scores,
    "recommend": _recommendations,
    "explain": _explanations,
    "_count_conflicts": _conflicts,
    "_build_itinerary_markdown": _itineraries,
    "_build_adaptive_card": _cards,
    "_normalize_interests": _typed_lists,
    "recommend_from_graph": _calendars,
    "GraphEventService._transform_events": _events,
}


def inputs(target: str, names: list[str], owner: type | None = None) -> Iterator[Arguments]:
    """Arguments for each probe of a target, made anew at each call, the same in the same order.

    Args:
        target: The name of a target.
        names: What the agent's code mentions, see `mentioned`.
        owner: The class, when the target is a method: it gets an instance that nobody set up.
    """
    for arguments in _BY_NAME[target](names):
        yield arguments if owner is None else (object.__new__(owner), *arguments)


def mentioned(codes: Iterator[types.CodeType]) -> list[str]:
    """The texts in code that could be a key: what it may look for in a session or in weights."""
    found: dict[str, None] = {}
    for code in codes:
        for constant in code.co_consts:
            for text in constant if isinstance(constant, (tuple, frozenset)) else (constant,):
                if isinstance(text, str) and text.isidentifier() and len(text) <= _LONGEST_KEY:
                    found[text] = None
    return list(found)
