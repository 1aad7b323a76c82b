"""Times both sides by pytest-benchmark. `make bench` prints the short table."""

from __future__ import annotations

from itertools import cycle

import pytest

import generator
import measure
import plan
import sides
from plan import CASES, Case


@pytest.fixture
def side(request, opponent):
    if request.param == "opponent":
        return opponent
    if request.param == "accelerated":
        return request.getfixturevalue("accelerated")
    return sides.catalog_side() if request.param == "catalog" else sides.eventkit_side()


@pytest.fixture
def agreed(opponent, side):
    """Compare the answers of both sides on a case before either is timed."""

    def check(case: Case) -> None:
        manifest = plan.fresh_manifest(case.sessions)
        for seed in range(3):
            interests = generator.interests(case.interests, seed)
            sides.check(manifest, interests, plan.TOP, opponent, side)

    return check


def rounds(case: Case) -> int:
    return max(5, min(200, 50_000 // case.sessions))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_warm(case, side, agreed, benchmark):
    agreed(case)
    benchmark.group = f"{case.name}, warm"
    call, inputs = case.call(side), case.warm_inputs()
    measure.warm_up(call, inputs)
    turn = cycle(inputs)
    benchmark.pedantic(lambda: call(*next(turn)), rounds=rounds(case), iterations=case.batch)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.first_target], ids=lambda case: case.name
)
def test_first_call(case, side, agreed, benchmark):
    agreed(case)
    benchmark.group = f"{case.name}, first call"
    call, fresh = case.call(side), case.fresh_input()
    benchmark.pedantic(call, setup=lambda: (fresh(), {}), rounds=rounds(case))
