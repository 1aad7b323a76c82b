"""What a fingerprint leaves out, or takes for granted, does not make a function known by itself."""

from __future__ import annotations

import collections
import datetime
import io
import json
import logging
import marshal
import os
import types
from pathlib import Path

import pytest

import eventkit
from eventkit import functions, reference
from eventkit.accelerate import compare
from fixtures.loaded import loaded
from fixtures.variants import AGENT, copied

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
SESSIONS = [{"title": "A", "tags": ["AI"], "popularity": 0.5}, {"title": "B", "tags": ["x"]}]
MANIFEST = {"weights": WEIGHTS, "sessions": SESSIONS}
EXTERNAL = {"features": {"externalSessions": {"enabled": True, "file": "present.json"}}}
EVENT = {
    "id": "e1",
    "start": {"dateTime": "2026-01-31T09:00:00"},
    "end": {"dateTime": "2026-01-31T10:00:00"},
}
WEIGHTS_LINE = '    w = manifest["weights"]\n    scored'
END = '    return {"sessions": chosen, "scoring"'
TRANSFORM = "graph_service.GraphEventService._transform_events"


pytestmark = [
    pytest.mark.usefixtures("known_agent"),
    pytest.mark.filterwarnings("ignore::eventkit.accelerate.AccelerationWarning"),
]


@pytest.fixture
def at_place(agent, tmp_path):
    """The agent, with an external file beside its manifest."""
    (tmp_path / "present.json").write_text('[{"title": "present", "tags": ["AI"]}]')
    agent.agent.MANIFEST_PATH = tmp_path / "agent.json"
    return agent


class Calendar:
    """A service that has events, and does something else when it is asked for them."""

    def __init__(self, events, other=lambda: None):
        self.events, self.other = events, other

    def get_events(self, top):
        self.other()
        return self.events[:top]


def with_logger(folder, old, new):
    """Copy the agent, with a logger and one change of `recommend`."""
    target = copied(folder)
    file = target / "agent.py"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    logger = 'import logging\n\nlogger = logging.getLogger("fork")\n\n\ndef score_session'
    text = text.replace("def score_session", logger, 1).replace(old, new)
    file.write_text(text, encoding="utf-8")
    return target


# -- log lines -----------------------------------------------------------------------------------

FAILING_LINES = {
    "an unknown option": 'logger.error("x", foo=1)',
    "no message": "logger.error()",
    "members of the manifest as options": 'logger.error("x", **manifest)',
    "a level that is a text": 'logger.log("INFO", "x")',
    "members for the record": 'logger.error("x", extra=manifest)',
    "members that are no table": 'logger.error("x", extra=5)',
    "a depth that is a text": 'logger.error("x", stacklevel="y")',
    "a message that is no text": "logger.error(manifest)",
    "a name of another scope": 'logger.error("x", session)',
    "a name that comes later": 'logger.error("x", best)',
}


@pytest.mark.parametrize("line", FAILING_LINES.values(), ids=FAILING_LINES)
def test_a_log_line_that_can_fail_is_not_left_out(tmp_path, line):
    changed = WEIGHTS_LINE.replace("\n    scored", f"\n    {line}\n    scored")
    with loaded(with_logger(tmp_path, WEIGHTS_LINE, changed)) as modules:
        wanted = compare.attempt(modules.agent.recommend, (MANIFEST, ["ai"], 2))
        with eventkit.accelerate(modules.agent) as handle:
            assert "agent.recommend" in handle.refused
            got = compare.attempt(modules.agent.recommend, (MANIFEST, ["ai"], 2))
    assert compare.same(got, wanted)


def test_a_loop_without_a_turn_leaves_its_variable_undefined(tmp_path):
    """The name exists in the loop's body, and nowhere for sure after it."""
    log = '        logger.debug("last", row)\n'
    with loaded(with_logger(tmp_path, END, f"    else:\n{log}{END}")) as modules:
        wanted = compare.attempt(modules.agent.recommend, (MANIFEST, ["ai"], 0))
        assert wanted[0] == "error"
        with eventkit.accelerate(modules.agent) as handle:
            assert "agent.recommend" in handle.refused
            assert compare.attempt(modules.agent.recommend, (MANIFEST, ["ai"], 0)) == wanted


HARMLESS_LINES = {
    "an argument": 'logger.debug("top %s", top_n)',
    "a name that was bound before": 'logger.debug("weights %s", w)',
    "a trace": 'logger.info("here", exc_info=True)',
}


@pytest.mark.parametrize("line", HARMLESS_LINES.values(), ids=HARMLESS_LINES)
def test_a_log_line_that_only_logs_is_left_out(tmp_path, line):
    changed = WEIGHTS_LINE.replace("\n    scored", f"\n    {line}\n    scored")
    with loaded(with_logger(tmp_path, WEIGHTS_LINE, changed)) as modules:
        wanted = modules.agent.recommend(MANIFEST, ["ai"], 2)
        with eventkit.accelerate(modules.agent) as handle:
            assert compare.same(modules.agent.recommend(MANIFEST, ["ai"], 2), wanted)
            assert handle.calls["agent.recommend"] == (1, 0)


def test_a_logger_with_methods_of_its_own_is_not_plain(tmp_path):
    changed = WEIGHTS_LINE.replace("\n    scored", '\n    logger.info("x")\n    scored')
    with loaded(with_logger(tmp_path, WEIGHTS_LINE, changed)) as modules:
        modules.agent.logger = logging.Logger("own")
        modules.agent.logger.info = lambda *_: 1 / 0
        handle = eventkit.accelerate(modules.agent)
        assert "agent.recommend" in handle.refused
        handle.restore()


def fail(*_arguments, **_options):
    """Stand in for a method that counts on being called."""
    raise RuntimeError("audited")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("owner", ["the class", "the logger", "the module"])
def test_a_replaced_method_of_a_logger_is_called(agent, monkeypatch, owner, moment):
    core = agent.core

    def replace():
        if owner == "the module":
            monkeypatch.setattr(core, "logger", types.SimpleNamespace(info=fail, exception=fail))
        else:
            monkeypatch.setattr(
                logging.Logger if owner == "the class" else core.logger, "info", fail
            )

    if moment == "before":
        replace()
    with eventkit.accelerate(agent.agent):
        if moment == "after":
            replace()
        with pytest.raises(RuntimeError, match="audited"):
            core.recommend_from_graph(Calendar([{"title": "A"}]), ["ai"], 3)


# -- the standard library ------------------------------------------------------------------------


def foreign_parser():
    """A function of C code that is not json's, as a faster parser would be."""
    from eventkit import _native

    return _native.load_json


def test_a_parser_from_elsewhere_is_not_the_standard_librarys(agent, monkeypatch):
    monkeypatch.setattr(json, "loads", foreign_parser())
    handle = eventkit.accelerate(agent.agent)
    assert "somebody has replaced json.loads" in handle.refused["agent.recommend"]
    handle.restore()


def test_a_clock_that_somebody_made_is_not_the_standard_librarys(agent, monkeypatch):
    """A test's `datetime` that stands in the module and in the library alike."""
    made = type("datetime", (datetime.datetime,), {"__module__": "datetime"})
    monkeypatch.setattr(datetime, "datetime", made)
    agent.graph_service.datetime = made
    handle = eventkit.accelerate(agent.agent)
    assert TRANSFORM in handle.refused
    handle.restore()


OTHER_PARTS = {
    "a look-up of folders for one of files": (Path, "exists", Path.is_dir, "agent.recommend"),
    "another parser": (json, "loads", marshal.loads, "agent.recommend"),
    "an ordered dictionary": (
        collections, "defaultdict", collections.OrderedDict, "agent.recommend",
    ),
    "a date for a time": (datetime, "datetime", datetime.date, TRANSFORM),
}  # fmt: skip


@pytest.mark.parametrize("part", OTHER_PARTS.values(), ids=OTHER_PARTS)
def test_a_part_of_the_library_under_the_name_of_another_is_not_known(agent, monkeypatch, part):
    owner, name, value, label = part
    monkeypatch.setattr(owner, name, value)
    for module in (agent.agent, agent.graph_service):
        if hasattr(module, name):  # as after `from collections import defaultdict`
            monkeypatch.setattr(module, name, value)
    with eventkit.accelerate(agent.agent) as handle:
        assert label in handle.refused


def test_a_look_up_of_files_that_somebody_replaced_is_used(at_place, monkeypatch):
    """From Python 3.14 on, pathlib asks os.path."""
    manifest = MANIFEST | EXTERNAL
    with eventkit.accelerate(at_place.agent) as handle:
        monkeypatch.setattr(os.path, "exists", lambda path: False)
        at_place.agent.recommend(manifest, ["ai"], 2)
        assert handle.calls["agent.recommend"] == (0, 1)


def test_code_from_installed_packages_is_not_the_standard_librarys(agent, monkeypatch):
    """Packages lie below the folder of the standard library."""
    file = Path(json.__file__).parent.parent / "site-packages" / "fast.py"
    space = {}
    exec(compile("def loads(text, **options): return []", file, "exec"), space)
    monkeypatch.setattr(json, "loads", space["loads"])
    handle = eventkit.accelerate(agent.agent)
    assert "agent.recommend" in handle.refused
    handle.restore()


def test_a_namespace_with_look_ups_of_its_own_is_not_known():
    class Space(dict):
        pass

    file = AGENT / "agent.py"
    space = Space(__name__="elsewhere", __file__=str(file))
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), space)
    handle = eventkit.accelerate(space)
    assert not handle.replaced
    assert "namespace of its own" in handle.refused["elsewhere.score_session"]


# -- external files ------------------------------------------------------------------------------


def test_an_opener_that_somebody_replaced_is_used(at_place, monkeypatch):
    plain, real = at_place.agent.recommend, io.open
    manifest = MANIFEST | EXTERNAL
    with eventkit.accelerate(at_place.agent) as handle:
        assert plain(manifest, ["ai"], 2)["sessions"][0]["title"] == "present"
        assert handle.calls["agent.recommend"] == (1, 0)
        other = '[{"title": "other"}]'

        def open_other(path, *arguments, **options):
            if str(path).endswith("present.json"):
                return io.StringIO(other)
            return real(path, *arguments, **options)

        monkeypatch.setattr(io, "open", open_other)
        answer = plain(manifest, ["ai"], 2)
        assert handle.calls["agent.recommend"] == (1, 1)
        handle.restore()
        assert plain(manifest, ["ai"], 2) == answer


def test_a_path_with_a_parent_of_its_own_goes_the_agents_way(at_place):
    place = at_place.agent.MANIFEST_PATH
    kind = type("Odd", (type(place),), {"parent": Path("/nowhere")})
    manifest = MANIFEST | EXTERNAL
    with eventkit.accelerate(at_place.agent) as handle:
        at_place.agent.MANIFEST_PATH = kind(place)
        assert at_place.agent.recommend(manifest, ["ai"], 2)["sessions"] == SESSIONS
        assert handle.calls["agent.recommend"] == (0, 1)


# -- calendars -----------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [{}, {"id": None}, {"id": ""}, {"id": 7}], ids=str)
def test_an_event_without_an_id_is_answered(agent, id):
    service = agent.graph_service.GraphEventService(None)
    event = {name: value for name, value in EVENT.items() if name != "id"} | id
    plain = service._transform_events([event])
    with eventkit.accelerate(agent.agent) as handle:
        assert service._transform_events([event]) == plain
        assert handle.calls[TRANSFORM] == (1, 0)
    assert plain[0]["id"] == id.get("id", "")
    assert functions.transform_events([event]) == reference.transform_events([event]) == plain


def test_weights_that_change_while_the_calendar_is_asked(agent):
    weights = dict(WEIGHTS)
    calendar = Calendar([{"title": "A"}], lambda: weights.pop("diversity", None))
    with eventkit.accelerate(agent.agent), pytest.raises(KeyError, match="diversity"):
        agent.core.recommend_from_graph(calendar, ["ai"], 3, weights)


def test_a_method_that_an_instance_hides_goes_the_agents_way(agent):
    service = agent.graph_service.GraphEventService(None)
    service._popularity = None  # which cannot be called: no event can be read
    with eventkit.accelerate(agent.agent) as handle:
        assert service._transform_events([EVENT]) == []
        assert handle.calls[TRANSFORM] == (0, 1)


def test_a_function_that_is_nested_too_deeply_is_not_known(tmp_path):
    target = copied(tmp_path)
    file = target / "agent.py"
    text = file.read_text(encoding="utf-8")
    head = "def _count_conflicts(sessions):\n"
    sums = " + ".join(["len(sessions)"] * 900)
    file.write_text(text.replace(head, f"{head}    {sums}\n"), encoding="utf-8")
    with loaded(target) as modules, eventkit.accelerate(modules.agent) as handle:
        assert "nested too deeply" in handle.refused["agent._count_conflicts"]
        assert "agent.explain" in handle.replaced


def test_a_function_is_known_after_many_calls(agent):
    """The interpreter rewrites the code of a busy function; it stays equal to its source."""
    for _ in range(2_000):
        agent.agent.recommend(MANIFEST, ["ai"], 2)
    with eventkit.accelerate(agent.agent) as handle:
        assert not handle.refused
        assert isinstance(agent.agent.recommend, types.FunctionType)
