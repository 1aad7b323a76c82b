"""The two sides of a comparison: eventkit, and pure Python code with the same answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import eventkit
import real_agent
from eventkit import reference

Answer = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """One implementation of the three functions that are timed."""

    name: str
    recommend: Callable[..., Answer]
    explain: Callable[..., Answer]
    export: Callable[..., Answer]


def eventkit_side() -> Side:
    """Return eventkit, which is measured."""
    return Side("eventkit", eventkit.recommend, eventkit.explain, eventkit.export)


def reference_side() -> Side:
    """Return the pure-Python reference of this package."""
    return _python_side(
        "reference", reference.recommend, reference.explain, reference.build_itinerary_markdown
    )


def agent_side(folder: str) -> Side:
    """Return a real agent from its folder, after checking its answers."""
    agent = real_agent.load(folder)
    real_agent.check_recorded(agent)
    real_agent.check_random(agent)
    return _module_side("agent", agent)


def accelerated_side(folder: str) -> Side:
    """Return the same agent, loaded again and accelerated until the process ends."""
    agent = real_agent.load(folder)
    handle = eventkit.accelerate(agent.agent)
    print(f"accelerated: {', '.join(handle.replaced)}")
    return _module_side("accelerated", agent)


def catalog_side() -> Side | None:
    """Return a side that makes a `Catalog` once for each manifest."""
    kind = getattr(eventkit, "Catalog", None)
    if kind is None:
        return None
    made: dict[int, tuple[Any, Answer]] = {}

    def of(manifest: Answer) -> Any:
        if id(manifest) not in made:
            made.clear()
            made[id(manifest)] = kind(manifest), manifest
        return made[id(manifest)][0]

    return Side(
        "catalog",
        lambda manifest, interests, top: of(manifest).recommend(interests, top),
        lambda manifest, title, interests: of(manifest).explain(title, interests),
        lambda manifest, interests: of(manifest).export(
            interests, manifest["recommend"]["max_sessions_default"]
        ),
    )


def opponent(folder: str | None) -> Side:
    """Return the agent of a folder, or the reference without a folder."""
    return agent_side(folder) if folder else reference_side()


def check(manifest: Answer, interests: list[str], top: int, *sides: Side) -> None:
    """Raise an error if answers differ in a value, a type, an order, or an object's identity."""
    title = manifest["sessions"][len(manifest["sessions"]) // 2]["title"]
    results = [
        (
            side.recommend(manifest, interests, top),
            side.explain(manifest, title, interests),
            side.export(manifest, interests),
        )
        for side in sides
    ]
    first = results[0]
    for side, result in zip(sides[1:], results[1:], strict=True):
        # repr distinguishes 1 from 1.0 and -0.0 from 0.0, and shows the order of the keys.
        if repr(first) != repr(result):
            raise AssertionError(f"{sides[0].name} and {side.name} differ:\n{first}\n{result}")
        pairs = zip(first[0]["sessions"], result[0]["sessions"], strict=True)
        if not all(mine is theirs for mine, theirs in pairs):
            raise AssertionError(f"{side.name} copied a session")


def _module_side(name: str, agent: real_agent.Agent) -> Side:
    module = agent.agent
    return _python_side(name, module.recommend, module.explain, module._build_itinerary_markdown)


def _python_side(
    name: str, recommend: Callable[..., Answer], explain: Callable[..., Answer], markdown: Any
) -> Side:
    def export(manifest: Answer, interests: list[str]) -> Answer:
        chosen = recommend(manifest, interests, manifest["recommend"]["max_sessions_default"])
        return {"markdown": markdown(interests, chosen), "sessionCount": len(chosen["sessions"])}

    return Side(name, recommend, explain, export)
