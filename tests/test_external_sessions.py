"""Manifests and external session files: parsed once while unchanged, and never a stale answer."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from conftest import faults_scale
from eventkit import external_cache, manifest, reference
from eventkit.errors import EventKitError, ManifestError

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
TICK = 50_000_000  # nanoseconds; several times the 4-10 ms in which a local file system counts


def asking_for(file, **more):
    """A manifest with one session of its own, titled "own", that asks for an external file."""
    own = [{"title": "own", "tags": ["ai"], "popularity": 0.5}]
    settings = {"externalSessions": {"enabled": True, "file": os.fspath(file)}}
    return {"weights": WEIGHTS, "sessions": own, "features": settings, **more}


def session_rows(title, count=3):
    return [{"title": title, "tags": ["AI"], "popularity": number} for number in range(count)]


def titles(sessions):
    return [session["title"] for session in sessions]


@pytest.fixture(autouse=True)
def forget():
    external_cache.clear()
    yield
    external_cache.clear()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "sessions.json"
    path.write_text(json.dumps(session_rows("old")))
    return path


@pytest.fixture
def parses(monkeypatch):
    """The parses so far, one element each."""
    parse, seen = external_cache._parse, []

    def spy(data):
        seen.append(len(data))
        return parse(data)

    monkeypatch.setattr(external_cache, "_parse", spy)
    return seen


@pytest.fixture
def later(monkeypatch):
    """Let an hour have passed since any file was written."""
    monkeypatch.setattr(external_cache, "_clock", lambda: time.time_ns() + 3_600_000_000_000)


def rewrite(path, text):
    """Rewrite a file in place until its time of change has moved: a tick of the file system."""
    before = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == before:
        path.write_text(text)


@pytest.mark.usefixtures("later")
def test_an_unchanged_file_is_parsed_once_and_copied_for_each_caller(file, parses):
    asked = asking_for(file)
    first, second = manifest.get_sessions(asked), manifest.get_sessions(asked)
    assert len(parses) == 1
    assert first == second == session_rows("old")
    first[0]["tags"].append("mine")
    first.clear()
    assert manifest.get_sessions(asked) == session_rows("old")
    assert len(parses) == 1


def test_a_young_file_is_parsed_at_every_call(file, parses):
    for _ in range(3):
        manifest.get_sessions(asking_for(file))
    assert len(parses) == 3


@pytest.mark.usefixtures("later")
def test_same_size_and_same_time_of_modification_are_seen(file):
    asked, before = asking_for(file), file.stat()
    assert titles(manifest.get_sessions(asked)) == ["old"] * 3
    rewrite(file, json.dumps(session_rows("new")))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert titles(manifest.get_sessions(asked)) == ["new"] * 3


@pytest.mark.usefixtures("later")
def test_a_removed_file_leaves_the_manifests_own(file):
    asked = asking_for(file)
    assert titles(manifest.get_sessions(asked)) == ["old"] * 3
    file.unlink()
    assert manifest.get_sessions(asked) is asked["sessions"]


@pytest.mark.usefixtures("later")
def test_the_number_of_kept_parses_is_bounded(tmp_path):
    for number in range(30):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(session_rows("kept")))
        manifest.get_sessions(asking_for(path))
    assert len(external_cache._files) == external_cache.MOST_FILES


@pytest.mark.usefixtures("later")
def test_the_private_list_is_shared_and_what_is_returned_is_not(file):
    asked = asking_for(file)
    private, copy = manifest.shared_sessions(asked, ())
    assert manifest.shared_sessions(asked, ())[0] is private
    result = manifest.detached(reference.rank_sessions(private, WEIGHTS, ["ai"], 2), copy)
    assert result == reference.rank_sessions(session_rows("old"), WEIGHTS, ["ai"], 2)
    for session, row in zip(result["sessions"], result["scoring"], strict=True):
        assert row["title"] is session["title"]
        session["tags"].append("mine")
    assert private == session_rows("old")


@pytest.mark.usefixtures("later")
def test_a_title_that_is_a_list_is_detached_too(file):
    rewrite(file, '[{"title": ["a", "list"]}]')
    private, copy = manifest.shared_sessions(asking_for(file), ())
    result = manifest.detached(reference.rank_sessions(private, WEIGHTS, [], 1), copy)
    result["scoring"][0]["title"].append("mine")
    assert result["sessions"][0]["title"] == ["a", "list", "mine"]
    assert private == [{"title": ["a", "list"]}]


def test_a_young_file_is_nobody_elses(file):
    sessions, copy = manifest.shared_sessions(asking_for(file), ())
    assert copy is None
    assert sessions == session_rows("old")
    own = asking_for("nowhere.json")
    assert manifest.shared_sessions(own, ()) == (own["sessions"], None)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("depth", [500, 2_500, 100_000])
def test_deep_nesting_is_read_as_json_reads_it(file, depth):
    text = '[{"title": "deep", "blob": ' + "[" * depth + "]" * depth + "}]"
    rewrite(file, text)
    try:
        json.loads(text)
        wanted = ["deep"]
    except RecursionError:
        wanted = ["own"]
    for _ in range(2):
        assert titles(manifest.get_sessions(asking_for(file))) == wanted


def test_where_a_file_is_looked_for(tmp_path, monkeypatch):
    """As written, beside the script, beside the default manifest; junk shadows what comes later."""
    here, script = tmp_path / "here", tmp_path / "script"
    here.mkdir()
    script.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "argv", [os.fspath(script / "main.py")])
    asked = asking_for("e.json")
    assert titles(manifest.get_sessions(asked)) == ["own"]
    (script / "e.json").write_text(json.dumps(session_rows("script", 1)))
    assert titles(manifest.get_sessions(asked)) == ["script"]
    (here / "e.json").write_text(json.dumps(session_rows("here", 1)))
    assert titles(manifest.get_sessions(asked)) == ["here"]
    (here / "e.json").write_text("junk")
    assert titles(manifest.get_sessions(asked)) == ["own"]


def test_directories_are_asked_for_only_when_they_are_needed(file, tmp_path):
    def unasked():
        raise AssertionError("asked for directories")
        yield

    assert titles(manifest.find_sessions(asking_for(file), unasked())) == ["old"] * 3
    found = manifest.find_sessions(asking_for(file.name), [tmp_path / "none", tmp_path])
    assert titles(found) == ["old"] * 3


class Generations:
    """A file that is rewritten all the time, its sessions titled with a running number."""

    def __init__(self, path, put):
        self.path = path
        self.put = put
        self.finished = 0
        self.stop = threading.Event()
        self.put(path, self.text(0))

    @staticmethod
    def text(number):
        return json.dumps(session_rows(f"g{number:09}", 40))

    def run(self):
        number = 0
        while not self.stop.is_set():
            number += 1
            self.put(self.path, self.text(number))
            self.finished = number
            # Long enough, now and then, that the file settles and its parse is kept.
            self.stop.wait(0.12 if number % 10 == 0 else 0)

    def read(self, reads, own_allowed, problems):
        asked = asking_for(self.path)
        try:
            for _ in range(reads):
                floor = self.finished
                seen = set(titles(manifest.get_sessions(asked)))
                if own_allowed and seen == {"own"}:
                    continue
                assert len(seen) == 1, seen
                title = seen.pop()
                assert title[0] == "g", title
                assert int(title[1:]) >= floor, (title, floor)
        except BaseException as problem:
            problems.append(problem)


def replace_by_rename(path, text):
    new = path.with_name("new.json")
    new.write_text(text)
    new.replace(path)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("put", "own_allowed"),
    [(replace_by_rename, False), (Path.write_text, True)],
    ids=["rename", "in-place"],
)
def test_readers_never_see_a_mixture_or_a_stale_file(
    tmp_path, monkeypatch, parses, put, own_allowed
):
    """FAULTS 7.3: eight readers, and a writer that replaces the file under them.

    Every answer is wholly of one generation, and of none that was over before the read began. In
    place, a reader may meet half a file, and then gets the manifest's own sessions as the original
    does. The time after which a parse is kept is lowered, as far as the file system's tick allows,
    so that the readers meet kept parses too.
    """
    monkeypatch.setattr(external_cache, "SETTLED", TICK)
    generations = Generations(tmp_path / "e.json", put)
    reads, problems = faults_scale(2_000, 12_500), []
    writer = threading.Thread(target=generations.run)
    arguments = (reads, own_allowed, problems)
    readers = [threading.Thread(target=generations.read, args=arguments) for _ in range(8)]
    for thread in (writer, *readers):
        thread.start()
    for thread in readers:
        thread.join()
    generations.stop.set()
    writer.join()
    assert not problems
    assert 0 < len(parses) < 8 * reads, "the kept parses were never met"
    assert titles(manifest.get_sessions(asking_for(generations.path)))[0] == (
        f"g{generations.finished:09}"
    )


def test_load_manifest_takes_a_str_a_path_or_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert manifest.load_manifest() == manifest.load_manifest(manifest.SAMPLE_MANIFEST_PATH)
    Path("agent.json").write_text('{"weights": {}, "here": true}')
    assert manifest.load_manifest()["here"]
    assert manifest.load_manifest("agent.json") == manifest.load_manifest(Path("agent.json"))
    with pytest.raises(FileNotFoundError):
        manifest.load_manifest("none.json")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'{\n  "weights": {},\n  "x": oops\n}', (3, 8)),
        (b'{\n  "name": "\xc3\xa9", "bad": "\xff"\n}', (2, 24)),
        (b"\xef\xbb\xbf{}", (1, 1)),
        (b"", (1, 1)),
        (b"[1, 2]", (1, 1)),
        (b"[" * 100_000, (1, 1)),
    ],
    ids=["json", "utf-8", "bom", "empty", "list", "deep"],
)
def test_a_broken_manifest_is_named_with_line_and_column(tmp_path, content, place):
    path = tmp_path / "agent.json"
    path.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        manifest.load_manifest(path)
    assert isinstance(caught.value, EventKitError)
    assert isinstance(caught.value, ValueError)
    assert (caught.value.line, caught.value.column) == place
    assert str(caught.value).startswith(f"{path}:{place[0]}:{place[1]}: ")
