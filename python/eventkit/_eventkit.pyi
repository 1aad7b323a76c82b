import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import NotImplementedType
from typing import Any, Literal, final

from typing_extensions import disjoint_base

from eventkit.results import (
    Alternatives,
    Explanation,
    Interests,
    Plan,
    Recommendation,
    ScoredSession,
    SessionNotFound,
    Top,
    Unmatched,
    WhyNot,
)
from eventkit.understanding import Understood

__all__ = [
    "CatalogBase",
    "CatalogData",
    "FeedSessions",
    "Filter",
    "GraphCacheBase",
    "RankedArray",
    "RateLimiter",
    "Reading",
    "RequestLog",
    "ServerMetrics",
    "SharedEvents",
    "TelemetryWriter",
    "Ticket",
    "__version__",
    "alternatives",
    "cache_info",
    "clear_cache",
    "compile_sessions",
    "compile_words",
    "count_conflicts",
    "explain",
    "explain_sessions",
    "explain_understood",
    "external_place",
    "feed_formats",
    "file_identity",
    "graph_page",
    "join_catalogs",
    "kept_question",
    "load_arrow",
    "load_catalog",
    "load_json",
    "load_ndjson",
    "open_catalog",
    "panic_for_test",
    "plan",
    "profile",
    "rank_arrow",
    "read_feed",
    "recommend",
    "recommend_sessions",
    "recommend_understood",
    "save_catalog",
    "saved_fields",
    "score_session",
    "sessions_pass_schema",
    "share_events",
    "sum_contributions",
    "sum_regime",
    "summarize_telemetry",
    "take_apart",
    "telemetry_segments",
    "transform_events",
    "understand_interests",
    "understood_points",
    "unmatched_interests",
    "unproven",
    "why_not",
]

__version__: str
unproven: tuple[str, ...]

def recommend(manifest: Any, interests: Any, top: Any) -> Recommendation | NotImplementedType: ...
def recommend_sessions(
    sessions: Any, weights: Any, interests: Any, top: Any
) -> Recommendation | NotImplementedType: ...
def explain(
    manifest: Any, title: Any, interests: Any
) -> Explanation | SessionNotFound | NotImplementedType: ...
def explain_sessions(
    sessions: Any, weights: Any, title: Any, interests: Any
) -> Explanation | SessionNotFound | NotImplementedType: ...
def external_place(
    manifest: Any, directories: tuple[str, ...]
) -> str | NotImplementedType | None: ...
def score_session(
    session: Any, interests: Any, weights: Any
) -> ScoredSession | NotImplementedType: ...
def count_conflicts(sessions: Any) -> int | NotImplementedType: ...
def graph_page(
    body: bytes,
) -> (
    tuple[list[dict[str, Any]], str | None, list[tuple[int, str | None, str | None]]]
    | NotImplementedType
): ...
def kept_question(
    environ: Any, most_headers: int, most_bytes: int
) -> tuple[tuple[str, bytes], str, str | None, str | None] | NotImplementedType: ...
def transform_events(events: Any) -> list[dict[str, Any]] | NotImplementedType: ...
def profile(manifest: Any, interests: Any, top: Any) -> dict[str, Any] | NotImplementedType: ...
def clear_cache() -> None: ...
def cache_info() -> dict[str, int]: ...
def sum_regime(sum: Callable[[Any], Any]) -> str | None: ...
def sum_contributions(items: list[Any], regime: str) -> int | float | NotImplementedType: ...
def panic_for_test() -> None: ...

@final
class CatalogData: ...

@final
class Reading:
    def __new__(
        cls,
        same: list[tuple[str, str]],
        narrower: list[tuple[list[str], list[str]]],
        fields: list[str],
        fuzzy: bool,
    ) -> Reading: ...

def compile_words(catalog: CatalogBase) -> int: ...
def understand_interests(
    catalog: CatalogBase, interests: list[str], reading: Reading
) -> tuple[list[Understood], list[list[str]]]: ...
def recommend_understood(
    catalog: CatalogBase,
    interests: list[str],
    top: Any,
    weights: Any,
    filter: Filter | None,
    reading: Reading,
    balance: Any,
    spread: Any,
) -> dict[str, Any]: ...
def understood_points(
    catalog: CatalogBase, interests: list[str], filter: Filter | None, reading: Reading
) -> tuple[list[Understood], list[int], list[list[int]]]: ...
def explain_understood(
    catalog: CatalogBase, title: str, interests: list[str], weights: Any, reading: Reading
) -> dict[str, Any]: ...

@disjoint_base
class CatalogBase:
    def __new__(
        cls,
        data: CatalogData,
        weights: Any,
        cache_size: int = 0,
        cache_ttl: float = 300.0,
        clock: Callable[[], float] | None = None,
    ) -> CatalogBase: ...
    @property
    def _data(self) -> CatalogData: ...
    @property
    def weights(self) -> Any: ...
    @property
    def nbytes(self) -> int: ...
    def stats(self) -> dict[str, int | float]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __contains__(self, key: object, /) -> bool: ...
    def recommend(
        self,
        interests: Interests,
        top: Top = 5,
        *,
        weights: Mapping[str, Any] | None = None,
        filter: Filter | None = None,
        balance: Literal["interests"] | None = None,
        spread: str | Sequence[str] | None = None,
        understand: bool = False,
        embed: Any = None,
    ) -> Recommendation: ...
    def recommend_json(
        self,
        interests: Interests,
        top: Top = 5,
        *,
        weights: Mapping[str, Any] | None = None,
        filter: Filter | None = None,
    ) -> bytes: ...
    def recommend_many(
        self,
        many_interests: Iterable[Interests],
        top: Top = 5,
        *,
        weights: Mapping[str, Any] | None = None,
    ) -> list[Recommendation]: ...
    def _recommend_lines(
        self, many_interests: list[Any], top: Any, *, weights: Any = None
    ) -> bytes: ...
    def _rank_many(
        self, many_interests: list[Any], top: int, *, weights: Any = None, filter: Any = None
    ) -> tuple[bytes, bytes, int] | None: ...
    def explain(
        self,
        title: str,
        interests: Interests,
        *,
        weights: Mapping[str, Any] | None = None,
        understand: bool = False,
    ) -> Explanation | SessionNotFound: ...
    def score(
        self, id_or_title: str, interests: Interests, *, weights: Mapping[str, Any] | None = None
    ) -> ScoredSession: ...
    def _with(self, added: list[Any], removed: list[Any]) -> CatalogData: ...

@final
class Filter:
    def __new__(
        cls,
        *,
        start: Any = None,
        end: Any = None,
        fit: str = "within",
        locations: Iterable[str] | None = None,
        all_tags: Iterable[str] | None = None,
        any_tags: Iterable[str] | None = None,
        no_tags: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
    ) -> Filter: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

@disjoint_base
class GraphCacheBase:
    def __new__(
        cls,
        ttl: float,
        stale_ttl: float,
        stale_if_error: float,
        cool_down: float,
        jitter: float,
        max_entries: int,
        max_bytes: int,
        refreshers: int,
        reuse: bool,
        keep_expired: bool,
        one_mailbox: bool,
        weights: Any,
        clock: Callable[[], float] | None,
        /,
    ) -> GraphCacheBase: ...
    def _look_up(
        self,
        user_id: str | None,
        top: int,
        start: str | None,
        end: str | None,
        shared: bool,
        /,
    ) -> Any: ...
    def _assign_role(
        self,
        user_id: str | None,
        top: int,
        start: str | None,
        end: str | None,
        shared: bool,
        within: Sequence[int],
        asynchronous: bool,
        again: bool,
        /,
    ) -> Any: ...
    def _remember(self, source: str, age: float, /) -> None: ...
    def _last(self) -> tuple[str, float, BaseException | None] | None: ...
    def _forget(self, user_id: str | None, /) -> None: ...
    def _clear(self) -> None: ...
    def stats(self) -> dict[str, int | float]: ...

@final
class SharedEvents:
    def __len__(self) -> int: ...
    def recommend(self, interests: Any, top: Any, weights: Any, /) -> dict[str, Any]: ...
    def explain(self, title: Any, interests: Any, weights: Any, /) -> dict[str, Any]: ...

def share_events(events: list[Any], weights: Any, /) -> SharedEvents: ...

@final
class Ticket:
    @property
    def is_leader(self) -> bool: ...
    @property
    def answer(self) -> Any: ...
    @property
    def load_id(self) -> int: ...
    @property
    def top(self) -> int: ...
    @property
    def state(self) -> Any: ...
    def wait(self, timeout: float | None, interruptible: bool, /) -> bool: ...
    def watch(self, wake: Callable[[], object], /) -> bool: ...
    def outcome(self) -> Any: ...
    def complete(
        self, events: list[Any], age: float, from_store: bool, state: Any, /
    ) -> tuple[Any, bool]: ...
    def fail(
        self,
        error: BaseException,
        lasting: BaseException,
        transient: bool,
        retry_after: float | None,
        /,
    ) -> Any: ...
    def abandon(self) -> None: ...

@final
class RequestLog:
    def __len__(self) -> int: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __getitem__(self, key: str, /) -> float: ...
    def clear(self) -> None: ...

@disjoint_base
class RateLimiter:
    def __new__(
        cls,
        requests_per_minute: int = 100,
        window_seconds: float = 60.0,
        *,
        max_keys: int = 1_048_576,
        clock: Callable[[], float] | None = None,
    ) -> RateLimiter: ...
    @property
    def requests_per_minute(self) -> int: ...
    @property
    def window_seconds(self) -> float: ...
    @property
    def max_keys(self) -> int: ...
    @property
    def forgotten(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def request_log(self) -> RequestLog: ...
    def check(self, key: str) -> float: ...
    def is_allowed(self, key: str) -> bool: ...
    def cleanup_old_entries(self) -> int: ...

@disjoint_base
class ServerMetrics:
    def __new__(cls, directory: str | os.PathLike[str] | None = None) -> ServerMetrics: ...
    def observe(self, route: str, status: int, seconds: float, also: str | None = None) -> None: ...
    def add(self, name: str, amount: int = 1) -> None: ...
    def raise_to(self, name: str, count: int) -> None: ...
    def set(self, name: str, value: float) -> None: ...
    def render(self, *, openmetrics: bool = False) -> bytes: ...
    def snapshot(self) -> dict[str, Any]: ...

def plan(
    catalog: CatalogBase,
    interests: Interests,
    top: int | None,
    gap: float,
    weights: Mapping[str, Any] | None,
    filter: Filter | None,
    must: list[str],
    avoid: list[str],
    busy: list[tuple[str, str]],
    reading: Reading | None = None,
) -> Plan | NotImplementedType: ...
def why_not(
    catalog: CatalogBase,
    title: str,
    interests: Interests,
    top: int,
    weights: Mapping[str, Any] | None,
    filter: Filter | None,
    reading: Reading | None = None,
) -> WhyNot | SessionNotFound | NotImplementedType: ...
def alternatives(
    catalog: CatalogBase,
    title: str,
    interests: Interests,
    top: int | None,
    weights: Mapping[str, Any] | None,
    reading: Reading | None = None,
) -> Alternatives | SessionNotFound | NotImplementedType: ...
def unmatched_interests(catalog: CatalogBase, interests: Interests) -> list[Unmatched]: ...
def compile_sessions(sessions: list[Any]) -> CatalogData: ...
def sessions_pass_schema(data: CatalogData) -> bool: ...
def load_json(
    data: bytes, origin: str, progress: Callable[[int, int], object] | None
) -> tuple[CatalogData, dict[str, bytes] | None] | None: ...
def load_ndjson(
    file: Any, origin: str, progress: Callable[[int, int], object] | None
) -> tuple[CatalogData, dict[str, bytes] | None] | None: ...
def load_arrow(
    table: Any, progress: Callable[[int, int], object] | None
) -> tuple[CatalogData, dict[str, bytes] | None] | None: ...
def rank_arrow(
    catalog: CatalogBase,
    interests: Any,
    top: int,
    weights: Any,
    filter: Filter | None,
    with_ids: bool,
) -> RankedArray | None: ...

@final
class RankedArray:
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...

@final
class FeedSessions:
    def __len__(self) -> int: ...
    def dicts(self) -> list[dict[str, Any]]: ...
    def compile(self) -> CatalogData | None: ...

def feed_formats() -> tuple[str, ...]: ...
def read_feed(
    data: bytes, origin: str, format: str | None, zone: str | None
) -> tuple[FeedSessions, dict[str, Any]]: ...
def save_catalog(data: CatalogData, fields: bytes, path: str | os.PathLike[str]) -> None: ...
def take_apart(data: CatalogData) -> list[tuple[Any, bytes]]: ...
def join_catalogs(parts: list[tuple[CatalogData, bytes]]) -> CatalogData: ...
def file_identity(data: CatalogData) -> tuple[int, int] | None: ...
def saved_fields(data: CatalogData) -> bytes | None: ...
def open_catalog(
    path: str | os.PathLike[str],
    verify: bool,
    copy: bool,
    progress: Callable[[int, int], object] | None,
) -> tuple[CatalogData, bytes]: ...
def load_catalog(data: bytes, verify: bool) -> tuple[CatalogData, bytes]: ...
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
