"""The guide's commands as printed: every server takes the same `wsgi:app`."""

import json
import os
import socket

import pytest

import eventkit
from server_process import COMMANDS, EVERYWHERE, asked, own_address, served

GUIDE = "from {module} import create_wsgi_app\napp = create_wsgi_app()\n"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.once
def test_a_server_of_the_guide_serves_the_application(name, tmp_path):
    # The guide imports it from `agent`; here that is `eventkit.compat.agent`.
    (tmp_path / "wsgi.py").write_text(GUIDE.format(module="eventkit.compat.agent"))
    manifest = eventkit.load_manifest()
    (tmp_path / "agent.json").write_text(json.dumps(manifest))
    expected = json.dumps(eventkit.recommend(manifest, ["ai", "ml"], 5)).encode()
    question = b'{"interests": ["ai", "ml"], "top": 5}'
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # what curl -d claims
    with served(name, tmp_path) as port:
        assert asked(port, "GET", "/recommend?interests=ai,ml&top=5")[2] == expected
        assert asked(port, "POST", "/recommend", question, form)[2] == expected
        status, headers, body = asked(port, "HEAD", "/recommend?interests=ai,ml&top=5")
        assert (status, headers["content-length"], body) == (200, str(len(expected)), b"")
        status, headers, _ = asked(port, "GET", "/health", headers={"X-Correlation-ID": "a.b"})
        assert (status, headers["x-correlation-id"]) == (200, "a.b")
        assert asked(port, "GET", "/recommend?top=1")[0] == 400
        assert asked(port, "POST", "/recommend", b" " * 270_000)[0] == 413
        assert asked(port, "GET", "/nowhere")[0] == 404
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("name", "environment", "status"),
    [
        ("gunicorn", {"EVENTKIT_ALLOWED_HOSTS": "*"}, 403),
        ("uvicorn", {"EVENTKIT_ALLOWED_HOSTS": "*"}, 403),
        ("uvicorn", {"EVENTKIT_INSECURE": "1", "EVENTKIT_ALLOWED_HOSTS": "*"}, 200),
        # With its flag; without it, it does not start.
        ("eventkit", {"EVENTKIT_ALLOWED_HOSTS": "*"}, 200),
        ("eventkit", {}, 421),
    ],
)
@pytest.mark.once
def test_other_machines_are_refused_unless_the_settings_allow_them(
    name, environment, status, tmp_path
):
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    (tmp_path / "wsgi.py").write_text("import eventkit\napp = eventkit.create_app()\n")
    with served(name, tmp_path, EVERYWHERE, **environment) as port:
        assert asked(port, "GET", "/tags")[0] == 200
        assert asked(port, "GET", "/tags", host=address)[0] == status
        health = 421 if status == 421 else 200
        assert asked(port, "GET", "/health", host=address)[0] == health


def forwarded(port, *headers):
    """Ask twice with headers as they are written; the statuses."""
    statuses = []
    for number in range(2):
        lines = "".join(f"{header}\r\n" for header in headers).format(number)
        sent = f"GET /tags HTTP/1.1\r\nHost: localhost\r\n{lines}Connection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(sent.encode())
            statuses.append(int(connection.recv(65_536)[9:12]))
    return statuses


@pytest.mark.once
@pytest.mark.parametrize("name", ["granian-wsgi", "granian-asgi", "gunicorn-1", "uvicorn-1"])
@pytest.mark.parametrize(
    "headers",
    [
        ["X-Forwarded-For: 198.51.100.1", "X_Forwarded_For: 192.0.2.{}"],
        ["X_Forwarded_For: 192.0.2.{}", "X-Forwarded-For: 198.51.100.1"],
    ],
)
def test_a_client_cannot_forge_its_address_with_underscores(name, headers, tmp_path):
    """The limit of one request a minute counts the address that the proxy wrote."""
    commands = {
        "granian-wsgi": "granian --interface wsgi --port {port} wsgi:app",
        "granian-asgi": "granian --interface asgi --port {port} wsgi:app",
        "gunicorn-1": "gunicorn -w 1 -b 127.0.0.1:{port} wsgi:app",
        "uvicorn-1": "uvicorn wsgi:app --no-proxy-headers --host 127.0.0.1 --port {port}",
    }
    (tmp_path / "wsgi.py").write_text("import eventkit\napp = eventkit.create_app()\n")
    environment = {
        "EVENTKIT_TRUSTED_PROXIES": "127.0.0.1",
        "EVENTKIT_REQUESTS_PER_MINUTE": "1",
        "EVENTKIT_LIMIT_LOOPBACK": "1",
    }
    with served(name, tmp_path, commands, **environment) as port:
        assert forwarded(port, *headers) == [200, 429]


@pytest.mark.once
@pytest.mark.parametrize(
    ("environment", "status"),
    [({}, 403), ({"EVENTKIT_TRUSTED_PROXIES": "unix"}, 200)],
)
@pytest.mark.parametrize("name", ["gunicorn", "uvicorn", "granian-wsgi", "granian-asgi"])
def test_the_peer_of_a_unix_socket_has_to_be_named(name, environment, status, tmp_path):
    commands = {
        "gunicorn": "gunicorn -w 1 -b unix:socket wsgi:app",
        "uvicorn": "uvicorn wsgi:app --uds socket",
        "granian-wsgi": "granian --interface wsgi --uds socket wsgi:app",
        "granian-asgi": "granian --interface asgi --uds socket wsgi:app",
    }
    (tmp_path / "wsgi.py").write_text("import eventkit\napp = eventkit.create_app()\n")

    def ask(path):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(os.fspath(tmp_path / "socket"))
            head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode())
            return int(connection.recv(65_536)[9:12] or 0)

    answers = lambda: ask("/health") == 200  # noqa: E731
    with served(name, tmp_path, commands, answers=answers, **environment):
        assert ask("/tags") == status
