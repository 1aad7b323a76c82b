"""`ValkeyStore`: a second tier for calendars, which workers and machines share."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from eventkit.graph.connections import Address
from eventkit.graph.envelope import Envelope
from eventkit.graph.tier import Settings, Tier
from eventkit.graph.visit import Visit, prefixes

__all__ = ["ValkeyStore"]

Events = list[dict[str, Any]]
Answer = TypeVar("Answer")

_COUNTS = (
    "hits",
    "waited",
    "misses",
    "stored",
    "invalidated",
    "expired",
    "rejected",
    "unstorable",
    "too_large",
    "wait_timeouts",
    "skipped",
    "failures",
    "opened",
    "invalidations",
)


class ValkeyStore:
    """Events on a Valkey or Redis server, for `CachedGraphEventService(service, store=...)`.

    A cache for all workers of all machines: one of them fetches, the others get what it fetched.
    Whatever becomes of the server, an answer stays what it would have been without: a server that
    is dead, slow, full or lying costs a call ``timeout`` at most, and after ``failures`` calls
    nothing for ``cool_down`` seconds. It is never waited for longer, and never raises; what went
    wrong is counted (`stats`) and logged once an outage by ``eventkit.graph.store``.

    Names on the server are digests; values are JSON that says what it is (schema, key, checksum),
    never pickle. Ages are the server's own: no two clocks are compared. Values are as readable as
    a calendar: give the server a password, TLS and, where it is shared, an ACL on the namespace.
    One server, or whatever answers as one (Sentinel's or a provider's address); not a cluster.

    Threads, event loops and forked workers may share it.

    Args:
        url: ``valkey://``, ``redis://``, ``valkeys://``, ``rediss://`` (TLS, the host's name is
            verified) or ``unix://``; with name and password, which appear nowhere.
        namespace: Before all names on the server; workers that share events share it.
        secret: What the workers share and others do not know: names and checksums are made with
            it, so that no list of mail addresses tells whose calendar is there, and nobody else
            can write one. Anything random, of 32 bytes or so.
        timeout: Seconds that the server may take of a call, at most, looking and storing together.
        lock_seconds: A worker that fetches holds others off for so long, at most: if it is killed,
            the next one fetches after that.
        wait_seconds: Wait for another worker's fetch for so long, at most, then fetch.
        max_value_bytes: Larger calendars are not stored.
        max_connections: At most so many at a time, in each process.
        failures: Calls in a row that the server fails before it is left alone.
        cool_down: Seconds for which it is, before one call tries it again.
        clock: Monotonic seconds, for the cool-down; the system's when left out.

    Raises:
        MissingExtraError: The extra ``[redis]`` is not installed.
        ValueError: The url is none, or a number makes no sense.

    Example:
        >>> store = ValkeyStore("redis://:secret@127.0.0.1:1/0")
        >>> store
        ValkeyStore(valkey://127.0.0.1:1/0, namespace='eventkit')
        >>> store.get_or_load("ann", 300, lambda: [{"title": "Standup"}])  # nobody listens there
        ([{'title': 'Standup'}], 0.0)
    """

    def __init__(
        self,
        url: str,
        *,
        namespace: str = "eventkit",
        secret: str | bytes | None = None,
        timeout: float = 0.015,
        lock_seconds: float = 5.0,
        wait_seconds: float = 10.0,
        max_value_bytes: int = 1 << 20,
        max_connections: int = 32,
        failures: int = 3,
        cool_down: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """See the class; nothing is connected before the first call."""
        numbers = {
            "timeout": timeout,
            "lock_seconds": lock_seconds,
            "wait_seconds": wait_seconds,
            "max_value_bytes": max_value_bytes,
            "max_connections": max_connections,
            "failures": failures,
            "cool_down": cool_down,
        }
        for name, value in numbers.items():
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be positive, not {value!r}")
        if not namespace:
            raise ValueError("the namespace is empty")
        self._namespace = namespace
        self._settings = Settings(
            Address(url),
            Envelope(namespace, secret),
            timeout,
            lock_seconds,
            wait_seconds,
            max_value_bytes,
            max_connections,
            failures,
            cool_down,
            clock,
        )
        self._tier = Tier(self._settings)
        self._closed = False

    def __repr__(self) -> str:
        """Return where it is, without name and password."""
        return f"ValkeyStore({self._settings.address!r}, namespace={self._namespace!r})"

    def get_or_load(self, key: str, ttl: float, load: Callable[[], Events]) -> tuple[Events, float]:
        """Return what is stored under a key, or load it and store it.

        Args:
            key: Any text.
            ttl: Seconds for which it is good; what is older is loaded again.
            load: Fetches. What it raises passes, and nothing is stored.

        Returns:
            Events that nobody else has, and their age in seconds.

        Example:
            >>> store = ValkeyStore("redis://127.0.0.1:1")
            >>> store.get_or_load("ann", 300, lambda: [])
            ([], 0.0)
        """
        visit = self._visit(key, ttl)
        while (pause := visit.look()) is not None:
            time.sleep(pause)
        if visit.events is not None:
            return visit.events, visit.age
        try:
            events = load()
        except BaseException:
            visit.leave()
            raise
        visit.keep(events)
        return events, 0.0

    async def aget_or_load(
        self, key: str, ttl: float, aload: Callable[[], Awaitable[Events]]
    ) -> tuple[Events, float]:
        """Do as `get_or_load` without blocking the event loop.

        Threads of the store's own talk to the server: its connections belong to no event loop.

        Example:
            >>> async def aload():
            ...     return []
            >>> store = ValkeyStore("redis://127.0.0.1:1")
            >>> asyncio.run(store.aget_or_load("ann", 300, aload))
            ([], 0.0)
            >>> store.close()
        """
        visit = self._visit(key, ttl)
        while (pause := await self._aside(visit.look, visit)) is not None:
            await asyncio.sleep(pause)
        if visit.events is not None:
            return visit.events, visit.age
        try:
            events = await aload()
        except BaseException:
            # Not awaited: a task that is cancelled ends now.
            self._submit(visit.leave)
            raise
        await self._aside(partial(visit.keep, events), visit)
        return events, 0.0

    def invalidate(self, prefix: str) -> None:
        """Forget all keys that begin so, also those that are being loaded now, for all workers.

        One round trip, however many keys there are. A prefix that does not end at one of a key's
        first three slashes is shortened to where it does: more is forgotten than was asked for,
        never less. While the server does not answer, this process itself no longer believes
        what is stored there, and tells it first thing when it does; other workers are told then.

        Example:
            >>> ValkeyStore("redis://127.0.0.1:1").invalidate("events/tenant/ann/")
        """
        tier = self._mine()
        tier.count("invalidations")
        whole = prefixes(prefix)[-1]
        tier.renew(self._settings.envelope.name("generation", whole))

    def stats(self) -> dict[str, Any]:
        """Return what happened so far, in this process.

        ``hits`` and ``waited`` (for another worker's fetch) were answered by the server, ``misses``
        loaded; of those, ``stored`` went to the server, ``unstorable`` (JSON cannot hold them
        exactly), ``too_large`` and ``invalidated`` (meanwhile) did not. ``expired`` and
        ``rejected`` (schema, key or checksum) values counted as absent. ``skipped`` calls did not
        ask the server: it is left alone, or all connections are in use. ``owed`` invalidations
        have not reached it yet. ``breaker`` is ``"closed"``, ``"open"`` or ``"half-open"``.

        Example:
            >>> store = ValkeyStore("redis://127.0.0.1:1")
            >>> _ = store.get_or_load("ann", 300, lambda: [])
            >>> stats = store.stats()
            >>> stats["failures"], stats["hits"], stats["breaker"]
            (1, 0, 'closed')
        """
        tier = self._mine()
        counts = {name: tier.counts[name] for name in _COUNTS}
        return {**counts, "owed": tier.owed(), "breaker": tier.breaker.state}

    def close(self) -> None:
        """Disconnect. Later calls load without the server.

        Example:
            >>> ValkeyStore("redis://127.0.0.1:1").close()
        """
        self._closed = True
        self._mine().close()

    async def aclose(self) -> None:
        """Do as `close`; symmetric to services that need the event loop for it.

        Example:
            >>> asyncio.run(ValkeyStore("redis://127.0.0.1:1").aclose())
        """
        self.close()

    def _mine(self) -> Tier:
        # A forked child shares no connection, lock or thread with its parent. Two threads of it
        # may both get here first: one of the two tiers is then used once, and let go.
        if self._tier.process != os.getpid():
            self._tier = Tier(self._settings)
        return self._tier

    def _visit(self, key: str, ttl: float) -> Visit:
        return Visit(self._mine(), key, 0.0 if self._closed else ttl)

    async def _aside(self, step: Callable[[], Answer], visit: Visit) -> Answer | None:
        """Take a step of a visit in another thread."""
        future = self._submit(step)
        if future is None:
            return None
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            # The step goes on without us: what it may get hold of is let go.
            future.add_done_callback(lambda _: visit.leave())
            raise

    def _submit(self, step: Callable[[], Answer]) -> Future[Answer] | None:
        if self._closed:  # Else the threads would come back.
            return None
        try:
            return self._mine().hands().submit(step)
        except RuntimeError:  # The interpreter ends, or another thread closed the store just now.
            return None
