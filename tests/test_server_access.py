"""Who may ask: the token, addresses near and far, pages of other origins, how often."""

import math
import random
import statistics
import time

import pytest

import eventkit
from conftest import faults_scale
from eventkit.errors import ServerSettingsError
from eventkit.server import ServerSettings
from eventkit.server.access import Access
from server_roads import MANIFEST, ROADS, TOKEN, dumped


def welch_t(function, one, other, compares):
    """Welch's t of how long a function takes for two inputs, asked in a random order.

    The slowest of both are left out: an interrupt is the machine's, not the function's. And each
    input is put together anew, as a server does: where two strings lie in memory tells them apart
    (abs(t) up to 10 in 20,000 looks at two that were kept).
    """
    chance = random.Random(68)
    middle = len(one) // 2
    halves = [(text[:middle], text[middle:]) for text in (one, other)]
    clock = time.perf_counter_ns
    took = ([], [])
    for _ in range(compares):
        which = chance.random() < 0.5
        head, tail = halves[which]
        given = head + tail
        begun = clock()
        function(given)
        took[which].append(clock() - begun)
    limit = sorted(took[0] + took[1])[int(compares * 0.95)]
    kept = [[time for time in times if time <= limit] for times in took]
    means = [statistics.fmean(times) for times in kept]
    errors = [statistics.variance(times) / len(times) for times in kept]
    return (means[0] - means[1]) / math.sqrt(sum(errors))


class TestToken:
    @pytest.fixture
    def app(self):
        return eventkit.create_app(MANIFEST, settings=ServerSettings(api_token=TOKEN))

    def test_the_token_opens_every_path(self, app, ask):
        for scheme in ("Bearer", "bearer", "BEARER"):
            headers = [("Authorization", f"{scheme} {TOKEN}")]
            assert ask(app, "GET", "/recommend", b"interests=ai", headers=headers).status == 200
        assert ask(app, "GET", "/health").status == 200
        refused = ask(app, "GET", "/recommend", b"interests=ai")
        assert (refused.status, refused.json) == (401, {"error": "unauthorized"})
        assert refused.header("www-authenticate").startswith("Bearer")

    @pytest.mark.faults
    def test_wrong_tokens_are_refused_and_raise_nothing(self, app, ask):
        """Near-miss tokens, not ASCII, empty, doubled: none is accepted, none raises."""
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

    @pytest.mark.faults
    def test_the_time_of_a_refusal_does_not_depend_on_the_token(self):
        """Welch's t over refusals that differ from the token early, or late."""
        early, late = f"Bearer x{TOKEN[1:]}", f"Bearer {TOKEN[:-1]}x"
        compares = faults_scale(20_000, 1_000_000)

        def leaking(given, token=f"Bearer {TOKEN}"):
            return all(one == other for one, other in zip(given, token, strict=True))

        def told(accepts):
            return abs(welch_t(accepts, early, late, compares))

        # What does tell is found out each time, with the same effort; a busy machine tells once.
        assert all(told(leaking) > 4.5 for _ in range(3))
        accepts = Access(ServerSettings(api_token=TOKEN)).accepts_token
        assert any(told(accepts) < 4.5 for _ in range(3))

    def test_a_token_may_hold_any_characters(self, ask):
        token = "\u00e9\u4e2d" * 20
        app = eventkit.create_app(MANIFEST, settings=ServerSettings(api_token=token))
        sent = f"Bearer {token}".encode().decode("latin-1")
        assert ask(app, "GET", "/tags", headers=[("Authorization", sent)]).status == 200

    def test_short_tokens_are_refused(self):
        with pytest.raises(ServerSettingsError, match="expected at least 32"):
            ServerSettings.from_environment({"API_TOKEN": "short"})

    def test_profiles_need_a_token(self, app, ask, tmp_path):
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


def test_a_forwarded_address_counts_only_from_trusted_proxies():
    def client(proxies, peer, forwarded):
        return Access(ServerSettings(trusted_proxies=proxies)).client_of(peer, forwarded)

    assert client((), "10.0.0.1", "1.2.3.4") == "10.0.0.1"
    assert client(("10.0.0.0/8",), "192.0.2.1", "1.2.3.4") == "192.0.2.1"
    assert client(("10.0.0.0/8",), "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2") == "1.2.3.4"
    assert client(("10.0.0.0/8",), "10.0.0.1", "junk") == "10.0.0.1"
    assert client(("10.0.0.0/8",), "10.0.0.1", "[2001:db8::1]:80") == "2001:db8::1"


def test_without_a_token_only_this_machine_may_ask(app, ask):
    for near in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        assert ask(app, "GET", "/recommend", b"interests=ai", client=near).status == 200
    # The answer is kept ready now, which must not open the door.
    for far in ("192.0.2.1", "10.0.0.1", "::2", "::1:2", "2001:db8::1", "localhost", "127.0.0.1.x"):
        for path in ("/recommend", "/tags", "/openapi.json", "/metrics", "/ui", "/nowhere"):
            reply = ask(app, "GET", path, b"interests=ai", client=far)
            assert reply.status == 403
            assert "no API_TOKEN" in reply.json["error"]
        assert ask(app, "GET", "/health", client=far).status == 200
    forwarded = [("X-Forwarded-For", "127.0.0.1")]
    assert ask(app, "GET", "/tags", headers=forwarded, client="192.0.2.1").status == 403


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"insecure": True}, []),
        ({"trusted_proxies": ("192.0.2.0/24",)}, []),
        ({"api_token": TOKEN}, [("Authorization", f"Bearer {TOKEN}")]),
    ],
)
def test_other_machines_may_ask_where_the_settings_allow_it(ask, settings, headers):
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(**settings))
    expected = dumped(eventkit.recommend(MANIFEST, ["ai"], 3))
    for _ in range(2):
        reply = ask(app, "GET", "/recommend", b"interests=ai", headers=headers, client="192.0.2.1")
        assert (reply.status, reply.body) == (200, expected)


def test_an_unnamed_proxy_is_refused(ask):
    settings = ServerSettings(trusted_proxies=("10.0.0.0/8",))
    app = eventkit.create_app(MANIFEST, settings=settings)
    assert ask(app, "GET", "/tags", client="10.1.2.3").status == 200
    assert ask(app, "GET", "/tags", client="192.0.2.1").status == 403


class TestHost:
    """A page that rebinds its name to this machine sends that name in `Host`."""

    def asked(self, ask, host, path="/tags", **settings):
        app = eventkit.create_app(MANIFEST, settings=ServerSettings(**settings))
        return ask(app, "GET", path, headers=[("Host", host)])

    @pytest.mark.parametrize(
        "host",
        [
            *("localhost", "localhost:8010", "LocalHost", "localhost.", "localhost.:8010"),
            *("127.0.0.1", "127.0.0.1:8010", "127.8.9.10", "[::1]", "[::1]:8010"),
            *("[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "localhost:"),
        ],
    )
    def test_loopback_names_are_accepted(self, ask, host):
        assert self.asked(ask, host).status == 200

    @pytest.mark.parametrize(
        "host",
        [
            *("evil.example", "evil.example:8010", "localhost.evil.example", "127.0.0.1.nip.io"),
            *("192.0.2.1", "[2001:db8::1]", "::1", "[::1", "[::1]x", "[::1]:http", "[127.0.0.1]"),
            *("localhost:80a", "localhost:123456", "localhost..", "127.1", "2130706433", "0"),
            *("user@localhost", "localhost/", "a b", "[fe80::1%lo]", "x" * 300, "\xe9", ".", ":80"),
        ],
    )
    @pytest.mark.parametrize("path", ["/tags", "/health", "/ready", "/metrics", "/ui", "/nowhere"])
    def test_other_names_are_answered_421_at_every_path(self, ask, host, path):
        reply = self.asked(ask, host, path)
        assert reply.status == 421
        assert reply.json["parameter"] == "Host"
        assert "EVENTKIT_ALLOWED_HOSTS" in reply.json["expected"]

    def test_an_answer_that_is_cached_is_refused_as_well(self, ask):
        app = eventkit.create_app(MANIFEST, settings=ServerSettings())
        for host, status in [("localhost", 200), ("evil.example", 421), ("localhost", 200)]:
            headers = [("Host", host)]
            reply = ask(app, "GET", "/recommend", b"interests=ai", headers=headers)
            assert reply.status == status

    def test_bodies_of_other_names_are_not_read(self, ask):
        app = eventkit.create_app(MANIFEST, settings=ServerSettings())
        headers = [("Host", "evil.example")]
        assert ask(app, "POST", "/recommend", headers=headers, body=b"{").status == 421

    def test_configured_names_are_accepted(self, ask):
        hosts = ("Events.example.org", "192.0.2.1", "2001:db8::1")
        for host in ("events.example.org", "EVENTS.example.org.:443", "192.0.2.1:80"):
            assert self.asked(ask, host, allowed_hosts=hosts).status == 200
        assert self.asked(ask, "[2001:db8::1]:8010", allowed_hosts=hosts).status == 200
        assert self.asked(ask, "localhost", allowed_hosts=hosts).status == 200
        for host in ("example.org", "x.events.example.org", "192.0.2.2"):
            assert self.asked(ask, host, allowed_hosts=hosts).status == 421

    def test_a_star_accepts_every_valid_name(self, ask):
        assert self.asked(ask, "evil.example", allowed_hosts=("*",)).status == 200
        assert self.asked(ask, "a b", allowed_hosts=("*",)).status == 421

    @pytest.mark.parametrize("host", ["example.org:80", "[::1]:80", "a b", "", "http://a"])
    def test_settings_that_are_no_host_are_refused_by_name(self, host):
        with pytest.raises(ServerSettingsError, match=r"allowed_hosts holds .*without a port"):
            ServerSettings(allowed_hosts=(host,))

    def test_the_environment_lists_hosts(self):
        given = {"EVENTKIT_ALLOWED_HOSTS": "a.example, b.example"}
        settings = ServerSettings.from_environment(given)
        assert settings.allowed_hosts == ("a.example", "b.example")

    @pytest.mark.parametrize(
        ("host", "protocol", "status"),
        [
            (None, "1.1", 400),
            ("", "1.1", 400),
            ("localhost, localhost", "1.1", 400),
            (None, "2", 400),
            (None, "1.0", None),
            ("localhost, localhost", "1.0", 400),
            ("evil.example", "1.0", 421),
            ("evil.example", "2", 421),
        ],
    )
    def test_a_host_is_demanded_once_but_for_http_1_0(self, host, protocol, status):
        problem = Access(ServerSettings()).host_problem(host, protocol)
        assert (problem and problem.status) == status


class TestUnixSocket:
    """The peer of a Unix socket is a proxy; the settings have to name it."""

    FORWARDED = (("X-Forwarded-For", "192.0.2.7"),)

    def test_an_unnamed_peer_is_refused(self, ask):
        app = eventkit.create_app(MANIFEST, settings=ServerSettings())
        assert ask(app, "GET", "/tags", client="").status == 403
        assert ask(app, "GET", "/tags", client="", headers=self.FORWARDED).status == 403
        assert ask(app, "GET", "/health", client="").status == 200

    def test_a_network_does_not_name_it(self, ask):
        settings = ServerSettings(trusted_proxies=("0.0.0.0/0", "::/0"))
        app = eventkit.create_app(MANIFEST, settings=settings)
        assert ask(app, "GET", "/tags", client="").status == 403

    def test_a_named_peer_is_believed_about_its_clients(self, ask):
        settings = ServerSettings(trusted_proxies=("unix",), requests_per_minute=2)
        app = eventkit.create_app(MANIFEST, settings=settings)
        query = b"interests=ai"
        for address in ("192.0.2.1", "192.0.2.2"):
            headers = [("X-Forwarded-For", address)]
            statuses = [
                ask(app, "GET", "/recommend", query, headers=headers, client="").status
                for _ in range(3)
            ]
            assert statuses == [200, 200, 429]

    def test_an_unnamed_peer_with_a_token_is_one_client_of_the_rate_limit(self, ask):
        settings = ServerSettings(api_token=TOKEN, requests_per_minute=2)
        app = eventkit.create_app(MANIFEST, settings=settings)
        statuses = []
        for number in range(3):
            headers = [
                ("Authorization", f"Bearer {TOKEN}"),
                ("X-Forwarded-For", f"192.0.2.{number}"),
            ]
            statuses.append(ask(app, "GET", "/tags", headers=headers, client="").status)
        assert statuses == [200, 200, 429]

    def test_its_name_is_read_from_the_environment(self):
        given = {"EVENTKIT_TRUSTED_PROXIES": "unix,10.0.0.0/8"}
        settings = ServerSettings.from_environment(given)
        assert settings.trusted_proxies == ("unix", "10.0.0.0/8")
        with pytest.raises(ServerSettingsError, match="trusted_proxies holds 'socket'"):
            ServerSettings(trusted_proxies=("socket",))


class TestUnderscores:
    """`X_Forwarded_For` is another header than `X-Forwarded-For`, which a proxy wrote."""

    def test_asgi_headers_with_an_underscore_are_dropped(self):
        settings = ServerSettings(trusted_proxies=("10.0.0.1",), requests_per_minute=1)
        app = eventkit.create_app(MANIFEST, settings=settings)
        statuses = []
        for number in range(2):
            headers = [
                ("X_Forwarded_For", f"192.0.2.{number}"),
                ("X-Forwarded-For", "198.51.100.1"),
                ("Content_Length", "x"),
                ("x_forwarded-for", "192.0.2.9"),
            ]
            reply = ROADS["asgi"](app, "GET", "/tags", headers=headers, client="10.0.0.1")
            statuses.append(reply.status)
        assert statuses == [200, 429]

    @pytest.mark.parametrize("software", ["Granian", "WSGIServer/0.2 CPython/3.11"])
    def test_wsgi_servers_that_merge_the_two_are_not_believed(self, software, caplog, monkeypatch):
        monkeypatch.setattr("eventkit.server.wsgi._warned", False)
        settings = ServerSettings(trusted_proxies=("10.0.0.1",), requests_per_minute=1)
        app = eventkit.create_app(MANIFEST, settings=settings)
        statuses = []
        for number in range(2):
            # What such a server makes of `X_Forwarded_For` sent beside the proxy's own.
            headers = [("X-Forwarded-For", f"192.0.2.{number}")]
            more = {"SERVER_SOFTWARE": software}
            reply = ROADS["wsgi"](app, "GET", "/tags", headers=headers, client="10.0.0.1", **more)
            statuses.append(reply.status)
        assert statuses == [200, 429]
        (record,) = caplog.records
        assert "X-Forwarded-For is ignored" in record.message


class TestRateLimit:
    QUERY = b"interests=ai"

    def app(self, **settings):
        settings = ServerSettings(requests_per_minute=3, insecure=True, **settings)
        return eventkit.create_app(MANIFEST, settings=settings)

    def statuses(self, ask, app, **request):
        return [ask(app, "GET", "/recommend", self.QUERY, **request).status for _ in range(5)]

    def test_the_rate_limit_holds_for_each_address(self, ask):
        app = self.app()
        for client in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
            assert self.statuses(ask, app, client=client) == [200] * 3 + [429] * 2
        refused = ask(app, "POST", "/explain", body=b"{", client="192.0.2.1")
        assert (refused.status, refused.json) == (429, {"error": "too many requests"})
        assert 1 <= int(refused.header("retry-after")) <= 20
        # To live is not to ask.
        assert ask(app, "GET", "/health", client="192.0.2.1").status == 200
        text = ask(app, "GET", "/metrics", client="127.0.0.1").body.decode()
        assert "eventkit_rate_limited_total" in text

    def test_the_rate_limit_holds_for_requests_without_a_token_too(self, ask):
        app = self.app(api_token=TOKEN)
        assert self.statuses(ask, app, client="192.0.2.1") == [401] * 3 + [429] * 2

    def test_the_rate_limit_leaves_out_this_machine_unless_the_settings_say_otherwise(self, ask):
        assert self.statuses(ask, self.app()) == [200] * 5
        assert self.statuses(ask, self.app(limit_loopback=True)) == [200] * 3 + [429] * 2
        unlimited = eventkit.create_app(settings=ServerSettings(requests_per_minute=0))
        assert unlimited.limiter is None

    def test_the_rate_limit_believes_trusted_proxies_only(self, ask):
        def claimed(address):
            return [("X-Forwarded-For", address)]

        direct, proxied = self.app(), self.app(trusted_proxies=("192.0.2.0/24",))
        for number in range(5):
            headers = claimed(f"198.51.100.{number}")
            reply = ask(direct, "GET", "/tags", headers=headers, client="192.0.2.1")
            assert reply.status == (200 if number < 3 else 429)
            reply = ask(proxied, "GET", "/tags", headers=headers, client="192.0.2.1")
            assert reply.status == 200
