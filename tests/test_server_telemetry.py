"""Telemetry of requests, where the manifest turns it on."""

import json

import pytest

import eventkit
from eventkit.server import ServerSettings
from eventkit.server.request_log import RequestLog

TOKEN = "correct-horse-battery-staple-0123456789"
SESSIONS = [{"title": f"Session {number}", "tags": ["ai"]} for number in range(4)]
WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "telemetry.jsonl"


def made(file, **settings):
    features = {"telemetry": {"enabled": True, "file": str(file)}}
    manifest = {"weights": WEIGHTS, "sessions": SESSIONS, "features": features}
    return eventkit.create_app(manifest, settings=ServerSettings(**settings))


def lines(app, file):
    app.close()
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_each_request_is_logged(ask, file):
    app = made(file)
    identity = [("X-Correlation-ID", "call-1")]
    for _ in range(2):
        ask(app, "GET", "/recommend", b"interests=ai&top=3", headers=identity)
    ask(app, "GET", "/explain", b"interests=ai&session=nothing")
    ask(app, "GET", "/recommend", b"")
    for quiet in ("/health", "/ready", "/tags", "/openapi.json", "/nowhere"):
        ask(app, "GET", quiet)
    written = lines(app, file)
    assert [line["action"] for line in written] == ["recommend"] * 2 + ["explain", "recommend"]
    assert [line["success"] for line in written] == [True, True, False, False]
    assert written[0]["correlation_id"] == written[1]["correlation_id"] == "call-1"
    assert written[2]["error"] == "session_not_found"
    assert written[3]["error"] == "empty_interests"
    assert "Session" not in file.read_text()


def test_answers_are_the_same_with_and_without(ask, file):
    plain = eventkit.create_app({"weights": WEIGHTS, "sessions": SESSIONS})
    query = b"interests=ai,web&top=3"
    told = ask(made(file), "GET", "/recommend", query)
    assert told.body == ask(plain, "GET", "/recommend", query).body


def test_refusals_without_a_token_are_sampled(ask, file):
    app = made(file, api_token=TOKEN)
    now = [0.0]
    app.request_log = RequestLog(sample_seconds=10, clock=lambda: now[0])
    for _ in range(25):
        now[0] += 1
        assert ask(app, "GET", "/recommend", b"interests=ai").status == 401
    written = lines(app, file)
    assert [line["error"] for line in written] == ["unauthorized"] * 3
