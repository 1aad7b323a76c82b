"""Recipes of random inputs: half clean, 30 % odd types, 10 % hostile objects, 10 % Unicode.

Everything is drawn from a ``random.Random``: the fuzzer gives a seeded one, Hypothesis one that records its
choices and so can shrink them. Popularities, weights and words come from small sets, because ties,
duplicates and near misses are where answers go wrong.
"""

from __future__ import annotations

import sys
from collections import ChainMap, OrderedDict, defaultdict
from decimal import Decimal
from fractions import Fraction
from random import Random
from types import MappingProxyType
from typing import Any

from faults import oddities as odd
from faults.recipe import Make, Same

try:
    import numpy
except ImportError:
    numpy = None

NAN, INF = float("nan"), float("inf")
WORDS = "ai web rust agents python cloud a b ab '' graph data".replace("''", "").split(" ")
TAGS = [*WORDS, "AI", "Ai", "Web", "RUST", " ai", "ai ", "AGENTS", "x" * 40]
GRID = [step / 100 for step in range(0, 101, 3)]
TIES = [0.0, -0.0, 0, 0.5, 0.5, 1, 1.0, 0.25, 2.5, 4.03, 0.03]
WEIGHTS = [2.0, 0.5, 0.3, 0.0, -0.0, 1, 0, -1.0, 2, 0.1, 1e16, -1e18, 1e308, 10.0, 5e-324]
SLOTS = ["09:00", "10:00", "11:00", None]
UNICODE = [
    "\u0130", "\u0131", "I\u0307", "A\u03a3", "A\u03a3B", "\u03a3", "A\u03a3.", "A.\u03a3", "\u03a3a", "a\u03a3 b",
    "\u1e9e", "\u00df", "SS", "\u212a", "k", "\u212b", "\u00e5", "\u01c5", "\u2c2f", "\u2c5f", "\ua7c0", "\ua7cb",
    "\U00010400", "\U00010428", "\U0001f600", "\U00010570", "\ud800", "\udfff", "a\ud800", "\ud83d\ude00",
    "e\u0301", "\u00e9", "E\u0301", "\u00c9", "\u0391\u03a3\u0399", "\u0391\u0301\u03a3", "\u0390", "\ufb01", "\u03c2",
    "\u03c3", "i", "i\u0307", "a\u03c2", "a\u03c3b", "\x00", "\x1c", "\x85", "\u3000", "\u10a0", "\u2d00", "\u1c89",
]  # fmt: skip
NUMBERS: list[Any] = [
    True, False, 2**53, 2**53 + 1, float(2**53), 2**63, -(2**63) - 1, 2**64, 10**30, 2**1023, 10**400, NAN, INF, -INF,
    1e308, -1e308, 5e-324, -0.0, None, "5", "", b"x", [1], (), 1j, complex(1, -0.0), Decimal("0.5"), Decimal(2),
    Fraction(1, 3), Make(odd.FloatSub, 0.5), Make(odd.FloatKeeps, 0.1), Make(odd.IntSub, 3), 2**70, -1, -7,
]  # fmt: skip
if numpy is not None:
    NUMBERS += [numpy.float64(0.1), numpy.float32(0.1), numpy.int64(3), numpy.bool_(True), numpy.float64("nan")]
TOPS: list[Any] = [0, 1, 2, 3, 5, 10, -1, -2, None, 10**30, -(10**30), 2**63 - 1, 2**63, -(2**63), sys.maxsize]
ODD_TOPS: list[Any] = [
    True, False, 1.0, NAN, "2", Decimal(1), b"", [], Make(odd.Index, 2), Make(odd.Index, -1), Make(odd.IntSub, 2),
    Make(odd.Index, 10**30),
]  # fmt: skip
if numpy is not None:
    ODD_TOPS += [numpy.int64(2), numpy.float64(2), numpy.uint8(1)]


def word(rng: Random) -> str:
    return rng.choice(WORDS)


def clean_session(rng: Random, place: int) -> dict[str, Any]:
    """Make an ordinary session; about one in three lacks a key or has one too many."""
    session: dict[str, Any] = {
        "id": f"s{place}",
        "title": rng.choice((f"Talk {place}", f"Talk {place}", "Keynote", "KEYNOTE", "talk 1")),
        "tags": [rng.choice(TAGS) for _ in range(rng.choice((0, 1, 2, 2, 3, 5)))],
        "popularity": clean_number(rng),
        "start": rng.choice(SLOTS),
        "end": rng.choice(SLOTS),
        "location": rng.choice(("Hall 1", "Room ✓", "")),
    }
    fate = rng.randrange(12)
    if fate < 2:
        del session[rng.choice(("id", "tags", "popularity", "start", "end", "location"))]
    elif fate == 2:
        session["extra"] = rng.choice((None, {"deep": [1]}, (1, 2), 10**40))
    return session


def clean_number(rng: Random) -> Any:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(TIES)
    if kind == 1:
        return rng.random() * 4 - 1
    return rng.choice(GRID) if kind == 2 else rng.randrange(-3, 11)


def clean_weights(rng: Random) -> dict[str, Any]:
    if rng.randrange(3) == 0:
        return {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    weights = {
        key: rng.choice(WEIGHTS) if rng.randrange(2) else rng.random() * 3
        for key in ("interest", "popularity", "diversity")
    }
    if rng.randrange(8) == 0:
        del weights["diversity"]
    return weights


def clean_interests(rng: Random) -> list[Any]:
    interests = [word(rng) for _ in range(rng.choice((0, 1, 2, 3, 3, 5, 10, 20)))]
    if interests and rng.randrange(4) == 0:
        interests.append(rng.choice(interests))
    if rng.randrange(8) == 0:
        interests.append("AI")
    return interests


def clean_manifest(rng: Random, sizes: tuple[int, ...] = (0, 1, 2, 3, 5, 8)) -> dict[str, Any]:
    sessions: list[Any] = [clean_session(rng, place) for place in range(rng.choice(sizes))]
    manifest: dict[str, Any] = {"weights": clean_weights(rng), "sessions": sessions}
    if sessions and rng.randrange(8) == 0:
        _share(rng, sessions)
    if rng.randrange(6) == 0:
        manifest["features"] = rng.choice(
            ({}, None, {"export": {"enabled": True}}, {"externalSessions": {"enabled": False}},
             {"externalSessions": {"enabled": True, "file": "no such file.json"}})
        )  # fmt: skip
    if rng.randrange(6) == 0:
        manifest["recommend"] = {"max_sessions_default": rng.choice((0, 1, 3))}
    return manifest


def _share(rng: Random, sessions: list[Any]) -> None:
    """Let two places hold one object: a session twice, or two sessions with one list of tags."""
    first, second = rng.randrange(len(sessions)), rng.randrange(len(sessions))
    if rng.randrange(2) and "tags" in sessions[first] and first != second:
        tags = Same(sessions[first]["tags"])
        sessions[first]["tags"] = sessions[second]["tags"] = tags
    else:
        sessions[first] = Same(sessions[first])
        sessions.append(sessions[first])


def clean_top(rng: Random) -> Any:
    return rng.choice(TOPS)


# -- odd types ----------------------------------------------------------------------------------------


def odd_list(rng: Random, items: list[Any]) -> Any:
    """Give a list another type, or nonsense in its place."""
    makers = [
        tuple, lambda x: Make(odd.make_set, x), lambda x: Make(odd.make_frozenset, x), lambda x: Make(odd.make_generator, x),
        lambda x: Make(odd.ListSub, x), lambda x: Make(odd.ListBackwards, x), lambda x: Make(odd.ListHasAll, x),
        lambda x: Make(odd.make_keyed, x), lambda x: "".join(map(str, x)), lambda x: None, lambda x: 5,
        lambda x: [*x, 1], lambda x: [None, *x], lambda x: [*x, ["x"]], lambda x: Make(iter, x),
        lambda x: [*x, NAN, NAN, float("nan")], lambda x: [*x, b"ai"], lambda x: b"ai", lambda x: [*x, 1, True, 1.0],
        lambda x: [Make(odd.StrSub, "AI"), *x], lambda x: [*x, Make(odd.StrOwnLower, "zz")],
        lambda x: [*x, Make(odd.Lowerable, "ai")], lambda x: [Make(odd.Lowerable, None), *x],
        lambda x: Make(range, 3), lambda x: Make(MappingProxyType, {"ai": 1}), lambda x: True, lambda x: 0.5,
        lambda x: Make(reversed, x), lambda x: Make(map, str.upper, x), lambda x: [*x, *x], lambda x: {},
    ]  # fmt: skip
    if numpy is not None:
        makers.append(lambda x: Make(numpy.array, ["ai", "web"]))
    return rng.choice(makers)(items)


def odd_dict(rng: Random, content: Any) -> Any:
    """Give a dict another type, or nonsense in its place."""
    makers = [
        lambda x: Make(odd.DictSub, x), lambda x: Make(odd.DictMissing, x), lambda x: Make(odd.DictFalsy, x),
        lambda x: Make(odd.DictOwnGet, x), lambda x: Make(odd.make_user_dict, x), lambda x: Make(OrderedDict, x),
        lambda x: Make(MappingProxyType, x), lambda x: Make(ChainMap, x), lambda x: Make(defaultdict, list, x),
        lambda x: Make(odd.Duck, x, staged=True), lambda x: Make(odd.make_spy, x, staged=True), lambda x: {},
        lambda x: None, lambda x: "text", lambda x: [x], lambda x: 7, lambda x: {**x, 5: 6, None: None},
        lambda x: {"zz": 1, **x}, lambda x: dict(reversed(x.items())),
    ]  # fmt: skip
    return rng.choice(makers)(content if type(content) is dict else {})


def odd_text(rng: Random) -> Any:
    return rng.choice(
        [None, 5, "", b"ai", Make(odd.StrSub, "Talk 1"), Make(odd.StrOwnLower, "Talk 2"), ["x"], NAN, True,
         Make(odd.Lowerable, "talk 1"), {"a": 1}, "\n# x"]
    )  # fmt: skip


def odd_slot(rng: Random) -> Any:
    return rng.choice([1, 1.0, True, NAN, [9], {}, Decimal(1), ("09:00",), "09:00", b"", None, Fraction(1, 1)])


def spoil_session(rng: Random, session: Any) -> Any:
    """Put one odd thing in a session, or make the session odd."""
    if type(session) is not dict:
        return session
    field = rng.choice(("tags", "tags", "popularity", "popularity", "title", "slot", "missing", "kind", "tag"))
    if field == "tags":
        session["tags"] = odd_list(rng, session["tags"] if type(session.get("tags")) is list else ["AI"])
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


# -- hostile objects and Unicode ------------------------------------------------------------------------


def _tags_of(session: dict[str, Any]) -> list[Any]:
    tags = session.get("tags")
    return tags if type(tags) is list else []


def hostile(rng: Random) -> Make:
    """Make an object that raises, tampers with the case, or only watches, in one or two of its hooks."""
    action = rng.choice(("raise", "tamper", "watch"))
    text = rng.choice(("AI", "ai", "web", "Talk 1"))
    if rng.randrange(3) == 0:
        return Make(odd.make_hostile_str, action, text, staged=True)
    hooks = (rng.choice(odd.HOOKS), rng.choice(odd.HOOKS))
    return Make(odd.Hostile, hooks, action, text, staged=True)


def plant(rng: Random, manifest: dict[str, Any], interests: list[Any]) -> None:
    """Put a hostile object among the tags, the interests, the numbers, the slots, or as a session."""
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


# -- whole arguments ---------------------------------------------------------------------------------


def kind_of_case(rng: Random) -> str:
    draw = rng.randrange(10)
    return "clean" if draw < 5 else "odd" if draw < 8 else "hostile" if draw == 8 else "unicode"


def manifest_and_interests(rng: Random) -> tuple[Any, Any]:
    """Make a manifest and the interests of somebody, of any kind."""
    manifest: Any = clean_manifest(rng)
    interests: Any = clean_interests(rng)
    kind = kind_of_case(rng)
    if kind == "odd":
        for _ in range(rng.choice((1, 1, 2, 3))):
            if rng.randrange(5) == 0:
                interests = odd_list(rng, interests if type(interests) is list else ["ai"])
            elif type(manifest) is dict:
                manifest = spoil_manifest(rng, manifest)
    elif kind == "hostile":
        plant(rng, manifest, interests)
    elif kind == "unicode":
        add_unicode(rng, manifest, interests)
    return manifest, interests


def for_recommend(rng: Random) -> tuple[Any, ...]:
    manifest, interests = manifest_and_interests(rng)
    top = rng.choice(ODD_TOPS) if rng.randrange(12) == 0 else clean_top(rng)
    return manifest, interests, top


def for_export(rng: Random) -> tuple[Any, ...]:
    """As for a recommendation, but ``None``, the manifest's own default, is another road.

    And the interests are read twice, for the ranking and for the heading, so they are a list.
    """
    manifest, interests, top = for_recommend(rng)
    return manifest, interests if type(interests) is list else ["ai"], 3 if top is None else top


def for_explain(rng: Random) -> tuple[Any, ...]:
    manifest, interests = manifest_and_interests(rng)
    return manifest, title_for(rng), interests


def title_for(rng: Random) -> Any:
    fate = rng.randrange(12)
    if fate == 0:
        return odd_text(rng)
    if fate == 1:
        return unicode_word(rng)
    return rng.choice(("talk 0", "TALK 1", "Talk 2", "keynote", "Keynote", "nowhere"))


def for_score(rng: Random) -> tuple[Any, ...]:
    manifest, interests = manifest_and_interests(rng)
    sessions = manifest.get("sessions") if type(manifest) is dict else None
    weights = manifest.get("weights") if type(manifest) is dict else clean_weights(rng)
    fresh = {"weights": weights, "sessions": [clean_session(rng, 0)]}
    session = sessions[0] if type(sessions) is list and sessions else fresh["sessions"][0]
    return session, interests, weights


def for_conflicts(rng: Random) -> tuple[Any, ...]:
    manifest, _ = manifest_and_interests(rng)
    if type(manifest) is not dict:
        return (odd_list(rng, []),)
    sessions = manifest.get("sessions", [])
    if type(sessions) is list and kind_of_case(rng) == "odd":
        for session in sessions:
            if type(session) is dict:
                session["start"] = odd_slot(rng)
    return (sessions,)


def for_normalize(rng: Random) -> tuple[Any, ...]:
    kind = kind_of_case(rng)
    if kind == "odd":
        return (rng.choice([None, 5, b"a,b", ["a"], Make(odd.StrSub, "A;b"), Make(odd.StrOwnLower, "A"), "", ";"]),)
    if kind == "hostile":
        return (hostile(rng),)
    alphabet = ["AI", "web", ",", ";", " ", ",,", "\t", "\x1c", "\x85", "\xa0", "\u3000", "\u200b", "a b"]
    if kind == "unicode":
        alphabet += UNICODE
    return ("".join([rng.choice(alphabet) for _ in range(rng.randrange(9))]),)


def for_markdown(rng: Random) -> tuple[Any, ...]:
    manifest, interests = manifest_and_interests(rng)
    if type(manifest) is not dict:
        return interests, manifest
    return interests, {"sessions": manifest.get("sessions")} if rng.randrange(9) else odd_dict(rng, {})


def for_card(rng: Random) -> tuple[Any, ...]:
    manifest, _ = manifest_and_interests(rng)
    return (manifest.get("sessions", []) if type(manifest) is dict else manifest,)


class Calendar:
    """A Graph service as far as a recommendation sees one."""

    def __init__(self, stage: odd.Stage, reply: Any) -> None:
        self.stage, self.reply = stage, reply

    def get_events(self, top: Any) -> Any:
        self.stage.journal.append(f"get_events {top!r}")
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def for_graph(rng: Random) -> tuple[Any, ...]:
    manifest, interests = manifest_and_interests(rng)
    content = manifest if type(manifest) is dict else {}
    reply = ValueError("graph is away") if rng.randrange(20) == 0 else content.get("sessions")
    if rng.randrange(3) == 0 and type(interests) is list:
        interests = [i.upper() if type(i) is str else i for i in interests] + [" web ", " "]
    weights = content.get("weights") if rng.randrange(2) else None
    return Make(Calendar, reply, staged=True), interests, rng.choice((1, 2, 3, 10, 0, -1, True, 2.5, None)), weights


def event(rng: Random, place: int) -> Any:
    """Make a Graph calendar event, complete or with holes."""
    made: dict[str, Any] = {
        "id": f"e{place}",
        "subject": rng.choice(("Agents", "Σίσυφος", "", None)),
        "start": _graph_time(rng, "10"),
        "end": _graph_time(rng, "11"),
        "location": rng.choice(({"displayName": "Room 1"}, {"displayName": ""}, {}, None)),
        "categories": rng.choice(([], ["Blue", "AI"], ["a", "b", "c", "d", "e", "f"], None, ("x",))),
        "bodyPreview": rng.choice(("", "text", None)),
        "body": rng.choice(({"content": "x"}, {}, None)),
        "attendees": [{}] * rng.choice((0, 1, 2, 5, 7)),
        "isOnlineMeeting": rng.choice((True, False, None, 1)),
        "isReminderOn": rng.choice((True, False, None)),
        "isCancelled": rng.choice((False, False, False, False, True, None)),
    }
    for key in rng.sample(list(made), rng.choice((0, 0, 1, 2, 5))):
        del made[key]
    return made


def _graph_time(rng: Random, hour: str) -> Any:
    texts = [
        f"2026-02-01T{hour}:00:00", f"2026-02-01T{hour}:30:00Z", f"2026-02-01T{hour}:00:00.0000000",
        f"2026-02-01T{hour}:05:59.123+05:30", f"20260201T{hour}0000", "2026-02-01", f"2026-02-01 {hour}:00", "",
        "2023-W50-6", f"2026-02-01T{hour}:00:00,5", f"2026-02-30T{hour}:00:00", "2026-02-01T24:00:00",
        f"2026-02-01T{hour}:00:00.1", "0001-01-01T00:00:00", f"2026-02-01T{hour}:00-00:00:30", "٢٠٢٦-02-01",
        f"2026-02-01Z{hour}:00", f"2026-02-01T{hour}:00ZZ",
    ]  # fmt: skip
    if rng.randrange(8) == 0:
        return rng.choice([None, {}, {"dateTime": None}, {"dateTime": 5}, "2026-02-01", []])
    text = rng.choice(texts[:4]) if rng.randrange(3) else rng.choice(texts)
    return {"dateTime": text, "timeZone": "UTC"}


def for_events(rng: Random) -> tuple[Any, ...]:
    events: Any = [event(rng, place) for place in range(rng.choice((0, 1, 2, 3, 6)))]
    kind = kind_of_case(rng)
    if kind == "odd" and events:
        place = rng.randrange(len(events))
        broken = events[place]
        broken[rng.choice(list(broken) or ["id"])] = rng.choice([*NUMBERS, "text", [1], {"a": 1}, ["AI"]])
        events[place] = odd_dict(rng, broken) if rng.randrange(3) == 0 else broken
    elif kind == "odd":
        events = odd_list(rng, events)
    elif kind == "hostile" and events:
        rng.choice(events)[rng.choice(("id", "subject", "attendees", "isCancelled", "location"))] = hostile(rng)
    elif kind == "unicode":
        for made in events:
            made["subject"] = unicode_word(rng)
            made["categories"] = [unicode_word(rng)]
    return (events,)
