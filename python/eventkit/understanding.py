"""Understands interests as people type them: words, forms, aliases, prefixes and misspellings.

The exact functions compare whole tags. `understand` tells what an interest means in a programme:
the words of tags, titles, abstracts, tracks and names that it matches, and how. The points of a
match are whole numbers that the engine's ``understanding/points.rs`` defines; docs/understanding.md
explains them.
"""

from __future__ import annotations

import json
import marshal
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from eventkit import _native
from eventkit.manifest import PUBLIC_DIRECTORIES, find_sessions
from eventkit.reference import normalize_interests

if TYPE_CHECKING:
    from eventkit.catalog.catalog import Catalog

__all__ = [
    "FIELDS",
    "Embed",
    "Match",
    "Matches",
    "Term",
    "Understanding",
    "Understood",
    "asked_and_read",
    "explain_from_catalog",
    "matches_from_catalog",
    "recommend_from_catalog",
    "text_catalog",
    "understand",
]

FIELDS = ("tags", "title", "abstract", "track", "speakers")
"""The members of a session whose words are read. ``description`` stands in for ``abstract``."""

Embed = Callable[[list[str]], Sequence[Sequence[float]]]
"""A function that returns a vector for each of a list of texts."""

_ALIASES = Path(__file__).parent / "data" / "aliases.json"
_MOST_CATALOGS = 4


class Match(TypedDict):
    """One thing of the programme that an interest matched.

    ``word`` is the word or phrase of the interest, and ``term`` that of the programme. ``how`` is
    ``exact``, ``word``, ``form``, ``alias``, ``prefix``, ``typo``, ``text`` or ``level``.
    """

    word: str
    term: str
    how: str
    sessions: int


class Understood(TypedDict):
    """What one interest matched, and on how many sessions.

    ``unmatched`` holds its words that matched nothing, and ``nearest`` three tags of the programme
    if no session matched.
    """

    interest: str
    sessions: int
    level: str | None
    matches: list[Match]
    unmatched: list[str]
    nearest: list[str]


class Term(TypedDict):
    """One term of a session's match. The weights of all its terms add up to the match."""

    interest: str
    word: str
    term: str
    how: str
    fields: list[str]
    weight: float


@dataclass(frozen=True)
class Understanding:
    """What interests mean in a programme.

    Attributes:
        interests: Interests for the exact functions: the lowered tags that say the same, and the
            interest itself where no tag does.
        understood: For each interest what it matched, how, and on how many sessions.

    Example:
        >>> understand([{"title": "Running Kubernetes"}], "k8s").understood[0]["sessions"]
        1
    """

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
    """Tell what each interest matches in a programme, and how.

    Args:
        source: A manifest, its sessions, or a `Catalog`.
        interests: A list of interests; or one text, which is split at commas and semicolons.
        fields: The fields whose words count.
        aliases: More aliases: a word or phrase, and what means the same (a text, or a list of
            texts). They hold in both directions. Those of the manifest (``"aliases"``) and
            eventkit's own are used too.
        fuzzy: Try words that start with an interest, and misspellings, where nothing else is found.

    Raises:
        TypeError: An interest or an alias is no text.
        ValueError: A field has another name.

    Example:
        >>> sessions = [{"title": "Running Kubernetes", "tags": ["Cloud Native"]}]
        >>> found = understand(sessions, "k8s, cloud")
        >>> [(match["term"], match["how"]) for match in found.understood[0]["matches"]]
        [('kubernetes', 'alias')]
        >>> found.interests
        ['k8s', 'cloud native']
    """
    catalog = text_catalog(source)
    asked = _interests(interests)
    reading = _reading(catalog, aliases, fields, fuzzy)
    understood, tags = _native.understand_interests(catalog, asked, reading)
    return Understanding(_meant(asked, tags), understood)


def _meant(asked: list[str], tags: list[list[str]]) -> list[str]:
    """Return interests for the exact functions: the tags that say the same, or the interest."""
    meant: list[str] = []
    for interest, held in zip(asked, tags, strict=True):
        whole = interest.lower()
        meant += [whole] if whole in held or not held else held
    return list(dict.fromkeys(meant))


@dataclass(frozen=True)
class Matches(Understanding):
    """What interests mean in a catalogue, and which of its sessions match.

    Attributes:
        positions: The positions of all sessions that match an interest, the best match first.
    """

    positions: list[int]


def matches_from_catalog(catalog: Catalog, interests: Any) -> Matches:
    """Return what interests match in a catalogue, and all sessions that match.

    A search wants this: popularity and weights play no part, and no session is copied.

    Example:
        >>> from eventkit import Catalog
        >>> catalog = Catalog([{"title": "Rust"}, {"title": "Kubernetes", "tags": ["k8s"]}])
        >>> matches_from_catalog(catalog, ["k8s"]).positions
        [1]
    """
    asked = _interests(interests)
    reading = _reading(catalog)
    _, tags = _native.understand_interests(catalog, asked, reading)
    understood, positions, points = _native.understood_points(catalog, asked, None, reading)
    best = dict(zip(positions, map(sum, points), strict=True))
    # The sort is stable: sessions of equal points keep the order of the programme.
    ranked = sorted(positions, key=best.__getitem__, reverse=True)
    return Matches(_meant(asked, tags), understood, ranked)


def recommend_from_catalog(
    catalog: Catalog,
    interests: Any,
    top: Any,
    weights: Any = None,
    filter: Any = None,
    embed: Embed | None = None,
    balance: Any = None,
    spread: Any = None,
) -> dict[str, Any]:
    """Answer ``Catalog.recommend(..., understand=True)``."""
    asked, reading = asked_and_read(catalog, interests)
    answer: dict[str, Any] = _native.recommend_understood(
        catalog, asked, top, weights, filter, reading, balance, spread
    )
    if embed is not None:
        from eventkit.meaning import add_near

        add_near(answer, catalog, asked, top, weights, filter, embed)
    return answer


def explain_from_catalog(
    catalog: Catalog, title: Any, interests: Any, weights: Any = None
) -> dict[str, Any]:
    """Answer ``Catalog.explain(..., understand=True)``."""
    asked, reading = asked_and_read(catalog, interests)
    explained: dict[str, Any]
    explained = _native.explain_understood(catalog, title, asked, weights, reading)
    return explained


def asked_and_read(catalog: Any, interests: Any) -> tuple[list[str], Any]:
    """Return the interests of a query as a list, and how the catalogue reads them."""
    return _interests(interests), _reading(catalog)


def text_catalog(source: Any) -> Catalog:
    """Return a catalogue with the words of a source: a catalogue as it is, or a compiled manifest.

    A manifest's catalogue is kept, and used again while neither the sessions nor the other members
    change. All of them are read at each call to find that out.
    """
    from eventkit.catalog.catalog import Catalog

    if isinstance(source, _native.CatalogBase):
        return source  # type: ignore[return-value]
    key = _fingerprint(source)
    held = None if key is None else _CATALOGS.get(key)
    if held is None:
        held = Catalog(source, text=True)
        if key is not None:
            _CATALOGS[key] = held
            while len(_CATALOGS) > _MOST_CATALOGS:
                _CATALOGS.popitem(last=False)
    return held


_CATALOGS: OrderedDict[tuple[int, bytes], Catalog] = OrderedDict()


def _fingerprint(source: Any) -> tuple[int, bytes] | None:
    """Return the identity of the sessions and a hash of all they hold; ``None`` for odd ones."""
    try:
        if isinstance(source, Mapping):
            sessions = find_sessions(source, PUBLIC_DIRECTORIES)
            members = {name: value for name, value in source.items() if name != "sessions"}
        else:
            sessions, members = source, {}
        if type(sessions) is not list:
            return None
        # Version 2 writes every object in full, whatever else refers to it.
        data = marshal.dumps((members, sessions), 2)
    except (ValueError, TypeError, AttributeError):
        return None
    return id(sessions), blake2b(data, digest_size=16).digest()


def _interests(interests: Any) -> list[str]:
    if isinstance(interests, str):
        return normalize_interests(interests)
    asked = list(interests)
    for interest in asked:
        if not isinstance(interest, str):
            raise TypeError(f"interests holds {interest!r}, expected texts")
    # An interest that is given twice counts once, as in the exact functions.
    return list(dict.fromkeys(map(str, asked)))


def _reading(
    catalog: Any,
    aliases: Mapping[str, Any] | None = None,
    fields: Sequence[str] = FIELDS,
    fuzzy: bool = True,
) -> Any:
    """Return how interests are read, with the aliases of the catalogue's manifest."""
    own = catalog.fields.get("aliases")
    pairs = [*_pairs(own, "the manifest's aliases"), *_pairs(aliases, "aliases")]
    key = (tuple(pairs), tuple(fields), bool(fuzzy))
    held = _READINGS.get(key)
    if held is None:
        file = _file()
        same = [*map(tuple, file["same"]), *pairs]
        narrower = [(row["heads"], row["terms"]) for row in file["narrower"]]
        held = _native.Reading(same, narrower, list(fields), bool(fuzzy))
        if len(_READINGS) >= _MOST_CATALOGS:
            _READINGS.clear()
        _READINGS[key] = held
    return held


_READINGS: dict[Any, Any] = {}


def _file() -> dict[str, Any]:
    file: dict[str, Any] = json.loads(_ALIASES.read_text(encoding="utf-8"))
    return file


def _pairs(aliases: Any, name: str) -> list[tuple[str, str]]:
    if aliases is None:
        return []
    if not isinstance(aliases, Mapping):
        raise TypeError(f"{name}: {aliases!r}, expected an object of texts and lists of texts")
    pairs = []
    for word, same in aliases.items():
        for other in [same] if isinstance(same, str) else list(same):
            if not isinstance(word, str) or not isinstance(other, str):
                raise TypeError(f"{name}: {word!r} is {other!r}, expected texts")
            pairs.append((word, other))
    return pairs
