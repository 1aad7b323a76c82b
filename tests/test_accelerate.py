"""`eventkit.accelerate` within a process: what it replaces, refuses, notices and gives back."""

from __future__ import annotations

import ast
import inspect
import json
import logging
import pickle
import sys
import threading
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import eventkit
from eventkit.accelerate import AccelerationWarning, compare, trampoline
from eventkit.accelerate.fingerprint import fingerprint
from fixtures.loaded import loaded
from fixtures.variants import AGENT, VARIANTS, copied
from parity.case import load_cases
from parity.runner import run

REPLACED = {
    "agent.recommend",
    "agent.explain",
    "core.recommend_from_graph",
    "graph_service.GraphEventService._transform_events",
}
INTERESTS = ["ai", "data"]

pytestmark = pytest.mark.usefixtures("known_agent")


@pytest.fixture
def manifest():
    return json.loads((AGENT / "agent.json").read_text(encoding="utf-8"))


def members(modules):
    """Everything that the modules hold, and the code of their functions."""
    found = {}
    for module in modules:
        for name, value in vars(module).items():
            inside = vars(value).values() if isinstance(value, type) else ()
            codes = [each.__code__ for each in (value, *inside) if inspect.isfunction(each)]
            found[module.__name__, name] = (value, codes)
    return found


# -- what is replaced ----------------------------------------------------------------------------


def test_what_eventkit_answers_faster_is_replaced(agent, manifest):
    plain = agent.core.recommend(manifest, INTERESTS, 3)
    with eventkit.accelerate() as handle:
        assert set(handle.replaced) == REPLACED
        assert not handle.refused
        assert compare.same(agent.core.recommend(manifest, INTERESTS, 3), plain)
        assert handle.calls["agent.recommend"] == (1, 0)
        assert "4 replaced, 0 refused, 1 calls native, 0 fallen back" in repr(handle)


@pytest.mark.parametrize("way", ["module", "name", "namespace", "core"])
def test_ways_to_name_the_agent(agent, way):
    ways = {"module": agent.agent, "name": "agent", "namespace": vars(agent.agent)}
    with eventkit.accelerate(ways.get(way, agent.core)) as handle:
        assert set(handle.replaced) >= REPLACED


def test_a_namespace_that_is_no_module(manifest):
    source = (AGENT / "agent.py").read_text(encoding="utf-8")
    space = {"__name__": "elsewhere", "__file__": str(AGENT / "agent.py")}
    exec(compile(source, str(AGENT / "agent.py"), "exec"), space)
    with eventkit.accelerate(space) as handle:
        assert space["recommend"](manifest, INTERESTS, 1)["sessions"]
        assert handle.calls["elsewhere.recommend"] == (1, 0)


def test_what_is_no_agent():
    with pytest.raises(ModuleNotFoundError):
        eventkit.accelerate()
    with pytest.raises(TypeError, match="not int"):
        eventkit.accelerate(5)
    with pytest.raises(ValueError, match="from 0 to 1"):
        eventkit.accelerate(shadow=2)
    assert eventkit.accelerate({"recommend": len}).replaced == ()


def test_functions_stay_what_they_were_to_everybody_who_holds_them(agent):
    before = {name: value for name, value in vars(agent.agent).items() if callable(value)}
    signature, source = (
        inspect.signature(before["recommend"]),
        inspect.getsource(before["recommend"]),
    )
    with eventkit.accelerate(agent.agent):
        after = vars(agent.agent)
        assert all(after[name] is value for name, value in before.items())
        assert agent.core._recommend_impl is after["recommend"]
        assert pickle.loads(pickle.dumps(after["recommend"])) is after["recommend"]
        assert inspect.signature(after["recommend"]) == signature
        assert inspect.getsource(after["recommend"]) == source


def test_calls_by_keyword_and_errors_are_the_agents(agent, manifest):
    two_factors = manifest | {"weights": {"interest": 1, "popularity": 1}}

    def errors():
        calls = [
            lambda: agent.agent.recommend(manifest),
            lambda: agent.agent.recommend(manifest, INTERESTS, top=3),
            lambda: agent.agent.recommend(1, 2, 3),
            lambda: agent.agent.recommend({"weights": {}, "sessions": [{}]}, [], 1),
            lambda: agent.agent.recommend(two_factors, [], 1),
            lambda: agent.core.recommend_from_graph(None, [], 1),
            lambda: agent.agent._build_adaptive_card([{}]),
        ]
        return [compare.attempt(call, ()) for call in calls]

    plain, answer = errors(), agent.agent.recommend(top_n=2, interests=INTERESTS, manifest=manifest)
    with eventkit.accelerate(agent.agent):
        assert errors() == plain
        assert all(verdict == "error" for verdict, _ in plain)
        again = agent.agent.recommend(top_n=2, interests=INTERESTS, manifest=manifest)
        assert compare.same(again, answer)


def test_no_recorded_case_changes(agent):
    """Every third of the 1,542 recorded calls, plain and accelerated: outcomes and texts."""
    cases = load_cases()[::3]
    plain = [run(case, agent) for case in cases]
    with eventkit.accelerate(agent.agent) as handle:
        for case, outcome in zip(cases, plain, strict=True):
            assert run(case, agent) == outcome, case
        assert set(handle.replaced) == REPLACED
    assert handle.native > 300


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
@pytest.mark.slow
def test_a_changed_function_is_refused_and_answers_as_before(variant, tmp_path, manifest):
    folder = copied(tmp_path, variant)
    extras = {"sponsor_tier": 3, "rating": 2}
    manifest["sessions"] += [{**session, **extras} for session in manifest["sessions"]]
    manifest["weights"]["recency_weight"] = 2.0

    def answers(modules):
        return (
            modules.agent.recommend(manifest, INTERESTS, 4),
            [modules.agent.explain(manifest, title, INTERESTS) for title in ("opening", "din")],
            modules.agent._build_itinerary_markdown(INTERESTS, manifest),
            modules.agent._build_adaptive_card(manifest["sessions"]),
            modules.agent._normalize_interests("a;B,b"),
        )

    with loaded(folder) as modules:
        plain = answers(modules)
        with pytest.warns(AccelerationWarning) as warned:
            handle = eventkit.accelerate(modules.agent)
        assert handle.refused.keys() == variant.refused
        assert set(handle.replaced) == REPLACED - variant.refused
        assert len(warned) == 1
        assert all(label in str(warned[0].message) for label in variant.refused)
        assert compare.same(answers(modules), plain)
        handle.restore()


def test_strict_raises_and_replaces_nothing(tmp_path):
    with loaded(copied(tmp_path, VARIANTS[0])) as modules:
        before = members(modules)
        with pytest.raises(eventkit.AccelerationError, match=r"agent.score_session: agent.py:\d+"):
            eventkit.accelerate(modules.agent, strict=True)
        assert members(modules) == before


def test_a_refusal_is_told_once(tmp_path):
    with loaded(copied(tmp_path, VARIANTS[0])) as modules:
        with pytest.warns(AccelerationWarning):
            eventkit.accelerate(modules.agent)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            handle = eventkit.accelerate(modules.agent)
        assert handle.refused.keys() == VARIANTS[0].refused
        handle.restore()


def test_what_is_no_plain_function_is_refused(agent):
    def timed(function):
        return lambda *arguments: function(*arguments)

    agent.agent.recommend = timed(agent.agent.recommend)
    agent.agent.explain = print
    with pytest.warns(AccelerationWarning) as warned:
        handle = eventkit.accelerate(agent.agent)
    (text,) = (str(each.message) for each in warned)
    assert "not a plain Python function" in text
    assert "defined inside another function" in text
    assert set(handle.replaced) == REPLACED - {"agent.recommend", "agent.explain"}
    handle.restore()


def test_the_first_difference_is_named_with_file_and_line(tmp_path):
    folder = copied(tmp_path)
    file = folder / "agent.py"
    old = "for session in get_sessions(manifest)]"
    text = file.read_text(encoding="utf-8").replace(
        old, old[:-1] + '\n              if session.get("status") != "cancelled"]'
    )
    file.write_text(text, encoding="utf-8")
    line = 1 + text[: text.index('"status"')].count("\n")
    with loaded(folder) as modules, warnings.catch_warnings():
        warnings.simplefilter("ignore", AccelerationWarning)
        with eventkit.accelerate(modules.agent) as handle:
            reason = handle.refused["agent.recommend"]
            assert reason == (
                f'agent.py:{line}: `session.get("status") != "cancelled"` is not in the original'
            )
            assert f"agent.recommend: not known: {reason}" in handle.explain()
            assert "--trust: recommend" in handle.explain()


def test_finding_out_calls_no_function_of_the_agent(agent):
    called = []

    def profile(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(str(AGENT)):
            called.append(frame.f_code.co_name)

    sys.setprofile(profile)
    try:
        with eventkit.accelerate(agent.agent, shadow=0.5) as handle:
            assert set(handle.replaced) == REPLACED
    finally:
        sys.setprofile(None)
    assert called == []


CHANGES = {
    "other code": lambda module: setattr(
        module._count_conflicts, "__code__", (lambda sessions: 7).__code__
    ),
    "other defaults": lambda module: setattr(module._count_conflicts, "__defaults__", ([],)),
    "an attribute of a decorator": lambda module: setattr(
        module._count_conflicts, "__wrapped__", len
    ),
    "another function in its place": lambda module: setattr(
        module, "_count_conflicts", module.get_sessions
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_function_that_is_not_what_its_file_says_is_not_known(agent, change):
    CHANGES[change](agent.agent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccelerationWarning)
        with eventkit.accelerate(agent.agent) as handle:
            assert "agent.recommend" in handle.refused
            assert "agent.explain" in handle.replaced


def test_new_code_of_a_helper_is_noticed(agent, manifest):
    with eventkit.accelerate(agent.agent) as handle:
        agent.agent.get_sessions.__code__ = (lambda manifest: []).__code__
        assert agent.agent.recommend(manifest, INTERESTS, 3)["sessions"] == []
        assert handle.calls["agent.recommend"] == (0, 1)


LOG_LINES = {
    "logger = logging.getLogger('x')|logger.info('scored', session)": True,
    "logger = logging.getLogger('x')|logger.info(session.title)": False,
    "logger = logging.getLogger('x')|logger.info(nobody)": False,
    "logger = []|logger.append(session)": False,
    "logger = logging.getLogger('x')|logger.addFilter(session)": False,
}


@pytest.mark.parametrize("lines", LOG_LINES)
def test_only_harmless_log_lines_are_left_out(tmp_path, lines):
    folder = copied(tmp_path)
    file = folder / "agent.py"
    text = file.read_text(encoding="utf-8")
    logger, line = lines.split("|")
    text = text.replace("def load_manifest", f"import logging\n{logger}\n\ndef load_manifest")
    text = text.replace("    matching = 0\n", f"    matching = 0\n    {line}\n")
    file.write_text(text, encoding="utf-8")
    with loaded(folder) as modules, warnings.catch_warnings():
        warnings.simplefilter("ignore", AccelerationWarning)
        with eventkit.accelerate(modules.agent) as handle:
            assert ("agent.score_session" not in handle.refused) is LOG_LINES[lines]
            assert ("agent.explain" in handle.replaced) is LOG_LINES[lines]


@pytest.mark.slow
def test_fingerprints_are_those_of_the_public_table(real_data):
    """On the functions of the standard library, as the table's own tool computes them."""
    tool = real_data.parent / "known-agents" / "fingerprint.py"
    if not tool.exists():
        pytest.skip("no table of known agents beside EVENTKIT_REAL_DATA")
    space = {"__name__": "fingerprint_tool"}
    exec(compile(tool.read_text(encoding="utf-8"), str(tool), "exec"), space)
    seen = 0
    files = sorted(Path(json.__file__).parent.parent.glob("*.py"))
    # Debian's folder has a link to a file of the machine, which an unpacked Python lacks.
    for file in [file for file in files if file.exists()][::4]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                theirs = space["fingerprint"](node)
                sha256, reads = fingerprint(node)
                assert (sha256, sorted(reads)) == (theirs["sha256"], theirs["reads"]), node.name
                seen += 1
    assert seen > 1_000


# -- what is noticed -----------------------------------------------------------------------------


def doubled(module):
    own = module.score_session
    return lambda session, interests, w: own(session, interests, w) | {"score": 7}


MONKEYPATCHES = {
    "score_session": doubled,
    "get_sessions": lambda module: lambda manifest: manifest["sessions"][:1],
    "_load_external_sessions": lambda module: lambda manifest: manifest["sessions"][1:2],
    "_count_conflicts": lambda module: lambda sessions: 99,
    "defaultdict": lambda module: lambda kind: {},
    "sorted": lambda module: lambda rows, **options: rows,
}


@pytest.mark.parametrize("name", MONKEYPATCHES)
def test_a_replaced_name_is_noticed(agent, manifest, monkeypatch, name):
    module = agent.agent
    replacement = MONKEYPATCHES[name](module)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, replacement, raising=False)
        wanted = compare.attempt(module.recommend, (manifest, INTERESTS, 3))
    plain = module.recommend(manifest, INTERESTS, 3)
    with eventkit.accelerate(module) as handle:
        assert compare.same(module.recommend(manifest, INTERESTS, 3), plain)
        with monkeypatch.context() as patch:
            patch.setattr(module, name, replacement, raising=False)
            got = compare.attempt(agent.core._recommend_impl, (manifest, INTERESTS, 3))
            assert compare.same(got, wanted)
            assert not compare.same(got, ("answer", plain))
        assert handle.calls["agent.recommend"] == (1, 1)
        assert compare.same(module.recommend(manifest, INTERESTS, 3), plain)
        assert handle.calls["agent.recommend"] == (2, 1)


def test_a_patched_method_and_a_subclass_are_noticed(agent, monkeypatch):
    service_of, nothing = agent.graph_service.GraphEventService, lambda self, value: None
    times = {
        "id": "e1",
        "start": {"dateTime": "2026-01-31T09:00:00"},
        "end": {"dateTime": "2026-01-31T10:00:00"},
    }
    subclass = type("Quiet", (service_of,), {"_parse_graph_datetime": nothing})
    with eventkit.accelerate(agent.agent) as handle:
        calls = lambda: handle.calls["graph_service.GraphEventService._transform_events"]  # noqa: E731
        service = service_of(None)
        assert len(service._transform_events([times])) == 1
        assert calls() == (1, 0)
        assert subclass(None)._transform_events([times]) == []
        service._parse_graph_datetime = lambda value: None
        assert service._transform_events([times]) == []
        monkeypatch.setattr(service_of, "_parse_graph_datetime", nothing)
        assert service_of(None)._transform_events([times]) == []
        assert calls() == (1, 3)


def test_another_place_for_the_manifest_ends_nothing(agent, manifest, monkeypatch, tmp_path):
    manifest["features"]["externalSessions"]["enabled"] = True
    (tmp_path / "sessions_external.json").write_text('[{"title": "elsewhere"}]')
    with eventkit.accelerate(agent.agent) as handle:
        monkeypatch.setattr(agent.agent, "MANIFEST_PATH", tmp_path / "agent.json")
        answer = agent.agent.recommend(manifest, INTERESTS, 1)
        assert answer["sessions"] == [{"title": "elsewhere"}]
        manifest["features"]["externalSessions"]["enabled"] = False
        agent.agent.recommend(manifest, INTERESTS, 1)
        assert handle.calls["agent.recommend"] == (2, 0)


# -- a calendar ----------------------------------------------------------------------------------


class Calendar:
    def __init__(self, reply):
        self.reply, self.asked = reply, []

    def get_events(self, **options):
        self.asked.append(options)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


@pytest.mark.parametrize(
    ("reply", "native"),
    [
        ([{"title": "A", "tags": ["AI"]}], 1),
        ([{"title": "A", "popularity": float("nan")}], 0),
        ([], 0),
        (OSError("calendar down"), 0),
        ([{"tags": ["AI"]}], 0),
    ],
)
def test_a_calendar_is_asked_once_whoever_ranks(agent, reply, native, caplog):
    plain, fast = Calendar(reply), Calendar(reply)
    wanted = compare.attempt(agent.core.recommend_from_graph, (plain, ["AI "], 2))
    with eventkit.accelerate(agent.agent, shadow=1) as handle:
        got = compare.attempt(agent.core.recommend_from_graph, (fast, ["AI "], 2))
        assert compare.same(got, wanted)
        assert handle.calls["core.recommend_from_graph"][0] == native
    assert fast.asked == plain.asked == [{"top": 4}]
    assert "answered differently" not in caplog.text


# -- the way back --------------------------------------------------------------------------------


def test_restore_leaves_the_modules_as_they_were(agent, manifest):
    before = members(agent)
    handle = eventkit.accelerate(agent.agent)
    assert members(agent) != before
    agent.agent.recommend(manifest, INTERESTS, 1)
    handle.restore()
    assert members(agent) == before
    assert handle.replaced == ()
    agent.agent.recommend(manifest, INTERESTS, 1)
    assert handle.native == 1
    handle.restore()
    assert members(agent) == before


def test_accelerating_twice_changes_nothing(agent, manifest):
    outer = eventkit.accelerate(agent.agent)
    before = members(agent)
    with eventkit.accelerate(agent.agent) as inner:
        assert members(agent) == before
        agent.agent.recommend(manifest, INTERESTS, 1)
        assert inner.replaced == outer.replaced
        assert inner.native == outer.native == 1
    assert members(agent) == before
    inner.restore()
    assert outer.replaced == ()


def test_accelerating_and_restoring_again_and_again_keeps_nothing(agent):
    with eventkit.accelerate(agent.agent):
        pass
    before = len(trampoline.installed)
    for _ in range(5):
        with eventkit.accelerate(agent.agent):
            pass
    assert len(trampoline.installed) == before


def test_a_module_that_comes_later_is_found_by_the_second_call(agent):
    core = sys.modules.pop("core")
    with eventkit.accelerate(agent.agent) as first:
        assert not any(label.startswith("core") for label in first.replaced)
        sys.modules["core"] = core
        with eventkit.accelerate(agent.agent) as second:
            assert set(second.replaced) - set(first.replaced) == {"core.recommend_from_graph"}
        assert set(second.replaced) == set(first.replaced)


def test_somebody_elses_code_is_not_taken_away(agent):
    handle = eventkit.accelerate(agent.agent)
    theirs = (lambda manifest, interests, top_n: "theirs").__code__
    agent.agent.recommend.__code__ = theirs
    handle.restore()
    assert agent.agent.recommend.__code__ is theirs


@pytest.mark.parametrize(("value", "replaced"), [("1", 0), ("yes", 0), ("0", 4), ("", 4)])
def test_the_environment_turns_it_off(agent, monkeypatch, value, replaced):
    monkeypatch.setenv("EVENTKIT_DISABLE", value)
    with eventkit.accelerate(agent.agent) as handle:
        assert len(handle.replaced) == replaced


# -- shadow --------------------------------------------------------------------------------------


def test_shadow_compares_and_counts(agent, manifest):
    with eventkit.accelerate(agent.agent, shadow=1.0) as handle:
        for _ in range(5):
            agent.agent.recommend(manifest, INTERESTS, 3)
        assert (handle.native, handle.fallback) == (5, 0)
        assert (handle.checked, handle.differences) == (5, 0)


def test_shadow_takes_its_share(agent, manifest):
    with eventkit.accelerate(agent.agent, shadow=0.25) as handle:
        for _ in range(2_000):
            agent.agent.explain(manifest, "nobody", INTERESTS)
        assert 300 < handle.checked < 700


RARE = '+ (session.get("popularity") == 0.123)'


def rarely_different(folder):
    """Write an agent whose scores differ for one popularity only."""
    folder = copied(folder)
    file = folder / "agent.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("sum(parts.values())", f"sum(parts.values()) {RARE}"))
    return folder


def test_a_trusted_function_is_compared_and_given_back_at_the_first_difference(
    tmp_path, manifest, caplog
):
    rare = {**manifest, "sessions": [{"title": "rare", "tags": [], "popularity": 0.123}]}
    with loaded(rarely_different(tmp_path)) as modules, warnings.catch_warnings():
        warnings.simplefilter("ignore", AccelerationWarning)
        wanted = modules.agent.recommend(rare, [], 1)
        handle = eventkit.accelerate(modules.agent, trust=["recommend"])
        assert "agent.recommend" in handle.replaced
        assert "agent.recommend: trusted by you, not known" in handle.explain()
        modules.agent.recommend(manifest, INTERESTS, 3)
        assert (handle.differences, handle.checked) == (0, 1)
        assert compare.same(modules.agent.recommend(rare, [], 1), wanted)
        assert handle.differences == 1
        assert "agent.recommend" not in handle.replaced
        assert "agent.explain" not in handle.replaced
        handle.restore()
    record = next(each for each in caplog.records if each.name == "eventkit.accelerate")
    assert record.levelno == logging.ERROR
    assert "agent.recommend answered differently" in record.getMessage()
    assert "1.0615" in record.getMessage()
    assert "0.0615" in record.getMessage()


def test_a_trusted_function_is_answered_natively_after_a_thousand_equal_calls(tmp_path, manifest):
    with loaded(rarely_different(tmp_path)) as modules, warnings.catch_warnings():
        warnings.simplefilter("ignore", AccelerationWarning)
        with eventkit.accelerate(modules.agent, trust=["recommend"]) as handle:
            for _ in range(1_000 + 640):
                modules.agent.recommend(manifest, INTERESTS, 3)
            native, own = handle.calls["agent.recommend"]
            assert own == handle.checked == 1_000 + 10
            assert native == 630


@pytest.mark.parametrize(
    ("trust", "error"), [("recommend", TypeError), (["recomend"], ValueError), ([1], ValueError)]
)
def test_trust_names_functions(agent, trust, error):
    with pytest.raises(error, match="trust"):
        eventkit.accelerate(agent.agent, trust=trust)


# -- threads -------------------------------------------------------------------------------------


def test_threads_get_the_answers_of_one(agent, manifest):
    """Eight threads ask while a ninth accelerates and restores: nobody sees anything between."""
    asked = [["ai"], ["data", "ai"], ["keynote"], []]
    wanted = [agent.agent.recommend(manifest, interests, 3) for interests in asked]
    done = threading.Event()

    def ask(number):
        for turn in range(300):
            place = (number + turn) % len(asked)
            answer = agent.core.recommend(manifest, asked[place], 3)
            assert compare.same(answer, wanted[place])

    def toggle():
        while not done.is_set():
            eventkit.accelerate(agent.agent).restore()

    with ThreadPoolExecutor(9) as pool:
        toggling = pool.submit(toggle)
        try:
            for each in [pool.submit(ask, number) for number in range(8)]:
                each.result()
        finally:
            done.set()
        toggling.result()


@pytest.mark.parametrize("shadow", [0.0, 0.1])
def test_threads_lose_no_count(agent, manifest, shadow):
    with eventkit.accelerate(agent.agent, shadow=shadow) as handle, ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda _: agent.agent.recommend(manifest, ["ai"], 1), range(2_000)):
            pass
        assert handle.calls["agent.recommend"] == (2_000, 0)


def test_two_threads_that_accelerate_at_once_replace_once(agent):
    with ThreadPoolExecutor(4) as pool:
        handles = list(pool.map(lambda _: eventkit.accelerate(agent.agent), range(8)))
    codes = {agent.agent.recommend.__code__}
    assert all(len(handle.replaced) == 4 for handle in handles)
    handles[0].restore()
    assert agent.agent.recommend.__code__ not in codes
    assert isinstance(agent.agent.recommend, types.FunctionType)
