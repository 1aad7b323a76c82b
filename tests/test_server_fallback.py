"""The server of the standard library, in a thread: what HTTP/1 asks of one that means well."""

import contextlib
import http.client
import json
import socket
import threading

import pytest

import eventkit
from eventkit.server import ServerSettings, create_app
from eventkit.server.fallback import FallbackServer
from faults.raw import parted, read_all

HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ALIVE = b'{"status": "ok"}'


@pytest.fixture(scope="module")
def port():
    app = create_app(settings=ServerSettings(requests_per_minute=0))
    listener = socket.create_server(("127.0.0.1", 0))
    server = FallbackServer(app, listener, threads=4)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield listener.getsockname()[1]
    server.stop()
    thread.join()
    app.close()


@contextlib.contextmanager
def connected(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        yield sock


def test_answers_are_those_of_the_function(port):
    manifest = eventkit.load_manifest()
    expected = json.dumps(eventkit.recommend(manifest, ["ai", "ml"], 5)).encode()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(3):  # over one connection
        client.request("GET", "/recommend?interests=ai%2Cml&top=5")
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (200, expected)
        sock = client.sock
        body = b'{"interests": ["ai", "ml"], "top": 5}'
        client.request("POST", "/recommend", body)
        assert client.getresponse().read() == expected
        client.request("POST", "/recommend", iter([body[:9], body[9:]]), encode_chunked=True)
        assert client.getresponse().read() == expected
        client.request("HEAD", "/recommend?interests=ai%2Cml&top=5")
        answer = client.getresponse()
        assert (answer.headers["Content-Length"], answer.read()) == (str(len(expected)), b"")
        assert client.sock is sock
    client.close()


def test_requests_sent_at_once_are_answered_in_order(port):
    with connected(port) as sock:
        sock.sendall(HEALTH * 50 + HEALTH.replace(b"/health", b"/nowhere") + LAST)
        answers = read_all(sock).split(b"HTTP/1.1 ")[1:]
    assert [int(answer[:3]) for answer in answers] == [200] * 50 + [404, 200]


def test_a_request_may_come_a_byte_at_a_time(port):
    body = b'5\r\n{"int\r\nF;a=b\r\nerests": ["ai"]\r\n1\r\n}\r\n0\r\nX-Trailer: a\r\n\r\n'
    head = b"POST /recommend HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    with connected(port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head + b"Transfer-Encoding: chunked\r\n\r\n" + body:
            sock.sendall(bytes([byte]))
        status, answer = parted(read_all(sock))
    assert (status, "sessions" in json.loads(answer)) == (200, True)


def test_who_waits_to_be_told_to_continue_is_told(port):
    head = b"POST /recommend HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
    with connected(port) as sock:
        sock.sendall(head + b"Content-Length: 21\r\n\r\n")
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b'{"interests": ["ai"]}')
        assert parted(read_all(sock))[0] == 200
    with connected(port) as sock:
        sock.sendall(head + b"Content-Length: 9999999\r\n\r\n")
        assert parted(read_all(sock))[0] == 413  # and is not told to


@pytest.mark.parametrize(
    ("version", "headers", "connection"),
    [
        (b"1.1", b"", b"keep-alive"),
        (b"1.1", b"Connection: Close\r\n", b"close"),
        (b"1.0", b"", b"close"),
        (b"1.0", b"Connection: Keep-Alive\r\n", b"keep-alive"),  # ab -k
    ],
)
def test_connections_are_kept_for_who_wants_that(version, headers, connection, port):
    with connected(port) as sock:
        sock.sendall(b"GET /health HTTP/" + version + b"\r\nHost: a\r\n" + headers + b"\r\n")
        answer = sock.recv(65_536)
        assert b"\r\nConnection: " + connection + b"\r\n" in answer
        if connection == b"keep-alive":
            sock.sendall(LAST)
        assert read_all(sock).endswith(ALIVE if connection == b"keep-alive" else b"")


def test_who_closes_its_half_is_answered(port):
    with connected(port) as sock:
        sock.sendall(HEALTH)
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).endswith(ALIVE)


def test_addresses_in_full_are_taken_as_their_path(port):
    with connected(port) as sock:
        sock.sendall(LAST.replace(b"/health", b"http://a:80/health?a=1"))
        assert parted(read_all(sock)) == (200, ALIVE)


def test_unknown_methods_and_expectations_are_refused(port):
    for request, expected in (
        (LAST.replace(b"GET", b"BREW"), 405),
        (LAST.replace(b"Host", b"Expect: tea\r\nHost"), 417),
        (LAST.replace(b"1.1", b"2.0"), 400),
    ):
        with connected(port) as sock:
            sock.sendall(request)
            assert parted(read_all(sock))[0] == expected


def test_stopping_closes_idle_connections_and_returns():
    listener = socket.create_server(("127.0.0.1", 0))
    server = FallbackServer(create_app({"weights": {}, "sessions": []}), listener, threads=1)
    thread = threading.Thread(target=server.serve)
    thread.start()
    with connected(listener.getsockname()[1]) as sock:
        sock.sendall(HEALTH)
        assert sock.recv(65_536).endswith(ALIVE)
        server.stop()
        assert sock.recv(1) == b""
    thread.join(10)
    assert not thread.is_alive()
