"""`--source graph` on the command line, the pages' examples of it, and the original's names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest

import eventkit
from eventkit import errors
from eventkit.cli import main
from eventkit.compat import graph_auth, graph_service
from eventkit.graph import GraphEventService
from graph_services import ANN, settings_of
from graph_simulator import GraphSimulator, make_event, status
from transcripts import run as run_transcript
from transcripts import transcripts

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/graph.md").read_text(encoding="utf-8")
EXAMPLES = transcripts(PAGE, "run: graph")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def graph():
    with GraphSimulator() as graph:
        graph.put(ANN, *map(make_event, range(8)))
        yield graph


@pytest.fixture
def run(graph, tmp_path, monkeypatch, capsys):
    """The command line in this process: what it prints, and its status."""
    monkeypatch.chdir(tmp_path)
    for name in ("GRAPH_USER_ID", "GRAPH_DEADLINE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments, **variables):
        for name, value in (graph.environment() | variables).items():
            monkeypatch.setenv(name, value)
        code = main(arguments)
        printed = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=printed.out, stderr=printed.err)

    return run


@pytest.mark.once
@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run_as_printed(example, tmp_path):
    run_transcript(example, tmp_path, PYTHONPATH=str(ROOT / "tests"))


def test_the_page_has_examples():
    assert EXAMPLES
    assert PYTHON


@pytest.mark.parametrize("block", PYTHON, ids=lambda text: text.split("\n")[0])
def test_python_examples(block, graph, monkeypatch):
    for name, value in graph.environment(ANN).items():
        monkeypatch.setenv(name, value)
    exec(compile(block, "docs/graph.md", "exec"), {"__name__": "page"})


def test_recommend_asks_for_the_users_calendar(graph, run, tmp_path):
    asked = ("recommend", "--source", "graph", "--interests", "Agents", "--top", "2")
    done = run(*asked, "--user", ANN)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    with GraphEventService(settings_of(graph)) as service:
        weights = eventkit.load_manifest()["weights"]
        expected = eventkit.recommend_from_graph(service, ["agents"], 2, weights)
    assert json.loads(done.stdout) == expected
    assert run(*asked, GRAPH_USER_ID=ANN).stdout == done.stdout


def test_explain_and_export_take_the_calendar_too(graph, run, tmp_path):
    here = ("--source", "graph", "--interests", "agents", "--user", ANN)
    done = run("explain", "--session", "agents meeting 0", *here)
    assert '"title": "Agents meeting 0"' in done.stdout, done.stderr
    done = run("explain", "--session", "no such", *here)
    assert done.returncode == 1
    done = run("export", "--top", "1", "--output", "days.ics", *here)
    assert done.returncode == 0, done.stderr
    # Graph's events have their dates, which a calendar file wants.
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    calendar = (tmp_path / "days.ics").read_bytes().decode()
    assert re.search(r"DTSTART:\d{8}T090000Z", calendar)
    assert abs(int(re.search(r"DTSTART:(\d{8})", calendar)[1]) - int(f"{tomorrow:%Y%m%d}")) <= 1
    assert "today's date" not in done.stderr


@pytest.mark.parametrize(
    ("more", "variables", "code", "error"),
    [
        ((), {}, 2, "no user: an app's own token has no /me; give user_id, or set GRAPH_USER_ID"),
        (("--user", "a/b"), {}, 2, "user_id 'a/b': neither an object id nor a user principal name"),
        (
            ("--user", ANN),
            {"GRAPH_CLIENT_SECRET": "wrong"},
            2,
            "Authentication failed: invalid_client (AADSTS7000215)",
        ),
        (
            ("--user", ANN),
            {"GRAPH_BASE_URL": "http://graph.example"},
            2,
            "base_url 'http://graph.example': not an https URL of a host (http is for loopback"
            " only)",
        ),
        (
            ("--user", ANN),
            {"GRAPH_TENANT_ID": "", "GRAPH_CLIENT_ID": ""},
            2,
            "Graph credentials not configured: GRAPH_TENANT_ID not set, GRAPH_CLIENT_ID not set",
        ),
        (("--user", ANN), {"GRAPH_DEADLINE": "1e-9"}, 1, None),
    ],
)
def test_what_fails_is_one_line_and_a_status(graph, run, tmp_path, more, variables, code, error):
    asked = ("recommend", "--source", "graph", "--interests", "a")
    done = run(*asked, *more, **variables)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1
    assert '"source": "graph"' in done.stdout
    if error is not None:
        assert done.stderr == f"eventkit: {error}\n"


@pytest.mark.parametrize("command", [("explain", "--session", "x"), ("export",)])
def test_the_other_commands_fail_alike(graph, run, tmp_path, command):
    done = run(*command, "--source", "graph", "--interests", "a", GRAPH_USER_ID="")
    assert done.returncode == 2
    assert json.loads(done.stdout)["source"] == "graph"
    assert "GRAPH_USER_ID" in done.stderr


def test_a_refusal_of_graph_is_1(graph, run, tmp_path):
    graph.fail(status(403))
    done = run("recommend", "--source", "graph", "--interests", "a", "--user", ANN)
    assert (done.returncode, done.stderr) == (
        1,
        "eventkit: Failed to fetch events: HTTP 403 Simulated\n",
    )


@pytest.mark.parametrize("module", ["httpx", "httpx_retries", "msal"])
def test_an_extra_that_is_not_installed_is_named(graph, tmp_path, module):
    # A finder that knows nothing of it, as where it is not installed.
    program = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {module!r}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from eventkit.cli import main\n"
        "sys.exit(main(['recommend', '--source', 'graph', '--interests', 'a', '--user', 'a@b.c']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | graph.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"eventkit: {module} is not installed: pip install 'eventkit-recommender[graph]'\n"
    )


# -- the original's modules ------------------------------------------------------------------------


def test_the_originals_classes_fetch(graph, monkeypatch):
    for name, value in graph.environment(ANN).items():
        monkeypatch.setenv(name, value)
    credentials = {
        name.lower(): os.environ[name]
        for name in ("GRAPH_TENANT_ID", "GRAPH_CLIENT_ID", "GRAPH_CLIENT_SECRET")
    }
    client = graph_auth.GraphAuthClient(SimpleNamespace(**credentials))
    service = graph_service.GraphEventService(client, None)
    assert [event["id"] for event in service.get_events(top=2)] == ["event-0", "event-1"]
    token = client.get_access_token()
    other = graph_service.GraphEventService(SimpleNamespace(get_access_token=lambda: token))
    assert other.get_events() == service.get_events()
    service.close()
    other.close()
    assert graph_service.GraphServiceError is errors.GraphServiceError
    assert graph_auth.GraphAuthError is errors.GraphAuthError
