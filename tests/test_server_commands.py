"""The guide's commands as printed: every server takes the same `wsgi:app`."""

import json

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
        ("gunicorn", {}, 403),
        ("uvicorn", {}, 403),
        ("uvicorn", {"EVENTKIT_INSECURE": "1"}, 200),
        ("eventkit", {}, 200),  # with its flag; without it, it does not start
    ],
)
@pytest.mark.once
def test_a_stranger_is_let_in_by_who_says_so(name, environment, status, tmp_path):
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    (tmp_path / "wsgi.py").write_text("import eventkit\napp = eventkit.create_app()\n")
    with served(name, tmp_path, EVERYWHERE, **environment) as port:
        assert asked(port, "GET", "/tags")[0] == 200
        assert asked(port, "GET", "/tags", host=address)[0] == status
        assert asked(port, "GET", "/health", host=address)[0] == 200
