"""Agents as forks edit them, and as tests and plug-ins change them, are never answered wrongly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from unittest import mock

import pytest

from mutants import harness
from mutants.edits import EDITS, Edit
from mutants.harness import (
    SOURCES,
    affected_by,
    answers,
    differs,
    imported,
    judge,
    write_agent,
)
from mutants.interventions import INTERVENTIONS, PATCHES, no_source, stale_source
from mutants.queries import LABELS

COMMANDS = (
    ["recommend", "--interests", "ai, rust, ml, web", "--top", "4"],
    ["explain", "--session", "talk 3", "--interests", "ai, web"],
    ["export", "--interests", "ai, data"],
)
BY_COMMAND = EDITS[::16]

pytestmark = pytest.mark.usefixtures("known_agent")


def edited(edit: Edit) -> dict[str, str]:
    """Return the changed source of the one module that an edit changes."""
    return {edit.module: edit.apply(SOURCES[edit.module])}


def test_there_are_many_edits():
    assert len(EDITS) >= 200
    assert len({edit.name for edit in EDITS}) == len(EDITS)


@pytest.mark.once
@pytest.mark.parametrize("edit", EDITS, ids=[edit.name for edit in EDITS])
def test_an_edited_agent_is_answered_as_it_is(edit, tmp_path):
    changed = edited(edit)
    write_agent(tmp_path, **changed)
    affected = affected_by(changed)
    verdict = judge(tmp_path, affected)
    assert not verdict.wrong, verdict.wrong[0][:800]
    assert not verdict.called
    assert not verdict.written
    asked = [label for label in LABELS if affected is None or label in affected]
    assert edit.trace or differs(tmp_path, asked), "no query shows what the edit changes"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("change", INTERVENTIONS, ids=lambda change: change.__name__)
@pytest.mark.slow
def test_a_changed_module_is_answered_as_it_is(change, moment, tmp_path):
    write_agent(tmp_path)
    verdict = judge(tmp_path, **{moment: change})
    assert not verdict.wrong, verdict.wrong[0][:800]
    assert not verdict.called
    if moment == "after":
        assert verdict.replaced
    with imported(tmp_path) as modules:
        change(modules)
        assert any(answers(modules, label) != harness.original(label) for label in LABELS)


@pytest.mark.parametrize(
    ("name", "owner", "attribute", "value"), PATCHES, ids=lambda part: str(part)[:20]
)
def test_a_patched_library_is_met_by_the_agent(name, owner, attribute, value, tmp_path):
    """What `mock.patch` does to a builtin or a module changes the answers as in the plain agent."""
    del name
    write_agent(tmp_path)
    labels = ("agent.recommend", "agent.explain")
    with imported(tmp_path) as modules:
        functions = {label: harness.function_of(modules, label) for label in labels}
        arguments = {
            "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
            "sessions": [{"title": f"t{n}", "tags": ["AI"], "popularity": n} for n in range(40)],
            "features": {"externalSessions": {"enabled": True, "file": "present.json"}},
        }

        def ask():
            return [
                functions["agent.recommend"](arguments, ["ai"], 3),
                functions["agent.explain"](arguments, "t3", ["ai"]),
            ]

        plain = ask()
        with mock.patch.object(owner, attribute, value):
            patched = ask()
        handle = harness.accelerate(modules)
        try:
            assert repr(ask()) == repr(plain)
            with mock.patch.object(owner, attribute, value):
                assert repr(ask()) == repr(patched)
            assert repr(ask()) == repr(plain)
        finally:
            handle.restore()
    assert repr(patched) != repr(plain)


@pytest.mark.parametrize("change", [stale_source, no_source], ids=lambda change: change.__name__)
@pytest.mark.slow
def test_loaded_code_counts_and_not_the_file(change, tmp_path):
    """A file that was changed or removed after the import proves nothing about what is loaded."""
    text = SOURCES["agent"].replace("* 0.01 *", "* 0.01 * 2 *")
    for name, source in (("original", SOURCES["agent"]), ("edited", text)):
        write_agent(tmp_path / name, agent=source)
        with imported(tmp_path / name) as modules:
            expected = {label: answers(modules, label) for label in LABELS}
            change(modules)
            handle = harness.accelerate(modules)
            try:
                assert {label: answers(modules, label) for label in LABELS} == expected
            finally:
                handle.restore()


def test_an_edited_agent_whose_file_is_put_back_is_refused(tmp_path):
    write_agent(tmp_path, agent=SOURCES["agent"].replace("* 0.01 *", "* 0.02 *"))
    path = tmp_path / "agent.py"
    status = path.stat()
    with imported(tmp_path) as modules:
        expected = answers(modules, "agent.recommend")
        path.write_text(SOURCES["agent"], encoding="utf-8")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        handle = harness.accelerate(modules)
        try:
            assert "agent.recommend" not in handle.replaced
            assert answers(modules, "agent.recommend") == expected
        finally:
            handle.restore()


def test_a_module_made_from_a_text_is_answered_as_it_is():
    """Its functions name no file, or one that holds something else."""
    for name in ("<string>", os.fspath(harness.AGENT / "agent.py")):
        module = types.ModuleType("agent")
        module.__file__ = os.fspath(harness.AGENT / "agent.py")
        text = SOURCES["agent"].replace("* 0.01 *", "* 0.02 *")
        exec(compile(text, name, "exec", dont_inherit=True), vars(module))
        session = {"title": "t", "tags": ["AI"], "popularity": 0.5}
        weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
        expected = module.score_session(session, ["ai"], weights)
        with mock.patch.dict(sys.modules, agent=module):
            handle = harness.accelerate({"agent": module})
            try:
                assert module.score_session(session, ["ai"], weights) == expected
            finally:
                handle.restore()


@pytest.mark.parametrize("edit", BY_COMMAND, ids=[edit.name for edit in BY_COMMAND])
@pytest.mark.slow
def test_the_command_answers_as_the_edited_agent_does(edit, tmp_path):
    write_agent(tmp_path, **edited(edit))
    manifest = json.loads((tmp_path / "agent.json").read_text(encoding="utf-8"))
    manifest["sessions"] = harness.manifest(harness.random.Random(3), plain=True)["sessions"] or [
        {"title": f"Talk {number}", "tags": ["AI"], "popularity": number} for number in range(40)
    ]
    (tmp_path / "agent.json").write_text(json.dumps(manifest), encoding="utf-8")
    for arguments in COMMANDS:
        script = [sys.executable, "agent.py", *arguments]
        accelerated = [sys.executable, "-m", "eventkit", "accelerate", "--", *script]
        plain, fast = (
            subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
            for command in (script, accelerated)
        )
        assert (fast.returncode, fast.stdout) == (plain.returncode, plain.stdout)
