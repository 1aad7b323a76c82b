"""Times understanding beside the exact functions: queries, compiling, and the size of the words.

Run it with ``python benches/understanding.py [SESSIONS ...]``. The sessions are made of words whose
frequencies fall as in a language. Queries rotate over words of all frequencies, phrases and
misspellings, and every answer is checked before it is timed: its terms add up to its scores.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from eventkit import Catalog, _native

SEED = 15
QUERIES = 400
_SYLLABLES = ("ka", "ru", "so", "ti", "ne", "mo", "la", "vi", "do", "pe", "chu", "ber", "net", "x")


def words(count: int, chance: random.Random) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < count:
        made["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 5)))] = None
    return list(made)


def programme(sessions: int, abstracts: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """Return sessions with titles of seven words, and abstracts of 1 KB if asked for."""
    chance = random.Random(SEED)
    known = words(30_000, chance)
    # The word of rank r is said as often as 1 / (r + 20): the first ones by a few in a hundred.
    weights = [1 / (rank + 20) for rank in range(len(known))]
    said = chance.choices(known, weights, k=sessions * (7 + (150 if abstracts else 0)))
    tags = known[100:500]
    made = []
    at = 0
    for number in range(sessions):
        row: dict[str, Any] = {
            "id": str(number),
            "title": " ".join(said[at : at + 7]),
            "tags": chance.sample(tags, 3),
            "popularity": chance.random(),
        }
        at += 7
        if abstracts:
            row["abstract"] = " ".join(said[at : at + 150])
            at += 150
        made.append(row)
    return made, known


def queries(known: list[str]) -> list[list[str]]:
    chance = random.Random(SEED + 1)
    asked = []
    for number in range(QUERIES):
        word = known[int(len(known) ** chance.random()) % len(known)]
        other = known[int(len(known) ** chance.random()) % len(known)]
        kinds = ([word], [word], [word, other], [f"{word} {other}"], [word[:-2] + "zz"])
        asked.append(kinds[number % len(kinds)])
    return asked


def check(catalog: Catalog, asked: list[list[str]]) -> None:
    """Raise unless the terms of each best session add up to its match."""
    for interests in asked[:40]:
        answer = catalog.recommend(interests, 1, understand=True)
        for row in answer["scoring"]:
            explained: Any = catalog.explain(row["title"], interests, understand=True)
            match = sum(term["weight"] for term in explained["terms"])
            assert match * 2.0 == row["contributions"]["interest_match"], interests


def median(
    call: Callable[[list[str]], object],
    asked: list[list[str]],
    rounds: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median time of a call over the queries, best of some rounds, in seconds."""
    medians = []
    for _ in range(rounds):
        times = []
        for interests in asked:
            start = clock()
            call(interests)
            times.append(clock() - start)
        medians.append(statistics.median(times))
    return min(medians)


def fastest(call: Callable[[], object], rounds: int = 3) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(sessions: int, abstracts: bool) -> None:
    made, known = programme(sessions, abstracts)
    asked = queries(known)
    catalog = Catalog(made, text=True)
    check(catalog, asked)
    understood = median(lambda one: catalog.recommend(one, 10, understand=True), asked)
    exact = median(lambda one: catalog.recommend(one, 10), asked)
    size = _native.compile_words(catalog)
    texts = [f"{row['title']}{''.join(row['tags'])}{row.get('abstract', '')}" for row in made]
    text = sum(len(one.encode()) for one in texts)
    data = json.dumps(made).encode()
    plain = fastest(lambda: Catalog.from_json(data))
    both = fastest(lambda: Catalog.from_json(data).with_text())
    objects = fastest(lambda: Catalog(made))
    objects_both = fastest(lambda: Catalog(made, text=True))
    print(
        f"| {sessions:,} | {'titles, abstracts' if abstracts else 'titles'} "
        f"| {understood * 1e6:.0f} µs | {exact * 1e6:.0f} µs "
        f"| {both / plain:.2f} | {objects_both / objects:.2f} | {size / text:.2f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sessions", nargs="*", type=int, default=[1_000, 100_000])
    arguments = parser.parse_args()
    print(
        "| sessions | texts | understand, p50 | exact, p50 | compile from JSON, times "
        "| from objects, times | index / text |\n|---|---|---|---|---|---|---|"
    )
    for sessions in arguments.sessions:
        for abstracts in (False, True):
            measure(sessions, abstracts)


if __name__ == "__main__":
    main()
