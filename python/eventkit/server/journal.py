"""Telemetry of requests, where the manifest asks for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from eventkit.server.edition import Edition
from eventkit.server.message import Response

__all__ = ["Journal"]

_UNAUTHORIZED = 401


class Journal:
    """Writes a line for each answer, and of refusals for want of a token only a sample.

    Somebody without a token may not fill the disk: one such line in so many seconds is written.

    Args:
        sample_seconds: How far apart lines of refusals are, at least.
        clock: Monotonic seconds.
    """

    def __init__(
        self, sample_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """See the class."""
        self._sample_seconds = sample_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._next_sample = float("-inf")

    def write(
        self, edition: Edition, action: str, response: Response, identity: str, took: float
    ) -> None:
        """Write a line, if the manifest wants any."""
        telemetry = edition.telemetry
        if not telemetry.enabled or (response.status == _UNAUTHORIZED and not self._sampled()):
            return
        success = response.status < 400
        payload = response.payload if success else {}
        telemetry.log(
            action,
            payload,
            time.time() - took,
            success,
            None if success else _error(response),
            identity,
        )

    def _sampled(self) -> bool:
        with self._lock:
            now = self._clock()
            if now < self._next_sample:
                return False
            self._next_sample = now + self._sample_seconds
            return True


def _error(response: Response) -> Any:
    """Return what went wrong, as the body says it."""
    return json.loads(response.body).get("error") if response.body else None
