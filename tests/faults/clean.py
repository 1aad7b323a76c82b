"""Recipes of ordinary input: what a conference's manifest holds, with ties and duplicates in
plenty.

Popularities, weights and words come from small sets, because ties, duplicates and near misses are
where
answers go wrong.
"""

from __future__ import annotations

import sys
from random import Random
from typing import Any

from faults.recipe import Same

WORDS = "ai web rust agents python cloud a b ab '' graph data".replace("''", "").split(" ")
TAGS = [*WORDS, "AI", "Ai", "Web", "RUST", " ai", "ai ", "AGENTS", "x" * 40]
GRID = [step / 100 for step in range(0, 101, 3)]
TIES = [0.0, -0.0, 0, 0.5, 0.5, 1, 1.0, 0.25, 2.5, 4.03, 0.03]
WEIGHTS = [2.0, 0.5, 0.3, 0.0, -0.0, 1, 0, -1.0, 2, 0.1, 1e16, -1e18, 1e308, 10.0, 5e-324]
SLOTS = ["09:00", "10:00", "11:00", None]
TOPS: list[Any] = [
    0,
    1,
    2,
    3,
    5,
    10,
    -1,
    -2,
    None,
    10**30,
    -(10**30),
    2**63 - 1,
    2**63,
    -(2**63),
    sys.maxsize,
]


def word(rng: Random) -> str:
    return rng.choice(WORDS)


def clean_session(rng: Random, place: int) -> dict[str, Any]:
    """Make an ordinary session; about one in three lacks a key or has one too many."""
    session: dict[str, Any] = {
        "id": f"s{place}",
        "title": rng.choice((f"Talk {place}", f"Talk {place}", "Keynote", "KEYNOTE", "talk 1")),
        "tags": [rng.choice(TAGS) for _ in range(rng.choice((0, 1, 2, 2, 3, 5)))],
        "popularity": clean_number(rng),
        "start": rng.choice(SLOTS),
        "end": rng.choice(SLOTS),
        "location": rng.choice(("Hall 1", "Room ✓", "")),
    }
    fate = rng.randrange(12)
    if fate < 2:
        del session[rng.choice(("id", "tags", "popularity", "start", "end", "location"))]
    elif fate == 2:
        session["extra"] = rng.choice((None, {"deep": [1]}, (1, 2), 10**40))
    return session


def clean_number(rng: Random) -> Any:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(TIES)
    if kind == 1:
        return rng.random() * 4 - 1
    return rng.choice(GRID) if kind == 2 else rng.randrange(-3, 11)


def clean_weights(rng: Random) -> dict[str, Any]:
    if rng.randrange(3) == 0:
        return {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    weights = {
        key: rng.choice(WEIGHTS) if rng.randrange(2) else rng.random() * 3
        for key in ("interest", "popularity", "diversity")
    }
    if rng.randrange(8) == 0:
        del weights["diversity"]
    return weights


def clean_interests(rng: Random) -> list[Any]:
    interests = [word(rng) for _ in range(rng.choice((0, 1, 2, 3, 3, 5, 10, 20)))]
    if interests and rng.randrange(4) == 0:
        interests.append(rng.choice(interests))
    if rng.randrange(8) == 0:
        interests.append("AI")
    return interests


def clean_manifest(rng: Random, sizes: tuple[int, ...] = (0, 1, 2, 3, 5, 8)) -> dict[str, Any]:
    sessions: list[Any] = [clean_session(rng, place) for place in range(rng.choice(sizes))]
    manifest: dict[str, Any] = {"weights": clean_weights(rng), "sessions": sessions}
    if sessions and rng.randrange(8) == 0:
        _share(rng, sessions)
    if rng.randrange(6) == 0:
        manifest["features"] = rng.choice(
            ({}, None, {"export": {"enabled": True}}, {"externalSessions": {"enabled": False}},
             {"externalSessions": {"enabled": True, "file": "no such file.json"}})
        )  # fmt: skip
    if rng.randrange(6) == 0:
        manifest["recommend"] = {"max_sessions_default": rng.choice((0, 1, 3))}
    return manifest


def _share(rng: Random, sessions: list[Any]) -> None:
    """Let two places hold one object: a session twice, or two sessions with one list of tags."""
    first, second = rng.randrange(len(sessions)), rng.randrange(len(sessions))
    if rng.randrange(2) and "tags" in sessions[first] and first != second:
        tags = Same(sessions[first]["tags"])
        sessions[first]["tags"] = sessions[second]["tags"] = tags
    else:
        sessions[first] = Same(sessions[first])
        sessions.append(sessions[first])


def clean_top(rng: Random) -> Any:
    return rng.choice(TOPS)
