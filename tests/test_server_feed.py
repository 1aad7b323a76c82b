"""Serving a feed: one fetch for all workers, and the last good state while it fails."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from eventkit import create_app
from eventkit.errors import FeedError
from eventkit.feeds.fetching import Fetched
from eventkit.server.feed import Feed, FeedSettings
from eventkit.server.message import Request
from eventkit.server.settings import ServerSettings
from feed_server import FEED, feed_server

URL = "https://feeds.example/feed.csv"
MORE = FEED + b"2,Bees,2026-09-14 11:00,2026-09-14 12:00,Hall 1,zoo\n"


class Remote:
    """A server of feeds that is only a function."""

    def __init__(self):
        self.data, self.known, self.error = FEED, [], None

    def __call__(self, url, *, allow_private, known):
        self.known.append(known)
        if self.error:
            raise FeedError(url, self.error)
        tag = f'"{len(self.data)}"'
        same = known is not None and known.etag == tag
        return Fetched(None if same else self.data, tag, None)


@pytest.fixture
def now():
    return [1_000_000.0]


@pytest.fixture
def remote():
    return Remote()


@pytest.fixture
def feed(tmp_path, now, remote):
    def create(**settings):
        chosen = FeedSettings(URL, refresh=900.0, **settings)
        return Feed(chosen, str(tmp_path), clock=lambda: now[0], fetch=remote)

    return create


def titles(feed):
    sessions = json.loads(feed.path.read_bytes())["sessions"]
    return [session["title"] for session in sessions]


def test_workers_fetch_a_feed_once_for_all(feed, remote, now):
    workers = [feed(), feed(), feed()]
    assert [worker.update() for worker in workers] == [900.0, 900.0, 900.0]
    assert len(remote.known) == 1
    now[0] += 900
    for worker in workers:
        worker.update()
    assert len(remote.known) == 2
    assert titles(workers[2]) == ["Agents"]


def test_a_worker_whose_turn_it_is_not_asks_again_soon(feed, remote):
    first, second = feed(), feed()
    first.prepare()
    waits = []

    def fetch_slowly(url, **rest):
        waits.append(second.update())
        return remote(url, **rest)

    first._fetch, first._is_due = fetch_slowly, lambda state: True
    first.update()
    assert waits == [1.0]


def test_an_unchanged_feed_leaves_the_manifest_alone(feed, remote, now):
    served = feed()
    served.prepare()
    before = served.path.stat()
    now[0] += 900
    served.update()
    assert remote.known[1].etag == f'"{len(FEED)}"'
    assert served.path.stat().st_mtime_ns == before.st_mtime_ns
    assert served.state().trouble is None


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (MORE, "the server answered 500", "the server answered 500"),
        (b"{", None, "JSON"),
        (b"<html><body>Sorry</body></html>", None, ""),
        (b"title,start\n", None, "holds no sessions any more"),
    ],
)
def test_the_last_good_state_stays_while_the_feed_fails(feed, remote, now, data, error, reason):
    served, other = feed(), feed()
    served.prepare()
    remote.data, remote.error = data, error
    now[0] += 900
    served.update()
    assert titles(served) == ["Agents"]
    assert reason in other.state().trouble
    assert (served.failures, other.failures) == (1, 0)
    remote.data, remote.error = MORE, None
    now[0] += 900
    other.update()
    assert titles(served) == ["Agents", "Bees"]
    assert served.state().trouble is None


def test_without_an_earlier_state_a_failure_is_raised(feed, remote):
    remote.error = "the server answered 500"
    with pytest.raises(FeedError, match=f"{URL}: the server answered 500"):
        feed().prepare()


def test_a_server_that_starts_while_the_feed_fails_serves_the_last_good_state(feed, remote, now):
    feed().prepare()
    remote.error = "down"
    now[0] += 10_000
    restarted = feed()
    assert restarted.prepare().trouble == "down"
    assert titles(restarted) == ["Agents"]


def test_a_clock_that_is_set_back_does_not_stop_the_refreshing(feed, remote, now):
    served = feed()
    served.prepare()
    now[0] -= 50_000
    assert served.update() == 900.0
    assert len(remote.known) == 2


def test_a_damaged_state_file_is_no_state(feed, remote):
    served = feed()
    served.prepare()
    served._state.write_text("{", encoding="utf-8")
    served.update()
    assert served.state().checked == 1_000_000.0


def test_feeds_with_other_settings_have_another_directory(feed):
    assert feed().path != feed(zone="Europe/Berlin").path


def test_the_directory_is_private(feed):
    assert feed().path.parent.stat().st_mode & 0o077 == 0


def test_ready_says_stale_and_the_metrics_count(feed, remote, now, tmp_path):
    served = feed()
    served.prepare()
    settings = ServerSettings(metrics_directory=str(tmp_path / "metrics"))
    app = create_app(served.path, settings=settings)
    app.source.feed = served

    def asked(path):
        path, _, query = path.partition("?")
        headers = {"host": "localhost"}
        request = Request("GET", path, query.encode(), headers, client="127.0.0.1")
        return app.respond(request).body

    assert json.loads(asked("/ready"))["status"] == "ready"
    remote.error = "the server answered 500"
    now[0] += 900
    served.update()
    told = json.loads(asked("/ready"))
    assert (told["status"], told["feed"]) == ("stale", "the server answered 500")
    assert (told["sessions"], b"Agents" in asked("/recommend?interests=ai")) == (1, True)
    metrics = asked("/metrics")
    assert b"eventkit_manifest_failures_total 1" in metrics
    assert re.search(rb"eventkit_manifest_stale 1(\.0)?\n", metrics)
    app.close()


def wait_for(condition, process, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.returncode
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.once
def test_eventkit_serve_refreshes_a_feed_for_all_its_workers(tmp_path):
    with feed_server() as server, (tmp_path / "log").open("wb") as log:
        words = ["serve", "--feed", f"{server.url}/feed.csv", "--refresh", "1s", "--port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "eventkit", *words, "--allow-private", "--workers", "2"],
            env=os.environ | {"EVENTKIT_CACHE_DIRECTORY": str(tmp_path / "cache")},
            cwd=tmp_path,
            stdout=log,
            stderr=subprocess.STDOUT,
        )

        def told():
            return (tmp_path / "log").read_text(encoding="utf-8")

        def ready():
            with urllib.request.urlopen(f"{place[0]}/ready", timeout=30) as response:
                return json.load(response)

        try:
            wait_for(lambda: "serving on http" in told(), process)
            place = re.findall(r"http://127\.0\.0\.1:\d+(?= \()", told())
            wait_for(lambda: _answers(ready), process)
            assert ready()["sessions"] == 1
            server.feed = MORE
            wait_for(lambda: ready()["sessions"] == 2, process)
            server.status = 500
            wait_for(lambda: ready()["status"] == "stale", process)
            assert ready()["sessions"] == 2
            server.status = 200
            wait_for(lambda: ready()["status"] == "ready", process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _answers(ask):
    try:
        ask()
    except OSError:
        return False
    return True


def test_standard_input_cannot_be_served(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "eventkit", "serve", "--feed", "-"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "standard input cannot be read again" in done.stderr


def test_a_file_can_be_served_as_a_feed(tmp_path, now):
    file = tmp_path / "feed.csv"
    file.write_bytes(FEED)
    served = Feed(FeedSettings(str(file), refresh=60.0), str(tmp_path), clock=lambda: now[0])
    served.prepare()
    file.write_bytes(MORE)
    now[0] += 60
    served.update()
    assert titles(served) == ["Agents", "Bees"]
    assert Path(served.path).is_file()
