"""The application, by both of its protocols: the original's answers, and refusals as JSON."""

import gzip
import json
import os
import random

import pytest

import eventkit
from conftest import faults_scale
from eventkit.errors import ManifestError, ServerSettingsError
from eventkit.server import ServerSettings
from eventkit.server.app import Application
from eventkit.server.source import Source
from server_roads import ROADS

TOKEN = "correct-horse-battery-staple-0123456789"
WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
SESSIONS = [
    {
        "title": f"Session {number}",
        "tags": ["AI", f"tag{number % 5}"],
        "popularity": number / 40,
        "start": f"{9 + number % 8:02}:00",
        "end": f"{10 + number % 8:02}:00",
        "location": "Caf\u00e9",
    }
    for number in range(40)
]
MANIFEST = {"name": "Days", "weights": WEIGHTS, "sessions": SESSIONS}


@pytest.fixture(params=ROADS)
def ask(request):
    return ROADS[request.param]


@pytest.fixture
def app():
    return eventkit.create_app(MANIFEST, settings=ServerSettings())


def dumped(content):
    return json.dumps(content).encode()


def test_recommend_is_the_original_s_json(app, ask):
    expected = dumped(eventkit.recommend(MANIFEST, ["ai", "tag1"], 5))
    assert ask(app, "GET", "/recommend", b"interests=AI;%20tag1&top=5").body == expected
    body = b'{"interests": ["AI", "tag1"], "top": 5}'
    assert ask(app, "POST", "/recommend", body=body).body == expected
    assert ask(app, "POST", "/recommend", body=body, chunked=True).body == expected
    # Kept ready, it is the same.
    assert ask(app, "GET", "/recommend", b"interests=AI;%20tag1&top=5").body == expected


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


def test_large_answers_are_compressed_for_who_accepts_it(app, ask):
    query = b"interests=ai&top=40"
    plain = ask(app, "GET", "/recommend", query)
    small = ask(app, "GET", "/recommend", query, headers=[("Accept-Encoding", "br, gzip")])
    refused = ask(app, "GET", "/recommend", query, headers=[("Accept-Encoding", "gzip;q=0, *")])
    assert small.header("content-encoding") == "gzip"
    assert gzip.decompress(small.body) == plain.body == refused.body
    assert refused.header("content-encoding") is None
    assert "Accept-Encoding" in small.header("vary")


def test_sizes(app, ask):
    many = [(f"X-{number}", "1") for number in range(101)]
    large = [("X-Large", "x" * 9_000)]
    assert ask(app, "GET", "/health", headers=many).status == 431
    assert ask(app, "GET", "/health", headers=large).status == 431
    assert ask(app, "GET", "/recommend", b"interests=" + b"a" * 9_000).status == 414
    interests = dumped({"interests": ["ai"] * 5_000})
    assert ask(app, "POST", "/recommend", body=interests).status == 400
    assert ask(app, "POST", "/recommend", body=b" " * 70_000).status == 413
    assert ask(app, "POST", "/recommend", body=b" " * 70_000, chunked=True).status == 413


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


class TestToken:
    @pytest.fixture
    def app(self):
        return eventkit.create_app(MANIFEST, settings=ServerSettings(api_token=TOKEN))

    def test_opens_everything(self, app, ask):
        for scheme in ("Bearer", "bearer", "BEARER"):
            headers = [("Authorization", f"{scheme} {TOKEN}")]
            assert ask(app, "GET", "/recommend", b"interests=ai", headers=headers).status == 200
        assert ask(app, "GET", "/health").status == 200
        refused = ask(app, "GET", "/recommend", b"interests=ai")
        assert (refused.status, refused.json) == (401, {"error": "unauthorized"})
        assert refused.header("www-authenticate").startswith("Bearer")

    @pytest.mark.faults
    def test_near_misses(self, app, ask):
        """Row 6.8: near-miss tokens, not ASCII, empty, doubled: none is accepted, none raises."""
        chance = random.Random(68)
        for _ in range(faults_scale(300, 10_000)):
            token = list(TOKEN)
            place = chance.randrange(len(token))
            kind = chance.randrange(4)
            if kind == 0:
                token[place] = chance.choice("aZ9-\xe9\xff ")
            elif kind == 1:
                del token[place]
            elif kind == 2:
                token.insert(place, chance.choice("aZ\xe9"))
            else:
                token = token[:place]
            if "".join(token) == TOKEN:
                continue
            headers = [("Authorization", "Bearer " + "".join(token))]
            assert ask(app, "GET", "/tags", headers=headers).status == 401
        for odd in ("", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}"):
            assert ask(app, "GET", "/tags", headers=[("Authorization", odd)]).status == 401
        twice = [("Authorization", f"Bearer {TOKEN}")] * 2
        assert ask(app, "GET", "/tags", headers=twice).status == 401

    def test_may_be_of_any_characters(self, ask):
        token = "\u00e9\u4e2d" * 20
        app = eventkit.create_app(MANIFEST, settings=ServerSettings(api_token=token))
        sent = f"Bearer {token}".encode().decode("latin-1")
        assert ask(app, "GET", "/tags", headers=[("Authorization", sent)]).status == 200

    def test_short_ones_are_refused(self):
        with pytest.raises(ServerSettingsError, match="expected at least 32"):
            ServerSettings.from_environment({"API_TOKEN": "short"})

    def test_profiles_are_for_who_has_it(self, app, ask, tmp_path):
        file = tmp_path / "profiles.json"
        eventkit.save_profile(file, "ada", ["tag3"])
        manifest = {**MANIFEST, "profile": {"file": str(file)}}
        query = b"profileLoad=ada&interests=ai&top=2"
        app = eventkit.create_app(manifest, settings=ServerSettings(api_token=TOKEN))
        bearer = [("Authorization", f"Bearer {TOKEN}")]
        reply = ask(app, "GET", "/recommend", query, headers=bearer)
        assert reply.body == dumped(eventkit.recommend(manifest, ["tag3"], 2))
        eventkit.save_profile(file, "ada", ["tag4"])
        reply = ask(app, "GET", "/recommend", query, headers=bearer)
        assert reply.body == dumped(eventkit.recommend(manifest, ["tag4"], 2))
        assert ask(app, "GET", "/recommend", query).status == 401
        open_to_all = eventkit.create_app(manifest, settings=ServerSettings())
        assert ask(open_to_all, "GET", "/recommend", query).status == 403


@pytest.mark.faults
def test_correlation_headers_cannot_add_headers(app, ask):
    """Row 6.7: 100 payloads of line breaks and control characters in correlation headers."""
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


def test_correlation_ids(app, ask):
    def answered(name, value):
        return ask(app, "GET", "/health", headers=[(name, value)]).header("x-correlation-id")

    assert answered("X-Correlation-ID", "build.7_x-1") == "build.7_x-1"
    assert answered("X-Correlation-ID", "x" * 65) != "x" * 65
    assert answered("traceparent", f"00-{'a' * 32}-{'b' * 16}-01") == "a" * 32
    assert answered("traceparent", f"00-{'0' * 32}-{'b' * 16}-01") != "0" * 32
    minted = {ask(app, "GET", "/health").header("x-correlation-id") for _ in range(50)}
    assert len(minted) == 50


def test_other_origins_read_answers_only_when_listed(ask):
    settings = ServerSettings(cors_origins=("https://example.org",))
    app = eventkit.create_app(MANIFEST, settings=settings)
    allowed, other = [("Origin", "https://example.org")], [("Origin", "https://evil.example")]
    allow = "access-control-allow-origin"
    assert ask(app, "GET", "/tags", headers=allowed).header(allow) == "https://example.org"
    assert ask(app, "GET", "/tags", headers=other).header(allow) is None
    preflight = [("Access-Control-Request-Method", "POST")]
    reply = ask(app, "OPTIONS", "/recommend", headers=allowed + preflight, check=False)
    assert "POST" in reply.header("access-control-allow-methods")
    reply = ask(app, "OPTIONS", "/recommend", headers=other + preflight, check=False)
    assert reply.header("access-control-allow-methods") is None
    with pytest.raises(ServerSettingsError):
        ServerSettings(cors_origins=("*",))


def test_faults_of_ours_show_no_trace(ask, caplog):
    sessions = [{"title": "Good", "popularity": 1}, {"popularity": 0}]
    app = eventkit.create_app({"weights": WEIGHTS, "sessions": sessions})
    reply = ask(app, "GET", "/recommend", b"interests=ai&top=2")
    assert (reply.status, reply.json["error"]) == (500, "internal error")
    assert b"Traceback" not in reply.body
    assert b"KeyError" not in reply.body
    assert reply.json["correlationId"] in caplog.text
    assert "KeyError: 'title'" in caplog.text


@pytest.mark.faults
def test_fuzzed_questions_are_always_answered_in_json(app, ask):
    """Row 6.5: fuzzed bodies, query strings and `top`: no 5xx, always JSON."""
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
def test_traversal_writes_and_reads_nothing(ask, tmp_path, monkeypatch):
    """Row 6.6: traversal payloads on /export and profile names."""
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


class TestReload:
    """Row 7.4: the manifest edited, deleted, made invalid while it is served."""

    @pytest.fixture
    def clocks(self):
        return {"now": 0.0, "wall": 0}

    def served(self, file, clocks, **settings):
        source = Source(
            file,
            ServerSettings(**settings),
            clock=lambda: clocks["now"],
            wall_clock=lambda: clocks["wall"],
        )
        return Application(source)

    def titles(self, ask, app):
        reply = ask(app, "GET", "/recommend", b"interests=none&top=3")
        return [session["title"] for session in reply.json["sessions"]]

    def write(self, file, *titles):
        sessions = [{"title": title} for title in titles]
        file.write_text(json.dumps({"weights": WEIGHTS, "sessions": sessions}))

    @pytest.mark.faults
    def test_edited_deleted_invalid(self, ask, clocks, tmp_path, caplog):
        file = tmp_path / "agent.json"
        self.write(file, "One")
        app = self.served(file, clocks)
        assert self.titles(ask, app) == ["One"]
        self.write(file, "Two")
        assert self.titles(ask, app) == ["One"]  # not looked at yet
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Two"]
        breakages = [
            lambda: file.write_text("{"),
            lambda: file.write_text("[]"),
            lambda: file.write_text('{"sessions": []}'),
            lambda: file.write_text('{"weights": {"interest": "x"}, "sessions": [{"title": 1}]}'),
            lambda: file.write_bytes(b"\xff\xfe"),
            file.unlink,
        ]
        for breakage in breakages:
            caplog.clear()
            breakage()
            for _ in range(3):
                clocks["now"] += 0.5
                assert self.titles(ask, app) == ["Two"]
            assert len(caplog.records) == 1, caplog.text
            ready = ask(app, "GET", "/ready").json
            assert ready["status"] == "stale"
            assert "agent.json" in ready["manifest"]
        self.write(file, "Three")
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Three"]
        assert ask(app, "GET", "/ready").json["status"] == "ready"

    def test_a_change_that_looks_the_same_is_seen_while_it_could_be_one(
        self, ask, clocks, tmp_path
    ):
        file = tmp_path / "agent.json"
        self.write(file, "One")
        app = self.served(file, clocks)
        seen = file.stat()
        self.write(file, "Two")
        os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Two"]

    def test_external_sessions_are_looked_at_too(self, ask, clocks, tmp_path):
        file, external = tmp_path / "agent.json", tmp_path / "sessions_external.json"
        features = {"externalSessions": {"enabled": True}}
        manifest = {"weights": WEIGHTS, "sessions": [{"title": "Own"}], "features": features}
        file.write_text(json.dumps(manifest))
        app = self.served(file, clocks)
        assert self.titles(ask, app) == ["Own"]
        for title in ("First", "Second"):
            external.write_text(json.dumps([{"title": title}]))
            clocks["now"] += 0.5
            assert self.titles(ask, app) == [title]
        external.unlink()
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Own"]

    def test_workers_share_one_file(self, ask, clocks, tmp_path):
        file, cache = tmp_path / "agent.json", tmp_path / "cache"
        self.write(file, *(f"Session {number}" for number in range(50)))
        settings = {"share_sessions": 10, "cache_directory": str(cache)}
        first = self.served(file, clocks, **settings)
        (saved,) = cache.iterdir()
        made = saved.stat().st_ino
        second = self.served(file, clocks, **settings)
        assert [each.stat().st_ino for each in cache.iterdir()] == [made]
        query = b"interests=none&top=50"
        assert (
            ask(first, "GET", "/recommend", query).body
            == ask(second, "GET", "/recommend", query).body
            == dumped(eventkit.recommend(eventkit.load_manifest(file), ["none"], 50))
        )
        saved.write_bytes(b"damaged")
        third = self.served(file, clocks, **settings)
        assert ask(third, "GET", "/recommend", query).status == 200

    def test_a_bad_manifest_does_not_start(self, tmp_path):
        file = tmp_path / "agent.json"
        file.write_text("{")
        with pytest.raises(ManifestError, match=r"agent\.json"):
            eventkit.create_app(file)


def test_a_forwarded_address_counts_only_from_trusted_proxies():
    from eventkit.server.access import Access

    def client(proxies, peer, forwarded):
        return Access(ServerSettings(trusted_proxies=proxies)).client_of(peer, forwarded)

    assert client((), "10.0.0.1", "1.2.3.4") == "10.0.0.1"
    assert client(("10.0.0.0/8",), "192.0.2.1", "1.2.3.4") == "192.0.2.1"
    assert client(("10.0.0.0/8",), "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2") == "1.2.3.4"
    assert client(("10.0.0.0/8",), "10.0.0.1", "junk") == "10.0.0.1"
    assert client(("10.0.0.0/8",), "10.0.0.1", "[2001:db8::1]:80") == "2001:db8::1"
