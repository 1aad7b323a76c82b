"""Changes of a running agent: what a test, a plug-in or a debugger does to its modules.

Each takes the modules by name. Most are tried both before and after acceleration; what is done
after acceleration must change the answers just as it does in the plain agent.
"""

from __future__ import annotations

import builtins
import collections
import functools
import json
import os
import pathlib
import sys
import types
from collections.abc import Callable
from typing import Any

Modules = dict[str, types.ModuleType]


def _half(*arguments: Any) -> Any:
    return {"session": arguments[0], "score": 0.5, "contributions": {}}


def _replace_helper(modules: Modules) -> None:
    modules["agent"].score_session = _half


def _replace_helper_of_core(modules: Modules) -> None:
    modules["core"].score_session = _half


def _replace_implementation(modules: Modules) -> None:
    modules["core"]._recommend_impl = lambda manifest, interests, top: {"sessions": []}


def _replace_counting(modules: Modules) -> None:
    modules["agent"]._count_conflicts = lambda sessions: -1


def _replace_reading(modules: Modules) -> None:
    modules["agent"].get_sessions = lambda manifest: list(manifest.get("sessions", []))[:2]


def _replace_external(modules: Modules) -> None:
    modules["agent"]._load_external_sessions = lambda manifest: [{"title": "x", "tags": ["AI"]}]


def _remove_helper(modules: Modules) -> None:
    del modules["agent"].score_session


def _shadow_sum(modules: Modules) -> None:
    modules["agent"].sum = max


def _shadow_sorted(modules: Modules) -> None:
    modules["agent"].sorted = lambda rows, key, reverse: rows


def _shadow_len(modules: Modules) -> None:
    modules["agent"].len = lambda value: 3


def _shadow_set(modules: Modules) -> None:
    modules["agent"].set = list


def _shadow_next(modules: Modules) -> None:
    modules["agent"].next = lambda rows, default: default


def _shadow_enumerate(modules: Modules) -> None:
    modules["agent"].enumerate = lambda rows, start: [(9, row) for row in rows]


def _shadow_isinstance(modules: Modules) -> None:
    modules["agent"].isinstance = lambda value, kind: False


def _shadow_min(modules: Modules) -> None:
    modules["graph_service"].min = max


def _replace_json(modules: Modules) -> None:
    modules["agent"].json = types.SimpleNamespace(loads=lambda text: [{"title": "patched"}])


def _replace_path(modules: Modules) -> None:
    class Nowhere(type(pathlib.Path())):  # type: ignore[misc]
        def exists(self) -> bool:
            return False

    modules["agent"].Path = Nowhere


def _replace_manifest_path(modules: Modules) -> None:
    modules["agent"].MANIFEST_PATH = pathlib.Path("/nowhere/agent.json")
    modules["agent"].__file__ = "/nowhere/agent.py"


def _replace_defaultdict(modules: Modules) -> None:
    modules["agent"].defaultdict = lambda kind: collections.Counter(x=9)


def _replace_datetime(modules: Modules) -> None:
    modules["graph_service"].datetime = types.SimpleNamespace(fromisoformat=lambda text: None)


def _other_code(modules: Modules) -> None:
    modules["agent"].score_session.__code__ = (lambda session, interests, w: 1).__code__


def _other_code_of_reading(modules: Modules) -> None:
    modules["agent"].get_sessions.__code__ = (lambda manifest: []).__code__


def _other_code_of_answer(modules: Modules) -> None:
    modules["agent"].explain.__code__ = (lambda manifest, title, interests: title).__code__


def _wrap_answer(modules: Modules) -> None:
    plain = modules["agent"].explain
    modules["agent"].explain = functools.wraps(plain)(lambda *a: plain(a[0], a[1], a[2][:1]))


def _wrap_helper(modules: Modules) -> None:
    plain = modules["agent"].score_session
    modules["agent"].score_session = functools.wraps(plain)(lambda s, i, w: plain(s, i[:1], w))


def _partial_helper(modules: Modules) -> None:
    modules["agent"].score_session = functools.partial(_half)


def _replace_method(modules: Modules) -> None:
    modules["graph_service"].GraphEventService._popularity = lambda self, event: 0.1


def _replace_static(modules: Modules) -> None:
    service = modules["graph_service"].GraphEventService
    service._popularity = staticmethod(lambda event: 0.1)


def _replace_parsing(modules: Modules) -> None:
    modules["graph_service"].GraphEventService._parse_graph_datetime = lambda self, value: None


def _hook_attributes(modules: Modules) -> None:
    def get(self: Any, name: str) -> Any:
        return (lambda event: 0.7) if name == "_popularity" else object.__getattribute__(self, name)

    modules["graph_service"].GraphEventService.__getattribute__ = get


def _other_class(modules: Modules) -> None:
    old = modules["graph_service"].GraphEventService
    methods = {"_popularity": lambda self, event: 0.3}
    modules["graph_service"].GraphEventService = type("GraphEventService", (old,), methods)


def _set_default(modules: Modules) -> None:
    modules["core"].recommend_from_graph.__defaults__ = (
        {"interest": 9.0, "popularity": 0.0, "diversity": 0.0},
    )


def _update_globals(modules: Modules) -> None:
    vars(modules["agent"]).update(_count_conflicts=lambda sessions: 12)


def _exec_in_module(modules: Modules) -> None:
    exec(
        "def get_sessions(manifest): return manifest.get('sessions', [])[1:]",
        vars(modules["agent"]),
    )


INTERVENTIONS: tuple[Callable[[Modules], Any], ...] = (
    *(_replace_helper, _replace_helper_of_core, _replace_implementation, _replace_counting),
    *(
        _replace_reading,
        _replace_external,
        _remove_helper,
        _shadow_sum,
        _shadow_sorted,
        _shadow_len,
    ),
    *(_shadow_set, _shadow_next, _shadow_enumerate, _shadow_isinstance, _shadow_min, _replace_json),
    *(_replace_path, _replace_manifest_path, _replace_defaultdict, _replace_datetime, _other_code),
    *(_other_code_of_reading, _other_code_of_answer, _wrap_answer, _wrap_helper, _partial_helper),
    *(_replace_method, _replace_static, _replace_parsing, _hook_attributes, _other_class),
    *(_set_default, _update_globals, _exec_in_module),
)


def _negative(values: Any) -> Any:
    return -functools.reduce(lambda one, other: one + other, values, 0)


# Names of other modules, and what they become while the agent is asked.
PATCHES: tuple[tuple[str, Any, str, Any], ...] = (
    ("a sum", builtins, "sum", _negative),
    ("a set", builtins, "set", list),
    ("sorting", builtins, "sorted", lambda rows, key=None, reverse=False: list(rows)),
    ("parsing", json, "loads", lambda text, **options: [{"title": "patched", "tags": ["AI"]}]),
    ("a look-up", pathlib.Path, "exists", lambda self, **options: False),
    ("reading", pathlib.Path, "read_text", lambda self, **options: '[{"title": "other"}]'),
)


def stale_source(modules: Modules) -> None:
    """Replace the files by others of the same time and size; the loaded code stays."""
    for module in modules.values():
        path = pathlib.Path(module.__file__ or "")
        status = path.stat()
        path.write_text(path.read_text(encoding="utf-8").replace("0.01", "0.02"), encoding="utf-8")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def no_source(modules: Modules) -> None:
    """Remove the files."""
    for module in modules.values():
        pathlib.Path(module.__file__ or "").unlink()


def forget_modules(modules: Modules) -> None:
    """Take the modules out of `sys.modules`."""
    for name in modules:
        sys.modules.pop(name, None)
