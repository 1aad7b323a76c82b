"""Every way into a dict of a session is noticed: after each, an answer is that of the reference.

From Python 3.14 on, eventkit watches the dicts of a list. Whether the interpreter reports a change
depends on how it is made: by which byte code, method or C function, in a hot loop or not.
"""

from __future__ import annotations

import collections
import ctypes
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import eventkit
from eventkit import reference

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
PLACE = 20
C = ctypes.pythonapi


def plain() -> dict[str, Any]:
    return {"title": "Target", "tags": ["ai"], "popularity": 0.5}


class Talk:
    """An object whose ``__dict__`` is a session."""

    def __init__(self) -> None:
        self.title, self.tags, self.popularity = "Target", ["ai"], 0.5


class Pairs(Mapping[str, Any]):
    """A mapping that is no dict."""

    def __getitem__(self, key: str) -> Any:
        return {"popularity": 9.0}[key]

    def __iter__(self) -> Any:
        return iter(["popularity"])

    def __len__(self) -> int:
        return 1


def adopted() -> Talk:
    """An object whose ``__dict__`` was replaced by a plain dict."""
    talk = Talk()
    talk.__dict__ = plain()
    return talk


def dictionary(target: Any) -> dict[str, Any]:
    return target if type(target) is dict else target.__dict__


def call(function: Any, *arguments: Any) -> None:
    """Call a function of the C API that returns 0, or raises."""
    function.restype = ctypes.c_int
    kinds = {int: ctypes.c_ssize_t, bytes: ctypes.c_char_p}
    function.argtypes = [kinds.get(type(one), ctypes.py_object) for one in arguments]
    assert function(*arguments) >= 0


def from_keys(keys: Any) -> Callable[[Any], None]:
    """`dict.fromkeys` of a subclass that makes no new dict."""

    def act(target: Any) -> None:
        class Same(dict[str, Any]):
            def __new__(cls, *_: Any) -> Any:
                return target

        Same.fromkeys(keys, 9.0)

    return act


def hot(step: Callable[[Any, int], None]) -> Callable[[Any], None]:
    """Repeat a change often enough for the interpreter to specialise it, and to compile it."""

    def act(target: Any) -> None:
        for number in range(6_000):
            step(target, number)
        step(target, 9)

    return act


def store(target: Any, number: int) -> None:
    target["popularity"] = number


def add_and_delete(target: Any, number: int) -> None:
    del target["popularity"]
    target["popularity"] = number


def set_attribute(target: Any, number: int) -> None:
    target.popularity = number


def set_hidden(target: Any) -> None:
    target.popularity = 9.0


def in_thread(target: Any) -> None:
    thread = threading.Thread(target=store, args=(target, 9))
    thread.start()
    thread.join()


def count_elements(target: Any) -> None:
    collections._count_elements(target, ["popularity"] * 9)  # type: ignore[attr-defined]


def store_by_a_foreign_key(target: Any) -> None:
    """A key that is equal to one in the dict, and not a `str`."""

    class Key:
        def __hash__(self) -> int:
            return hash("popularity")

        def __eq__(self, other: object) -> bool:
            return other == "popularity"

    target[Key()] = 9.0


def store_by_a_subclass(target: Any) -> None:
    target[type("Text", (str,), {})("popularity")] = 9.0


def store_by_a_made_key(target: Any) -> None:
    """A key that is equal and not interned, as json.loads makes them."""
    target["".join(["popu", "larity"])] = 9.0


def store_in_empty(how: Callable[[Any], None]) -> Callable[[Any], None]:
    def act(target: Any) -> None:
        target.clear()
        how(target)

    return act


def run_code(target: Any) -> None:
    exec("popularity = 9.0", target)
    target.pop("__builtins__", None)


def run_code_hot(target: Any) -> None:
    exec("for popularity in range(6000): pass\npopularity = 9.0", target)
    target.pop("__builtins__", None)


def run_function_hot(target: Any) -> None:
    step = "def step(n):\n    global popularity\n    popularity = n\n"
    source = step + "for n in range(6000): step(n)"
    exec(source, target)
    for name in ("step", "n", "__builtins__"):
        target.pop(name, None)


def merge(target: Any) -> None:
    target |= {"popularity": 9.0}


def merge_pairs(target: Any) -> None:
    target |= [("popularity", 9.0)]


def set_default(target: Any) -> None:
    del target["popularity"]
    target.setdefault("popularity", 9.0)


def set_default_in_c(target: Any) -> None:
    del target["popularity"]
    C.PyDict_SetDefault.restype = ctypes.c_void_p
    C.PyDict_SetDefault.argtypes = [ctypes.py_object] * 3
    assert C.PyDict_SetDefault(target, "popularity", 9.0)


FULL = {"title": "Target", "tags": ["ai"], "popularity": 9.0}
PATH = {
    "an old key": (plain, lambda d: d.__setitem__("popularity", 9.0)),
    "a key that was not there": (lambda: {"title": "Target"}, lambda d: store(d, 9)),
    "by byte code": (plain, lambda d: store(d, 9)),
    "by byte code, hot": (plain, hot(store)),
    "deleted and added, hot": (plain, hot(add_and_delete)),
    "deleted": (plain, lambda d: d.__delitem__("tags")),
    "update by a dict": (plain, lambda d: d.update({"popularity": 9.0})),
    "update by pairs": (plain, lambda d: d.update([("popularity", 9.0)])),
    "update by keywords": (plain, lambda d: d.update(popularity=9.0)),
    "update by a mapping": (plain, lambda d: d.update(Pairs())),
    "merged": (plain, merge),
    "merged with pairs": (plain, merge_pairs),
    "pop": (plain, lambda d: d.pop("tags")),
    "popitem": (plain, lambda d: d.popitem()),
    "setdefault": (plain, set_default),
    "init again": (plain, lambda d: d.__init__(popularity=9.0)),
    "emptied, then updated": (plain, store_in_empty(lambda d: d.update(FULL))),
    "emptied, then init": (plain, store_in_empty(lambda d: d.__init__(FULL))),
    "emptied, then merged": (plain, store_in_empty(lambda d: d.__ior__(FULL))),
    "fromkeys of a dict": (plain, from_keys({"popularity": 1})),
    "fromkeys of a set": (plain, from_keys({"popularity"})),
    "fromkeys of a list": (plain, from_keys(["popularity"])),
    "an attribute": (Talk, set_hidden),
    "an attribute, hot": (Talk, hot(set_attribute)),
    "an attribute, deleted": (Talk, lambda t: t.__delattr__("tags")),
    "an attribute of an adopted dict": (adopted, set_hidden),
    "an attribute of an adopted dict, hot": (adopted, hot(set_attribute)),
    "code with the dict as its globals": (plain, run_code),
    "code with the dict as its globals, hot": (plain, run_code_hot),
    "a function with the dict as its globals": (plain, run_function_hot),
    "code with the dict as its locals": (plain, lambda d: exec("popularity = 9.0", {}, d)),
    "another thread": (plain, in_thread),
    "counted elements": (plain, count_elements),
    "a foreign key": (plain, store_by_a_foreign_key),
    "a key of a subclass": (plain, store_by_a_subclass),
    "a key that is made": (plain, store_by_a_made_key),
    "PyDict_SetItem": (plain, lambda d: call(C.PyDict_SetItem, d, "popularity", 9.0)),
    "PyDict_SetItemString": (
        plain,
        lambda d: call(C.PyDict_SetItemString, d, b"popularity", 9.0),
    ),
    "PyDict_DelItem": (plain, lambda d: call(C.PyDict_DelItem, d, "tags")),
    "PyDict_DelItemString": (plain, lambda d: call(C.PyDict_DelItemString, d, b"tags")),
    "PyDict_Merge": (plain, lambda d: call(C.PyDict_Merge, d, {"popularity": 9.0}, 1)),
    "PyDict_Update": (plain, lambda d: call(C.PyDict_Update, d, {"popularity": 9.0})),
    "PyDict_MergeFromSeq2": (
        plain,
        lambda d: call(C.PyDict_MergeFromSeq2, d, [("popularity", 9.0)], 1),
    ),
    "PyDict_SetDefault": (plain, set_default_in_c),
    "PyObject_SetItem": (plain, lambda d: call(C.PyObject_SetItem, d, "popularity", 9.0)),
    "PyObject_GenericSetAttr": (
        Talk,
        lambda t: call(C.PyObject_GenericSetAttr, t, "popularity", 9.0),
    ),
    "PyObject_GenericSetAttr of an adopted dict": (
        adopted,
        lambda t: call(C.PyObject_GenericSetAttr, t, "popularity", 9.0),
    ),
}


def manifest_with(target: Any) -> dict[str, Any]:
    sessions: list[Any] = [
        {"title": f"Talk {place}", "tags": ["ai"], "popularity": 0.4} for place in range(60)
    ]
    sessions[PLACE] = dictionary(target)
    return {"weights": WEIGHTS, "sessions": sessions}


def outcome(function: Any, *arguments: Any) -> Any:
    try:
        return repr(function(*arguments))
    except Exception as error:
        return repr(error)


@pytest.mark.parametrize("name", PATH)
def test_a_change_is_in_the_next_answer(name: str) -> None:
    make, act = PATH[name]
    target = make()
    manifest = manifest_with(target)
    calls = [
        (eventkit.recommend, reference.recommend, (manifest, ["ai"], 60)),
        (eventkit.explain, reference.explain, (manifest, "target", ["ai"])),
    ]
    for fast, slow, arguments in calls:
        for _ in range(10):
            assert outcome(fast, *arguments) == outcome(slow, *arguments)
    before = [outcome(fast, *arguments) for fast, _, arguments in calls]
    act(target)
    after = [outcome(slow, *arguments) for _, slow, arguments in calls]
    # A foreign key that replaces a string by its equal keeps the string: nothing else does nothing.
    assert after[0] != before[0]
    for _ in range(4):
        assert [outcome(fast, *arguments) for fast, _, arguments in calls] == after


def test_an_owner_that_dies_leaves_its_dict() -> None:
    """The values move from the instance into the dict, which changes nothing."""
    talk = Talk()
    manifest = manifest_with(talk)
    for _ in range(4):
        eventkit.recommend(manifest, ["ai"], 3)
    del talk
    manifest["sessions"][PLACE]["popularity"] = 9.0
    for _ in range(3):
        answer = eventkit.recommend(manifest, ["ai"], 1)
        assert answer["sessions"][0] is manifest["sessions"][PLACE]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_change_in_a_forked_child_is_seen_there_and_nowhere_else() -> None:
    manifest = manifest_with(plain())
    for _ in range(4):
        eventkit.recommend(manifest, ["ai"], 60)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            manifest["sessions"][PLACE + 1]["popularity"] = 9.0
            answers = [eventkit.recommend(manifest, ["ai"], 60) for _ in range(3)]
            wanted = reference.recommend(manifest, ["ai"], 60)
            status = int(any(answer != wanted for answer in answers))
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert eventkit.recommend(manifest, ["ai"], 60) == reference.recommend(manifest, ["ai"], 60)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the interpreter has no compiler for it")
@pytest.mark.skipif(bool(os.environ.get("PYTHON_JIT")), reason="this is the run with the compiler")
def test_all_of_it_with_the_just_in_time_compiler() -> None:
    import subprocess

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(
        [*command, "-k", "next_answer"],
        env={**os.environ, "PYTHON_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(PATH)} passed" in done.stdout
