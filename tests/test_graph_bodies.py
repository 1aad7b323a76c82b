"""Bodies that Microsoft documents, each read natively and in plain Python, to the same sessions."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from eventkit import _native, reference
from eventkit.graph import delta
from eventkit.graph.page import load, read_page, sessions_of

pytestmark = pytest.mark.real_data
FRACTION = re.compile(r"\.\d{7}")


@pytest.fixture(scope="module")
def bodies(real_data: Path) -> dict[str, bytes]:
    found = {file.name: file.read_bytes() for file in (real_data / "graph").glob("*.json")}
    if not found:
        pytest.skip(f"no bodies of Graph in {real_data}")
    return found


def collection(body: bytes) -> bytes:
    """A body as a page: a single event is a page of one."""
    document = json.loads(body)
    return body if "value" in document else json.dumps({"value": [document]}).encode()


def test_every_body_gives_the_originals_sessions_with_dates(bodies):
    sessions = 0
    for name, body in bodies.items():
        page = collection(body)
        document = load(page)
        got = read_page(page)
        # Python 3.10 reads no seven digits of a second, and the reference leaves that to it.
        events = json.loads(FRACTION.sub("", page.decode()))["value"]
        expected = reference.transform_events(events)
        bare = [{k: v for k, v in s.items() if k not in ("start_at", "end_at")} for s in got[0]]
        assert bare == expected, name
        assert got.sessions == sessions_of(document["value"]), name
        assert got.next_link == document.get("@odata.nextLink"), name
        sessions += len(got.sessions)
        for session in got.sessions:
            for side in ("start", "end"):
                instant = datetime.fromisoformat(session[f"{side}_at"])
                assert instant.strftime("%H:%M") == session[side], name
    assert sessions >= len(bodies)


def test_bodies_that_are_whole_are_read_natively(bodies):
    pytest.importorskip("eventkit._eventkit", exc_type=ImportError)
    declined = [
        name
        for name, body in bodies.items()
        if _native.graph_page(collection(body)) is NotImplemented
    ]
    assert declined == []


def test_changes_are_those_of_the_body(bodies):
    rounds = {name: body for name, body in bodies.items() if "delta" in name}
    assert rounds
    for name, body in rounds.items():
        document = json.loads(body)
        changes = delta.read_changes(body)
        links = document.get("@odata.nextLink"), document.get("@odata.deltaLink")
        assert (changes.next_link, changes.delta_link) == links, name
        gone = {event["id"] for event in document["value"] if "@removed" in event}
        assert {name for name, event in changes.events.items() if event is None} == gone
