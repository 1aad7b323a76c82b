"""Makes the Catalog's part of `make bench`: queries with peers, adverse queries, and rates."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence

import numpy as np

import catalog_plan as plan
import catalog_rates as rates
import generator
import measure
import peers
from catalog_plan import Query, Size
from eventkit import Catalog, reference
from generator import Columns
from layout import aligned, seconds, sentence, target, verdict

Curves = dict[str, list[tuple[int, float]]]

HEADER = ("Catalog.recommend", "query", "limit", "ratio", "target", "met")
WIDTHS = (22, 10, 10, 8, 8, 5)
PEER_WIDTH = 10
VARIED_WIDTHS = (28, *(12 for _ in plan.VARIED), 10, 8, 5)


def table(sizes: Sequence[Size], curves: Curves) -> Iterator[str]:
    """Yield the lines of the table as they are measured, and fill the curves."""
    yield from _queries(sizes, curves)
    yield ""
    yield from _variants(full=plan.LONG[0] in sizes)
    yield ""
    for rate in rates.all_of(sizes[-1].sessions):
        yield sentence(rate.text, rate.limit, rate.met)


def _queries(sizes: Sequence[Size], curves: Curves) -> Iterator[str]:
    yield "10 interests, top 5, answer objects included; ratio to the best peer, which only ranks"
    for number, size in enumerate(sizes):
        drawn = generator.columns(size.sessions)
        catalog = compiled(drawn, native=size.native)
        opponents = peers.all_of(drawn)
        if not number:
            names = [peer.name for peer in opponents]
            yield aligned((*HEADER, *names), (*WIDTHS, *(PEER_WIDTH for _ in names)))
        inputs = plan.DENSE.inputs(size.sessions)
        for interests, top in inputs[:3]:
            _check(catalog, interests, top, opponents[0].expected(interests))
            for peer in opponents:
                peer.check(interests, top)
        calls = [plan.DENSE.call(catalog), *(peer.rank for peer in opponents)]
        rounds = 3 if size.native else 7
        query, *others = measure.rotations(calls, inputs, rounds=rounds)
        for name, value in zip(
            ["Catalog", *(peer.name for peer in opponents)], [query, *others], strict=True
        ):
            curves.setdefault(name, []).append((size.sessions, value))
        ratio = min(others) / query
        cells = (
            f"{size.sessions:,}{' from JSON' if size.native else ''}",
            seconds(query),
            f"<= {seconds(size.limit)}",
            f"{ratio:.1f}x",
            target(size.ratio),
            verdict(query <= size.limit and ratio >= size.ratio),
            *map(seconds, others),
        )
        yield aligned(cells, (*WIDTHS, *(PEER_WIDTH for _ in others)))


def _variants(*, full: bool) -> Iterator[str]:
    sizes = [f"{size.sessions:,}" for size in plan.VARIED]
    yield "the same for other queries and sessions; over: the worst beside the limit of its size"
    yield aligned(("", *sizes, "over", "target", "met"), VARIED_WIDTHS)
    for law in plan.LAWS:
        measured = plan.VARIED if full or not law.columns else plan.VARIED[:-1]
        catalogs = [(size, compiled(law.draw(size.sessions))) for size in measured]
        for query in law.queries:
            yield aligned(_variant(query, catalogs), VARIED_WIDTHS)


def _variant(query: Query, catalogs: Sequence[tuple[Size, Catalog]]) -> list[str]:
    cells = ["-"] * len(plan.VARIED)
    over = 0.0
    for number, (size, catalog) in enumerate(catalogs):
        inputs = query.inputs(size.sessions)
        if size.sessions <= 10_000:
            _check_query(query, catalog, inputs[0])
        spent = measure.rotations([query.call(catalog)], inputs, rounds=5)[0]
        cells[number] = seconds(spent)
        over = max(over, spent / size.limit)
    return [query.name, *cells, f"{over:.2f}x", f"<= {plan.OVER:g}", verdict(over <= plan.OVER)]


def compiled(drawn: Columns, *, native: bool = False) -> Catalog:
    """Make the Catalog of random sessions, from dicts or from JSON."""
    text = generator.text(drawn)
    catalog = Catalog.from_json(text) if native else Catalog(generator.load(text))
    # Millions of objects stay alive; the collector should not visit them before every timing.
    gc.freeze()
    return catalog


def _check(catalog: Catalog, interests: list[str], top: int, scores: np.ndarray) -> None:
    """Raise an error if an answer differs from the reference's in value, type or order.

    If the reference would take too long, the best scores are compared only.
    """
    answer = catalog.recommend(interests, top)
    if len(catalog) <= 10_000:
        expected = reference.rank_sessions(list(catalog), catalog.weights, interests, top)
        if repr(answer) != repr(expected):
            raise AssertionError(f"the Catalog and the reference differ:\n{answer}\n{expected}")
    diversity = len(interests) * 0.01 * catalog.weights["diversity"]
    best = np.sort(np.partition(scores, -top)[-top:])[::-1] + diversity
    np.testing.assert_allclose([row["score"] for row in answer["scoring"]], best, rtol=1e-12)


def _check_query(query: Query, catalog: Catalog, arguments: tuple[list[str], int]) -> None:
    interests, top = arguments
    if query.columns:
        positions, scores = query.call(catalog)(interests, top)
        answer = catalog.recommend(interests[0], top)
        same = [catalog[position] for position in positions.tolist()[0]] == answer["sessions"]
        if not same or scores.tolist()[0] != [row["score"] for row in answer["scoring"]]:
            raise AssertionError("rank_many and recommend differ")
        return
    weights = query.weights or catalog.weights
    expected = reference.rank_sessions(list(catalog), weights, interests, top)
    if repr(query.call(catalog)(interests, top)) != repr(expected):
        raise AssertionError(f"the Catalog and the reference differ on {query.name}")
