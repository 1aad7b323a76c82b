"""`alternatives`: what else runs at the time of a session, best first."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import eventkit
from conftest import faults_scale
from eventkit import Catalog, reference

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}


def test_the_overlapping_sessions_of_random_programmes() -> None:
    rng = Random(3)
    for _ in range(faults_scale(300, 20_000)):
        sessions: list[dict[str, Any]] = []
        for number in range(rng.randint(1, 8)):
            start = 540 + rng.randrange(0, 180, 15)
            end = start + rng.choice((0, 15, 30, 60))
            sessions.append(
                {
                    "title": f"T{number}",
                    "tags": rng.choice(([], ["ai"], ["ai", "web"])),
                    "popularity": rng.choice((0, 0.5)),
                    "start": f"{start // 60:02}:{start % 60:02}",
                    "end": f"{end // 60:02}:{end % 60:02}",
                }
            )
        target = rng.choice(sessions)
        ranked = reference.rank_sessions(sessions, WEIGHTS, ["ai"], None)["sessions"]

        def span(session: dict[str, Any]) -> tuple[float, float]:
            start, end = (
                60 * int(session[name][:2]) + int(session[name][3:]) for name in ("start", "end")
            )
            return start, max(end, start + 0.001)

        expected = [
            it["title"]
            for it in ranked
            if it is not target and span(it)[0] < span(target)[1] and span(target)[0] < span(it)[1]
        ]
        found = Catalog(sessions).alternatives(target["title"], ["ai"])
        assert "error" not in found
        assert [row["title"] for row in found["scoring"]] == expected


SLOT = {"start": "2026-01-31T09:00+01:00", "end": "2026-01-31T10:00+01:00"}
SESSIONS = [
    {"id": "o", "title": "Opening", **SLOT},
    {"id": "u", "title": "Untimed", "tags": ["ai"]},
    {
        "id": "s",
        "title": "Same",
        "tags": ["ai"],
        "start": "2026-01-31T08:30Z",
        "end": "2026-01-31T09:30Z",
    },
    {
        "id": "l",
        "title": "Later",
        "tags": ["ai"],
        "start": "2026-01-31T09:00Z",
        "end": "2026-01-31T10:00Z",
    },
]


def test_the_answer() -> None:
    manifest = {"weights": WEIGHTS, "sessions": SESSIONS}
    found = eventkit.alternatives(manifest, "opening", ["ai", "kubernetes"])
    assert found == {
        "sessions": [SESSIONS[2]],
        "scoring": eventkit.recommend(manifest, ["ai", "kubernetes"], 4)["scoring"][1:2],
        "conflicts": 0,
        "title": "Opening",
        **SLOT,
        "unmatched": [{"interest": "kubernetes", "nearest": []}],
    }
    assert Catalog(manifest).alternatives("o", ["ai"], 0)["sessions"] == []


def test_what_cannot_be_answered_says_so() -> None:
    catalog = Catalog(SESSIONS)
    assert catalog.alternatives("Dinner", ["ai"]) == {
        "error": "session not found",
        "title": "Dinner",
    }
    assert catalog.alternatives("u", ["ai"]) == {"error": "session has no time", "title": "u"}
    with pytest.raises(ValueError, match="top is -1"):
        catalog.alternatives("o", ["ai"], -1)
    with pytest.raises(TypeError, match="one text"):
        catalog.alternatives("o", "ai")
