"""Carries out the steps of an exchange, by one httpx client for threads and one for tasks.

Both have the same functions in the same order, without and with ``await``.
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from eventkit._imports import required
from eventkit.deadline import Deadlines
from eventkit.errors import GraphServiceError
from eventkit.graph.body import Body
from eventkit.graph.concurrency_limit import ConcurrencyLimit
from eventkit.graph.exchange import Broken, Pause, Reply, Send, Shut, Steps, Token

__all__ = ["Transport", "guard", "tls"]

T = TypeVar("T")

IN_FLIGHT = 4
"""The largest number of concurrent requests to a mailbox that Graph accepts."""
_CONNECT, _IDLE = 5.0, 10.0
_ERROR_BODY = 64 << 10


class Transport:
    """The HTTP client of a service.

    Args:
        clock: Returns monotonic seconds.
        sleep: Sleeps.
        asleep: Sleeps in a task.
        max_body_bytes: The size limit of a body.
        token: Returns a token: ``token(rejected, seconds)``.
        atoken: Returns a token in a task.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        asleep: Callable[[float], Awaitable[None]],
        max_body_bytes: int,
        token: Callable[[str | None, float], str],
        atoken: Callable[[str | None, float], Awaitable[str]],
    ) -> None:
        """Import httpx. Nothing is connected yet."""
        self._httpx = required("httpx")
        self._clock, self._sleep, self._asleep = clock, sleep, asleep
        self._most = max_body_bytes
        self._token, self._atoken = token, atoken
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._limit = ConcurrencyLimit(IN_FLIGHT)
        self._client: Any = None
        self._deadlines = Deadlines(required("httpcore").SyncBackend())
        self._clients: dict[asyncio.AbstractEventLoop, Any] = {}

    def _check_process(self) -> None:
        """Forget the connections in a forked child, which must not write into its parent's."""
        if self._process != os.getpid():
            self._begin()

    def run(self, steps: Steps[T]) -> T:
        """Carry out the steps in this thread."""
        self._check_process()
        try:
            step = next(steps)
            while True:
                try:
                    outcome = self._take(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(outcome)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    async def arun(self, steps: Steps[T]) -> T:
        """Carry out the steps in this task."""
        self._check_process()
        try:
            step = next(steps)
            while True:
                try:
                    outcome = await self._atake(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(outcome)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    def _take(self, step: Token | Send | Pause) -> Any:
        if isinstance(step, Pause):
            return self._sleep(step.seconds)
        if isinstance(step, Token):
            return self._token(step.rejected, self._left(step))
        if not self._limit.acquire(step.mailbox, self._left(step)):
            raise _crowded()
        try:
            if not step.is_open():
                raise Shut
            with self._deadlines.within(self._left(step)):
                return self._send(step)
        finally:
            self._limit.release(step.mailbox)

    async def _atake(self, step: Token | Send | Pause) -> Any:
        if isinstance(step, Pause):
            return await self._asleep(step.seconds)
        if isinstance(step, Token):
            return await self._atoken(step.rejected, self._left(step))
        if not await self._limit.acquire_async(step.mailbox, self._left(step)):
            raise _crowded()
        try:
            if not step.is_open():
                raise Shut
            return await asyncio.wait_for(self._asend(step), self._left(step))
        except asyncio.TimeoutError:
            raise Broken("the time for the answer is over") from None
        finally:
            self._limit.release(step.mailbox)

    def _left(self, step: Token | Send) -> float:
        left = step.until - self._clock()
        if left <= 0:
            message = "Failed to fetch events: the time for the answer is over"
            raise GraphServiceError(message, transient=True)
        return left

    def _send(self, step: Send) -> Reply:
        try:
            with self._shared_client().stream("GET", step.url, headers=step.headers) as response:
                body = self._body_of(response)
                for chunk in response.iter_raw():
                    body.add(chunk)
                return self._reply(response, body)
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise _broken(error) from None

    async def _asend(self, step: Send) -> Reply:
        client = self._shared_async_client()
        try:
            async with client.stream("GET", step.url, headers=step.headers) as response:
                body = self._body_of(response)
                async for chunk in response.aiter_raw():
                    body.add(chunk)
                return self._reply(response, body)
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise _broken(error) from None

    def _body_of(self, response: Any) -> Body:
        most = self._most if response.status_code == 200 else _ERROR_BODY
        return Body(response.headers.get("Content-Encoding", ""), most)

    def _reply(self, response: Any, body: Body) -> Reply:
        retry_after = response.headers.get("Retry-After")
        return Reply(response.status_code, retry_after, body.finish())

    def _shared_client(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._httpx.Client(**self._settings())
                guard(self._client, self._deadlines)
            return self._client

    def _shared_async_client(self) -> Any:
        """Return the client of the running loop: a connection works only in its own loop."""
        loop = asyncio.get_running_loop()
        with self._lock:
            for other in [other for other in self._clients if other.is_closed()]:
                del self._clients[other]
            if loop not in self._clients:
                self._clients[loop] = self._httpx.AsyncClient(**self._settings())
            return self._clients[loop]

    def _settings(self) -> dict[str, Any]:
        limits = self._httpx.Limits(max_connections=None, max_keepalive_connections=32)
        timeout = self._httpx.Timeout(_IDLE, connect=_CONNECT)
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        return {"limits": limits, "timeout": timeout, "headers": headers, "verify": tls()}

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the connections, including those of the running loop."""
        with self._lock:
            client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()
        self.close()


@functools.cache
def tls() -> Any:
    """Return the certificates of authorities. They are read once, which takes 20 to 50 ms."""
    return required("httpx").create_ssl_context()


def guard(client: Any, deadlines: Deadlines) -> None:
    """Give deadlines to a client, also to its proxies from the environment.

    httpx has no parameter for httpcore's ``network_backend``. With its parameter ``transport``, it
    would ignore those proxies.
    """
    transports = [client._transport, *client._mounts.values()]
    for transport in transports:
        if transport is not None:
            transport._pool._network_backend = deadlines


def _crowded() -> GraphServiceError:
    return GraphServiceError(
        f"Failed to fetch events: {IN_FLIGHT} requests to this mailbox are under way, and none"
        " ended in time",
        transient=True,
    )


def _broken(error: Exception) -> Broken:
    """Return a message for an error by its type, because httpx's own texts may be empty."""
    kind = type(error).__name__
    text = str(error)
    return Broken(f"{kind}: {text}" if text else kind)
