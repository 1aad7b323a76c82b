"""Feeds from addresses: a real server on loopback serves them well and badly."""

import socket
import subprocess
import sys

import pytest

from eventkit import feeds
from eventkit.errors import FeedError, MissingExtraError
from eventkit.feeds import addresses
from eventkit.feeds.fetching import Fetched, Limits, fetch
from feed_server import FEED, feed_server

SMALL = Limits(nbytes=1 << 20, seconds=30.0, redirects=3)


@pytest.fixture(scope="module")
def server():
    with feed_server() as server:
        yield server


def fetched(server, path, limits=SMALL, **more):
    return fetch(server.url + path, allow_private=True, limits=limits, **more)


def test_a_feed_is_read_from_an_address(server):
    programme = feeds.read(f"{server.url}/feed.csv", allow_private=True)
    assert programme.source == f"{server.url}/feed.csv"
    assert [session["title"] for session in programme.sessions] == ["Agents"]


@pytest.mark.parametrize("path", ["/feed.csv", "/gzip", "/gzip-members", "/moved"])
def test_what_is_fetched_is_the_feed(server, path):
    assert fetched(server, path).data == FEED


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nothing", "the server answered 404 Not Found, expected 200 OK"),
        ("/gzip-cut", "was cut off"),
        ("/gzip-broken", "cannot be fetched: Error -3 while decompressing"),
        ("/bomb", "has more than 1,048,576 bytes"),
        ("/endless", "has more than 1,048,576 bytes"),
        ("/announced", "has more than 1,048,576 bytes"),
        ("/brotli", "is compressed with 'br', expected gzip"),
        ("/short", "cannot be fetched: peer closed connection"),
        ("/garbage", "cannot be fetched: "),
        ("/circle", "is redirected in a circle, back to "),
        ("/hop/1", "is redirected more than 3 times"),
        ("/other-scheme", "is redirected to ftp://example.org/feed, expected an http or https"),
    ],
)
def test_bad_answers_are_named(server, path, reason):
    with pytest.raises(FeedError) as caught:
        fetched(server, path)
    assert caught.value.source == server.url + path
    assert reason in caught.value.reason


@pytest.mark.parametrize("path", ["/slow-head", "/slow-body"])
def test_a_server_that_sends_a_byte_now_and_then_is_given_up(server, path):
    with pytest.raises(FeedError, match=r"cannot be fetched in 0\.3 s"):
        fetched(server, path, limits=Limits(seconds=0.3))


def test_a_feed_that_has_not_changed_is_not_sent_again(server):
    first = fetched(server, "/feed.csv")
    again = fetched(server, "/feed.csv", known=first)
    assert again == Fetched(None, first.etag, None)
    changed = fetched(server, "/feed.csv", known=first._replace(etag='"other"'))
    assert changed.data == FEED


def test_progress_is_told(server):
    seen = []
    fetched(server, "/feed.csv", progress=lambda *numbers: seen.append(numbers))
    assert seen[-1] == (len(FEED), len(FEED))


def test_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(FeedError, match=r"cannot be fetched: .*refused"):
        fetch(f"http://127.0.0.1:{port}/", allow_private=True)


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://a b/", "http://x.invalid/"])
def test_bad_addresses_are_feed_errors(url):
    with pytest.raises(FeedError, match="cannot be fetched"):
        fetch(url)


def test_a_password_is_in_no_message(server):
    url = server.url.replace("http://", "http://ann:secret@") + "/nothing"
    with pytest.raises(FeedError) as caught:
        fetch(url, allow_private=True)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"]
)
def test_private_addresses_are_refused_before_a_connection(server, host):
    port = server.url.rpartition(":")[2]
    before = len(server.requests)
    with pytest.raises(FeedError, match=r"which is not public.*--allow-private"):
        fetch(f"http://{host}:{port}/feed.csv")
    assert len(server.requests) == before


PRIVATE = {
    "10.1.2.3": "of a private network",
    "172.16.0.1": "of a private network",
    "192.168.1.1": "of a private network",
    "100.64.0.1": "of a provider's network",
    "169.254.169.254": "link-local: where clouds keep credentials",
    "224.0.0.1": "multicast",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "fe80::1%eth0": "link-local",
    "fc00::1": "unique local",
    "ff02::1": "multicast",
    "::ffff:10.0.0.1": "mapped",
    "2002:7f00:1::": "6to4 of 127.0.0.1",
    "64:ff9b::7f00:1": "NAT64 of 127.0.0.1",
    "::7f00:1": "compatible with IPv4, as it was meant once",
    "64:ff9b:1::7f00:1": "NAT64 within a network",
    "fec0::1": "site-local",
    "192.0.0.8": "reserved by the IETF",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo",
}


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address):
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_addresses_that_are_public(address):
    assert addresses.is_public(address)


def test_a_name_is_resolved_once_and_every_address_is_checked(monkeypatch):
    """A name could name a public address for the check, and a private one for the connection."""
    answers = [["1.1.1.1", "127.0.0.1"], ["1.1.1.1"]]

    def resolve(host, port, **_):
        kind = socket.AF_INET, socket.SOCK_STREAM, 0, ""
        return [(*kind, (address, port)) for address in answers.pop(0)]

    connected = []

    class Backend:
        def connect_tcp(self, host, *_):
            connected.append(host)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    backend = addresses.PublicAddresses(Backend(), allow_private=False)
    with pytest.raises(addresses.AddressRefused, match=r"127\.0\.0\.1"):
        backend.connect_tcp("feeds.example", 80)
    backend.connect_tcp("feeds.example", 80)
    assert (connected, answers) == (["1.1.1.1"], [])


def test_a_redirect_to_a_private_address_is_refused(server, monkeypatch):
    """The first host counts as public here; the one that it leads to is checked as well."""
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    server.answers["/inside"] = lambda to: server._redirect(to, "http://127.0.0.2:9/")
    with pytest.raises(FeedError, match=r"the address 127\.0\.0\.2, which is not public"):
        fetch(f"{server.url}/inside")


def test_without_httpx_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("eventkit.feeds.fetching.optional", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"eventkit-recommender\[feeds\]"):
        feeds.read("https://example.org/feed")


def test_reading_a_file_imports_no_http_client(tmp_path):
    (tmp_path / "feed").write_bytes(FEED)
    code = "import sys; from eventkit import feeds; feeds.read('feed')"
    code += "; assert 'httpx' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
