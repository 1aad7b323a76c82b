"""Logs requests by telemetry, if the manifest asks for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from eventkit.server.message import Response
from eventkit.server.revision import Revision

__all__ = ["RequestLog"]

_UNAUTHORIZED = 401


class RequestLog:
    """Writes a line for each answer, and a sample of the answers to requests without a token.

    A client without a token must not be able to fill the disk.

    Args:
        sample_seconds: How far apart the lines of such answers are, at least.
        clock: Monotonic seconds.
    """

    def __init__(
        self, sample_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with no line written."""
        self._sample_seconds = sample_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._next_sample = float("-inf")

    def write(
        self, revision: Revision, action: str, response: Response, identity: str, took: float
    ) -> None:
        """Write a line, if the manifest asks for telemetry.

        Args:
            revision: The manifest that the answer came from.
            action: The name of the endpoint.
            response: The answer.
            identity: Its correlation id.
            took: How many seconds it took.
        """
        telemetry = revision.telemetry
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
    """Return the error in the body of a response."""
    return json.loads(response.body).get("error") if response.body else None
