"""Adds sessions that are near in meaning, for callers who have a model: ``embed=``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from eventkit import _native

__all__ = ["add_near"]

_HELD: WeakKeyDictionary[Any, tuple[Any, list[list[float]]]] = WeakKeyDictionary()


def add_near(
    answer: dict[str, Any],
    catalog: Any,
    interests: list[str],
    top: Any,
    weights: Any,
    filter: Any,
    embed: Any,
) -> None:
    """Add sessions behind those that match, until the answer has ``top``.

    They are ordered by the cosine of the vectors of the session and of the nearest interest, and
    each has it as ``"nearness"`` in ``scoring``. It is no part of the score. The vectors of the
    sessions are computed once for a catalogue and a function.

    Raises:
        ValueError: The function returns another number of vectors, or vectors of another length.
    """
    places = len(catalog) if top is None else int(top)
    missing = places - len(answer["sessions"])
    if missing <= 0 or not interests:
        return
    _understood, positions, _points = _native.understood_points(
        catalog, interests, None, _reading(catalog)
    )
    matched = set(positions)
    vectors = _vectors(catalog, embed)
    wanted = _embedded(embed, interests)
    near = []
    for position, vector in enumerate(vectors):
        if position not in matched:
            nearness = max(_cosine(vector, one) for one in wanted)
            if nearness > 0:
                near.append((-nearness, position))
    admitted = None if filter is None else _admitted(catalog, filter)
    near = [row for row in sorted(near) if admitted is None or row[1] in admitted]
    for nearness, position in near[:missing]:
        session = catalog[position]
        scored = _scored(session, interests, catalog.weights if weights is None else weights)
        answer["sessions"].append(session)
        answer["scoring"].append({**scored, "nearness": -nearness})
    answer["conflicts"] = _conflicts(answer["sessions"])


def _reading(catalog: Any) -> Any:
    from eventkit.understanding import _reading

    return _reading(catalog)


def _admitted(catalog: Any, filter: Any) -> set[int]:
    from eventkit.catalog.catalog import Catalog

    numbered = [{**session, "id": number} for number, session in enumerate(catalog)]
    found = Catalog(numbered).recommend([], None, filter=filter)
    return {session["id"] for session in found["sessions"]}


def _conflicts(sessions: list[Any]) -> int:
    from eventkit.functions import count_conflicts

    return count_conflicts(sessions)


def _scored(session: Any, interests: list[str], weights: Any) -> dict[str, Any]:
    """Score a session that matches nothing."""
    from eventkit.functions import score_session

    scored = score_session({**session, "tags": []}, interests, weights)
    return {
        "title": session["title"],
        "score": scored["score"],
        "contributions": scored["contributions"],
    }


def _vectors(catalog: Any, embed: Any) -> list[list[float]]:
    held = _HELD.get(catalog)
    if held is None or held[0] is not embed:
        texts = [
            f"{session.get('title', '')}. {session.get('abstract') or ''}" for session in catalog
        ]
        held = (embed, _embedded(embed, texts))
        _HELD[catalog] = held
    return held[1]


def _embedded(embed: Any, texts: list[str]) -> list[list[float]]:
    vectors = [[float(value) for value in vector] for vector in embed(texts)]
    if len(vectors) != len(texts):
        raise ValueError(f"embed returned {len(vectors)} vectors, expected {len(texts)}")
    lengths = {len(vector) for vector in vectors}
    if len(lengths) > 1:
        raise ValueError(f"embed returned vectors of the lengths {sorted(lengths)}")
    return vectors


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    if len(one) != len(other):
        raise ValueError(f"embed returned vectors of the lengths {len(one)} and {len(other)}")
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    norm = math.sqrt(math.fsum(a * a for a in one) * math.fsum(b * b for b in other))
    return product / norm if norm else 0.0
