"""Wrong answers, with seeds and at length. See `docs/faults.md`.

Short by default; EVENTKIT_FAULTS=long runs the sizes of the matrix, EVENTKIT_SEED another seed.
"""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

import eventkit
from conftest import faults_scale
from eventkit import functions, reference
from faults import clean, edits, fuzz, sums, variants
from faults.roads import ROADS

native: Any = pytest.importorskip("eventkit._eventkit", exc_type=ImportError)

pytestmark = [
    pytest.mark.faults,
    pytest.mark.filterwarnings("ignore:.*encountered in.*:RuntimeWarning"),
]
SEED = int(os.environ.get("EVENTKIT_SEED", "20260201"))
PLAIN = {"interest": 1.0, "popularity": 1.0, "diversity": 0.0}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def tell(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print a figure where it is seen although the test passes."""
    with capsys.disabled():
        print(f"\n    {text}", end="")


@pytest.mark.parametrize("name", ROADS)
def test_seeded_cases_give_the_reference_answer(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main = name == "recommend"
    cases = faults_scale(8_000 if main else 3_000, 5_000_000 if main else 1_000_000)
    tell(capsys, f"1.2 {name}: {cases} cases, seed {SEED}")
    assert fuzz.compare_road(name, SEED, cases) is None


def test_edits_between_calls_are_seen(capsys: pytest.CaptureFixture[str]) -> None:
    calls, found = fuzz.compare_series(SEED, faults_scale(4_000, 2_000_000))
    tell(capsys, f"1.3 series of edits: {calls} calls, seed {SEED}")
    assert found is None


def test_totals_are_the_interpreters_sums(capsys: pytest.CaptureFixture[str]) -> None:
    rng = Random(SEED)
    rounds = faults_scale(150, 10_000)
    checked = 0
    for _ in range(rounds):
        manifest, interests = _vectors(rng)
        wanted = set(interests)
        for row, session in zip(*_answer(manifest, interests), strict=True):
            hits = sum(tag in wanted for tag in session["tags"])
            weights = manifest["weights"]
            parts = [hits * weights["interest"], session["popularity"] * weights["popularity"]]
            parts.append(len(wanted) * 0.01 * weights["diversity"])
            assert list(map(repr, row["contributions"].values())) == list(map(repr, parts))
            assert repr(row["score"]) == repr(sum(parts))
            checked += 1
        one = manifest["sessions"][0]
        alone = eventkit.score_session(one, interests, manifest["weights"])
        assert repr(alone["score"]) == repr(sum(alone["contributions"].values()))
    tell(capsys, f"1.4 totals: {checked} vectors")


def _vectors(rng: Random) -> tuple[dict[str, Any], list[str]]:
    """Make 1,000 sessions of 0 to 5 hits under random weights, ints among them."""
    interests = [f"i{n}" for n in range(rng.randrange(1, 21))]
    numbers: list[Callable[[], Any]] = [
        rng.random, lambda: rng.randrange(101) / 100, lambda: rng.randrange(-5, 11),
        lambda: rng.uniform(-1e3, 1e3),
        lambda: rng.choice((1e16, -1e16, 1e308, 5e-324, -0.0, True, 2**53 + 1, -(2**62))),
    ]  # fmt: skip
    sessions = [
        {
            "title": "t",
            "tags": [f"i{n}" for n in range(rng.randrange(6))],
            "popularity": rng.choice(numbers)(),
            "start": place,
        }
        for place in range(1_000)
    ]
    weight = rng.choice(numbers)
    weights = (
        {key: weight() for key in PLAIN}
        if rng.randrange(4)
        else {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    )
    return {"weights": weights, "sessions": sessions}, interests


def _answer(manifest: dict[str, Any], interests: list[str]) -> tuple[list[Any], list[Any]]:
    answer = eventkit.recommend(manifest, interests, None)
    return answer["scoring"], answer["sessions"]


# -- 1.5 Unicode ---------------------------------------------------------------------------------

CONTEXTS = ("{}", "A{}\u03a3", "\u03a3{}", "A\u03a3{}", "A\u03a3{}B")
"""Alone, and around a capital sigma, whose lower case depends on the letters about it."""


def _letters() -> list[str]:
    """Every scalar value and every surrogate: 1,114,112 code points."""
    return [chr(code) for code in range(sys.maxunicode + 1)]


def _cased(letters: list[str]) -> list[str]:
    """Those with a lower case, and those that a sigma's context looks through or stops at."""
    return [
        x
        for x in letters
        if x.lower() != x or x.upper() != x or f"A{x}\u03a3".lower()[-1] != "\u03c3"
    ]


def test_every_letter_matches_as_a_tag(capsys: pytest.CaptureFixture[str]) -> None:
    letters = _letters()
    cased = _cased(letters)
    texts = letters if faults_scale(0, 1) == 0 else [c.format(x) for x in letters for c in CONTEXTS]
    texts = texts + [context.format(x) for x in cased for context in CONTEXTS]
    for start in range(0, len(texts), 48):
        _check_tags(texts[start : start + 48])
    tell(
        capsys,
        f"1.5 tags: {len(texts)} texts, {len(cased)} cased letters in {len(CONTEXTS)} contexts",
    )


def _check_tags(texts: list[str]) -> None:
    """Let half of the texts be wanted in lower case, and near misses of the others."""
    wanted = {text.lower() for text in texts[::2]}
    wanted |= {other for text in texts[1::2] for other in (text, text.casefold(), text.upper())}
    sessions = [
        {"title": "t", "tags": [text], "popularity": 0, "start": n} for n, text in enumerate(texts)
    ]
    answer = eventkit.recommend({"weights": PLAIN, "sessions": sessions}, wanted, None)
    got = {
        s["start"]: row["contributions"]["interest_match"]
        for s, row in zip(answer["sessions"], answer["scoring"], strict=True)
    }
    assert got == {n: float(text.lower() in wanted) for n, text in enumerate(texts)}


def test_every_cased_letter_matches_as_a_title(capsys: pytest.CaptureFixture[str]) -> None:
    letters = _letters()
    some = letters if faults_scale(0, 1) else _cased(letters) + letters[::61]
    texts = [context.format(x) for x in some for context in CONTEXTS]
    for start in range(0, len(texts), 40):
        chunk = texts[start : start + 40]
        lowered = [text.lower() for text in chunk]
        sessions = [{"title": text, "tags": [], "popularity": n} for n, text in enumerate(chunk)]
        manifest = {"weights": PLAIN, "sessions": sessions}
        for text in chunk:
            found = eventkit.explain(manifest, text, [])
            first = lowered.index(text.lower())
            assert found["contributions"]["popularity"] == first, ascii((text, found))
    tell(capsys, f"1.5 titles: {len(texts)} texts")


# -- 1.6 top-k -----------------------------------------------------------------------------------


def test_top_k_is_the_head_of_the_full_sort(capsys: pytest.CaptureFixture[str]) -> None:
    rng = Random(SEED)
    lists = faults_scale(4_000, 1_000_000)
    for number in range(lists):
        size = 5_000 if number % 1_000 == 999 else rng.choice((0, 1, 2, 3, 10, 33, 40, 100))
        scores = _scores(rng, size)
        sessions = [
            {"title": "t", "popularity": score, "start": n} for n, score in enumerate(scores)
        ]
        manifest = {"weights": {**PLAIN, "interest": 0}, "sessions": sessions}
        order = sorted(range(size), key=lambda n: scores[n], reverse=True)
        for _ in range(4):
            top = rng.choice((0, 1, 5, size, rng.randint(-size, size), None, -1))
            got = [
                session["start"] for session in eventkit.recommend(manifest, [], top)["sessions"]
            ]
            assert got == order[:top], (scores, top)
    tell(capsys, f"1.6 top-k: {lists} lists, 4 cuts each")


def _scores(rng: Random, size: int) -> list[Any]:
    # Scores are sums that begin with 0, and int ones come through as floats beside a float: both
    # sort alike.
    pools: list[list[Any]] = [
        [0.0, -0.0, 1.0, 1.0, 2.0], [1, 2, 3, 3], [math.nan, 1.0, 2.0, 3.0], [math.inf, -math.inf,
        0.5, 0.5],
        [rng.random() for _ in range(size)], [1.5], [math.nan], list(range(10)), [math.nan,
        math.inf, 1, -1],
    ]  # fmt: skip
    pool = rng.choice(pools) or [1.0]
    return [rng.choice(pool) for _ in range(size)]


def test_index_and_reference_rank_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """Many questions to one unchanged list: the compiled index answers, every weight and level in
    turn."""
    rng = Random(SEED)
    asked = 0
    for _ in range(faults_scale(60, 6_000)):
        bench = edits.Workbench(rng, rng.choice((32, 33, 64, 65, 100, 500)))
        for _ in range(40):
            bench.manifest["weights"] = clean.clean_weights(rng)
            interests = clean.clean_interests(rng)
            top = rng.choice((0, 1, 2, 5, 10, -1, None, 31, 10**9))
            got = eventkit.recommend(bench.manifest, interests, top)
            want = reference.recommend(bench.manifest, interests, top)
            assert repr(got["scoring"]) == repr(want["scoring"]), (interests, top, bench.manifest)
            assert all(a is b for a, b in zip(got["sessions"], want["sessions"], strict=True))
            assert got["conflicts"] == want["conflicts"]
            asked += 1
    tell(capsys, f"1.6 index: {asked} questions")


# -- 1.7 the mutation gate -----------------------------------------------------------------------


def _kills(kind: type[variants.Right]) -> str | None:
    """Find what tells a recommender from the reference; ``None`` when nothing does."""
    for seed in (SEED, SEED + 1, SEED + 2):
        if found := fuzz.compare_road("recommend", seed, 2_500, fast=kind().recommend):
            return found
        if found := fuzz.compare_series(seed, 600, fast=kind().recommend)[1]:
            return found
    return None


@pytest.mark.once
def test_the_oracle_accepts_the_right_implementation() -> None:
    assert _kills(variants.Right) is None


@pytest.mark.once
@pytest.mark.parametrize("kind", variants.VARIANTS, ids=lambda kind: kind.__name__)
def test_the_oracle_rejects_every_wrong_implementation(kind: type[variants.Right]) -> None:
    assert _kills(kind) is not None


def test_there_are_enough_wrong_implementations() -> None:
    assert len(variants.VARIANTS) >= 20


# -- 1.8 how this interpreter adds ---------------------------------------------------------------

REGIMES = {
    "plain": sums.plain,
    "compensated": sums.compensated,
    "compensated_ints": sums.compensated_ints,
}


def _triples(count: int) -> Iterator[list[Any]]:
    rng = Random(SEED)
    odd = [
        0.1,
        0.2,
        0.3,
        1,
        0.03,
        1e16,
        -1e16,
        1e308,
        -1e308,
        math.inf,
        -math.inf,
        math.nan,
        -0.0,
        2**53 + 1,
        -(2**60),
        5e-324,
    ]
    for _ in range(count):
        yield [
            rng.choice(odd)
            if rng.randrange(3) == 0
            else rng.randrange(-9, 10)
            if rng.randrange(3) == 0
            else rng.uniform(-4, 4)
            for _ in range(rng.choice((2, 3, 3, 3)))
        ]


def test_every_kind_of_summation_is_its_model(capsys: pytest.CaptureFixture[str]) -> None:
    count = faults_scale(50_000, 1_000_000)
    here = native.sum_regime(sum)
    for items in _triples(count):
        for name, model in REGIMES.items():
            got = native.sum_contributions(items, name)
            assert got is NotImplemented or repr(got) == repr(model(items)), (name, items)
        assert repr(REGIMES[here](items)) == repr(sum(items)), items
    tell(capsys, f"1.8 regimes: {count} sums, this interpreter is {here}")


def test_the_probe_distinguishes_kinds_of_summation() -> None:
    for name, model in REGIMES.items():
        assert native.sum_regime(model) == name
    assert native.sum_regime(lambda items: 0.5) is None
    assert native.sum_regime(sum) == (
        "plain"
        if sys.version_info < (3, 12)
        else "compensated"
        if sys.version_info < (3, 14)
        else "compensated_ints"
    )


def test_the_functions_under_test_are_the_public_ones() -> None:
    assert eventkit.recommend is functions.recommend
