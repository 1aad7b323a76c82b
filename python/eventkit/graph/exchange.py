"""The rules for a request to Graph, as a generator of steps.

The generator yields a `Token`, a `Send` or a `Pause`, and is sent the result of that step.
`transport` carries the steps out in a thread or in a task. So the rules are written once, and tests
need no clock.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeVar

from eventkit.errors import GraphAuthError, GraphRateLimitError, GraphServiceError
from eventkit.graph.retry import Refusals, backoff, parse_retry_after

__all__ = ["Broken", "Pause", "Reply", "Rules", "Send", "Shut", "Steps", "Token", "get"]

T = TypeVar("T")


@dataclass(frozen=True)
class Token:
    """Get a token, another one than the one that was rejected."""

    rejected: str | None
    until: float


@dataclass(frozen=True)
class Send:
    """Send a GET request and read the answer before a monotonic time.

    The request is not sent if its mailbox was closed while it waited for its turn.
    """

    url: str
    headers: dict[str, str]
    mailbox: str
    until: float
    is_open: Callable[[], bool]


@dataclass(frozen=True)
class Pause:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Reply:
    """An answer of the server with its whole body."""

    status: int
    retry_after: str | None
    body: bytes


class Broken(Exception):  # noqa: N818 (never seen by a caller)
    """There is no answer: the connection failed, or the answer was broken or came too late.

    Args:
        reason: What happened.
        again: True if another attempt may succeed.
    """

    def __init__(self, reason: str, *, again: bool = True) -> None:
        """Keep the reason."""
        self.again = again
        super().__init__(reason)


class Shut(Exception):  # noqa: N818 (never seen by a caller)
    """The mailbox was closed by Graph while the request waited for its turn."""


Steps = Generator[Any, Any, T]


@dataclass(frozen=True)
class Rules:
    """The rules for repeated attempts.

    Attributes:
        retry: The number of attempts and the times between them: `retry.policy`.
        clock: Returns monotonic seconds.
        jitter: Returns a number in 0..1.
        refusals: The mailboxes that are closed.
    """

    retry: Any
    clock: Callable[[], float]
    jitter: Callable[[], float]
    refusals: Refusals


def get(rules: Rules, url: str, headers: dict[str, str], mailbox: str, until: float) -> Steps[Any]:
    """Send the request until there is a final answer or no time. Returns the body of a 200.

    Raises:
        GraphServiceError: There is no such answer. Its ``status`` is for the caller to handle.
    """
    token = yield Token(None, until)
    refreshed, retry = False, rules.retry

    def is_open() -> bool:
        return rules.refusals.wait(mailbox) <= 0

    while True:
        yield from _wait_until_open(rules, mailbox, until)
        sent = headers | {
            "Authorization": f"Bearer {token}",
            "client-request-id": str(uuid.uuid4()),
        }
        try:
            reply: Reply = yield Send(url, sent, mailbox, until, is_open)
        except Shut:
            continue
        except Broken as broken:
            failure: GraphServiceError = GraphServiceError(
                f"Failed to fetch events: {broken}", transient=True
            )
            if not broken.again:
                raise failure from None
            seconds = None
        else:
            if reply.status == 200:
                return reply.body
            if reply.status == 401 and not refreshed:
                refreshed = True
                token = yield Token(token, until)
                continue
            seconds = _retry_after(reply)
            failure = _failure(reply, seconds)
            if not retry.is_retryable_status_code(reply.status):
                raise failure
            if seconds:
                rules.refusals.close(mailbox, seconds)
        wait = backoff(retry, rules.jitter) if seconds is None else seconds
        if retry.is_exhausted() or rules.clock() + wait >= until:
            raise failure
        retry = retry.increment()
        yield Pause(wait)


def _wait_until_open(rules: Rules, mailbox: str, until: float) -> Steps[None]:
    while (closed := rules.refusals.wait(mailbox)) > 0:
        if rules.clock() + closed >= until:
            raise _rate_limited(429, closed)
        yield Pause(closed)


def _retry_after(reply: Reply) -> float | None:
    return parse_retry_after(reply.retry_after, datetime.now(timezone.utc))


def _rate_limited(status: int, seconds: float | None) -> GraphRateLimitError:
    when = "later" if seconds is None else f"after {seconds:.0f} seconds"
    message = f"Rate limit exceeded: retry {when}"
    return GraphRateLimitError(message, status=status, retry_after=seconds, transient=True)


def _failure(reply: Reply, seconds: float | None) -> GraphServiceError:
    if reply.status == 429:
        return _rate_limited(429, seconds)
    if reply.status == 401:
        return GraphAuthError("Authentication failed: Invalid token", status=401)
    return GraphServiceError(
        f"Failed to fetch events: HTTP {reply.status}{_code(reply.body)}",
        status=reply.status,
        retry_after=seconds,
        transient=reply.status >= 500,
    )


def _code(body: bytes) -> str:
    """Return Graph's code for an error, not its message, which may quote the request."""
    try:
        code = json.loads(body)["error"]["code"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""
    return f" {code}" if isinstance(code, str) and re.fullmatch(r"[\w.-]{1,80}", code) else ""
