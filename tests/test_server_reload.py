"""The manifest is edited, deleted, made invalid while it is served, and shared by workers."""

import json
import os
import random
from functools import partial

import pytest

import eventkit
from budgets import ratio
from conftest import faults_scale
from eventkit import Catalog
from eventkit.errors import ManifestError, ServerSettingsError
from eventkit.server import ServerMetrics, ServerSettings
from eventkit.server.app import Application
from eventkit.server.external import read_external_sessions
from eventkit.server.revision import external_file, read_revision
from eventkit.server.source import Source
from server_roads import WEIGHTS, dumped


class TestReload:
    """The manifest is edited, deleted, made invalid while it is served."""

    @pytest.fixture
    def clocks(self):
        return {"now": 0.0, "wall": 0}

    def served(self, file, clocks, **settings):
        source = Source(
            file,
            ServerSettings(**settings),
            clock=lambda: clocks["now"],
            wall_clock=lambda: clocks["wall"],
        )
        return Application(source)

    def titles(self, ask, app):
        reply = ask(app, "GET", "/recommend", b"interests=none&top=3")
        return [session["title"] for session in reply.json["sessions"]]

    def write(self, file, *titles, **weights):
        sessions = [{"title": title} for title in titles]
        file.write_text(json.dumps({"weights": WEIGHTS | weights, "sessions": sessions}))

    @pytest.mark.faults
    def test_a_manifest_that_cannot_be_served_leaves_the_last_good_one_in_place(
        self, ask, clocks, tmp_path, caplog
    ):
        file = tmp_path / "agent.json"
        self.write(file, "One")
        app = self.served(file, clocks)
        app.metrics = ServerMetrics()  # of this application alone
        assert self.titles(ask, app) == ["One"]
        self.write(file, "Two")
        assert self.titles(ask, app) == ["One"]  # not looked at yet
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Two"]
        breakages = [
            lambda: file.write_text("{"),
            lambda: file.write_text("[]"),
            lambda: file.write_text('{"sessions": []}'),
            lambda: file.write_text('{"weights": {"interest": "x"}, "sessions": [{"title": 1}]}'),
            lambda: file.write_bytes(b"\xff\xfe"),
            lambda: self.write(file, "Good", 2026),
            lambda: self.write(file, "Good", ""),
            lambda: self.write(file, "Good", interest=10**400),
            lambda: self.write(file, "Good", interest=float("inf")),
            lambda: self.write(file, "Good", popularity=[10**400]),
            file.unlink,
        ]
        for breakage in breakages:
            caplog.clear()
            breakage()
            for _ in range(3):
                clocks["now"] += 0.5
                assert self.titles(ask, app) == ["Two"]
            assert len(caplog.records) == 1, caplog.text
            ready = ask(app, "GET", "/ready").json
            assert ready["status"] == "stale"
            assert "agent.json" in ready["manifest"]
        app.collector.collect(app.metrics, at_once=True)
        counters = app.metrics.snapshot()["counters"]
        assert counters["manifest_failures"] == app.source.failures == len(breakages)
        self.write(file, "Three")
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Three"]
        assert ask(app, "GET", "/ready").json["status"] == "ready"

    @pytest.mark.faults
    def test_damaged_manifests_never_make_a_request_fail(self, ask, clocks, tmp_path):
        """Bytes of the manifest are changed, cut out, put in, or it has another shape."""
        file = tmp_path / "agent.json"
        features = {"externalSessions": {"enabled": True, "file": "none.json"}}
        sessions = [{"title": "One", "tags": ["a"], "popularity": 0.5}]
        good = dumped({"weights": WEIGHTS, "features": features, "sessions": sessions})
        file.write_bytes(good)
        app = self.served(file, clocks)
        chance = random.Random(74)
        odd = [
            b"[" * 100_000,
            b'{"externalSessions":' * 30_000,
            b"null",
            b"0",
            b'""',
            b"\xef\xbb\xbf{}",
        ]
        for _ in range(faults_scale(150, 5_000)):
            start, end = sorted(chance.sample(range(len(good)), 2))
            piece = chance.choice(
                [b"", b"[]", b"{}", b"null", b"1e999", b'"', b"\x00", b"-5", b"NaN"]
            )
            odd.append(good[:start] + piece + good[min(end, start + chance.randrange(9)) :])
        for data in odd:
            file.write_bytes(data)
            clocks["now"] += 0.5
            reply = ask(app, "GET", "/recommend", b"interests=a&top=3")
            assert reply.status == 200, data
            assert ask(app, "GET", "/export", b"interests=a").status == 200, data
            explained = ask(app, "GET", "/explain", b"interests=a&session=One")
            assert explained.status in (200, 404), data
            assert ask(app, "GET", "/tags").status == 200, data
        file.write_bytes(good)
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["One"]

    def test_an_edit_with_the_same_size_and_time_is_seen(self, ask, clocks, tmp_path):
        file = tmp_path / "agent.json"
        self.write(file, "One")
        app = self.served(file, clocks)
        seen = file.stat()
        self.write(file, "Two")
        os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Two"]

    @pytest.fixture
    def files(self, tmp_path):
        """A manifest that asks for external sessions, and their file, which is not there yet."""
        file, external = tmp_path / "agent.json", tmp_path / "sessions_external.json"
        features = {"externalSessions": {"enabled": True}}
        manifest = {"weights": WEIGHTS, "sessions": [{"title": "Own"}], "features": features}
        file.write_text(json.dumps(manifest))
        return file, external

    def test_external_sessions_are_reloaded_too(self, ask, clocks, files):
        file, external = files
        app = self.served(file, clocks)
        assert self.titles(ask, app) == ["Own"]
        assert ask(app, "GET", "/ready").json["status"] == "ready"
        for title in ("First", "Second"):
            external.write_text(json.dumps([{"title": title}]))
            clocks["now"] += 0.5
            assert self.titles(ask, app) == [title]
        # An empty list is a list: as for the original, the manifest's own sessions count.
        external.write_text("[]")
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Own"]

    def test_a_manifest_may_stop_asking_for_external_sessions(self, ask, clocks, tmp_path):
        file, external = tmp_path / "agent.json", tmp_path / "sessions_external.json"
        manifest = {"weights": WEIGHTS, "sessions": [{"title": "Own"}]}
        features = {"externalSessions": {"enabled": True}}
        external.write_text(json.dumps([{"title": "External"}]))
        file.write_text(json.dumps({**manifest, "features": features}))
        app = self.served(file, clocks)
        assert self.titles(ask, app) == ["External"]
        file.write_text(json.dumps(manifest))
        external.unlink()
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Own"]
        assert ask(app, "GET", "/ready").json["status"] == "ready"

    @pytest.mark.parametrize(
        "change",
        [
            {"sessions": [{"title": 2026}]},
            {"sessions": [{"title": "One", "tags": "ai"}]},
            {"weights": {"interest": 10**400, "popularity": 1}},
            {"weights": {"interest": 1e400, "popularity": 1}},
        ],
        ids=["a number as title", "text as tags", "a weight of 400 digits", "infinity"],
    )
    def test_a_manifest_that_validate_refuses_replaces_no_good_one(
        self, ask, clocks, tmp_path, change
    ):
        file = tmp_path / "agent.json"
        self.write(file, "One")
        app = self.served(file, clocks)
        file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["One"]
        assert ask(app, "GET", "/explain", b"session=One&interests=a").status == 200
        assert ask(app, "GET", "/ready").json["status"] == "stale"

    def test_a_pipe_as_manifest_blocks_nothing_and_can_be_repaired(self, ask, clocks, tmp_path):
        file = tmp_path / "agent.json"
        self.write(file, "One")
        app = self.served(file, clocks)
        file.unlink()
        os.mkfifo(file)
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["One"]
        assert "a named pipe" in ask(app, "GET", "/ready").json["manifest"]
        file.unlink()
        self.write(file, "Two")
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Two"]

    def test_edits_leave_at_most_three_compiled_files(self, ask, clocks, tmp_path):
        file, cache = tmp_path / "agent.json", tmp_path / "cache"
        settings = {"share_sessions": 10, "cache_directory": str(cache)}
        self.write(file, *(f"Session {number}" for number in range(50)))
        app = self.served(file, clocks, **settings)
        for edit in range(12):
            self.write(file, f"Edit {edit}", *(f"Session {number}" for number in range(50)))
            clocks["now"] += 0.5
            assert self.titles(ask, app)[0] == f"Edit {edit}"
        assert app.source.reloads == 12
        assert len(list(cache.iterdir())) == 3

    @pytest.mark.parametrize(
        "breakage",
        [
            lambda external: external.unlink(),
            lambda external: external.write_bytes(external.read_bytes()[:-9]),
            lambda external: external.write_bytes(b""),
            lambda external: external.write_text('{"sessions": []}'),
            lambda external: external.write_bytes(b"\xff" + external.read_bytes()),
            lambda external: external.write_text('[{"title": 2026}]'),
            lambda external: (external.unlink(), external.mkdir()),
            lambda external: (external.unlink(), os.mkfifo(external)),
        ],
        ids=["deleted", "half", "empty", "object", "not UTF-8", "invalid", "directory", "pipe"],
    )
    def test_lost_external_sessions_leave_the_last_good_ones_in_place(
        self, ask, clocks, files, breakage, caplog
    ):
        file, external = files
        sessions = [{"title": f"Session {number}"} for number in range(50)]
        external.write_text(json.dumps(sessions))
        app = self.served(file, clocks)
        good = self.titles(ask, app)
        assert len(good) == 3
        breakage(external)
        for _ in range(3):
            clocks["now"] += 0.5
            assert self.titles(ask, app) == good
        ready = ask(app, "GET", "/ready")
        assert (ready.status, ready.json["status"]) == (200, "stale")
        assert ready.json["sessions"] == 50
        assert "sessions" in ready.json["manifest"]
        assert app.source.failures == 1
        assert len(caplog.records) == 1
        if external.exists():
            external.rmdir() if external.is_dir() else external.unlink()
        external.write_text(json.dumps([{"title": "Repaired"}]))
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Repaired"]
        assert ask(app, "GET", "/ready").json["status"] == "ready"

    def test_external_sessions_that_are_broken_at_the_start_are_shown_as_stale(
        self, ask, clocks, files, caplog
    ):
        file, external = files
        external.write_text('[{"title": "Ha')
        app = self.served(file, clocks)
        for _ in range(3):
            assert self.titles(ask, app) == ["Own"]  # as the original
            ready = ask(app, "GET", "/ready")
            assert (ready.status, ready.json["status"]) == (200, "stale")
            assert "sessions_external.json" in ready.json["manifest"]
            clocks["now"] += 0.5
        assert app.source.failures == 1
        assert len(caplog.records) == 1
        external.write_text(json.dumps([{"title": "Repaired"}]))
        clocks["now"] += 0.5
        assert self.titles(ask, app) == ["Repaired"]
        assert ask(app, "GET", "/ready").json["status"] == "ready"

    def test_workers_share_one_file(self, ask, clocks, tmp_path):
        file, cache = tmp_path / "agent.json", tmp_path / "cache"
        self.write(file, *(f"Session {number}" for number in range(50)))
        settings = {"share_sessions": 10, "cache_directory": str(cache)}
        first = self.served(file, clocks, **settings)
        (saved,) = cache.iterdir()
        made = saved.stat().st_ino
        second = self.served(file, clocks, **settings)
        assert [each.stat().st_ino for each in cache.iterdir()] == [made]
        query = b"interests=none&top=50"
        assert (
            ask(first, "GET", "/recommend", query).body
            == ask(second, "GET", "/recommend", query).body
            == dumped(eventkit.recommend(eventkit.load_manifest(file), ["none"], 50))
        )
        saved.write_bytes(b"damaged")
        third = self.served(file, clocks, **settings)
        assert ask(third, "GET", "/recommend", query).status == 200

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{", r"agent\.json:1:2: "),
            ('{"sessions": []}', r"agent\.json: weights is missing: expected an object"),
            (
                json.dumps({"weights": WEIGHTS, "sessions": [{"title": 2026}]}),
                r"agent\.json: sessions\[0\]\.title is 2026: expected a string",
            ),
            (
                json.dumps({"weights": WEIGHTS | {"interest": 10**400}, "sessions": []}),
                r"agent\.json: weights\.interest is an integer of 1329 bits: expected at most",
            ),
        ],
        ids=["not JSON", "no weights", "numeric title", "400 digits"],
    )
    def test_a_manifest_that_validate_refuses_does_not_start(self, content, message, tmp_path):
        file = tmp_path / "agent.json"
        file.write_text(content)
        with pytest.raises(ManifestError, match=message):
            eventkit.create_app(file)


def test_a_reload_takes_little_more_than_loading(tmp_path):
    """Loading lets other threads run. Validating in Python took nine times as long as that."""
    sessions = [
        {"title": f"Session {number}", "tags": ["AI", "web"], "popularity": 0.5, "start": "09:00"}
        for number in range(5_000)
    ]
    file, listed = tmp_path / "agent.json", tmp_path / "sessions.json"
    listed.write_bytes(dumped(sessions))
    own = dumped({"weights": WEIGHTS, "sessions": sessions})
    elsewhere = {"externalSessions": {"enabled": True, "file": str(listed)}}
    asking = dumped({"weights": WEIGHTS, "sessions": [], "features": elsewhere})

    def read(data):
        external = read_external_sessions([listed] if external_file(data) else [])
        revision = read_revision(file, data, external, "digest", lambda *_: None)
        assert len(revision.catalog) == 5_000

    loading = partial(Catalog.from_json, own)
    for data in (own, asking):
        growth = ratio(loading, partial(read, data), most=3.0)
        assert growth <= 3.0, f"a reload takes {growth:.1f} times as long as loading"


@pytest.mark.parametrize("name", ["body_seconds", "reload_seconds", "cache_seconds"])
def test_a_setting_that_is_not_a_number_is_refused(name):
    with pytest.raises(ServerSettingsError, match=f"{name} is nan, expected 0 or more"):
        ServerSettings(**{name: float("nan")})
    environment = {f"EVENTKIT_{name.upper()}": "nan"}
    with pytest.raises(ServerSettingsError, match=f"{name} is nan"):
        ServerSettings.from_environment(environment)
