"""The specification's own corners; the recorded cases (test_parity.py) are its main proof."""

import logging
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import MappingProxyType

import pytest

import eventkit
from eventkit import reference

THREE = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
TWO = {"interest": 2.0, "popularity": 0.5}
SESSION = {"title": "Agents", "tags": ["AI", "web"], "popularity": 0.5}


class OnlyItems:
    """Weights with nothing but ``[]``; keeps what it was asked for."""

    def __init__(self, weights):
        self.weights = weights
        self.asked = []

    def __getitem__(self, key):
        self.asked.append(key)
        return self.weights[key]


class Calendar:
    def __init__(self, sessions):
        self.sessions = sessions

    def get_events(self, top):
        return self.sessions[:top]


def test_it_imports_without_the_compiled_module():
    root = Path(reference.__file__).resolve().parents[1]
    code = (
        "import sys; sys.modules['eventkit._eventkit'] = None\n"
        "from eventkit import reference\n"
        "print(reference.recommend({'weights': {}, 'sessions': []}, [], 1))"
    )
    environment = {**os.environ, "PYTHONPATH": os.fspath(root)}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "{'sessions': [], 'scoring': [], 'conflicts': 0}\n", done.stderr


@pytest.mark.parametrize("wrap", [dict, MappingProxyType, OnlyItems])
def test_two_factor_weights_give_two_contributions(wrap):
    scored = reference.score_session(SESSION, ["ai"], wrap(TWO))
    assert list(scored["contributions"].items()) == [("interest_match", 2.0), ("popularity", 0.25)]
    assert scored["score"] == 2.25


def test_a_mapping_that_makes_up_its_weights_has_three_factors():
    scored = reference.score_session(SESSION, ["ai"], defaultdict(lambda: 1))
    assert scored["contributions"] == {"interest_match": 1, "popularity": 0.5, "diversity": 0.01}


@pytest.mark.parametrize("weights", [THREE, TWO])
def test_the_order_in_which_weights_are_asked_for(weights):
    spy = OnlyItems(weights)
    reference.score_session(SESSION, ["ai"], spy)
    assert spy.asked == ["diversity", "interest", "popularity"]


@pytest.mark.parametrize(
    ("weights", "missing"),
    [
        ({}, "interest"),
        ({"popularity": 1}, "interest"),
        ({"diversity": 1}, "interest"),
        ({"interest": 1}, "popularity"),
        ({"diversity": 1, "interest": 1}, "popularity"),
    ],
)
def test_the_other_two_weights_may_not_be_left_out(weights, missing):
    with pytest.raises(KeyError) as caught:
        reference.score_session(SESSION, ["ai"], weights)
    assert caught.value.args == (missing,)
    assert caught.value.__context__ is None


def test_a_key_error_of_the_arithmetic_is_no_missing_weight():
    class Broken:
        def __rmul__(self, other):
            raise KeyError("diversity")

    with pytest.raises(KeyError):
        reference.score_session(SESSION, ["ai"], {**THREE, "diversity": Broken()})


def test_the_sum_is_the_interpreters():
    """Compensated from Python 3.12 on, plain before: the last bit of this score is not the same."""
    scored = reference.score_session({"tags": ["a"], "popularity": 0.01}, ["a", "b"], THREE)
    assert scored["score"] == sum([2.0, 0.005, 0.006])
    assert scored["score"] == (2.011 if sys.version_info >= (3, 12) else 2.0109999999999997)


def test_graph_asks_for_twice_as_many_and_logs_under_the_originals_name(caplog):
    sessions = [{"title": f"e{number}", "tags": ["ai"] * number} for number in range(9)]
    with caplog.at_level(logging.INFO, logger="core"):
        result = reference.recommend_from_graph(Calendar(sessions), [" AI "], 2)
    assert [session["title"] for session in result["sessions"]] == ["e3", "e2"]
    assert list(result) == ["sessions", "scoring", "conflicts", "source"]
    assert [record.name for record in caplog.records] == ["core"]


def test_graph_failures_pass_through_after_a_log_line(caplog):
    failure = RuntimeError("no network")

    class Broken:
        def get_events(self, top):
            raise failure

    with pytest.raises(RuntimeError) as caught:
        reference.recommend_from_graph(Broken(), ["ai"], 1)
    assert caught.value is failure
    assert [(record.name, record.levelname) for record in caplog.records] == [("core", "ERROR")]


def test_an_unreadable_event_does_not_cost_the_others():
    times = {
        "start": {"dateTime": "2026-02-01T10:00:00"},
        "end": {"dateTime": "2026-02-01T11:00:00"},
    }
    events = [{"id": 1, **times}, {"id": 2, **times, "location": None}, None, {"id": 3, **times}]
    assert [session["id"] for session in reference.transform_events(iter(events))] == [1, 3]


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize("time", [["09:00"], {"at": 9}, {9}])
@pytest.mark.parametrize("count", [reference.count_conflicts, eventkit.count_conflicts])
def test_a_time_without_a_hash_is_refused_as_a_key_of_a_dict(name, time, count):
    """From Python 3.14 on, the error's text says for what the hash was wanted."""
    slot = {"start": None, "end": None, name: time}
    with pytest.raises(TypeError) as wanted:
        {}.setdefault((slot["start"], slot["end"]), 0)
    with pytest.raises(TypeError) as raised:
        count([{"start": "09:00"}, slot])
    assert str(raised.value) == str(wanted.value)
