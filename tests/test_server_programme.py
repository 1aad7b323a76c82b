"""`/sessions`, `/sessions/details` and `/understand`: what a page reads of a programme."""

import gzip
import json

import pytest

import eventkit
from eventkit.server import ServerSettings, programme
from eventkit.server.programme import keys
from server_roads import ROADS, by_wsgi

WEIGHTS = {"interest": 2.0, "popularity": 0.5}
SESSIONS = [
    {
        "id": "one",
        "title": "Running Kubernetes",
        "start": "2026-01-31T09:00:00+01:00",
        "end": "2026-01-31T10:00:00+01:00",
        "location": "Hall",
        "track": "Cloud",
        "tags": ["k8s", "Cloud"],
        "speakers": ["Ada", {"name": "Grace"}, 5],
        "abstract": "From chroot on.",
        "url": "https://example.org/one",
    },
    {"id": "two", "title": "Rust", "start": "9:30", "day": "2026-02-01", "tags": ["rust"]},
    {"id": "two", "title": "Rust", "start": "11:00", "day": "2026-02-01", "tags": ["rust"]},
    {"title": "Café", "language": 5, "tags": ["rust"], "speakers": None},
]
MANIFEST = {"name": "Days", "zone": "Europe/Berlin", "weights": WEIGHTS, "sessions": SESSIONS}


@pytest.fixture
def app():
    return eventkit.create_app(MANIFEST, settings=ServerSettings())


def decoded(columns):
    """The sessions that columns hold, as a page reads them."""
    sessions = [{"key": key} for key in columns["key"]]
    for name, column in columns.items():
        if name != "key":
            for session, place in zip(sessions, column["places"], strict=True):
                values = column["values"]
                if isinstance(place, list):
                    session[name] = [values[one] for one in place]
                else:
                    session[name] = None if place < 0 else values[place]
    return sessions


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_the_columns_hold_the_programme(road, app):
    content = road(app, "GET", "/sessions").json
    assert (content["name"], content["zone"]) == ("Days", "Europe/Berlin")
    assert (content["count"], content["page"], content["pages"]) == (4, 0, 1)
    one, two, again, last = decoded(content["columns"])
    assert one == {
        "key": "one",
        "title": "Running Kubernetes",
        "location": "Hall",
        "track": "Cloud",
        "type": None,
        "level": None,
        "language": None,
        "start": "2026-01-31T09:00:00+01:00",
        "end": "2026-01-31T10:00:00+01:00",
        "tags": ["k8s", "Cloud"],
        "speakers": ["Ada", "Grace"],
    }
    # The date of a feed's day is part of the start, and values of other types are left out.
    assert (two["start"], again["start"]) == ("2026-02-01T09:30", "2026-02-01T11:00")
    assert (last["title"], last["language"], last["tags"], last["speakers"]) == (
        "Café",
        None,
        ["rust"],
        [],
    )


def test_keys_are_ids_or_hashes_that_stay_the_same():
    found = keys(SESSIONS)
    assert found[0] == "one"
    # An id of two sessions names neither.
    assert all(key.startswith("~") for key in found[1:])
    assert len({*found}) == 4
    assert keys([*reversed(SESSIONS)]) == found[::-1]
    # Two that are alike are told apart by their order.
    twins = keys([{"title": "A"}, {"title": "A"}, {"title": "A", "start": "9:00"}])
    assert len({*twins}) == 3


def test_the_answer_has_an_entity_tag_and_is_compressed(app):
    sessions = [{"id": f"s{n}", "title": f"Session {n}"} for n in range(500)]
    app = eventkit.create_app({**MANIFEST, "sessions": sessions})
    first = by_wsgi(app, "GET", "/sessions", headers=[("Accept-Encoding", "gzip")])
    assert first.header("Content-Encoding") == "gzip"
    assert json.loads(gzip.decompress(first.body))["count"] == 500
    tag = first.header("ETag")
    assert by_wsgi(app, "GET", "/sessions", headers=[("If-None-Match", tag)]).status == 304
    changed = eventkit.create_app({**MANIFEST, "sessions": sessions[1:]})
    assert by_wsgi(changed, "GET", "/sessions", headers=[("If-None-Match", tag)]).status == 200


def test_pages_hold_all_sessions_once(monkeypatch):
    monkeypatch.setattr(programme, "PAGE", 3)
    monkeypatch.setattr(programme, "DETAILS", 2)
    app = eventkit.create_app(MANIFEST)
    first = by_wsgi(app, "GET", "/sessions").json
    assert (first["pages"], first["detailPages"], first["detailSize"]) == (2, 2, 2)
    second = by_wsgi(app, "GET", "/sessions", b"page=1").json
    assert first["columns"]["key"] + second["columns"]["key"] == keys(SESSIONS)
    assert second["edition"] == first["edition"]
    details = [by_wsgi(app, "GET", "/sessions/details", f"page={n}".encode()).json for n in (0, 1)]
    assert [one for page in details for one in page["sessions"]] == [
        {"abstract": "From chroot on.", "url": "https://example.org/one"},
        {},
        {},
        {},
    ]


@pytest.mark.parametrize(("page", "status"), [("2", 404), ("-1", 400), ("x", 400), ("9" * 19, 400)])
@pytest.mark.parametrize("path", ["/sessions", "/sessions/details"])
def test_a_page_that_does_not_exist_is_refused(app, path, page, status):
    reply = by_wsgi(app, "GET", path, f"page={page}".encode())
    assert reply.status == status
    assert reply.json["parameter"] == "page"
    assert "0 to" in reply.json["expected"]


def test_a_programme_without_sessions_has_one_empty_page():
    app = eventkit.create_app({**MANIFEST, "sessions": []})
    content = by_wsgi(app, "GET", "/sessions").json
    assert (content["count"], content["pages"], content["detailPages"]) == (0, 1, 0)
    assert decoded(content["columns"]) == []
    assert by_wsgi(app, "GET", "/understand", b"interest=rust").json["positions"] == []


def test_understand_says_what_matched_and_where(app):
    answer = by_wsgi(app, "GET", "/understand", b"interest=kuberntes").json
    expected = eventkit.understand(MANIFEST, ["kuberntes"])
    assert answer["understood"] == expected.understood
    assert answer["interests"] == expected.interests
    assert answer["positions"] == [0]
    assert answer["edition"] == by_wsgi(app, "GET", "/sessions").json["edition"]
    nothing = by_wsgi(app, "GET", "/understand", b"interest=quidditch").json
    assert nothing["positions"] == []
    assert nothing["understood"][0]["nearest"]
    assert by_wsgi(app, "GET", "/understand").status == 400


def test_understand_finds_what_a_recommendation_finds_and_best_first(app):
    for interests in (["rust"], ["k8s", "rust"], ["cloud, rust"]):
        body = json.dumps({"interests": interests}).encode()
        positions = by_wsgi(app, "POST", "/understand", body=body).json["positions"]
        answer = eventkit.recommend(MANIFEST, interests, 10, understand=True)
        titles = [session["title"] for session in answer["sessions"]]
        assert sorted(SESSIONS[place]["title"] for place in positions) == sorted(titles)
        best = answer["sessions"][0]["title"] if answer["sessions"] else None
        assert SESSIONS[positions[0]]["title"] == best
