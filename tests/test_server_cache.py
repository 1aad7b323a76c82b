"""Cached answers: a cached response is what a fresh one is, and no rule is bypassed for it."""

import gzip
import json
import random
from urllib.parse import parse_qsl

import pytest

import eventkit
from eventkit import _native
from eventkit.server import ServerSettings
from eventkit.server.app import Application
from eventkit.server.limits import RateLimiter
from eventkit.server.message import Request
from eventkit.server.metrics import ServerMetrics
from eventkit.server.parameters import parameters
from eventkit.server.source import Source

MANIFEST = {
    "weights": {"interest": 2.0, "popularity": 0.5},
    "sessions": [{"title": "A", "tags": ["ai"], "popularity": 1}],
}
QUERY = b"interests=ai&top=1"


ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "PATH_INFO": "/recommend",
    "QUERY_STRING": QUERY.decode(),
    "REMOTE_ADDR": "192.0.2.1",
    "HTTP_HOST": "a.example",
    "wsgi.version": (1, 0),
}


class Environ(dict):
    """None that PEP 3333 allows."""


@pytest.mark.parametrize(
    ("more", "token", "forwarded"),
    [
        ({}, None, None),
        ({"HTTP_AUTHORIZATION": "Bearer x", "HTTP_X_FORWARDED_FOR": "\xe9"}, "Bearer x", "\xe9"),
        ({"HTTP_HOST": "a" * 20, "HTTP_COOKIE": "a" * 20, "CONTENT_TYPE": "a" * 21}, None, None),
        ({"SERVER_PROTOCOL": "HTTP/1.0", "HTTP_HOST": None}, None, None),
    ],
)
def test_an_environment_of_a_plain_get_may_be_answered_from_the_cache(more, token, forwarded):
    environ = {name: value for name, value in (ENVIRON | more).items() if value is not None}
    question = _native.kept_question(environ, 3, 20)
    assert question == (("/recommend", QUERY), "192.0.2.1", token, forwarded)


@pytest.mark.parametrize(
    "environ",
    [
        ENVIRON | {"REQUEST_METHOD": "POST"},
        ENVIRON | {"HTTP_IF_NONE_MATCH": ""},
        ENVIRON | {"HTTP_ORIGIN": ""},
        ENVIRON | {"HTTP_TRACEPARENT": ""},
        ENVIRON | {"HTTP_X_CORRELATION_ID": ""},
        ENVIRON | {"HTTP_HOST": ""},
        ENVIRON | {"HTTP_HOST": "a, b"},
        ENVIRON | {"HTTP_X": "a" * 21},
        ENVIRON | {"HTTP_A": "", "HTTP_B": "", "HTTP_C": ""},
        ENVIRON | {"HTTP_X": b"bytes"},
        ENVIRON | {"QUERY_STRING": "\xe9"},
        ENVIRON | {"QUERY_STRING": None},
        ENVIRON | {"\xe9": ""},
        ENVIRON | {1: ""},
        {name: value for name, value in ENVIRON.items() if name != "HTTP_HOST"},
        {name: value for name, value in ENVIRON.items() if name != "REMOTE_ADDR"},
        {},
        Environ(ENVIRON),
        None,
    ],
)
def test_other_environments_are_not_answered_from_the_cache(environ):
    assert _native.kept_question(environ, 3, 20) is NotImplemented


def test_cached_and_fresh_answers_have_the_same_headers_in_the_same_order(ask):
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(insecure=True))
    first = ask(app, "GET", "/recommend", QUERY)
    kept = ask(app, "GET", "/recommend", QUERY)
    # A correlation id of one's own takes the long road.
    long = ask(app, "GET", "/recommend", QUERY, headers=[("X-Correlation-ID", "mine")])
    assert app.cached_response(("/recommend", QUERY), "192.0.2.1", None, None) is not None
    assert long.header("X-Correlation-ID") == "mine"
    replies = [
        (reply.status, [pair for pair in reply.headers if pair[0].lower() != "x-correlation-id"])
        for reply in (first, kept, long)
    ]
    assert replies[0] == replies[1] == replies[2]
    assert first.body == kept.body == long.body
    assert first.header("X-Correlation-ID") != kept.header("X-Correlation-ID")


@pytest.mark.parametrize("proxy", [None, "10.0.0.1", "127.0.0.1"])
def test_cached_answers_count_for_the_rate_limit(ask, proxy):
    settings = ServerSettings(trusted_proxies=(proxy,) if proxy else (), insecure=not proxy)
    limiter = RateLimiter(requests_per_minute=3, clock=lambda: 0.0)
    app = Application(Source(MANIFEST, settings), limiter=limiter)

    def status(client):
        peer, headers = client, []
        if proxy:
            peer, headers = proxy, [("X-Forwarded-For", f"6.6.6.6, {client}")]
        return ask(app, "GET", "/recommend", QUERY, headers=headers, client=peer).status

    assert [status("192.0.2.1") for _ in range(5)] == [200, 200, 200, 429, 429]
    assert status("192.0.2.2") == 200


@pytest.mark.parametrize("limited", [False, True])
def test_cached_answers_count_for_the_rate_limit_of_this_machine_if_set(ask, limited):
    limiter = RateLimiter(requests_per_minute=3, clock=lambda: 0.0)
    settings = ServerSettings(limit_loopback=limited)
    app = Application(Source(MANIFEST, settings), limiter=limiter)
    replies = [ask(app, "GET", "/recommend", QUERY, client="127.0.0.1") for _ in range(5)]
    assert [reply.status for reply in replies] == [200] * 3 + [429 if limited else 200] * 2


def test_a_body_asked_again_has_the_same_answer_and_no_tag(ask):
    app = eventkit.create_app(MANIFEST, settings=ServerSettings())
    body = b'{"interests": ["ai"], "top": 1}'
    first, again = (ask(app, "POST", "/recommend", body=body) for _ in range(2))
    assert first.body == again.body == ask(app, "GET", "/recommend", QUERY).body
    assert first.header("ETag") is again.header("ETag") is None
    # The same bytes behind the question mark are another question.
    assert ask(app, "GET", "/recommend", body).status == 400
    # So is a body that claims to be compressed, whatever was answered before.
    coded = [("Content-Encoding", "gzip")]
    assert ask(app, "POST", "/recommend", headers=coded, body=body).status == 415


def test_queries_without_repeated_interests_are_read_as_the_original_s_library_reads_them():
    chance = random.Random(3)
    parts = [*"ab=&%+;", "%20", "%C3%A9", "\xe9", "%zz", "top", "interests", "%2C", "%26", "%00"]
    for _ in range(5_000):
        query = "".join(chance.choices(parts, k=chance.randrange(12)))
        expected = {}
        pairs = parse_qsl(query, keep_blank_values=True)
        if sum(name == "interests" for name, _ in pairs) > 1:
            continue
        for name, value in pairs:
            expected.setdefault(name, value)
        assert parameters(Request("GET", "/", query.encode("latin-1"))) == expected, query


def test_an_oversized_header_is_refused_whatever_was_answered_before(ask):
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(max_header_bytes=100))
    app.metrics = ServerMetrics()  # of this application alone
    assert ask(app, "GET", "/recommend", QUERY).status == 200
    assert ask(app, "GET", "/recommend", QUERY, headers=[("X-Long", "a" * 101)]).status == 431
    assert app.metrics.snapshot()["routes"]["/recommend"]["count"] == 2


def test_cached_answers_are_logged(ask, tmp_path):
    file = tmp_path / "telemetry.jsonl"
    features = {"telemetry": {"enabled": True, "file": str(file)}}
    app = eventkit.create_app({**MANIFEST, "features": features}, settings=ServerSettings())
    replies = [ask(app, "GET", "/recommend", QUERY) for _ in range(3)]
    app.close()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["correlation_id"] for line in lines] == [
        reply.header("X-Correlation-ID") for reply in replies
    ]
    counts = [{key: line[key] for key in ("action", "success", "sessions")} for line in lines]
    assert counts == [{"action": "recommend", "success": True, "sessions": 1}] * 3


def test_a_cached_answer_is_compressed_once(ask, monkeypatch):
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(gzip_bytes=1))
    compressed = []

    def counting(data, *arguments, **named):
        compressed.append(data)
        return original(data, *arguments, **named)

    original = gzip.compress
    monkeypatch.setattr("eventkit.server.encoding.gzip.compress", counting)
    replies = [
        ask(app, "GET", "/recommend", QUERY, headers=[("Accept-Encoding", "gzip")])
        for _ in range(3)
    ]
    plain = ask(app, "GET", "/recommend", QUERY)
    assert [gzip.decompress(reply.body) for reply in replies] == [plain.body] * 3
    assert compressed == [plain.body]
