"""The functions of an agent that are replaced, what takes their place, and where they are found."""

from __future__ import annotations

import importlib
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from eventkit.accelerate import native

__all__ = ["TARGETS", "Found", "Target", "search"]


class Target(NamedTuple):
    """A function that an agent may have.

    Attributes:
        module: The original's module that has it.
        name: Its name; behind its class's, when it is a method.
        parameters: How many it takes, ``self`` included.
        answer: Takes the agent's function and returns what answers in its place: a function that
            returns ``NotImplemented`` where only the agent's own can answer. ``None`` where an
            answer of eventkit would not be faster: it is looked at, but not replaced.
        prepare: Makes of a call's arguments such that may be used twice.
    """

    module: str
    name: str
    parameters: int
    answer: Callable[[types.FunctionType], native.Answer] | None = None
    prepare: Callable[..., tuple[Any, ...]] | None = None


class Found(NamedTuple):
    """A function of an agent, and the target that it is."""

    target: Target
    label: str
    function: Any
    owner: type | None = None

    @property
    def name(self) -> str:
        """Its name, without that of a class."""
        return self.target.name.rpartition(".")[2]


# Measured with 3, 40 and 1,000 sessions: for those without an answer the agent's own code takes as
# long as a call of eventkit's, or less. The native ranking does their work in one call.
TARGETS = (
    Target("agent", "score_session", 3),
    Target("agent", "recommend", 3, native.recommend),
    Target("agent", "explain", 3, native.explain),
    Target("agent", "_count_conflicts", 1),
    Target("agent", "_build_itinerary_markdown", 2),
    Target("agent", "_build_adaptive_card", 1),
    Target("agent", "_normalize_interests", 1),
    Target("core", "recommend_from_graph", 4, native.recommend_from_graph, native.fetch_once),
    Target("graph_service", "GraphEventService._transform_events", 2, native.transform_events),
)


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
    for part, targets in [(space, TARGETS), *_neighbours(space)]:
        for found in _find(part, targets):
            if id(found.function) not in seen:
                seen.add(id(found.function))
                yield found


def _neighbours(space: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[Target, ...]]]:
    folder = _folder(space)
    for name in dict.fromkeys(each.module for each in TARGETS):
        neighbour = vars(sys.modules[name]) if name in sys.modules else space
        if neighbour is not space and folder is not None and _folder(neighbour) == folder:
            yield neighbour, tuple(each for each in TARGETS if each.module == name)


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
        targets = tuple(target for target in targets if target.module != "agent")
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
