import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NotImplementedType
from typing import Any, final

__all__ = [
    "__version__",
    "cache_info",
    "clear_cache",
    "count_conflicts",
    "explain",
    "explain_sessions",
    "on_collection",
    "panic_for_test",
    "profile",
    "recommend",
    "recommend_sessions",
    "score_session",
    "sum_contributions",
    "sum_regime",
    "transform_events",
]

__version__: str

def recommend(manifest: Any, interests: Any, top: Any) -> dict[str, Any] | NotImplementedType: ...
def recommend_sessions(
    sessions: Any, weights: Any, interests: Any, top: Any
) -> dict[str, Any] | NotImplementedType: ...
def explain(manifest: Any, title: Any, interests: Any) -> dict[str, Any] | NotImplementedType: ...
def explain_sessions(
    sessions: Any, weights: Any, title: Any, interests: Any
) -> dict[str, Any] | NotImplementedType: ...
def score_session(
    session: Any, interests: Any, weights: Any
) -> dict[str, Any] | NotImplementedType: ...
def count_conflicts(sessions: Any) -> int | NotImplementedType: ...
def transform_events(events: Any) -> list[dict[str, Any]] | NotImplementedType: ...
def profile(manifest: Any, interests: Any, top: Any) -> dict[str, Any] | NotImplementedType: ...
def clear_cache() -> None: ...
def cache_info() -> dict[str, int]: ...
def on_collection(phase: str, info: Any, /) -> None: ...
def sum_regime(sum: Callable[[Any], Any]) -> str | None: ...
def sum_contributions(items: list[Any], regime: str) -> int | float | NotImplementedType: ...
def panic_for_test() -> None: ...
def summarize_telemetry(
    paths: Sequence[str | os.PathLike[str]],
    by: str,
    since: float | None,
    progress: Callable[[int, int], object] | None,
    /,
) -> dict[str, Any]: ...
def telemetry_segments(path: str | os.PathLike[str], /) -> list[Path]: ...

@final
class TelemetryWriter:
    def __new__(
        cls,
        path: str | os.PathLike[str],
        max_bytes: int | None,
        daily: bool,
        compress_after: float | None,
        delete_after: float | None,
        durability: str,
        queue_bytes: int,
        /,
    ) -> TelemetryWriter: ...
    def log(
        self,
        action: str,
        payload: Any,
        start_ts: float | None,
        latency_us: int | None,
        success: bool,
        error: str | None,
        correlation_id: str | None,
        user: str | None,
        exception: bool,
        /,
    ) -> int: ...
    def append(self, line: str, /) -> int: ...
    def refuse(self, reason: str, /) -> None: ...
    def flush(self, patience: float, /) -> bool: ...
    def close(self, patience: float, /) -> bool: ...
    def rotate(self) -> Path | None: ...
    def tend(self) -> tuple[int, int]: ...
    def stats(self) -> dict[str, Any]: ...
    def untold(self) -> str | None: ...
