"""The OpenAPI document: valid, and what the server does, as schemathesis finds."""

import subprocess
import sys
from pathlib import Path

import pytest

import eventkit
from conftest import faults_scale
from eventkit.server import ServerSettings
from server_process import asked, served
from server_roads import by_wsgi

TOKEN = "correct-horse-battery-staple-0123456789"

# A calendar of anybody's, so that its endpoint has something to answer.
WSGI = """
import eventkit
from eventkit.graph import CachedGraphEventService

class Calendar:
    def get_events(self, top, user_id):
        return [{"title": f"Event {n}", "tags": ["ai"], "popularity": 0.5} for n in range(top)]

app = eventkit.create_app(graph=CachedGraphEventService(Calendar()))
"""


@pytest.mark.parametrize("token", [None, TOKEN])
def test_the_document_is_valid(token):
    validator = pytest.importorskip("openapi_spec_validator")
    app = eventkit.create_app(settings=ServerSettings(api_token=token))
    headers = [("Authorization", f"Bearer {token}")]
    reply = by_wsgi(app, "GET", "/openapi.json", headers=headers)
    validator.validate(reply.json)
    assert ("security" in reply.json) == (token is not None)


def test_the_document_names_every_endpoint():
    app = eventkit.create_app(settings=ServerSettings())
    document = by_wsgi(app, "GET", "/openapi.json").json
    assert {*app._routes} - {"/", "/ui"} == {*document["paths"]}
    for path, methods in document["paths"].items():
        assert ("post" in methods) == ("POST" in app._routes[path].methods)


@pytest.mark.once
@pytest.mark.faults
def test_schemathesis_finds_no_difference(tmp_path):
    (tmp_path / "wsgi.py").write_text(WSGI)
    phases = faults_scale(0, 1)
    command = [Path(sys.executable).parent / "schemathesis", "run", "--checks", "all"]
    command += ["--phases", ("fuzzing", "examples,coverage,fuzzing,stateful")[phases]]
    command += ["--max-examples", str(faults_scale(2, 100)), "--seed", "7", "--no-color"]
    command += ["--header", f"Authorization: Bearer {TOKEN}"]
    with served("granian-wsgi", tmp_path, API_TOKEN=TOKEN, PYTHONDONTWRITEBYTECODE="1") as port:
        assert asked(port, "GET", "/tags")[0] == 401
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}/openapi.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=faults_scale(300, 1_800),
        )
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
