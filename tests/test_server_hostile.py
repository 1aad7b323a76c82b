"""Hostile requests: oversized, fuzzed, with path traversal, with line breaks in headers."""

import http.client
import json
import random
from urllib.parse import quote

import pytest

import eventkit
from conftest import faults_scale
from eventkit.server import ServerSettings
from server_process import served
from server_roads import MANIFEST, TOKEN, dumped


@pytest.mark.faults
def test_oversized_headers_addresses_and_lists_are_refused(app, ask):
    """101 headers, a header and an address of 9 KB, 20,000 interests."""
    many = [(f"X-{number}", "1") for number in range(101)]
    assert ask(app, "GET", "/recommend", b"interests=ai", headers=many).status == 431
    assert ask(app, "GET", "/recommend", b"interests=ai", headers=many[:90]).status == 200
    large = [("X-Large", "x" * 9_000)]
    assert ask(app, "GET", "/recommend", b"interests=ai", headers=large).status == 431
    assert ask(app, "GET", "/recommend", b"interests=" + b"a" * 9_000).status == 414
    assert ask(app, "GET", "/" + "a" * 9_000).status == 414
    for interests in ([f"tag{number}" for number in range(20_000)], ["a"] * 20_000):
        for sent in (interests, ",".join(interests)):
            reply = ask(app, "POST", "/recommend", body=dumped({"interests": sent}))
            assert (reply.status, reply.json["value"]) == (400, "20000 interests")


@pytest.mark.faults
def test_correlation_headers_cannot_add_headers(app, ask):
    """100 payloads of line breaks and control characters in correlation headers."""
    names = {name.lower() for name, _ in ask(app, "GET", "/health").headers}
    payloads = [
        f"a{control}{extra}"
        for control in ("\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "%0d%0a", "\t", " ", "\r\n ")
        for extra in (
            "",
            "Set-Cookie: evil=1",
            "X: y",
            "\r\n\r\n<script>",
            "b",
            "é",
            "'",
            '"',
            ";",
            ",",
        )
    ]
    assert len(payloads) == 100
    for payload in payloads:
        for header in ("X-Correlation-ID", "traceparent"):
            reply = ask(app, "GET", "/health", headers=[(header, payload)], check=False)
            assert {name.lower() for name, _ in reply.headers} == names
            assert all(value.isprintable() for _, value in reply.headers)
            assert payload not in reply.header("x-correlation-id")


@pytest.mark.faults
def test_fuzzed_questions_are_always_answered_in_json(app, ask):
    """Fuzzed bodies, query strings and `top`: no 5xx, always JSON."""
    chance = random.Random(65)
    alphabet = b'interests top session format date = & % %00 %FF \xff {" " [ ] { } : , 1e999 null'
    alphabet += b" ai -1 \\ud800 \\u0000 \n ; + NaN " + b"9" * 30
    pieces = alphabet.split(b" ")
    for _ in range(faults_scale(400, 10_000)):
        junk = b"".join(chance.choices(pieces, k=chance.randrange(1, 14)))
        path = chance.choice(["/recommend", "/explain", "/export"])
        for reply in (
            ask(app, "GET", path, junk),
            ask(app, "POST", path, body=junk),
            ask(app, "POST", path, body=b'{"interests": ["ai"], ' + junk),
        ):
            assert reply.status < 500, junk
            reply.json  # noqa: B018 - raises when it is none
    for _ in range(faults_scale(100, 1_000)):
        top = "".join(chance.choices("0123456789-+_. eExX\u0663%&=\t\x00", k=chance.randrange(12)))
        reply = ask(app, "GET", "/recommend", f"interests=ai&top={top}".encode())
        assert reply.status in (200, 400), top
        reply.json  # noqa: B018


@pytest.mark.faults
def test_fuzzed_requests_over_one_connection_are_all_answered(tmp_path):
    """The same over one connection that stays open: every question has its answer."""
    (tmp_path / "wsgi.py").write_text("import eventkit\napp = eventkit.create_app()\n")
    chance = random.Random(650)
    with served("granian-wsgi", tmp_path) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.connect()
        ours = connection.sock.getsockname()
        for _ in range(faults_scale(200, 10_000)):
            junk = chance.randbytes(chance.randrange(1, 40))
            # What an address may not hold, the server refuses itself.
            query = quote(junk, safe="!$&'()*+,/:;=?@~%")
            for method, target, body in (
                ("GET", f"/recommend?interests={query}&top={query[:9]}", None),
                ("POST", "/explain", junk),
                ("POST", "/export", b'{"interests": ["ai"], "top": ' + junk + b"}"),
            ):
                connection.request(method, target, body)
                reply = connection.getresponse()
                assert json.loads(reply.read()), junk
                assert reply.status < 500, junk
        assert connection.sock is not None
        assert connection.sock.getsockname() == ours
        connection.close()


@pytest.mark.faults
def test_path_traversal_reads_and_writes_nothing(ask, tmp_path, monkeypatch):
    """Traversal payloads on /export and profile names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    features = {"export": {"enabled": True, "output_dir": "exports"}}
    app = eventkit.create_app(
        {**MANIFEST, "features": features}, settings=ServerSettings(api_token=TOKEN)
    )
    bearer = [("Authorization", f"Bearer {TOKEN}")]
    chance = random.Random(66)
    parts = ["..", "/", "%2f", "%2e%2e", "..%5c", "etc", "passwd", "%00", "x", "~", "C:", "%0a"]
    for _ in range(faults_scale(60, 500)):
        evil = "".join(chance.choices(parts, k=chance.randrange(2, 9)))
        query = f"interests={evil}&output={evil}&profileLoad={evil}&format=markdown"
        assert ask(app, "GET", "/export", query.encode(), headers=bearer).status in (200, 400)
    assert [path.name for path in tmp_path.rglob("*")] == ["in"]
