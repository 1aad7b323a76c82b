"""Understands interests as people type them: words, forms, aliases, prefixes and misspellings.

Signatures only, so that other parts can build on them. See docs/understanding.md.

* ``understand(source, interests, *, fields=FIELDS, aliases=None, fuzzy=True) -> Understanding``
* ``eventkit.recommend(manifest, interests, top, *, understand=False, embed=None)``
* ``Catalog(source, ..., text=False)``, ``Catalog.recommend(interests, top, *, weights=None,
  filter=None, understand=False, embed=None)``. The answer has ``"understood"`` after ``"conflicts"``;
  sessions that match no interest are left out.
* ``eventkit.explain(manifest, title, interests, *, understand=False)`` and ``Catalog.explain``: the
  answer has ``"terms"`` after ``"matched_tags"``.
* ``Catalog._understood(interests, *, fields, fuzzy, filter) -> (understood, positions, points)``:
  positions of all sessions that match, in order, and for each a tuple with the points of each
  interest (an int; 1024 points count as much as one tag of the exact functions). For ``balance``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

__all__ = ["FIELDS", "Match", "Term", "Understanding", "Understood", "understand"]

FIELDS = ("tags", "title", "abstract", "track", "speakers")


class Match(TypedDict):
    """One thing of the programme that an interest matched."""

    word: str  # the word or phrase of the interest
    term: str  # the word, phrase or tag of the programme
    how: str  # "exact", "word", "form", "alias", "prefix", "typo" or "text"
    sessions: int


class Understood(TypedDict):
    """What one interest matched."""

    interest: str
    sessions: int
    level: str | None
    matches: list[Match]
    unmatched: list[str]
    nearest: list[str]


class Term(TypedDict):
    """One term of a session's score."""

    interest: str
    word: str
    term: str
    how: str
    fields: list[str]
    weight: float


@dataclass(frozen=True)
class Understanding:
    """What the interests matched, and the tags that say the same to the exact functions."""

    interests: list[str]
    understood: list[Understood]


def understand(
    source: Any,
    interests: str | Iterable[str],
    *,
    fields: Sequence[str] = FIELDS,
    aliases: Mapping[str, Any] | None = None,
    fuzzy: bool = True,
) -> Understanding:
    """Tell what each interest matches in a programme, and how."""
    raise NotImplementedError
