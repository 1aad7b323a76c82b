"""Times the Catalog and its peers by pytest-benchmark. `make bench` prints the short table."""

from __future__ import annotations

from itertools import cycle

import pytest

import catalog_plan as plan
import generator
import measure
import peers
from catalog_table import compiled

NAMES = ("Catalog", "postings", "columns", "bm25s", "tantivy")


@pytest.fixture(scope="module", params=plan.SIZES[:3], ids=lambda size: f"{size.sessions:,}")
def size(request):
    return request.param


@pytest.fixture(scope="module")
def calls(size):
    drawn = generator.columns(size.sessions)
    ranks = {peer.name: peer.rank for peer in peers.all_of(drawn)}
    return {"Catalog": plan.DENSE.call(compiled(drawn)), **ranks}


@pytest.mark.parametrize("name", NAMES)
def test_dense(name, size, calls, benchmark):
    benchmark.group = f"Catalog {size.sessions:,}, dense"
    inputs = plan.DENSE.inputs(size.sessions)
    measure.warm_up(calls[name], inputs)
    turn = cycle(inputs)
    benchmark.pedantic(lambda: calls[name](*next(turn)), rounds=50, iterations=len(inputs))
