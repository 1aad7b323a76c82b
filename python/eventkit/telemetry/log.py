"""Writes telemetry: one line of JSON for each request, with its action, latency and result."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from eventkit import _native
from eventkit.telemetry import life
from eventkit.telemetry.privacy import Pseudonyms, error_kind, safe_correlation_id

__all__ = ["Measurement", "Telemetry"]

Exporter = Callable[[dict[str, Any]], object]

_DAY = 86_400.0
_log = logging.getLogger("eventkit.telemetry")


class Measurement:
    """A block of code that is being timed.

    Attributes:
        payload: The result of the block; set it inside the block.
        success: Set it to false inside the block if it failed without an exception.
        error: The error, if it failed.
    """

    def __init__(self) -> None:
        """Start as a successful block without a result."""
        self.payload: Any = None
        self.success = True
        self.error: Any = None


class Telemetry:
    """Writes telemetry. Logging never raises, and a line that cannot be written is counted.

    By default a line holds counts and times, no contents (see `eventkit.telemetry.privacy`). The
    first failure is logged as a warning to ``eventkit.telemetry``; `stats` counts them all.
    Threads, processes and forks may share the file. A normal exit of the process writes all lines;
    SIGTERM does so after a call of `eventkit.telemetry.flush_on_sigterm`.

    Args:
        path: The file; its directory must exist. It is created with mode 0600, and must not be a
            link, a pipe or a device.
        enabled: If false, nothing is written or opened.
        max_bytes: The file is rotated before it gets larger; ``None`` for never.
        daily: The file is also rotated when the day changes (UTC).
        compress_after_days: Rotated files older than this are compressed; ``None`` for never.
        delete_after_days: Rotated files older than this are deleted; ``None`` for never.
        durability: When a line is safe. ``"background"``: milliseconds after the call, or after
            `flush`. ``"sync"``: when the call returns, even if the process crashes then.
            ``"fsync"``: when the call returns, even if the power fails then.
        payload: ``"counts"``, or ``"full"`` to write the contents, as the original does.
        queue_bytes: The bytes that may wait to be written; further lines are dropped and counted.
        exporter: Called with each record, for example an `eventkit.telemetry.otel.Exporter`.

    Example:
        >>> telemetry = Telemetry("telemetry.jsonl")
        >>> telemetry.log("recommend", {"sessions": [{}], "conflicts": 0}, time.time(), True)
        True
        >>> telemetry.flush()
        True
        >>> telemetry.stats()["written"]
        1
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = "telemetry.jsonl",
        *,
        enabled: bool = True,
        max_bytes: int | None = 52_428_800,
        daily: bool = True,
        compress_after_days: float | None = 7,
        delete_after_days: float | None = 30,
        durability: Literal["background", "sync", "fsync"] = "background",
        payload: Literal["counts", "full"] = "counts",
        queue_bytes: int = 33_554_432,
        exporter: Exporter | None = None,
    ) -> None:
        """See the class."""
        if payload not in ("counts", "full"):
            raise ValueError(f"payload must be 'counts' or 'full', not {payload!r}")
        # Absolute: a process that changes its directory does not change its file.
        self.path = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
        self.enabled = bool(enabled)
        self._full = payload == "full"
        self._exporter = exporter
        self._warned = False
        self._pseudonyms = Pseudonyms(self.path.with_name(self.path.name + ".key"))
        self._writer = _native.TelemetryWriter(
            self.path,
            max_bytes,
            daily,
            None if compress_after_days is None else compress_after_days * _DAY,
            None if delete_after_days is None else delete_after_days * _DAY,
            durability,
            queue_bytes,
        )
        if self.enabled:
            weakref.finalize(self, self._writer.close, life.PATIENCE)
            life.watch(self)

    def log(
        self,
        action: str,
        payload: Any,
        start_ts: float | None,
        success: bool,
        error: Any = None,
        correlation_id: str | None = None,
        *,
        user: str | None = None,
    ) -> bool:
        """Write one line.

        Args:
            action: The name of the action, cut to 64 characters.
            payload: The result. By default the number of its ``sessions``, its ``conflicts`` and
                its ``source`` are written, and its ``userId`` as a pseudonym.
            start_ts: The time when the action began, by ``time.time()``; ``None`` if unknown.
            success: Whether the action succeeded.
            error: The error, if it failed; by default only its kind is written.
            correlation_id: Connects the line with other logs. By default it is left out unless it
                consists of at most 64 letters, digits, ``.``, ``_`` and ``-``.
            user: The user; by default written as a pseudonym.

        Returns:
            True if the line was accepted; with ``durability="sync"``, if it is written; with
            ``"fsync"``, if the disk has it.

        Example:
            >>> Telemetry("telemetry.jsonl").log("explain", {}, None, False, "session not found")
            True
        """
        if not self.enabled:
            return False
        return self._log(action, payload, start_ts, None, success, error, correlation_id, user)

    def log_exception(
        self,
        action: str,
        error: BaseException,
        start_ts: float | None = None,
        correlation_id: str | None = None,
        *,
        payload: Any = None,
        user: str | None = None,
    ) -> bool:
        """Write a line about an exception. Summaries do not count it as a request.

        The first two arguments may come in either order. See `log` for the others.

        Example:
            >>> Telemetry("telemetry.jsonl").log_exception("recommend", KeyError("title"))
            True
        """
        if not self.enabled:
            return False
        if isinstance(action, BaseException):
            action, error = (error if isinstance(error, str) else "exception"), action
        return self._log(
            action, payload, start_ts, None, False, error, correlation_id, user, exception=True
        )

    @contextlib.contextmanager
    def measure(
        self, action: str, correlation_id: str | None = None, *, user: str | None = None
    ) -> Iterator[Measurement]:
        """Time a block by the monotonic clock, and write one line when it ends.

        If the block raises, the line is a failure of that kind, and the exception is raised again.

        Example:
            >>> with Telemetry("telemetry.jsonl").measure("recommend") as measurement:
            ...     measurement.payload = {"sessions": [], "conflicts": 0}
        """
        measurement = Measurement()
        begun = time.perf_counter_ns()
        try:
            yield measurement
        except BaseException as error:
            measurement.success, measurement.error = False, error
            raise
        finally:
            if self.enabled:
                took = (time.perf_counter_ns() - begun) // 1_000
                payload, success = measurement.payload, measurement.success
                self._log(
                    action, payload, None, took, success, measurement.error, correlation_id, user
                )

    def flush(self, timeout: float = life.PATIENCE) -> bool:
        """Wait until every line so far is written or counted as dropped.

        Returns:
            False if that took longer than `timeout` seconds.

        Example:
            >>> Telemetry("telemetry.jsonl").flush()
            True
        """
        flushed = self._writer.flush(timeout)
        self._warn_once()
        return flushed

    def close(self, timeout: float = life.PATIENCE) -> bool:
        """Flush, and end the thread. Later calls of `log` write their lines themselves.

        Returns:
            False if the flush took longer than `timeout` seconds.

        Example:
            >>> Telemetry("telemetry.jsonl").close()
            True
        """
        flushed = self._writer.close(timeout)
        self._warn_once()
        return flushed

    def rotate(self) -> Path | None:
        """Rotate now; then compress and delete old rotated files.

        Returns:
            The rotated file; ``None`` if there was nothing to rotate.

        Raises:
            OSError: The file system refused; ``BlockingIOError`` if another process is rotating.

        Example:
            >>> Telemetry("never-written.jsonl").rotate() is None
            True
        """
        rotated = self.rotate_only()
        self.tend()
        return rotated

    def rotate_only(self) -> Path | None:
        """Rotate now, and leave old rotated files alone; see `rotate`.

        Example:
            >>> Telemetry("never-written.jsonl").rotate_only() is None
            True
        """
        self.flush()
        return self._writer.rotate()

    def tend(self) -> tuple[int, int]:
        """Compress and delete old rotated files now; return the number of each.

        Example:
            >>> Telemetry("never-written.jsonl").tend()
            (0, 0)
        """
        return self._writer.tend()

    def stats(self) -> dict[str, Any]:
        """Return the counters of this process.

        Returns:
            ``logged`` = ``written`` + ``queued`` + ``dropped``; the latter by cause as
            ``dropped_queue_full``, ``dropped_io`` and ``dropped_unserializable``; ``bytes``,
            ``rotations`` and ``last_error``.

        Example:
            >>> Telemetry("never-written.jsonl").stats()["written"]
            0
        """
        return self._writer.stats()

    def __enter__(self) -> Telemetry:
        """Return itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _log(
        self,
        action: str,
        payload: Any,
        start_ts: float | None,
        latency_us: int | None,
        success: bool,
        error: Any,
        correlation_id: str | None,
        user: str | None,
        *,
        exception: bool = False,
    ) -> bool:
        try:
            if user is None and type(payload) is dict:
                user = payload.get("userId") or payload.get("user_id") or None
            if type(action) is not str:
                action = str(action)
            if self._full:
                line = _full_line(
                    action, payload, start_ts, latency_us, success, error, correlation_id, exception
                )
                status = self._writer.append(line)
            else:
                status = self._writer.log(
                    action,
                    payload,
                    start_ts,
                    latency_us,
                    bool(success),
                    None if error is None else error_kind(error),
                    None if correlation_id is None else safe_correlation_id(correlation_id),
                    None if user is None else self._pseudonyms.of(user),
                    exception,
                )
            if self._exporter is not None:
                self._export(
                    action, payload, start_ts, latency_us, success, error, correlation_id, user
                )
        except Exception as failure:  # logging never raises
            self._writer.refuse(f"{type(failure).__name__}: {failure}")
            status = 3
        if status:
            self._warn_once()
            return not status & 1
        return True

    def _export(
        self,
        action: str,
        payload: Any,
        start_ts: float | None,
        latency_us: int | None,
        success: bool,
        error: Any,
        correlation_id: str | None,
        user: str | None,
    ) -> None:
        record = {
            "ts": time.time(),
            "action": action,
            "success": bool(success),
            "error": error_kind(error),
            "latency_ms": _latency_ms(start_ts, latency_us),
            "correlation_id": safe_correlation_id(correlation_id),
            "user": None if user is None else self._pseudonyms.of(user),
        }
        if type(payload) is dict:
            sessions = payload.get("sessions")
            record["sessions"] = len(sessions) if type(sessions) is list else None
        try:
            assert self._exporter is not None
            self._exporter(record)
        except Exception as failure:  # the line is written; only its export failed
            _log.debug("the exporter failed: %s", failure)

    def _warn_once(self) -> None:
        if self._warned:
            return
        reason = self._writer.untold()
        if reason is not None:
            self._warned = True
            _log.warning(
                "telemetry in %s: %s (further failures are only counted, see stats())",
                self.path,
                reason,
            )


def _latency_ms(start_ts: float | None, latency_us: int | None) -> float | None:
    if latency_us is not None:
        return latency_us / 1_000
    if start_ts is None or not math.isfinite(start_ts):
        return None
    return max(0.0, (time.time() - start_ts) * 1_000)


def _full_line(
    action: str,
    payload: Any,
    start_ts: float | None,
    latency_us: int | None,
    success: bool,
    error: Any,
    correlation_id: str | None,
    exception: bool,
) -> str:
    """Return the line that the original writes, with further fields, as valid JSON."""
    latency = _latency_ms(start_ts, latency_us)
    line: dict[str, Any] = {
        "ts": time.time(),
        "action": action,
        "payload": payload,
        "start": start_ts,
        "success": bool(success),
        "error": error if error is None or isinstance(error, str) else f"{error}",
        "latency_ms": None if latency is None else round(latency, 3),
        "duration_ms": None if latency is None else int(latency),
        "correlation_id": correlation_id,
    }
    if exception:
        line["event"] = "exception"
        line["error_type"] = error_kind(error)
    try:
        return json.dumps(line, allow_nan=False, default=repr)
    except ValueError:  # NaN and infinity, which JSON does not have
        return json.dumps(_finite(line), allow_nan=False, default=repr)


def _finite(value: Any) -> Any:
    """Replace values that JSON does not have by ``null``, at every depth."""
    if isinstance(value, dict):
        return {key: _finite(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(member) for member in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
