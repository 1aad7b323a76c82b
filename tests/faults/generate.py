"""Recipes of the arguments of every public function.

Half of them clean, 30 % with odd types, 10 % with hostile objects, 10 % with foreign letters.
Everything is
drawn from a ``random.Random``: the fuzzer gives a seeded one, Hypothesis one that records its
choices and so
can shrink them.
"""

from __future__ import annotations

from random import Random
from typing import Any

from faults import oddities as odd
from faults.clean import (
    clean_interests,
    clean_manifest,
    clean_session,
    clean_top,
    clean_weights,
)
from faults.recipe import Make
from faults.spoil import (
    NUMBERS,
    ODD_TOPS,
    UNICODE,
    add_unicode,
    hostile,
    odd_dict,
    odd_list,
    odd_slot,
    odd_text,
    plant,
    spoil_manifest,
    unicode_word,
)


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
        return (
            rng.choice(
                [
                    None,
                    5,
                    b"a,b",
                    ["a"],
                    Make(odd.StrSub, "A;b"),
                    Make(odd.StrOwnLower, "A"),
                    "",
                    ";",
                ]
            ),
        )
    if kind == "hostile":
        return (hostile(rng),)
    alphabet = [
        "AI",
        "web",
        ",",
        ";",
        " ",
        ",,",
        "\t",
        "\x1c",
        "\x85",
        "\xa0",
        "\u3000",
        "\u200b",
        "a b",
    ]
    if kind == "unicode":
        alphabet += UNICODE
    return ("".join([rng.choice(alphabet) for _ in range(rng.randrange(9))]),)


def for_markdown(rng: Random) -> tuple[Any, ...]:
    manifest, interests = manifest_and_interests(rng)
    if type(manifest) is not dict:
        return interests, manifest
    return interests, {"sessions": manifest.get("sessions")} if rng.randrange(9) else odd_dict(
        rng, {}
    )


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
    return (
        Make(Calendar, reply, staged=True),
        interests,
        rng.choice((1, 2, 3, 10, 0, -1, True, 2.5, None)),
        weights,
    )


def event(rng: Random, place: int) -> Any:
    """Make a Graph calendar event, complete or with holes."""
    made: dict[str, Any] = {
        "id": f"e{place}",
        "subject": rng.choice(("Agents", "Σίσυφος", "", None)),
        "start": _graph_time(rng, "10"),
        "end": _graph_time(rng, "11"),
        "location": rng.choice(({"displayName": "Room 1"}, {"displayName": ""}, {}, None)),
        "categories": rng.choice(
            ([], ["Blue", "AI"], ["a", "b", "c", "d", "e", "f"], None, ("x",))
        ),
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
        f"2026-02-01T{hour}:05:59.123+05:30", f"20260201T{hour}0000", "2026-02-01",
        f"2026-02-01 {hour}:00", "",
        "2023-W50-6",
        f"2026-02-01T{hour}:00:00,5", f"2026-02-30T{hour}:00:00", "2026-02-01T24:00:00",
        f"2026-02-01T{hour}:00:00.1", "0001-01-01T00:00:00",
        f"2026-02-01T{hour}:00-00:00:30", "٢٠٢٦-02-01",
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
        broken[rng.choice(list(broken) or ["id"])] = rng.choice(
            [*NUMBERS, "text", [1], {"a": 1}, ["AI"]]
        )
        events[place] = odd_dict(rng, broken) if rng.randrange(3) == 0 else broken
    elif kind == "odd":
        events = odd_list(rng, events)
    elif kind == "hostile" and events:
        rng.choice(events)[
            rng.choice(("id", "subject", "attendees", "isCancelled", "location"))
        ] = hostile(rng)
    elif kind == "unicode":
        for made in events:
            made["subject"] = unicode_word(rng)
            made["categories"] = [unicode_word(rng)]
    return (events,)
