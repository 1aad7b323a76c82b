"""The application, by both of its protocols: the original's answers, and refusals as JSON."""

import gzip
import json
import os
import subprocess
import sys
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import urlencode

import pytest

import eventkit
from eventkit.errors import ManifestError
from eventkit.server import ServerSettings
from eventkit.server.status import Status
from server_roads import MANIFEST, WEIGHTS, dumped


def test_recommend_is_the_original_s_json(app, ask):
    expected = dumped(eventkit.recommend(MANIFEST, ["ai", "tag1"], 5))
    assert ask(app, "GET", "/recommend", b"interests=AI;%20tag1&top=5").body == expected
    body = b'{"interests": ["AI", "tag1"], "top": 5}'
    assert ask(app, "POST", "/recommend", body=body).body == expected
    assert ask(app, "POST", "/recommend", body=body, chunked=True).body == expected
    # Kept ready, it is the same.
    assert ask(app, "GET", "/recommend", b"interests=AI;%20tag1&top=5").body == expected


COMMA = "local-first, sync engines, crdts"
TAGGED = {
    "weights": WEIGHTS,
    "sessions": [
        {"title": "One", "tags": [COMMA], "popularity": 0.1},
        {"title": "Two", "tags": ["sync engines"], "popularity": 0.2},
        {"title": "Three", "tags": ["ai"], "popularity": 0.3},
    ],
}


@pytest.mark.parametrize(
    ("query", "interests"),
    [
        ({"interest": [COMMA]}, [COMMA]),
        ({"interest": [f"  {COMMA.upper()} "]}, [COMMA]),
        ({"interest": [COMMA, "ai"]}, [COMMA, "ai"]),
        ({"interests": [COMMA, "ai"]}, [COMMA, "ai"]),
        ({"interests": ["ai, web"], "interest": [COMMA]}, ["ai", "web", COMMA]),
        ({"interests": ["ai", COMMA], "interest": ["web"]}, ["ai", COMMA, "web"]),
        ({"interests": ["", COMMA], "interest": [" "]}, [COMMA]),
        ({"interests": [COMMA]}, ["local-first", "sync engines", "crdts"]),
    ],
)
def test_repeated_parameters_are_interests_that_may_hold_commas(ask, query, interests):
    app = eventkit.create_app(TAGGED, settings=ServerSettings())
    expected = dumped(eventkit.recommend(TAGGED, interests, 3))
    assert ask(app, "GET", "/recommend", urlencode(query, doseq=True).encode()).body == expected
    sent = dumped({"interests": interests})
    assert ask(app, "POST", "/recommend", body=sent).body == expected


@pytest.mark.parametrize("path", ["/recommend", "/explain", "/export"])
def test_repeated_interests_have_the_limits_of_a_list(app, ask, path):
    for name in ("interest", "interests"):
        pairs = [("session", "Session 1"), *[(name, "a")] * 101]
        reply = ask(app, "GET", path, urlencode(pairs).encode())
        assert (reply.status, reply.json["value"]) == (400, "101 interests")
        reply = ask(app, "GET", path, urlencode([*pairs[:2], (name, "a" * 201)]).encode())
        assert (reply.status, reply.json["parameter"]) == (400, "interests")


@pytest.mark.real_data
@pytest.mark.once
def test_every_tag_of_every_real_programme_can_be_asked_for_and_scores(ask, real_data):
    for file in sorted(real_data.glob("*.sessions.json")):
        manifest = {"weights": WEIGHTS, "sessions": json.loads(file.read_text("utf-8"))}
        app = eventkit.create_app(manifest, settings=ServerSettings())
        listed = {row["tag"] for row in ask(app, "GET", "/tags").json["tags"]}
        tags = {tag.lower() for session in manifest["sessions"] for tag in session["tags"]}
        assert listed == tags
        for tag in tags:
            query = urlencode({"interest": tag, "top": 1}).encode()
            (row,) = ask(app, "GET", "/recommend", query).json["scoring"]
            assert row["contributions"]["interest_match"] > 0, (file.name, tag)


def test_curl_s_content_type_does_not_matter(app, ask):
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    body = b'{"interests": "ai, ml", "top": 2}'
    reply = ask(app, "POST", "/recommend", headers=form, body=body)
    assert reply.body == dumped(eventkit.recommend(MANIFEST, ["ai", "ml"], 2))


def test_top_defaults_to_the_manifest_s(ask):
    app = eventkit.create_app({**MANIFEST, "recommend": {"max_sessions_default": 7}})
    for query in (b"interests=ai", b"interests=ai&top=0"):
        assert len(ask(app, "GET", "/recommend", query).json["sessions"]) == 7


def test_card(app, ask):
    result = eventkit.recommend(MANIFEST, ["ai"], 2)
    result["adaptiveCard"] = eventkit.build_adaptive_card(result["sessions"])
    assert ask(app, "GET", "/recommend", b"interests=ai&top=2&card=1").body == dumped(result)


def test_explain(app, ask):
    reply = ask(app, "GET", "/explain", b"session=session%203&interests=ai")
    assert reply.body == dumped(eventkit.explain(MANIFEST, "session 3", ["ai"]))
    missing = ask(app, "GET", "/explain", b"session=none&interests=ai")
    assert (missing.status, missing.json) == (404, {"error": "session not found", "title": "none"})


@pytest.mark.parametrize("kind", ["markdown", "ics", "html", "json", "card"])
def test_export_gives_every_format_and_writes_nothing(ask, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    features = {"export": {"enabled": True, "output_dir": "out"}}
    app = eventkit.create_app({**MANIFEST, "features": features})
    query = f"interests=ai&top=3&format={kind}&date=2026-09-14&output=../x".encode()
    reply = ask(app, "GET", "/export", query)
    expected = eventkit.export(MANIFEST, ["ai"], 3, format=kind, date="2026-09-14")
    assert reply.status == 200
    if kind == "ics":  # bears the moment at which it was made
        assert reply.json["ics"].count("BEGIN:VEVENT") == 3
    else:
        assert reply.body == dumped(expected)
    assert not [*tmp_path.iterdir()]


def test_tags_are_counted(app, ask):
    tags = ask(app, "GET", "/tags").json["tags"]
    assert tags[0] == {"tag": "ai", "sessions": 40}
    assert tags[1:] == [{"tag": f"tag{number}", "sessions": 8} for number in range(5)]


def test_health_and_ready(app, ask):
    assert ask(app, "GET", "/health").body == b'{"status": "ok"}'
    assert ask(app, "GET", "/ready").json["sessions"] == 40


REFUSALS = [
    ("GET", "/recommend", b"", 400, "interests"),
    ("GET", "/recommend", b"interests=%20,;", 400, "interests"),
    ("GET", "/recommend", b"interests=a%00b", 400, "interests"),
    ("GET", "/recommend", b"interests=" + b"a" * 201, 400, "interests"),
    ("GET", "/recommend", b"interests=" + b"a," * 1_001, 400, "interests"),
    ("GET", "/recommend", b"interests=ai&top=abc", 400, "top"),
    ("GET", "/recommend", b"interests=ai&top=-1", 400, "top"),
    ("GET", "/recommend", b"interests=ai&top=1001", 400, "top"),
    ("GET", "/recommend", b"interests=ai&top=1_0", 400, "top"),
    ("GET", "/recommend", b"interests=ai&top=" + b"9" * 300, 400, "top"),
    ("GET", "/recommend", b"interests=ai&card=maybe", 400, "card"),
    ("GET", "/explain", b"interests=ai", 400, "session"),
    ("GET", "/explain", b"interests=ai&session=" + b"x" * 501, 400, "session"),
    ("GET", "/export", b"interests=ai&format=exe", 400, "format"),
    ("GET", "/export", b"interests=ai&format=ics&date=tomorrow", 400, "date"),
]


@pytest.mark.parametrize(("method", "path", "query", "status", "parameter"), REFUSALS)
def test_bad_parameters_are_named(app, ask, method, path, query, status, parameter):
    reply = ask(app, method, path, query)
    assert (reply.status, reply.json["parameter"]) == (status, parameter)
    assert reply.json["expected"]
    assert len(reply.json["value"]) <= 101


BODIES = [
    b"",
    b"[]",
    b"{",
    b"\xff",
    b"[" * 50_000,
    b'{"interests": NaN}',
    b'{"interests": 5}',
    b'{"interests": [["a"]]}',
    b'{"interests": ["a"], "top": "5"x}',
    b'{"interests": ["a"], "top": 5.5}',
    b'{"interests": ["a"], "top": true}',
    b'{"interests": ["a"], "top": ' + b"9" * 5_000 + b"}",
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bad_bodies_are_refused(app, ask, body):
    reply = ask(app, "POST", "/recommend", body=body)
    assert reply.status == 400
    assert reply.json["error"]


def test_methods(app, ask):
    full = ask(app, "GET", "/recommend", b"interests=ai")
    head = ask(app, "HEAD", "/recommend", b"interests=ai")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == str(len(full.body))
    refused = ask(app, "DELETE", "/recommend", check=False)
    assert (refused.status, refused.header("allow")) == (405, "GET, HEAD, POST, OPTIONS")
    assert ask(app, "POST", "/health", body=b"{}").status == 405
    options = ask(app, "OPTIONS", "/recommend", check=False)
    assert (options.status, options.body) == (204, b"")
    assert ask(app, "GET", "/nowhere").json == {"error": "not found"}


def test_an_answer_that_the_client_has_is_not_sent_again(app, ask):
    first = ask(app, "GET", "/recommend", b"interests=ai")
    again = [("If-None-Match", first.header("etag"))]
    reply = ask(app, "GET", "/recommend", b"interests=ai", headers=again)
    assert (reply.status, reply.body) == (304, b"")
    assert ask(app, "GET", "/recommend", b"interests=", headers=again).status == 400
    other = eventkit.create_app({**MANIFEST, "name": "Nights"})
    assert ask(other, "GET", "/recommend", b"interests=ai", headers=again).status == 200


def test_personal_answers_may_not_be_stored(app, ask):
    assert ask(app, "GET", "/recommend", b"interests=ai").header("cache-control") == "no-cache"
    assert ask(app, "GET", "/export", b"interests=ai").header("cache-control") == "no-store"


def test_a_setting_that_changes_answers_changes_their_tag(app, ask):
    with_cards = eventkit.create_app(MANIFEST, settings=ServerSettings(card=True))
    tag = [("If-None-Match", ask(app, "GET", "/recommend", b"interests=ai").header("etag"))]
    assert ask(app, "GET", "/recommend", b"interests=ai", headers=tag).status == 304
    assert "adaptiveCard" in ask(with_cards, "GET", "/recommend", b"interests=ai", headers=tag).json


def test_large_answers_are_compressed_for_who_accepts_it(app, ask):
    query = b"interests=ai&top=40"
    plain = ask(app, "GET", "/recommend", query)
    small = ask(app, "GET", "/recommend", query, headers=[("Accept-Encoding", "br, gzip")])
    refused = ask(app, "GET", "/recommend", query, headers=[("Accept-Encoding", "gzip;q=0, *")])
    assert small.header("content-encoding") == "gzip"
    assert gzip.decompress(small.body) == plain.body == refused.body
    assert refused.header("content-encoding") is None
    assert "Accept-Encoding" in small.header("vary")


def test_bodies_that_are_too_large(app, ask):
    assert ask(app, "POST", "/recommend", body=b" " * 270_000).status == 413
    assert ask(app, "POST", "/recommend", body=b" " * 270_000, chunked=True).status == 413


def test_a_body_that_says_it_is_too_large_is_not_read(app, ask):
    class Unread(bytes):
        """No body at all: whoever reads it gets less than was promised."""

    declared = [("Content-Length", "99999999999")]
    reply = ask(app, "POST", "/recommend", headers=declared, body=Unread(), check=False)
    assert reply.status == 413
    assert (
        ask(app, "POST", "/recommend", headers=[("Content-Length", "x")], check=False).status == 400
    )


def test_compressed_bodies_are_refused(app, ask):
    reply = ask(app, "POST", "/recommend", headers=[("Content-Encoding", "gzip")], body=b"x")
    assert reply.status == 415


def test_correlation_ids(app, ask):
    def answered(name, value):
        return ask(app, "GET", "/health", headers=[(name, value)]).header("x-correlation-id")

    assert answered("X-Correlation-ID", "build.7_x-1") == "build.7_x-1"
    assert answered("X-Correlation-ID", "x" * 65) != "x" * 65
    assert answered("traceparent", f"00-{'a' * 32}-{'b' * 16}-01") == "a" * 32
    assert answered("traceparent", f"00-{'0' * 32}-{'b' * 16}-01") != "0" * 32
    minted = {ask(app, "GET", "/health").header("x-correlation-id") for _ in range(50)}
    assert len(minted) == 50


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_forked_workers_create_ids_of_their_own():
    code = """if True:
        import os
        from eventkit.server.correlation import create_id
        before = create_id()
        child = os.fork()
        os.write(1, f"{create_id()} ".encode())  # at once: two processes write here
        if child:
            os.waitpid(child, 0)
            os.write(1, before.encode())
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ids = ran.stdout.split()
    assert len(ids) == 3
    assert len({text.partition("-")[0] for text in ids}) == 2


def test_an_unexpected_error_is_answered_500_without_its_traceback(ask, caplog, monkeypatch):
    monkeypatch.setattr(Status, "ready", lambda *_: {}["title"])
    app = eventkit.create_app(MANIFEST)
    reply = ask(app, "GET", "/ready")
    assert (reply.status, reply.json["error"]) == (500, "internal error")
    assert b"Traceback" not in reply.body
    assert b"KeyError" not in reply.body
    assert reply.json["correlationId"] in caplog.text
    assert "KeyError: 'title'" in caplog.text


REFUSED = {
    "no weights": ({"sessions": []}, "weights is missing: expected an object"),
    "sessions of another kind": (
        {"weights": WEIGHTS, "sessions": 5},
        "sessions is 5: expected an array of sessions",
    ),
    "a session of another kind": (
        {"weights": WEIGHTS, "sessions": [{"title": "A"}, 5]},
        r"sessions\[1\] is 5: expected an object with a title",
    ),
    "no title": (
        {"weights": WEIGHTS, "sessions": [{"tags": []}]},
        r"sessions\[0\]\.title is missing: expected a string",
    ),
    "a numeric title": (
        {"weights": WEIGHTS, "sessions": [{"title": 2026}]},
        r"sessions\[0\]\.title is 2026: expected a string",
    ),
    "a weight of 400 digits": (
        {"weights": WEIGHTS | {"interest": 10**400}, "sessions": []},
        r"weights\.interest is an integer of 1329 bits: expected at most",
    ),
    "features of another kind": (
        {"weights": WEIGHTS, "sessions": [], "features": []},
        "features is an array of 0 items: expected an object of features",
    ),
    "a value that JSON cannot hold": (
        {"weights": WEIGHTS, "sessions": [{"title": "A", "popularity": Decimal("0.5")}]},
        r"cannot be written as JSON \(it holds Decimal\('0\.5'\) of type Decimal\)",
    ),
}


@pytest.mark.parametrize(("manifest", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mapping_that_validate_refuses_does_not_start(manifest, message):
    with pytest.raises(ManifestError, match=f"^the manifest: {message}"):
        eventkit.create_app(manifest)


def test_a_mapping_that_holds_itself_does_not_start():
    manifest = {"weights": WEIGHTS, "sessions": []}
    manifest["itself"] = manifest
    with pytest.raises(ManifestError, match="the manifest: cannot be written as JSON"):
        eventkit.create_app(manifest)


def test_external_sessions_of_a_mapping_are_checked_too(tmp_path):
    file = tmp_path / "external.json"
    file.write_text('[{"title": 2026}]')
    features = {"externalSessions": {"enabled": True, "file": str(file)}}
    with pytest.raises(ManifestError, match=r"sessions\[0\]\.title is 2026"):
        eventkit.create_app({"weights": WEIGHTS, "sessions": [], "features": features})


def test_a_mapping_is_served_as_the_json_that_it_is(ask):
    """Tuples are arrays and any mapping is an object; later changes are not seen."""
    sessions = [MappingProxyType({"title": "One", "tags": ("AI", "web")}), {"title": "Two"}]
    weights = MappingProxyType(WEIGHTS)
    app = eventkit.create_app(MappingProxyType({"weights": weights, "sessions": tuple(sessions)}))
    sessions[1]["title"] = "Changed"
    reply = ask(app, "GET", "/recommend", b"interests=ai&top=2")
    plain = [{"title": "One", "tags": ["AI", "web"]}, {"title": "Two"}]
    expected = eventkit.recommend({"weights": WEIGHTS, "sessions": plain}, ["ai"], 2)
    assert reply.body == dumped(expected)
