"""Real programmes, 1,079 to 19,406 sessions: eventkit and the reference give the same answers."""

import json
from collections import Counter

import pytest

import eventkit
import generator
from eventkit import reference

PROGRAMMES = ["fosdem-2026", "google-io-2019", "gencon-2017"]


def load(folder, name):
    file = folder / f"{name}.sessions.json"
    if not file.is_file():
        pytest.skip(f"no {file}")
    sessions = json.loads(file.read_text(encoding="utf-8"))
    return {"weights": dict(generator.WEIGHTS), "sessions": sessions}


def interest_lists(sessions):
    """The most used tags, rare ones, and some of each."""
    tags = Counter(tag.lower() for session in sessions for tag in session["tags"])
    names = [name for name, _ in tags.most_common()]
    return [names[:1], names[:10], names[-5:], names[::7][:12], ["no such tag"], []]


@pytest.mark.real_data
@pytest.mark.parametrize("name", PROGRAMMES)
@pytest.mark.slow
def test_same_answers_on_real_programmes(name, real_data):
    manifest = load(real_data, name)
    sessions = manifest["sessions"]
    for interests in interest_lists(sessions):
        for top in (5, 0, -len(sessions) + 3, 40):
            # Three calls: a list is scanned when it is new, compiled when it is met again.
            wanted = reference.recommend(manifest, interests, top)
            for _ in range(3):
                got = eventkit.recommend(manifest, interests, top)
                assert repr(got) == repr(wanted)
                assert list(map(id, got["sessions"])) == list(map(id, wanted["sessions"]))


@pytest.mark.real_data
@pytest.mark.parametrize("name", PROGRAMMES)
@pytest.mark.slow
def test_same_explanations_on_real_programmes(name, real_data):
    manifest = load(real_data, name)
    sessions = manifest["sessions"]
    titles = [session["title"] for session in sessions[:: len(sessions) // 30]]
    for interests in interest_lists(sessions):
        for title in [*titles, titles[0].upper(), "no such session"]:
            wanted = reference.explain(manifest, title, interests)
            assert repr(eventkit.explain(manifest, title, interests)) == repr(wanted)
