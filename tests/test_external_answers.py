"""Recommendations and explanations from an external file equal those of an agent that reads it."""

from __future__ import annotations

import importlib.util
import json
import os
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from eventkit import _native, external_cache, functions
from eventkit.manifest import ModulePlaces
from fixtures.variants import AGENT
from outcomes import outcome

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
ROWS = [
    {"title": f"t{number}", "tags": ["AI", f"tag {number % 7}"], "popularity": number / 10}
    for number in range(60)
]
TEXT = json.dumps(ROWS)
NAME = "sessions_external.json"
PLACES = ("here", "script", "manifest")

CONTENTS = {
    "sessions": TEXT.encode(),
    "carriage returns": TEXT.replace(" {", "\r\n{").encode(),
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "bad UTF-8": b'[{"title": "\xff", "tags": []}]',
    "UTF-16": TEXT.encode("utf-16"),
    "deep nesting": b'[{"title": "t", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    "a nesting that json reads": b'[{"title": "t", "x": ' + b"[" * 300 + b"]" * 300 + b"}]",
    "a long int": b'[{"title": "t", "popularity": ' + b"9" * 4_301 + b"}]",
    "a raw control character": b'[{"title": "a\tb"}]',
    "a trailing comma": b'[{"title": "t"},]',
    "nothing": b"",
    "an empty list": b"[]",
    "a list without objects": b"[1, null, []]",
    "an object": b'{"sessions": []}',
    "a mixed list": b'[1, {"title": "t3", "tags": ["AI"]}, "x", {"title": "u"}]',
    "not-a-numbers": b'[{"title": "t3", "popularity": NaN}, {"title": "u", "popularity": 1}]',
    "infinities": b'[{"title": "t3", "popularity": -Infinity}, {"title": "", "popularity": 1e400}]',
    "zeros and big numbers": b'[{"title": "t3", "popularity": -0, "n": 123456789012345678901}]',
    "repeated keys": b'[{"title": "a", "title": "t3", "tags": ["x"], "tags": ["AI"]}]',
    "lone surrogates": b'[{"title": "t3", "tags": ["\\ud800", "AI"]}]',
    "no title": b'[{"tags": ["AI"]}]',
    "a title that is a list": b'[{"title": ["t3"], "tags": ["AI"]}]',
    "a tag that is a number": b'[{"title": "t3", "tags": [1]}]',
    "null popularity": b'[{"title": "t3", "popularity": null}]',
}
NAMES = (
    *(
        None,
        5,
        "",
        ".",
        "..",
        "/",
        "~/e.json",
        "a\0b",
        "x" * 5_000,
        ["e.json"],
        "e.json/",
        "e.json/.",
    ),
    *(
        "./e.json",
        "sub/../e.json",
        "sub//e.json",
        "straße.json",
        "\ud800.json",
        b"e.json",
        "link.json",
    ),
    *("dangling.json", "loop.json", "e.json/below", "sub"),
)
ENABLED = (True, False, None, 0, 1, "", "false", "0", [], [0])


class Scene:
    """An agent, its three places, and a manifest with sessions of its own."""

    def __init__(self, folder: Path) -> None:
        self.here, self.script, self.manifest_folder = (folder / name for name in PLACES)
        for each in (self.here, self.script, self.manifest_folder):
            (each / "sub").mkdir(parents=True)
        path = self.script / "agent.py"
        path.write_bytes((AGENT / "agent.py").read_bytes())
        spec = importlib.util.spec_from_file_location("agent_of_the_scene", path)
        self.agent = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.agent)
        self.agent.MANIFEST_PATH = self.manifest_folder / "agent.json"
        self.places = ModulePlaces(vars(self.agent))
        self.settings = {"enabled": True}
        self.manifest = {
            "weights": WEIGHTS,
            "features": {"externalSessions": self.settings},
            "sessions": [{**row, "title": row["title"] + " own"} for row in ROWS[::-1]],
        }

    def check(self) -> None:
        """Compare two calls of each function: the second one meets what the first one kept."""
        for _ in range(2):
            for top in (3, None):
                expected = outcome(partial(self.agent.recommend, self.manifest, ["ai"], top))
                assert outcome(partial(self.recommend, top)) == expected
            for title in ("t3", "t3 own", "nobody"):
                expected = outcome(partial(self.agent.explain, self.manifest, title, ["ai"]))
                assert outcome(partial(self.explain, title)) == expected

    def recommend(self, top=3):
        return functions.recommend_with(self.manifest, ["ai"], top, self.places)

    def explain(self, title):
        return functions.explain_with(self.manifest, title, ["ai"], self.places)

    def answers_natively(self) -> bool:
        """Say whether neither function declines."""
        answers = (
            functions.recommend_external(self.manifest, ["ai"], 3, self.places),
            functions.explain_external(self.manifest, "t3", ["ai"], self.places),
        )
        return all(answer is not NotImplemented for answer in answers)


@pytest.fixture(params=[False, True], ids=["young", "settled"])
def settled(request, monkeypatch):
    """Run with files that were written just now, and with the same files an hour later."""
    external_cache.clear()
    if request.param:
        monkeypatch.setattr(external_cache, "_clock", lambda: time.time_ns() + 3_600_000_000_000)
    yield request.param
    external_cache.clear()


@pytest.fixture
def scene(tmp_path, monkeypatch, settled):
    made = Scene(tmp_path)
    monkeypatch.chdir(made.here)
    return made


def test_an_absent_file_is_answered_natively(scene):
    scene.check()
    assert scene.answers_natively()


@pytest.mark.parametrize("place", ["here", "script", "manifest_folder"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=list(CONTENTS))
def test_every_content_in_every_place(scene, place, content):
    (getattr(scene, place) / NAME).write_bytes(content)
    scene.check()


@pytest.mark.parametrize("place", ["here", "script", "manifest_folder"])
def test_a_good_file_is_answered_natively(scene, place):
    (getattr(scene, place) / NAME).write_text(TEXT)
    assert scene.answers_natively()


def test_an_earlier_place_shadows_later_ones(scene):
    for place, content in (
        (scene.manifest_folder, TEXT),
        (scene.script, TEXT.replace("t3", "T3")),
        (scene.here, "junk"),
    ):
        (place / NAME).write_text(content)
        scene.check()
    (scene.here / NAME).unlink()
    (scene.here / NAME).mkdir()
    scene.check()


@pytest.mark.parametrize("name", NAMES, ids=[repr(name)[:20] for name in NAMES])
def test_every_form_of_name(scene, name):
    scene.settings["file"] = name
    scene.check()
    (scene.here / "e.json").write_text(TEXT)
    (scene.script / "straße.json").write_text(TEXT)
    (scene.here / "link.json").symlink_to("e.json")
    (scene.here / "dangling.json").symlink_to("nowhere.json")
    (scene.here / "loop.json").symlink_to("loop.json")
    scene.check()


def test_absolute_names(scene):
    scene.settings["file"] = str(scene.here / "e.json")
    scene.check()
    (scene.here / "e.json").write_text(TEXT)
    scene.check()


@pytest.mark.parametrize("enabled", ENABLED, ids=repr)
def test_every_form_of_enabled(scene, enabled):
    (scene.script / NAME).write_text(TEXT)
    scene.settings["enabled"] = enabled
    scene.check()
    del scene.settings["enabled"]
    scene.check()


@pytest.mark.parametrize("features", [None, [], {}, {"externalSessions": None}], ids=repr)
def test_odd_features(scene, features):
    scene.manifest["features"] = features
    scene.check()


def test_a_manifest_without_sessions_or_weights(scene):
    del scene.manifest["sessions"]
    scene.check()
    (scene.script / NAME).write_text(TEXT)
    scene.check()
    del scene.manifest["weights"]
    scene.check()


def test_files_that_come_and_go_and_a_directory_that_changes(scene, monkeypatch):
    for folder in (scene.script, scene.here):
        (folder / NAME).write_text(TEXT if folder is scene.here else "[]")
        scene.check()
    monkeypatch.chdir(scene.manifest_folder)
    scene.check()
    (scene.script / NAME).unlink()
    scene.check()
    monkeypatch.chdir(scene.here)
    scene.check()


def test_a_module_whose_places_change(scene, tmp_path):
    scene.check()
    scene.agent.MANIFEST_PATH = tmp_path / "other" / "agent.json"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / NAME).write_text(TEXT)
    scene.check()
    scene.agent.__file__ = "agent.py"
    (scene.here / NAME).write_text("[]")
    scene.check()


def test_a_rewrite_of_the_same_size_at_the_same_time_of_modification(scene):
    path = scene.script / NAME
    path.write_text(TEXT)
    scene.check()
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        path.write_text(TEXT.replace('"t', '"T'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    scene.check()


@pytest.mark.parametrize("settled", [False], indirect=True)
def test_rewrites_within_one_tick_of_the_file_system(scene):
    path = scene.script / NAME
    for number in range(200):
        path.write_text(f'[{{"title": "t{number % 10}", "tags": ["AI"]}}]')
        assert scene.recommend()["sessions"][0]["title"] == f"t{number % 10}"


def test_changes_of_an_answer_do_not_reach_later_answers(scene):
    (scene.script / NAME).write_text(TEXT)
    for _ in range(3):
        answer = scene.recommend()
        assert answer["scoring"][0]["title"] is answer["sessions"][0]["title"]
        answer["sessions"][0]["tags"].append("mine")
        answer["sessions"][0]["title"] = "mine"
        del answer["sessions"][1]["popularity"]
        scene.explain("t3")["matched_tags"].append("mine")
    scene.check()


def test_a_file_that_is_replaced_by_renaming(scene):
    for title in ("one", "two", "one"):
        new = scene.script / "new"
        new.write_text(TEXT.replace("t3", title))
        new.replace(scene.script / NAME)
        scene.check()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_or_a_device_never_blocks(scene):
    """The public functions use the manifest's own sessions; the others leave it to the agent."""
    own = scene.manifest["sessions"]
    os.mkfifo(scene.here / NAME)
    for name in (NAME, "/dev/null", "/dev/zero"):
        scene.settings["file"] = name
        answers = []
        thread = threading.Thread(target=lambda to: to.append(scene.recommend()), args=[answers])
        thread.daemon = True
        thread.start()
        thread.join(60)
        assert answers, f"reading {name} blocks"
        assert all(any(chosen is each for each in own) for chosen in answers[0]["sessions"])
        assert not scene.answers_natively()


def test_odd_arguments_are_declined():
    manifest = {"features": {"externalSessions": {"enabled": True}}}
    place = _native.external_place
    assert place(manifest, ("/nowhere",)) == ""
    assert place({}, ()) is None
    for directories in ((5,), (b"/nowhere",), ("a\0b",)):
        assert place(manifest, directories) is NotImplemented
    with pytest.raises(TypeError):
        place(manifest, ["/nowhere"])
