"""Snapshots of lists of dicts: what must be noticed, and what must cost nothing.

From Python 3.14 on a snapshot is proven by a log of changed dicts. Each test here is one way in
which such a proof could be wrong, or be lost for nothing. Answers are the same on every version.
"""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import eventkit
from eventkit import _eventkit, reference
from faults.child import environment

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
WATCHES = sys.version_info >= (3, 14)
KEEPS_SNAPSHOTS = not str(_eventkit.__file__).endswith(".abi3.so")
pytestmark = pytest.mark.skipif(not KEEPS_SNAPSHOTS, reason="the stable ABI keeps no snapshots")
only_watched = pytest.mark.skipif(not WATCHES, reason="dicts have version tags up to Python 3.13")


def sessions(size: int = 100) -> list[dict[str, Any]]:
    return [
        {"title": f"Talk {place}", "tags": ["a", "b"][: place % 3], "popularity": place % 7 / 10}
        for place in range(size)
    ]


def manifest(listed: list[dict[str, Any]]) -> dict[str, Any]:
    return {"weights": WEIGHTS, "sessions": listed}


def ask(made: dict[str, Any], times: int = 1) -> dict[str, Any]:
    for _ in range(times):
        answer = eventkit.recommend(made, ["a"], 5)
        assert answer == reference.recommend(made, ["a"], 5)
    return answer  # type: ignore[return-value]


def hits() -> int:
    return eventkit.cache_info()["hits"]


def served(made: dict[str, Any], calls: int = 4) -> int:
    """Return how many of some calls a snapshot answered."""
    before = hits()
    ask(made, calls)
    return hits() - before


@pytest.fixture(autouse=True)
def _cleared() -> Iterator[None]:
    eventkit.clear_cache()
    yield
    eventkit.clear_cache()


def test_lists_that_share_dicts() -> None:
    """The second list watches the dict again; the first must still learn of the change."""
    shared = sessions()
    first, second = manifest(list(shared)), manifest(list(shared))
    for _ in range(4):
        ask(first)
        ask(second)
    assert served(first, 1) == served(second, 1) == 1
    shared[50]["popularity"] = 9.0
    ask(second, 8)
    assert ask(first)["sessions"][0] is shared[50]
    assert eventkit.explain(first, "talk 50", ["a"])["score"] > 4  # type: ignore[typeddict-item]


def test_lists_that_share_dicts_when_both_are_explained() -> None:
    shared = sessions()
    first, second = manifest(list(shared)), manifest(list(shared))
    for _ in range(12):
        for made in (first, second):
            assert eventkit.explain(made, "Talk 50", ["a"]) == reference.explain(
                made, "Talk 50", ["a"]
            )
    shared[10]["title"] = "talk 50"
    for made in (second, second, second, first):
        wanted = reference.explain(made, "Talk 50", ["a"])
        assert eventkit.explain(made, "Talk 50", ["a"]) == wanted
        assert wanted["title"] == "talk 50"


@pytest.mark.parametrize("edits", [1, 8, 9, 60])
def test_few_and_many_changes_are_found_among_those_of_others(edits: int) -> None:
    mine, theirs = sessions(), sessions(200)
    made, other = manifest(mine), manifest(theirs)
    ask(made, 4)
    ask(other, 4)
    for place in range(edits):
        theirs[place]["popularity"] = 0.05
    assert served(made, 3) == 3
    for place in range(edits):
        theirs[100 + place]["popularity"] = 0.05
    mine[-1]["popularity"] = 9.0
    assert ask(made)["sessions"][0] is mine[-1]
    ask(other, 4)


@only_watched
def test_a_note_on_a_session_keeps_the_snapshot() -> None:
    listed = sessions()
    made = manifest(listed)
    ask(made, 4)
    before = hits()
    for number in range(50):
        for session in listed:
            session["seen"] = number
        listed[3].pop("seen")
        listed[4]["start"] = f"{number}:00"
        ask(made)
    assert hits() - before == 50
    assert ask(made)["sessions"][0]["seen"] == 49


@only_watched
def test_keys_that_may_be_a_member_are_no_notes() -> None:
    """A key that is no exact ASCII text may be equal to one of the members, or run code."""

    class Odd(str):
        pass

    for key in (Odd("seen"), 1, None, (1, 2), "\u00e9", "".join(["ta", "gs"])):
        listed = sessions()
        made = manifest(listed)
        ask(made, 4)
        listed[9][key] = ["a", "a", "a"]  # type: ignore[index]
        assert served(made, 1) == 0, key
        ask(made, 6)


@pytest.mark.slow
def test_more_changes_than_the_log_holds() -> None:
    listed, others = sessions(), sessions(40)
    made, other = manifest(listed), manifest(others)
    ask(made, 4)
    # A dict is logged once until it is watched again: a list that dies logs all of its own.
    big = manifest([{"title": "x", "tags": ["a"]} for _ in range(300_000)])
    for _ in range(3):
        eventkit.recommend(big, ["a"], 1)
    listed[50]["popularity"] = 9.0
    del big
    assert ask(made)["sessions"][0] is listed[50]
    ask(other, 6)
    assert served(other) == 4


def test_a_list_that_dies_beside_a_live_one() -> None:
    made = manifest(sessions())
    ask(made, 4)
    for size in (40, 1_000, 20_000):
        dying = manifest([{"title": "x", "tags": ["a"]} for _ in range(size)])
        for _ in range(4):
            eventkit.recommend(dying, ["a"], 1)
        del dying
        gc.collect()
        assert served(made, 2) == 2, size


def test_addresses_that_are_used_again() -> None:
    """New dicts at the addresses of dead ones are not taken for them."""
    listed = sessions(64)
    made = manifest(listed)
    same = 0
    for turn in range(200):
        ask(made, 3)
        addresses = [id(session) for session in listed]
        for place in range(turn % 64, 64, 7):
            listed[place] = None  # type: ignore[call-overload]
            listed[place] = {"title": "new", "tags": ["a"] * (turn % 3), "popularity": turn}
        same += sum(map(int.__eq__, addresses, map(id, listed)))
    assert same > 64 * 200 // 2


def test_a_hostile_key_during_compiling_declines_it() -> None:
    listed = sessions()
    made = manifest(listed)

    class Hostile:
        def __hash__(self) -> int:
            return hash("tags")

        def __eq__(self, other: object) -> bool:
            listed[2]["popularity"] = 9.0
            return False

    listed[60] = {Hostile(): 1, **listed[60]}  # type: ignore[dict-item]
    eventkit.recommend(made, ["a"], 1)
    for _ in range(6):
        assert eventkit.recommend(made, ["a"], 1)["sessions"][0] is listed[2]


# -- watchers of others ----------------------------------------------------------------------------

CALLBACK = ctypes.PYFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)
TAKE_ALL = """
import ctypes, eventkit
kind = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_int, *[ctypes.c_void_p] * 3)
callback = kind(lambda *_: 0)
taken = []
def take():
    while True:
        try:
            taken.append(ctypes.pythonapi.PyDict_AddWatcher(callback))
        except RuntimeError:
            return
manifest = {
    "weights": {"interest": 2.0, "popularity": 0.5},
    "sessions": [{"title": str(n), "tags": ["a"], "popularity": n} for n in range(50)],
}
def ask(times):
    before = eventkit.cache_info()["hits"]
    for number in range(times):
        answer = eventkit.recommend(manifest, ["a"], 3)
        assert answer == eventkit.reference.recommend(manifest, ["a"], 3)
    return eventkit.cache_info()["hits"] - before
"""
# Without the interpreter's own end, which frees dicts after the callbacks of ctypes.
LEAVE = """
import os, sys
sys.stdout.flush()
os._exit(0)
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", TAKE_ALL + code + LEAVE],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@only_watched
def test_without_a_number_for_a_watcher_lists_are_scanned_until_one_is_free() -> None:
    code = """
take()
assert taken
print(ask(20), eventkit.cache_info()["enabled"])
assert ctypes.pythonapi.PyDict_ClearWatcher(taken.pop()) == 0
print(ask(200) > 0, eventkit.cache_info()["enabled"])
"""
    assert run(code) == "0 0\nTrue 1\n"


@only_watched
def test_asking_whether_it_is_enabled_takes_one_number_only() -> None:
    code = """
for _ in range(20):
    eventkit.cache_info()
    ask(5)
take()
print(len(taken) >= 4)
"""
    assert run(code) == "True\n"


@only_watched
@pytest.mark.parametrize("replaced", [False, True])
def test_a_watcher_that_somebody_clears_is_missed(replaced: bool) -> None:
    """Our number is cleared by mistake, and may be given to somebody else."""
    code = f"""
ours = ctypes.pythonapi.PyDict_AddWatcher(callback)
assert ctypes.pythonapi.PyDict_ClearWatcher(ours) == 0
ask(6)
take()
assert ours not in taken
assert ctypes.pythonapi.PyDict_ClearWatcher(ours) == 0
if {replaced}:
    assert ctypes.pythonapi.PyDict_AddWatcher(callback) == ours
    ctypes.pythonapi.PyDict_ClearWatcher(taken.pop())
manifest["sessions"][5]["popularity"] = 99
print(ask(2))
print(ask(300) > 0)
manifest["sessions"][6]["popularity"] = 100
ask(5)
"""
    assert run(code) == "0\nTrue\n"


@only_watched
def test_a_watcher_of_another_package_is_called_too() -> None:
    code = """
events = []
other = kind(lambda event, *_: events.append(event) or 0)
number = ctypes.pythonapi.PyDict_AddWatcher(other)
sessions = manifest["sessions"]
for session in sessions:
    assert ctypes.pythonapi.PyDict_Watch(number, ctypes.py_object(session)) == 0
ask(6)
sessions[7]["popularity"] = 99
sessions[7]["popularity"] = 98
sessions[8]["seen"] = True
print(ask(8) > 0, events)
"""
    assert run(code) == "True [1, 1, 0]\n"


@only_watched
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_watches_for_itself() -> None:
    code = """
import os
ask(6)
child = os.fork()
if child == 0:
    manifest["sessions"][3]["popularity"] = 99
    os._exit(0 if ask(300) > 0 else 1)
assert os.waitpid(child, 0)[1] == 0
print(ask(3))
"""
    assert run(code) == "3\n"


@only_watched
def test_a_sub_interpreter_answers_in_plain_python_and_disturbs_nobody() -> None:
    code = """
from concurrent import interpreters
ask(6)
other = interpreters.create()
other.exec('''
import warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    import eventkit
    eventkit.recommend
assert "does not support loading in subinterpreters" in str(told[0].message)
sessions = [{"title": str(n), "tags": ["a"], "popularity": n} for n in range(50)]
manifest = {"weights": {"interest": 2.0, "popularity": 0.5}, "sessions": sessions}
for _ in range(6):
    assert eventkit.recommend(manifest, ["a"], 1)["sessions"][0] is sessions[49]
sessions[3]["popularity"] = 99
assert eventkit.recommend(manifest, ["a"], 1)["sessions"][0] is sessions[3]
''')
other.close()
print(ask(3))
manifest["sessions"][5]["popularity"] = 99
print(ask(1))
"""
    assert run(code) == "3\n0\n"
