"""Top-k is a prefix of the stable sort: on distributions made to mislead an index.

The opponent scores every session with the reference and sorts all of them.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

import generator
from eventkit import Catalog, reference

NAMES = generator.tag_names(60)
WEIGHTS = generator.WEIGHTS


def sessions_of(
    count: int, popularity: Callable[[int, Random], Any], tags: Callable[[int, Random], list[str]]
) -> list[dict[str, Any]]:
    rng = Random(count)
    made = []
    for number in range(count):
        session: dict[str, Any] = {"title": f"T{number}", "tags": tags(number, rng)}
        value = popularity(number, rng)
        if value is not None:
            session["popularity"] = value
        made.append(session)
    return made


def zipf(_number: int, rng: Random) -> list[str]:
    return [NAMES[int(len(NAMES) ** rng.random()) - 1] for _ in range(2 + int(3 * rng.random()))]


def ulps(start: float, count: int) -> float:
    for _ in range(count):
        start = math.nextafter(start, math.inf)
    return start


CLOSE = [ulps(0.3, step) for step in range(16)]
POPULARITIES: dict[str, Callable[[int, Random], Any]] = {
    "random": lambda _n, rng: rng.random(),
    "equal": lambda _n, _rng: 0.5,
    "missing": lambda _n, _rng: None,
    "ulps": lambda _n, rng: CLOSE[int(16 * rng.random())],
    "tiny steps": lambda n, _rng: (n * 7919 % 100_003) * 1e-18,
    "ints and floats": lambda n, rng: n % 5 if rng.random() < 0.5 else float(n % 5) + 0.5 * (n % 2),
    "ints": lambda n, _rng: n * 31 % 7 - 3,
    "big ints": lambda n, _rng: 2**53 - n % 3,
    "signed zeros": lambda n, _rng: (0, 0.0, -0.0, False, True)[n % 5],
    "infinite": lambda n, rng: math.inf if n % 97 == 5 else -math.inf if n % 89 == 3 else 1.0,
    "rising": lambda n, _rng: n / 2**20,
    "falling": lambda n, _rng: -n / 2**20,
    "few at the end": lambda n, _rng: 1.0 if n % 1000 == 999 else 0.0,
    "huge": lambda _n, rng: rng.choice((1e308, -1e308, 1e16, 1.0, 5e-324)),
}
TAGS: dict[str, Callable[[int, Random], list[str]]] = {
    "zipf": zipf,
    "one everywhere": lambda _n, _rng: [NAMES[0]],
    "repeated": lambda n, _rng: [NAMES[n % 3]] * (n % 7),
    "none": lambda _n, _rng: [],
    "one has it": lambda n, _rng: [NAMES[1 if n == 777 else 0]],
}
WEIGHTINGS: dict[str, dict[str, Any]] = {
    "usual": WEIGHTS,
    "interest is tiny": {"interest": 1e-9, "popularity": 1.0, "diversity": 0.3},
    "popularity dominates": {"interest": 1.0, "popularity": 1e9, "diversity": 0.0},
    "popularity is lost": {"interest": 1e16, "popularity": 1.0, "diversity": 1.0},
    "negative": {"interest": -1.0, "popularity": -0.5, "diversity": -0.1},
    "interest is negative": {"interest": -2.0, "popularity": 0.5, "diversity": 0.3},
    "popularity is negative": {"interest": 2.0, "popularity": -0.5},
    "zero": {"interest": 0, "popularity": 0.0, "diversity": -0.0},
    "ints": {"interest": 2, "popularity": 3, "diversity": True},
    "one or the other": {"interest": 0.5, "popularity": 0.5, "diversity": 1e16},
}
QUESTIONS = [NAMES[:1], NAMES[:10], NAMES[-3:], [NAMES[1], "no such"], [], NAMES]


def order(
    sessions: list[dict[str, Any]], weights: Any, interests: list[str]
) -> tuple[list[int], list[Any]]:
    """Positions, best first, and the scores by position: each (hits, popularity) scored once."""
    wanted = set(interests)
    known: dict[Any, Any] = {}
    scores = []
    for session in sessions:
        hits = sum([tag in wanted for tag in session["tags"]])
        popularity = session.get("popularity")
        key = (hits, popularity, type(popularity), str(popularity)[:1])
        if key not in known:
            known[key] = reference.score_session(session, interests, weights)["score"]
        scores.append(known[key])
    # `sorted` keeps ties in order also when reversed.
    return sorted(range(len(scores)), key=scores.__getitem__, reverse=True), scores


def check(
    catalog: Catalog, sessions: list[dict[str, Any]], weights: Any, interests: list[str]
) -> None:
    best, scores = order(sessions, weights, interests)
    for top in (1, 5, 1_000):
        answer = catalog.recommend(interests, top, weights=weights)
        titles = [sessions[place]["title"] for place in best[:top]]
        assert [session["title"] for session in answer["sessions"]] == titles
        got = [row["score"] for row in answer["scoring"]]
        want = [scores[place] for place in best[:top]]
        assert list(map(repr, got)) == list(map(repr, want))


def cases() -> list[Any]:
    """Every popularity with the usual tags and weights, and the rest crossed by turns."""
    made = []
    for number, popularity in enumerate(POPULARITIES):
        made.append((popularity, "zipf", "usual"))
        for step in (1, 4, 7):
            tags = list(TAGS)[(number + step) % len(TAGS)]
            made.append((popularity, tags, list(WEIGHTINGS)[(number * 3 + step) % len(WEIGHTINGS)]))
    return sorted(set(made))


@pytest.mark.parametrize(("popularity", "tags", "weights"), cases())
def test_the_index_sorts(popularity: str, tags: str, weights: str) -> None:
    sessions = sessions_of(3_000, POPULARITIES[popularity], TAGS[tags])
    catalog = Catalog(sessions)
    for interests in QUESTIONS:
        check(catalog, sessions, WEIGHTINGS[weights], interests)


@pytest.mark.once
@pytest.mark.parametrize(
    ("popularity", "tags", "weights"),
    [
        ("random", "zipf", "usual"),
        ("ulps", "zipf", "interest is tiny"),
        ("ints and floats", "repeated", "popularity dominates"),
    ],
)
def test_the_index_sorts_a_hundred_thousand(popularity: str, tags: str, weights: str) -> None:
    sessions = sessions_of(100_000, POPULARITIES[popularity], TAGS[tags])
    catalog = Catalog(sessions)
    for interests in (NAMES[:3], NAMES[-2:]):
        check(catalog, sessions, WEIGHTINGS[weights], interests)


def test_a_changed_catalogue_sorts() -> None:
    """Many removed and a few parts: the same order as of what is left."""
    sessions = sessions_of(4_000, POPULARITIES["ulps"], zipf)
    for number, session in enumerate(sessions):
        session["id"] = f"s{number}"
    catalog = Catalog(sessions[:3_000]).with_sessions(sessions[3_000:3_700])
    catalog = catalog.with_sessions(sessions[3_700:])
    gone = {f"s{number}" for number in (*range(0, 40), *range(100, 3_900, 3))}
    some = sorted(gone)[:50]
    for removed in (some, sorted(gone)):
        changed = catalog.with_sessions(removed=removed)
        left = [session for session in sessions if session["id"] not in removed]
        for weights in WEIGHTINGS.values():
            check(changed, left, weights, NAMES[:4])


def test_loaded_sessions_sort_as_objects_do() -> None:
    for name in ("ulps", "ints and floats", "tiny steps", "big ints", "huge"):
        sessions = sessions_of(2_000, POPULARITIES[name], zipf)
        catalog = Catalog.from_json(json.dumps(sessions).encode())
        for weights in WEIGHTINGS.values():
            check(catalog, sessions, weights, NAMES[:3])


def test_memory_is_as_promised() -> None:
    """64 bytes a session with 4 tags; loaded, with all that they are, 1.2 times their JSON."""
    sessions = generator.manifest(20_000, tags_per_session=(4, 4))["sessions"]
    assert Catalog(sessions).nbytes <= 64 * len(sessions)
    text = json.dumps(sessions).encode()
    loaded = Catalog.from_json(text)
    assert loaded.nbytes <= 1.2 * len(text)
    lines = b"\n".join(json.dumps(session).encode() for session in sessions)
    compact = json.dumps(sessions, separators=(",", ":")).encode()
    assert Catalog.from_json(compact).nbytes <= 1.2 * len(compact)
    assert loaded.nbytes == Catalog.from_json(compact).nbytes
    assert Catalog.from_ndjson(io.BytesIO(lines)).nbytes <= 1.2 * len(text)
