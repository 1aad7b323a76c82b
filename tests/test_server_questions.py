"""The endpoints `/plan`, `/why-not` and `/alternatives`, and `balance` on `/recommend`."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

import eventkit
from eventkit.server import ServerSettings
from server_process import asked, served
from server_roads import MANIFEST, ROADS, TOKEN, dumped

CATALOG = eventkit.Catalog(MANIFEST)
WANTED = {"interests": "tag1, tag2", "top": 4}
PATHS = ["/plan", "/why-not", "/alternatives"]


@pytest.fixture(params=ROADS)
def ask(request):
    return ROADS[request.param]


@pytest.fixture
def app():
    return eventkit.create_app(MANIFEST, settings=ServerSettings())


def query(**parameters):
    return urlencode(parameters, doseq=True).encode()


def test_a_plan_is_that_of_the_catalogue(app, ask):
    wishes = {"must": ["Session 1"], "avoid": ["session 39", "Session 38"], "gap": 15}
    busy = ["12:00/13:00"]
    expected = CATALOG.plan(
        ["tag1", "tag2"],
        4,
        gap=15,
        must=wishes["must"],
        avoid=wishes["avoid"],
        busy=[("12:00", "13:00")],
    )
    expected["leftOutCount"] = len(expected["left_out"])
    reply = ask(app, "GET", "/plan", query(**WANTED, **wishes, busy=busy))
    assert (reply.status, reply.body) == (200, dumped(expected))
    body = {"interests": ["tag1", "tag2"], "top": 4, **wishes, "busy": busy}
    assert ask(app, "POST", "/plan", body=dumped(body)).body == dumped(expected)


def test_without_top_a_plan_is_as_long_as_fits(app, ask):
    expected = CATALOG.plan(["ai"])
    reply = ask(app, "GET", "/plan", b"interests=ai")
    assert reply.json["sessions"] == expected["sessions"]


def test_the_sessions_that_a_plan_leaves_out_are_limited_and_counted(ask):
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(max_top=5))
    reply = ask(app, "GET", "/plan", b"interests=ai")
    assert len(reply.json["left_out"]) == 5
    assert reply.json["leftOutCount"] == 40 - len(reply.json["sessions"])


def test_why_not_is_that_of_the_catalogue(app, ask):
    expected = CATALOG.why_not("session 1", ["tag1", "tag2"], 4)
    assert not expected["shown"]
    reply = ask(app, "GET", "/why-not", query(**WANTED, session="session 1"))
    assert (reply.status, reply.body) == (200, dumped(expected))
    body = dumped({"interests": ["tag1", "tag2"], "top": 4, "session": "session 1"})
    assert ask(app, "POST", "/why-not", body=body).body == dumped(expected)


def test_alternatives_are_those_of_the_catalogue(app, ask):
    expected = CATALOG.alternatives("session 1", ["tag1", "tag2"], 4)
    assert len(expected["sessions"]) == 4
    reply = ask(app, "GET", "/alternatives", query(**WANTED, session="session 1"))
    assert (reply.status, reply.body) == (200, dumped(expected))


@pytest.mark.parametrize("spread", [[], ["room"], ["room", "day"]])
def test_a_balanced_recommendation_is_that_of_the_catalogue(app, ask, spread):
    sharing = {"balance": "interests", "spread": spread or None}
    expected = CATALOG.recommend(["tag1", "tag2"], 4, **sharing)
    assert [share["places"] for share in expected["shares"]] == [2, 2]
    asked_for = {**WANTED, "balance": "interests", "spread": spread}
    assert ask(app, "GET", "/recommend", query(**asked_for)).body == dumped(expected)
    body = {"interests": ["tag1", "tag2"], "top": 4, "balance": "interests", "spread": spread}
    assert ask(app, "POST", "/recommend", body=dumped(body)).body == dumped(expected)
    card = ask(app, "GET", "/recommend", query(**asked_for, card=1)).json
    assert card["sessions"] == expected["sessions"]
    plain = ask(app, "GET", "/recommend", query(**WANTED, balance="none"))
    assert plain.body == dumped(CATALOG.recommend(["tag1", "tag2"], 4))


def test_interests_that_match_nothing_are_named(app, ask):
    for path, more in (("/recommend", {"balance": "interests"}), ("/plan", {})):
        reply = ask(app, "GET", path, query(interests="tga1", **more))
        assert reply.json["sessions"] == []
        (row,) = reply.json["unmatched"]
        assert row["interest"] == "tga1"


@pytest.mark.parametrize("path", PATHS[1:])
def test_a_session_that_is_not_there(app, ask, path):
    reply = ask(app, "GET", path, b"interests=ai&session=Dinner")
    assert reply.status == 404
    assert reply.json == {"error": "session not found", "title": "Dinner"}
    assert ask(app, "GET", path, b"interests=ai").json["error"] == "session required"


@pytest.mark.parametrize(
    ("parameters", "status", "error"),
    [
        ({"must": "Dinner"}, 404, "session not found"),
        ({"must": ["Session 0", "Session 8"]}, 409, "the wishes cannot be kept"),
        ({"must": "Session 0", "avoid": "Session 0"}, 409, "the wishes cannot be kept"),
        ({"busy": "2026-01-31T09:00/2026-01-31T10:00"}, 409, "the wishes cannot be kept"),
        ({"busy": "2026-02-30T09:00/2026-03-01T10:00"}, 409, "the wishes cannot be kept"),
        ({"busy": "12:00/13:00", "zone": "Mars"}, 409, "the wishes cannot be kept"),
        ({"busy": "12:00"}, 400, "invalid busy"),
        ({"busy": "/etc/passwd"}, 400, "invalid busy"),
        ({"busy": "calendar.ics"}, 400, "invalid busy"),
        ({"zone": "../etc"}, 400, "invalid zone"),
        ({"gap": "-1"}, 400, "invalid gap"),
        ({"gap": "1.5"}, 400, "invalid gap"),
        ({"gap": "1441"}, 400, "invalid gap"),
        ({"must": ""}, 400, "invalid must"),
        ({"must": "a" * 501}, 400, "invalid must"),
        ({"avoid": ["a"] * 101}, 400, "invalid avoid"),
        ({"date": "tomorrow"}, 400, "invalid date"),
    ],
)
def test_wishes_that_cannot_be_kept(app, ask, parameters, status, error):
    reply = ask(app, "GET", "/plan", query(interests="ai", **parameters))
    assert (reply.status, reply.json["error"]) == (status, error)


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"must": "Session 1"}, "must"),
        ({"must": [5]}, "must"),
        ({"busy": [["12:00", "13:00"]]}, "busy"),
        ({"gap": True}, "gap"),
        ({"gap": "5"}, "gap"),
        ({"gap": None}, "gap"),
        ({"zone": 5}, "zone"),
    ],
)
def test_wishes_of_other_types(app, ask, body, parameter):
    reply = ask(app, "POST", "/plan", body=dumped({"interests": ["ai"], **body}))
    assert (reply.status, reply.json["parameter"]) == (400, parameter)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"balance": "rooms"}, "invalid balance"),
        ({"spread": ["a", "b", "c", "d"]}, "invalid spread"),
        ({"spread": ""}, "invalid spread"),
    ],
)
def test_wrong_ways_of_sharing(app, ask, parameters, error):
    reply = ask(app, "GET", "/recommend", query(interests="ai", **parameters))
    assert (reply.status, reply.json["error"]) == (400, error)


@pytest.mark.parametrize("path", [*PATHS, "/recommend"])
def test_a_programme_that_the_index_cannot_rank(ask, path):
    sessions = [
        {"title": "Large", "tags": ["ai"], "popularity": 2**53, "start": "09:00", "end": "10:00"}
    ]
    weights = {"interest": 2, "popularity": 3}
    app = eventkit.create_app({"weights": weights, "sessions": sessions}, settings=ServerSettings())
    parameters = query(interests="ai", session="Large", balance="interests")
    reply = ask(app, "GET", path, parameters)
    assert reply.status == 409
    assert "the index cannot prove" in reply.json["reason"]


@pytest.mark.parametrize("path", PATHS)
def test_the_token_and_the_rate_limit_hold(ask, path):
    settings = ServerSettings(api_token=TOKEN, requests_per_minute=1, limit_loopback=True)
    app = eventkit.create_app(MANIFEST, settings=settings)
    parameters = query(interests="ai", session="Session 1")
    assert ask(app, "GET", path, parameters).status == 401
    assert ask(app, "GET", path, parameters).status == 429
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(api_token=TOKEN))
    headers = [("Authorization", f"Bearer {TOKEN}")]
    assert ask(app, "GET", path, parameters, headers=headers).status == 200
    assert ask(app, "GET", path, parameters, headers=headers).header("ETag")
    assert ask(app, "PUT", path, headers=headers).status == 405
    assert ask(app, "GET", path, parameters, client="192.0.2.1").status == 401


@pytest.mark.once
@pytest.mark.parametrize("server", ["granian-wsgi", "uvicorn"])
def test_a_real_server_answers(server, tmp_path):
    (tmp_path / "wsgi.py").write_text("import eventkit\napp = eventkit.create_app()\n")
    with served(server, tmp_path) as port:
        status, _, body = asked(port, "GET", "/plan?interests=agents&busy=12:00/13:00")
        assert (status, b'"total"' in body) == (200, True)
        title = "Keynote:%20Software%20That%20Forgets%20on%20Purpose"
        for path, key in (("/why-not", b'"changes"'), ("/alternatives", b'"scoring"')):
            status, _, body = asked(port, "GET", f"{path}?interests=agents&session={title}")
            assert (status, key in body) == (200, True)
        status, _, body = asked(port, "GET", "/recommend?interests=agents&balance=interests")
        assert (status, b'"shares"' in body) == (200, True)
