"""Services over the simulator, and a clock for their pauses."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from eventkit.graph import GraphEventService, GraphSettings

ANN = "ann@example.com"


class PausingClock:
    """Monotonic seconds that pass when somebody sleeps, and the pauses that were made."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


def settings_of(graph: Any, **changes: Any) -> GraphSettings:
    settings = GraphSettings.from_environment(graph.environment(ANN))
    return dataclasses.replace(settings, **changes)


def clocked(graph: Any, clock: PausingClock, jitter: float = 1.0, **changes: Any) -> Any:
    return GraphEventService(
        settings_of(graph, **changes),
        clock=clock,
        sleep=clock.sleep,
        asleep=clock.asleep,
        jitter=lambda: jitter,
    )


def in_task(service: GraphEventService, call: Any) -> Any:
    """Run a coroutine of the service in a loop of its own, and close what it opened there."""

    async def run() -> Any:
        try:
            return await call()
        finally:
            await service.aclose()

    return asyncio.run(run())
