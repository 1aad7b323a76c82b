"""No mutant of an agent is answered wrongly: it is refused, or proven the same by 500 queries."""

from __future__ import annotations

import collections
import itertools
import warnings

import pytest

from conftest import faults_scale
from fixtures.variants import AGENT
from mutants.harness import MODULES, SOURCES, differs, judge, readers, write_agent
from mutants.mutation import Mutant, mutants
from mutants.queries import LABELS

# Nothing that eventkit answers for reads these.
UNRELATED = {"main", "serve", "load_profile", "save_profile", "load_manifest"}
MOST_UNRELATED = 5
# Each part takes every sixteenth mutant of a function. The long form tests all parts.
PARTS = 16

pytestmark = pytest.mark.usefixtures("known_agent")


def chosen_mutants(part: int) -> list[Mutant]:
    """Return a part of the mutants of the functions that count, and a few of the others."""
    made: list[Mutant] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        for name in MODULES:
            found = mutants(AGENT / f"{name}.py", part, PARTS)
            for function, group in itertools.groupby(found, lambda mutant: mutant.function):
                few = MOST_UNRELATED if part == 0 else 0
                most = few if function in UNRELATED else None
                made += itertools.islice(group, most)
    return made


@pytest.mark.once
@pytest.mark.faults
@pytest.mark.parametrize("part", range(faults_scale(1, PARTS)))
def test_mutants_are_refused_or_answered_as_they_are(part, tmp_path, capsys):
    """Change each comparison, constant, call, slice, filter, key, default and statement in turn."""
    chosen = chosen_mutants(part)
    assert len(chosen) * PARTS >= 3_900
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    for number, mutant in enumerate(chosen):
        folder = tmp_path / f"m{number}"
        changed = {mutant.module: mutant.source}
        write_agent(folder, **changed)
        # Where a class cannot be made, every one of its methods is out of reach.
        made = not mutant.function.endswith("__init__")
        affected = readers(f"{mutant.module}.{mutant.function}") if made else frozenset(LABELS)
        verdict = judge(folder, affected, calls=number % 10 == 0)
        name = f"{mutant.module}.{mutant.function}, {mutant.change}"
        wrong += [f"{name}: {each[:400]}" for each in verdict.wrong[:1]]
        assert not verdict.called, name
        assert not verdict.written, name
        refused = affected & verdict.refused.keys()
        counts["accepted" if affected & set(verdict.replaced) else "refused"] += 1
        if refused and number % 10 == 0:
            counts["checked"] += 1
            counts["different"] += differs(folder, sorted(refused))
    with capsys.disabled():
        print(f"\n{len(chosen)} mutants: {dict(counts)}, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)
    # The queries are worth something: most of what was refused is seen to answer differently.
    assert counts["different"] > 0.6 * counts["checked"]


def test_the_original_is_replaced_and_answered_as_it_is(tmp_path):
    write_agent(tmp_path)
    verdict = judge(tmp_path)
    assert len(verdict.replaced) >= 4
    assert verdict.asked >= 500 * len(verdict.replaced)
    assert not verdict.wrong
    assert not verdict.called
    assert not verdict.written


def test_the_queries_find_a_difference_of_one_unit_in_the_last_place(tmp_path):
    """A comparison that could not fail would prove nothing."""
    text = SOURCES["agent"].replace('* 0.01 * w["diversity"]', '* (0.01 * w["diversity"])')
    assert text != SOURCES["agent"]
    write_agent(tmp_path, agent=text)
    assert differs(tmp_path, ["agent.recommend"])
    assert differs(tmp_path, ["core.recommend_from_graph"])
    assert not differs(tmp_path, ["graph_service.GraphEventService._transform_events"])
