"""`/metrics` and `/latency`: what the application counts, over all its workers."""

import json
import re

import pytest

import eventkit
from eventkit.server import ServerMetrics, ServerSettings
from eventkit.server.app import Application
from eventkit.server.collector import build_metrics
from eventkit.server.metrics import group_directory
from eventkit.server.source import Source
from server_process import asked, served
from server_roads import MANIFEST, TOKEN, WEIGHTS

QUERY = b"interests=ai&top=1"


def counted(text):
    """The samples of an exposition, by name and labels."""
    lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def requests_of(text, route):
    """How many requests of a route were answered, by status."""
    found = re.findall(
        rf'eventkit_http_requests_total{{route="{route}",status="(\d+)"}} (\d+)', text.decode()
    )
    return {int(status): int(count) for status, count in found}


def test_every_answer_is_counted(ask, tmp_path):
    settings = ServerSettings(api_token=TOKEN, metrics_directory=str(tmp_path / "metrics"))
    app = eventkit.create_app(MANIFEST, settings=settings)
    bearer = [("Authorization", f"Bearer {TOKEN}")]
    for _ in range(4):
        ask(app, "GET", "/recommend", QUERY, headers=bearer)
    ask(app, "GET", "/recommend", b"top=x", headers=bearer)
    ask(app, "GET", "/recommend", QUERY)
    for made_up in ("/a", "/b", "/recommend/c"):
        ask(app, "GET", made_up)
    text = ask(app, "GET", "/metrics", headers=bearer).body
    assert requests_of(text, "/recommend") == {200: 4, 400: 1, 401: 1}
    assert requests_of(text, "other") == {404: 3}
    samples = counted(text)
    assert samples["eventkit_cache_hits_total"] == 3
    assert samples["eventkit_cache_misses_total"] == 1  # what is refused was not looked for
    assert samples["eventkit_unauthorized_total"] == 1
    assert samples["eventkit_manifest_sessions"] == 40
    latency = ask(app, "GET", "/latency", headers=bearer).json
    assert latency["routes"]["/recommend"]["count"] == 6
    assert latency["routes"]["/recommend"]["p50"] > 0


def test_the_manifest_s_changes_are_counted(ask, tmp_path):
    file = tmp_path / "agent.json"
    clocks = {"now": 0.0}
    settings = ServerSettings(metrics_directory=str(tmp_path / "metrics"))

    def write(*titles):
        sessions = [{"title": title} for title in titles]
        file.write_text(json.dumps({"weights": WEIGHTS, "sessions": sessions}))

    def look():
        clocks["now"] += 0.5
        return counted(ask(app, "GET", "/metrics").body)

    write("One")
    source = Source(file, settings, clock=lambda: clocks["now"], wall_clock=lambda: 0)
    app = Application(source)
    assert look()["eventkit_manifest_sessions"] == 1
    write("One", "Two")
    samples = look()
    assert samples["eventkit_manifest_reloads_total"] == 1
    assert samples["eventkit_manifest_sessions"] == 2
    file.write_text("{")
    for _ in range(2):
        samples = look()
        assert samples["eventkit_manifest_failures_total"] == 1
        assert samples["eventkit_manifest_stale"] == 1


@pytest.mark.slow
def test_workers_count_together(tmp_path):
    (tmp_path / "wsgi.py").write_text("import eventkit\napp = eventkit.create_app()\n")
    with served("gunicorn", tmp_path) as port:
        for _ in range(40):
            assert asked(port, "GET", "/recommend?interests=ai")[0] == 200
        for _ in range(4):  # whichever worker answers
            status, headers, text = asked(port, "GET", "/metrics")
            assert status == 200
            assert headers["content-type"].startswith("text/plain; version=0.0.4")
            assert requests_of(text, "/recommend") == {200: 40}


def test_counters_of_servers_that_ended_do_not_pile_up(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    ours = group_directory()
    user = ours.name.split("-")[2]
    ended = tmp_path / f"eventkit-metrics-{user}-{2**22 + 1}-77"  # no process has such a number
    another = tmp_path / "eventkit-metrics-x-1-1"
    for directory in (ended, another):
        directory.mkdir()
    build_metrics(ServerSettings()).add("cache_hits")
    assert {path.name for path in tmp_path.iterdir()} == {ours.name, another.name}


def test_workers_without_a_shared_directory_count_for_themselves(ask, tmp_path, caplog):
    closed = tmp_path / "metrics"
    closed.mkdir(mode=0o777)
    closed.chmod(0o777)
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(metrics_directory=str(closed)))
    for _ in range(2):
        assert ask(app, "GET", "/recommend", QUERY).status == 200
    assert requests_of(ask(app, "GET", "/metrics").body, "/recommend") == {200: 2}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert isinstance(app.metrics, ServerMetrics)
