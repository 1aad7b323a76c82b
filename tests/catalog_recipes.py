"""Recipes of manifests and questions for a `Catalog`.

They are those of the functions, except for what a catalogue does not promise (sessions that change
while they are read) and what it refuses (texts as interests, and sessions that are no mappings).
"""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st

from faults.clean import clean_interests, clean_manifest, clean_session, clean_top, clean_weights
from faults.compare import attempt, objects_in, written
from faults.generate import title_for
from faults.oddities import Stage
from faults.oracle import difference
from faults.recipe import build, is_pure
from faults.spoil import ODD_TOPS, add_unicode, odd_list, spoil_session, spoil_weights

Recipe = tuple[Any, ...]


def manifest_and_interests(rng: Random, sizes: tuple[int, ...] = (0, 1, 2, 3, 5, 8)) -> Recipe:
    """Make a manifest, and somebody's interests: half of them plain, the others odd somewhere."""
    manifest = clean_manifest(rng, sizes)
    interests: Any = clean_interests(rng)
    kind = rng.randrange(8)
    if kind in (4, 5, 6):
        for _ in range(rng.choice((1, 1, 2))):
            interests = _spoil(rng, manifest, interests)
    elif kind == 7:
        add_unicode(rng, manifest, interests)
    return manifest, interests


def _spoil(rng: Random, manifest: dict[str, Any], interests: Any) -> Any:
    sessions, where = manifest["sessions"], rng.randrange(5)
    if where == 0:
        odd = odd_list(rng, interests if type(interests) is list else ["ai"])
        return interests if isinstance(build(odd, Stage()), (str, bytes)) else odd
    if where == 1:
        manifest["weights"] = spoil_weights(rng, manifest["weights"])
    elif sessions:
        place = rng.randrange(len(sessions))
        odd = spoil_session(rng, sessions[place])
        if hasattr(build(odd, Stage()), "get"):
            sessions[place] = odd
    return interests


def for_recommend(rng: Random) -> Recipe:
    top = rng.choice(ODD_TOPS) if rng.randrange(12) == 0 else clean_top(rng)
    return (*manifest_and_interests(rng), top)


def for_explain(rng: Random) -> Recipe:
    manifest, interests = manifest_and_interests(rng)
    return manifest, title_for(rng), interests


def for_many(rng: Random) -> Recipe:
    """Make a manifest, lists of interests, some of them odd, and a top."""
    manifest, interests = manifest_and_interests(rng)
    many = [clean_interests(rng) for _ in range(rng.choice((0, 1, 5, 40)))]
    return manifest, [*many, interests], clean_top(rng)


def plain_sessions(rng: Random, count: int, first: int = 0) -> list[dict[str, Any]]:
    """Make sessions with an id of their own each."""
    sessions = [clean_session(rng, place) for place in range(first, first + count)]
    for place, session in enumerate(sessions, first):
        session["id"] = f"s{place}"
    return sessions


def drawn(generator: Any) -> st.SearchStrategy[Any]:
    """Make a strategy of a generator; Hypothesis records its choices."""
    return st.randoms(use_true_random=False).map(generator)


def parted(fast: Any, slow: Any, recipe: Recipe) -> str | None:
    """As `difference`, but a catalogue may look at odd sessions when it is made, too."""
    if is_pure(recipe):
        return difference(fast, slow, recipe)
    got, want = (_outcome(function, recipe) for function in (fast, slow))
    return None if got == want else f"got  {got}\n  want {want}"


def _outcome(function: Any, recipe: Recipe) -> str:
    arguments = build(recipe, Stage())
    return written(attempt(function, arguments), objects_in(arguments))


__all__ = [
    "clean_interests",
    "clean_top",
    "clean_weights",
    "drawn",
    "for_explain",
    "for_many",
    "for_recommend",
    "manifest_and_interests",
    "parted",
    "plain_sessions",
]
