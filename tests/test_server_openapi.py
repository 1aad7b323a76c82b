"""The OpenAPI document: valid, and what the server does, as schemathesis finds."""

import re
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

    def get_busy(self, start, end, user_id):
        return [("2026-09-14T09:00:00+00:00", "2026-09-14T10:00:00+00:00")]

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


def test_each_operation_has_an_id_of_its_own_and_is_described():
    app = eventkit.create_app(settings=ServerSettings())
    for query in (b"", b"version=3.1", b"version=3.0"):
        paths = by_wsgi(app, "GET", "/openapi.json", query).json["paths"]
        operations = [one for methods in paths.values() for one in methods.values()]
        names = [one["operationId"] for one in operations]
        assert len({*names}) == len(names)
        assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in names)
        assert all(one["description"] for one in operations)
        parameters = [given for one in operations for given in one.get("parameters", [])]
        assert all(given["description"] for given in parameters)


@pytest.mark.parametrize("token", [None, TOKEN])
def test_the_document_is_there_in_version_3_0_too(token):
    validator = pytest.importorskip("openapi_spec_validator")
    app = eventkit.create_app(settings=ServerSettings(api_token=token))
    headers = [("Authorization", f"Bearer {token}")]
    older = by_wsgi(app, "GET", "/openapi.json", b"version=3.0", headers=headers)
    validator.validate(older.json)
    assert older.json["openapi"] == "3.0.3"
    assert b"anyOf" not in older.body
    refused = by_wsgi(app, "GET", "/openapi.json", b"version=2.0", headers=headers)
    assert (refused.status, refused.json["parameter"]) == (400, "version")


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
