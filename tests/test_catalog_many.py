"""Many at once: columns for numpy, threads that share a catalogue, processes that fork."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given

import catalog_child
import catalog_recipes as recipes
import generator
from eventkit import Catalog, Filter, reference
from faults.child import environment, finish

numpy = pytest.importorskip("numpy")


def ranked(sessions: Any, weights: Any, interests: Any) -> list[tuple[int, Any]]:
    """Positions and scores, best first, by the reference."""
    scored = [reference.score_session(it, interests, weights)["score"] for it in sessions]
    order = sorted(range(len(scored)), key=scored.__getitem__, reverse=True)
    return [(place, scored[place]) for place in order]


@given(recipes.drawn(lambda rng: rng))
@pytest.mark.slow
def test_rank_many_is_a_sort(rng: Random) -> None:
    sessions = recipes.plain_sessions(rng, rng.choice((0, 1, 3, 8, 40)))
    weights = recipes.clean_weights(rng)
    many = [recipes.clean_interests(rng) for _ in range(rng.choice((0, 1, 3, 33)))]
    catalog, top = Catalog(sessions, weights=weights), rng.choice((0, 1, 2, 5, 100))
    columns = min(top, len(catalog))
    want = [ranked(sessions, weights, one)[:columns] for one in many]
    try:
        positions, scores = catalog.rank_many(iter(many), top)
    except ValueError:
        # Only where ints leave the floats' exact range, or a product or sum is no number.
        numbers = [score for row in want for _, score in row]
        numbers += [score for _, score in ranked(sessions, weights, [])]
        assert any(not abs(it) <= 2**53 for it in [*numbers, *weights.values()])
        return
    assert positions.format == "q"
    assert scores.format == "d"
    if many and columns:
        assert positions.shape == scores.shape == (len(many), columns)
    found = [
        list(zip(*row, strict=True)) for row in zip(*map(rows, (positions, scores)), strict=True)
    ]
    assert found == [[(place, float(score)) for place, score in row] for row in want if row]


def rows(table: memoryview) -> list[Any]:
    return table.tolist() if table.ndim == 2 else []


def test_numpy_reads_the_columns_without_a_copy() -> None:
    catalog = Catalog(generator.manifest(500))
    many = [generator.interests(5, seed) for seed in range(40)]
    tables = catalog.rank_many(many, 7)
    for table, kind in zip(tables, (numpy.int64, numpy.float64), strict=True):
        array = numpy.asarray(table)
        assert array.shape == (40, 7)
        assert array.dtype == kind
        assert array.base is not None
        assert numpy.shares_memory(array, numpy.asarray(table))
        assert array.flags.c_contiguous
        assert not array.flags.writeable
    positions = numpy.asarray(tables[0])
    for interests, row in zip(many, positions, strict=True):
        want = catalog.recommend(interests, 7)["sessions"]
        assert all(catalog[place] is session for place, session in zip(row, want, strict=True))


@pytest.mark.parametrize("top", [-1, None, 1.5, "2"])
def test_a_table_has_a_width(top: Any) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        Catalog([{"title": "A"}]).rank_many([["ai"]], top)


@pytest.mark.parametrize("interests", [[1], {"ai": 1}, None])
def test_what_the_index_cannot_rank_is_refused(interests: Any) -> None:
    with pytest.raises(ValueError, match="use recommend"):
        Catalog([{"title": "A"}]).rank_many([["ai"], interests], 1)
    with pytest.raises(ValueError, match="use recommend"):
        Catalog([{"title": "A", "popularity": float("nan")}]).rank_many([["ai"]], 1)


def test_ten_threads_share_one_catalogue() -> None:
    """Each asks its own questions on every road, all at once: no answer is another's."""
    threads = 10
    catalog = Catalog(generator.manifest(5_000))
    chosen = Filter(locations=["Room 1", "Room 2", "Room 3"])
    questions = [generator.interests(3 + seed % 5, seed) for seed in range(threads)]
    together = threading.Barrier(threads)

    def answer(question: list[str]) -> str:
        return repr(
            (
                catalog.recommend(question, 5),
                catalog.recommend_json(question, 5),
                catalog.recommend(question, 5, filter=chosen),
                catalog.recommend_many([question] * 20, 2),
                [table.tolist() for table in catalog.rank_many([question] * 20, 3)],
                catalog.with_sessions([{"title": "X", "tags": question}]).recommend(question, 2),
                catalog.explain(catalog[len(question)]["title"], question),
            )
        )

    want = [answer(question) for question in questions]

    def ask(question: list[str]) -> set[str]:
        together.wait()
        return {answer(question) for _ in range(15)}

    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(ask, questions)) == [{one} for one in want]


@pytest.mark.slow
def test_many_lets_other_threads_run() -> None:
    """While one thread ranks for many, another counts: the interpreter is not held."""
    catalog = Catalog(generator.manifest(20_000))
    many = [generator.interests(10, seed) for seed in range(200)] * 100
    counted, done = [0], threading.Event()

    def count() -> None:
        while not done.is_set():
            counted[0] += 1

    counter = threading.Thread(target=count)
    counter.start()
    try:
        before = counted[0]
        catalog.rank_many(many, 5)
        assert counted[0] > before
    finally:
        done.set()
        counter.join()


@pytest.mark.skipif(not hasattr(catalog_child.os, "fork"), reason="no fork here")
@pytest.mark.parametrize("how", ["idle", "busy"])
def test_a_forked_child_answers(how: str) -> None:
    """Threads do not survive a fork; a child that waits for its parent's would wait for ever."""
    script = Path(catalog_child.__file__)
    said = finish([sys.executable, str(script), how], 120, environment())
    assert said == "answered\n"
