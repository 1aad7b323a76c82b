"""Threads that share functions and manifests without changing them; the fault rows have the
races."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

import eventkit
from eventkit import reference
from faults import clean, edits

THREADS = 8


@pytest.mark.parametrize("size", [4, 40, 400])
def test_many_threads_one_manifest(size: int) -> None:
    """All ask the same manifest at once, each its own question, on a cold cache."""
    manifest = edits.Workbench(Random(size), size).manifest
    questions = [clean.clean_interests(Random(n)) for n in range(THREADS)]
    want = [repr(reference.recommend(manifest, question, 5)) for question in questions]
    eventkit.clear_cache()
    together = threading.Barrier(THREADS)

    def ask(question: list[str]) -> list[str]:
        together.wait()
        return [repr(eventkit.recommend(manifest, question, 5)) for _ in range(60)]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask, questions))
    assert [set(got) for got in answers] == [{one} for one in want]


def test_more_manifests_than_snapshots() -> None:
    """Each thread asks manifests of its own, together more than the cache holds."""
    most = eventkit.cache_info()["max_snapshots"]

    def ask(seed: int) -> bool:
        rng = Random(seed)
        benches = [edits.Workbench(rng, 40) for _ in range(most)]
        for _ in range(6):
            for bench in benches:
                got = eventkit.recommend(bench.manifest, ["ai", "web"], 5)
                assert repr(got) == repr(reference.recommend(bench.manifest, ["ai", "web"], 5))
                edits.assign_tag(rng, bench)
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(ask, range(THREADS)))
    assert eventkit.cache_info()["snapshots"] <= most


def test_the_cache_is_cleared_under_readers() -> None:
    manifest = edits.Workbench(Random(9), 100).manifest
    want = repr(reference.recommend(manifest, ["ai"], 5))
    done = threading.Event()

    def clear() -> None:
        while not done.is_set():
            eventkit.clear_cache()
            eventkit.cache_info()

    def ask(_: int) -> set[str]:
        return {repr(eventkit.recommend(manifest, ["ai"], 5)) for _ in range(200)}

    with ThreadPoolExecutor(THREADS + 1) as pool:
        clearing = pool.submit(clear)
        answers = list(pool.map(ask, range(THREADS)))
        done.set()
        clearing.result()
    assert answers == [{want}] * THREADS
