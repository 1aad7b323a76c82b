"""The bundled sample: a conference that is worth asking about."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import eventkit
from eventkit.dates import parse_moment
from eventkit.manifest import SAMPLE_MANIFEST_PATH, load_manifest
from eventkit.schema import validate

MANIFEST = load_manifest(SAMPLE_MANIFEST_PATH)
SESSIONS = MANIFEST["sessions"]


def test_the_sample_is_valid() -> None:
    assert validate(MANIFEST) == []
    assert SAMPLE_MANIFEST_PATH.read_bytes().isascii()


def test_it_is_a_conference() -> None:
    assert len(SESSIONS) >= 40
    for key in ("id", "title"):
        assert len({session[key] for session in SESSIONS}) == len(SESSIONS)
    for session in SESSIONS:
        start, end = (parse_moment(session[key]).instant() for key in ("start", "end"))
        assert start < end
        assert 0 <= session["popularity"] <= 1
        assert session["tags"]


def test_nobody_is_in_one_room_twice() -> None:
    ordered = sorted(SESSIONS, key=lambda session: (session["location"], session["start"]))
    for one, two in pairwise(ordered):
        assert one["location"] != two["location"] or one["end"] <= two["start"]


def test_sessions_overlap_and_share_tags() -> None:
    slots = Counter((session["start"], session["end"]) for session in SESSIONS)
    assert sum(count > 1 for count in slots.values()) >= 5
    tags = Counter(tag for session in SESSIONS for tag in session["tags"])
    assert sum(count >= 4 for count in tags.values()) >= 10


def test_defaults_are_the_originals() -> None:
    assert MANIFEST["weights"] == {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    assert MANIFEST["recommend"]["max_sessions_default"] == 3


def test_a_wide_question_meets_conflicts() -> None:
    assert eventkit.recommend(MANIFEST, ["ai", "python", "workshop"], 8)["conflicts"] >= 1
