"""Recipes of odd input: other types, hostile objects, foreign letters."""

from __future__ import annotations

from collections import ChainMap, OrderedDict, defaultdict
from decimal import Decimal
from fractions import Fraction
from random import Random
from types import MappingProxyType
from typing import Any

from faults import oddities as odd
from faults.recipe import Make

try:
    import numpy
except ImportError:
    numpy = None

NAN, INF = float("nan"), float("inf")
UNICODE = [
    "\u0130", "\u0131", "I\u0307", "A\u03a3", "A\u03a3B", "\u03a3", "A\u03a3.", "A.\u03a3",
    "\u03a3a", "a\u03a3 b",
    "\u1e9e",
    "\u00df", "SS", "\u212a", "k", "\u212b", "\u00e5", "\u01c5", "\u2c2f", "\u2c5f",
    "\ua7c0", "\ua7cb",
    "\U00010400", "\U00010428", "\U0001f600", "\U00010570", "\ud800",
    "\udfff", "a\ud800", "\ud83d\ude00",
    "e\u0301", "\u00e9", "E\u0301", "\u00c9", "\u0391\u03a3\u0399", "\u0391\u0301\u03a3",
    "\u0390", "\ufb01", "\u03c2",
    "\u03c3", "i", "i\u0307", "a\u03c2", "a\u03c3b", "\x00", "\x1c", "\x85", "\u3000", "\u10a0",
    "\u2d00", "\u1c89",
]  # fmt: skip
NUMBERS: list[Any] = [
    True, False, 2**53, 2**53 + 1, float(2**53), 2**63, -(2**63) - 1, 2**64, 10**30, 2**1023,
    10**400, NAN, INF, -INF,
    1e308, -1e308, 5e-324, -0.0, None, "5", "", b"x", [1], (), 1j, complex(1, -0.0),
    Decimal("0.5"), Decimal(2),
    Fraction(1, 3), Make(odd.FloatSub, 0.5), Make(odd.FloatKeeps, 0.1), Make(odd.IntSub, 3),
    2**70, -1, -7,
]  # fmt: skip
if numpy is not None:
    NUMBERS += [
        numpy.float64(0.1),
        numpy.float32(0.1),
        numpy.int64(3),
        numpy.bool_(True),
        numpy.float64("nan"),
    ]
ODD_TOPS: list[Any] = [
    True, False, 1.0, NAN, "2", Decimal(1), b"", [], Make(odd.Index, 2), Make(odd.Index, -1),
    Make(odd.IntSub, 2),
    Make(odd.Index, 10**30),
]  # fmt: skip
if numpy is not None:
    ODD_TOPS += [numpy.int64(2), numpy.float64(2), numpy.uint8(1)]


def odd_list(rng: Random, items: list[Any]) -> Any:
    """Give a list another type, or nonsense in its place."""
    makers = [
        tuple, lambda x: Make(odd.make_set, x), lambda x: Make(odd.make_frozenset, x),
        lambda x: Make(odd.make_generator, x),
        lambda x: Make(odd.ListSub, x), lambda x: Make(odd.ListBackwards, x),
        lambda x: Make(odd.ListHasAll, x),
        lambda x: Make(odd.make_keyed, x), lambda x: "".join(map(str, x)), lambda x: None,
        lambda x: 5,
        lambda x: [*x, 1], lambda x: [None, *x], lambda x: [*x, ["x"]], lambda x: Make(iter, x),
        lambda x: [*x, NAN, NAN, float("nan")], lambda x: [*x, b"ai"], lambda x: b"ai",
        lambda x: [*x, 1, True, 1.0],
        lambda x: [Make(odd.StrSub, "AI"), *x], lambda x: [*x, Make(odd.StrOwnLower, "zz")],
        lambda x: [*x, Make(odd.Lowerable, "ai")], lambda x: [Make(odd.Lowerable, None), *x],
        lambda x: Make(range, 3), lambda x: Make(MappingProxyType, {"ai": 1}), lambda x: True,
        lambda x: 0.5,
        lambda x: Make(reversed, x), lambda x: Make(map, str.upper, x), lambda x: [*x, *x],
        lambda x: {},
    ]  # fmt: skip
    if numpy is not None:
        makers.append(lambda x: Make(numpy.array, ["ai", "web"]))
    return rng.choice(makers)(items)


def odd_dict(rng: Random, content: Any) -> Any:
    """Give a dict another type, or nonsense in its place."""
    makers = [
        lambda x: Make(odd.DictSub, x), lambda x: Make(odd.DictMissing, x),
        lambda x: Make(odd.DictFalsy, x),
        lambda x: Make(odd.DictOwnGet, x), lambda x: Make(odd.make_user_dict, x),
        lambda x: Make(OrderedDict, x),
        lambda x: Make(MappingProxyType, x), lambda x: Make(ChainMap, x),
        lambda x: Make(defaultdict, list, x),
        lambda x: Make(odd.Duck, x, staged=True), lambda x: Make(odd.make_spy, x, staged=True),
        lambda x: {},
        lambda x: None, lambda x: "text", lambda x: [x], lambda x: 7, lambda x: {**x, 5: 6,
        None: None},
        lambda x: {"zz": 1, **x}, lambda x: dict(reversed(x.items())),
    ]  # fmt: skip
    return rng.choice(makers)(content if type(content) is dict else {})


def odd_text(rng: Random) -> Any:
    return rng.choice(
        [None, 5, "", b"ai", Make(odd.StrSub, "Talk 1"), Make(odd.StrOwnLower, "Talk 2"), ["x"],
        NAN, True,
         Make(odd.Lowerable, "talk 1"), {"a": 1}, "\n# x"]
    )  # fmt: skip


def odd_slot(rng: Random) -> Any:
    return rng.choice(
        [1, 1.0, True, NAN, [9], {}, Decimal(1), ("09:00",), "09:00", b"", None, Fraction(1, 1)]
    )


def spoil_session(rng: Random, session: Any) -> Any:
    """Put one odd thing in a session, or make the session odd."""
    if type(session) is not dict:
        return session
    field = rng.choice(
        ("tags", "tags", "popularity", "popularity", "title", "slot", "missing", "kind", "tag")
    )
    if field == "tags":
        session["tags"] = odd_list(
            rng, session["tags"] if type(session.get("tags")) is list else ["AI"]
        )
    elif field == "popularity":
        session["popularity"] = rng.choice(NUMBERS)
    elif field == "title":
        session["title"] = odd_text(rng)
    elif field == "slot":
        session[rng.choice(("start", "end", "location"))] = odd_slot(rng)
    elif field == "missing":
        session.pop(rng.choice(("title", "tags", "popularity", "start", "end", "location")), None)
    elif field == "tag" and type(session.get("tags")) is list:
        session["tags"].append(odd_text(rng))
    else:
        return odd_dict(rng, session)
    return session


def spoil_weights(rng: Random, weights: Any) -> Any:
    if type(weights) is not dict or rng.randrange(4) == 0:
        return odd_dict(rng, weights)
    key = rng.choice(("interest", "popularity", "diversity"))
    if rng.randrange(4) == 0:
        weights.pop(key, None)
    else:
        weights[key] = rng.choice(NUMBERS)
    return weights


def spoil_manifest(rng: Random, manifest: Any) -> Any:
    """Put one odd thing somewhere in a manifest."""
    sessions = manifest.get("sessions") if type(manifest) is dict else None
    where = rng.randrange(10)
    if where < 6 and type(sessions) is list and sessions:
        place = rng.randrange(len(sessions))
        sessions[place] = spoil_session(rng, sessions[place])
    elif where < 8:
        manifest["weights"] = spoil_weights(rng, manifest.get("weights"))
    elif where == 8 and type(sessions) is list:
        manifest["sessions"] = odd_list(rng, sessions)
    elif rng.randrange(3) == 0:
        manifest.pop(rng.choice(("weights", "sessions", "features")), None)
    else:
        return odd_dict(rng, manifest)
    return manifest


def _tags_of(session: dict[str, Any]) -> list[Any]:
    tags = session.get("tags")
    return tags if type(tags) is list else []


def hostile(rng: Random) -> Make:
    """Make an object that raises, tampers with the case, or only watches, in one or two of its
    hooks."""
    action = rng.choice(("raise", "tamper", "watch"))
    text = rng.choice(("AI", "ai", "web", "Talk 1"))
    if rng.randrange(3) == 0:
        return Make(odd.make_hostile_str, action, text, staged=True)
    hooks = (rng.choice(odd.HOOKS), rng.choice(odd.HOOKS))
    return Make(odd.Hostile, hooks, action, text, staged=True)


def plant(rng: Random, manifest: dict[str, Any], interests: list[Any]) -> None:
    """Put a hostile object among the tags, the interests, the numbers, the slots, or as a
    session."""
    sessions = manifest["sessions"]
    where = rng.randrange(8)
    session = rng.choice(sessions) if sessions else None
    if where < 2 or type(session) is not dict:
        interests.insert(rng.randrange(len(interests) + 1), hostile(rng))
    elif where < 5:
        session["tags"] = [*_tags_of(session), hostile(rng)] if rng.randrange(4) else hostile(rng)
    elif where == 5:
        session[rng.choice(("popularity", "title", "start", "end"))] = hostile(rng)
    elif where == 6:
        manifest["weights"][rng.choice(("interest", "popularity", "diversity"))] = hostile(rng)
    else:
        sessions[rng.randrange(len(sessions))] = hostile(rng)


def unicode_word(rng: Random) -> str:
    if rng.randrange(3):
        return rng.choice(UNICODE)
    return "".join(rng.choice(UNICODE) for _ in range(rng.randrange(1, 4)))


def add_unicode(rng: Random, manifest: dict[str, Any], interests: list[Any]) -> None:
    """Put foreign letters into tags and titles, and the lower case of some into the interests."""
    for session in manifest["sessions"]:
        if type(session) is dict and rng.randrange(2):
            text = unicode_word(rng)
            session["tags"] = [*_tags_of(session), text]
            interests.append(rng.choice((text, text.lower(), unicode_word(rng))))
            if rng.randrange(2):
                session["title"] = unicode_word(rng)
