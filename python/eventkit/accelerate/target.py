"""The functions of an agent that are replaced, what takes their place, and where they are found."""

from __future__ import annotations

import importlib
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from eventkit.accelerate import native

__all__ = ["EVERY", "OTHER_ANSWERS", "TARGETS", "Found", "Target", "search"]


class Target(NamedTuple):
    """A function that an agent may have.

    Attributes:
        module: The original's module that has it.
        name: Its name; behind its class's, when it is a method.
        parameters: How many it takes, ``self`` included.
        answer: Takes the agent's function and returns what answers in its place: a function that
            returns ``NotImplemented`` where only the agent's own can answer.
        sized: Whether its first argument is a manifest, whose size says what a call costs.
        prepare: Makes of a call's arguments such that may be used twice.
    """

    module: str
    name: str
    parameters: int
    answer: Callable[[types.FunctionType], Callable[..., Any]]
    sized: bool = False
    prepare: Callable[..., tuple[Any, ...]] | None = None


class Found(NamedTuple):
    """A function of an agent, and the target that it is."""

    target: Target
    label: str
    function: Any
    owner: type | None = None


def _always(answer: Callable[..., Any]) -> Callable[[types.FunctionType], Callable[..., Any]]:
    return lambda function: answer


_AGENT = (
    Target("agent", "score_session", 3, _always(native.score_session)),
    Target("agent", "recommend", 3, native.recommend, sized=True),
    Target("agent", "explain", 3, native.explain, sized=True),
    Target("agent", "_count_conflicts", 1, _always(native.count_conflicts)),
    Target("agent", "_build_itinerary_markdown", 2, _always(native.build_itinerary_markdown)),
    Target("agent", "_build_adaptive_card", 1, _always(native.build_adaptive_card)),
    Target("agent", "_normalize_interests", 1, _always(native.normalize_interests)),
)
_CORE = (
    Target(
        "core",
        "recommend_from_graph",
        4,
        _always(native.recommend_from_graph),
        prepare=native.fetch_once,
    ),
)
_GRAPH = (
    Target(
        "graph_service",
        "GraphEventService._transform_events",
        2,
        _always(native.transform_events),
    ),
)

OTHER_ANSWERS = {"first markdown": native.build_first_markdown}
"""Answers for forms of a function that do other work than its newest form, by the table's name."""

EVERY = (*_AGENT, *_CORE, *_GRAPH)

TARGETS = {"agent": _AGENT, "core": _CORE, "graph_service": _GRAPH}
"""By the name that the original's module has. Each counts only where the module looks the part."""


def search(agent: Any) -> Iterator[Found]:
    """Find the functions of an agent that can be replaced, each once.

    Args:
        agent: A module, a module's name, a namespace; `None` for the module ``agent``, or for a
            script that is one. The modules beside it that the original has count as parts of it,
            once they are imported.

    Raises:
        ModuleNotFoundError: There is no such module.
        TypeError: It is none of these.
    """
    space = _namespace(agent)
    seen = set()
    for part, targets in [(space, EVERY), *_neighbours(space)]:
        for found in _find(part, targets):
            if id(found.function) not in seen:
                seen.add(id(found.function))
                yield found


def _neighbours(space: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[Target, ...]]]:
    folder = _folder(space)
    for name, targets in TARGETS.items():
        neighbour = vars(sys.modules[name]) if name in sys.modules else space
        if neighbour is not space and folder is not None and _folder(neighbour) == folder:
            yield neighbour, targets


def _namespace(agent: Any) -> dict[str, Any]:
    if agent is None:
        script = vars(sys.modules["__main__"])
        if "agent" not in sys.modules and _looks_like_agent(script):
            return script
        agent = "agent"
    if isinstance(agent, str):
        agent = importlib.import_module(agent)
    if isinstance(agent, types.ModuleType):
        return vars(agent)
    if isinstance(agent, dict):
        return agent
    raise TypeError(f"agent is a module, its name or a namespace, not {type(agent).__name__}")


def _looks_like_agent(space: dict[str, Any]) -> bool:
    scoring = space.get("score_session")
    # The module `core` imports it, and has a `recommend` of its own.
    defined = getattr(scoring, "__globals__", space) is space
    return callable(space.get("recommend")) and callable(scoring) and defined


def _folder(space: dict[str, Any]) -> str | None:
    file = space.get("__file__")
    return os.path.realpath(f"{file}/..") if isinstance(file, str) else None


def _find(space: dict[str, Any], targets: tuple[Target, ...]) -> Iterator[Found]:
    if not _looks_like_agent(space):
        targets = tuple(target for target in targets if target not in _AGENT)
    for target in targets:
        owner_name, _, name = target.name.rpartition(".")
        owner = space.get(owner_name)
        if isinstance(owner, type) and name in vars(owner):
            yield _found(target, vars(owner)[name], space, owner)
        elif not owner_name and name in space:
            yield _found(target, space[name], space)


def _found(
    target: Target, function: Any, space: dict[str, Any], owner: type | None = None
) -> Found:
    module = getattr(function, "__module__", None) or space.get("__name__", "agent")
    return Found(target, f"{module}.{target.name}", function, owner)
