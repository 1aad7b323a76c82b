"""`ValkeyStore`: a second cache for calendars, shared by all workers on all machines."""

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
from eventkit.graph.generations import SeenGenerations
from eventkit.graph.store_client import Settings, StoreClient
from eventkit.graph.store_lookup import StoreLookup, prefixes

__all__ = ["ValkeyStore"]

Events = list[dict[str, Any]]
Result = TypeVar("Result")

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
    """Keeps events on a Valkey or Redis server: `CachedGraphEventService(service, store=...)`.

    All workers on all machines share it: one of them fetches, the others get the result. A server
    that is dead, slow, full or wrong changes no answer. It costs a call at most ``timeout``, and
    after ``failures`` failed calls nothing for ``cool_down`` seconds. The store never raises an
    error of the server; it counts errors (`stats`), and the logger ``eventkit.graph.store`` gets
    one warning an outage.

    Names on the server are digests. Values are sealed JSON, never pickle: schema, key, time,
    lifetime, generation and checksum. Times are the server's own, so no two clocks are compared.
    Values are readable on the server: give it a password, TLS and, if others use it too, an ACL for
    the namespace. It works with one server, or an address that acts as one; not with a cluster.

    Whoever can write to the server but does not know the ``secret`` cannot forge a value, and an
    old value that is stored again is a miss: after its lifetime for every worker, and after an
    `invalidate` for the worker that called it and for all that have seen a newer value since. A
    worker that has seen neither may get the old value until its lifetime is over.

    Threads, event loops and forked workers may share a store.

    Args:
        url: ``valkey://``, ``redis://``, ``valkeys://``, ``rediss://`` (TLS, the host's name is
            verified) or ``unix://``. It may hold a name and a password, which are never shown.
        namespace: The beginning of all names on the server. Workers that share events use the same.
        secret: Known to the workers only, for example 32 random bytes. Names and checksums are
            made with it: others cannot tell whose calendar is there, and cannot write one.
        timeout: The most seconds that the server may take of a call, for looking up and storing.
        lock_seconds: The longest time that a worker's fetch makes other workers wait. If the worker
            is killed, the next one fetches after that.
        wait_seconds: The longest time to wait for another worker's fetch, before fetching too.
        max_value_bytes: Larger calendars are not stored.
        max_connections: The most connections at a time in each process.
        failures: So many failed calls in a row open the circuit breaker.
        cool_down: Seconds without a call while it is open, before one call tries the server again.
        clock: Returns monotonic seconds, for ``cool_down``; the system's clock by default.

    Raises:
        MissingExtraError: The extra ``[redis]`` is not installed.
        ValueError: The url cannot be read, or a number is not positive.

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
        """Check the settings; nothing is connected before the first call."""
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
        address, envelope = Address(url), Envelope(namespace, secret)
        self._settings = Settings(
            address,
            envelope,
            timeout,
            lock_seconds,
            wait_seconds,
            max_value_bytes,
            max_connections,
            failures,
            cool_down,
            clock,
            SeenGenerations.of(envelope.name("seen", repr(address))),
        )
        self._client = StoreClient(self._settings)
        self._closed = False

    def __repr__(self) -> str:
        """Return the server's address and the namespace, without name and password."""
        return f"ValkeyStore({self._settings.address!r}, namespace={self._namespace!r})"

    def get_or_load(self, key: str, ttl: float, load: Callable[[], Events]) -> tuple[Events, float]:
        """Return the events stored under a key, or load and store them.

        Args:
            key: Any text.
            ttl: Events of this age in seconds are loaded again.
            load: Fetches the events. Its errors are raised as they are, and nothing is stored.

        Returns:
            A list of the caller's own, and its age in seconds.

        Example:
            >>> store = ValkeyStore("redis://127.0.0.1:1")
            >>> store.get_or_load("ann", 300, lambda: [])
            ([], 0.0)
        """
        lookup = self._lookup(key, ttl)
        while (pause := lookup.look()) is not None:
            time.sleep(pause)
        if lookup.events is not None:
            return lookup.events, lookup.age
        try:
            events = load()
        except BaseException:
            lookup.leave()
            raise
        lookup.keep(events)
        return events, 0.0

    async def aget_or_load(
        self, key: str, ttl: float, aload: Callable[[], Awaitable[Events]]
    ) -> tuple[Events, float]:
        """Do as `get_or_load` without blocking the event loop.

        Threads of the store talk to the server: its connections belong to no event loop.

        Example:
            >>> async def aload():
            ...     return []
            >>> store = ValkeyStore("redis://127.0.0.1:1")
            >>> asyncio.run(store.aget_or_load("ann", 300, aload))
            ([], 0.0)
            >>> store.close()
        """
        lookup = self._lookup(key, ttl)
        while (pause := await self._in_thread(lookup.look, lookup)) is not None:
            await asyncio.sleep(pause)
        if lookup.events is not None:
            return lookup.events, lookup.age
        try:
            events = await aload()
        except BaseException:
            # Not awaited: a task that is cancelled ends now.
            self._submit(lookup.leave)
            raise
        await self._in_thread(partial(lookup.keep, events), lookup)
        return events, 0.0

    def invalidate(self, prefix: str) -> None:
        """Forget all keys with this prefix for all workers, also those that are being loaded now.

        This takes one round trip, however many keys there are. A prefix that does not end at one of
        a key's first three slashes is shortened to the one before: more is forgotten than was asked
        for, never less. If the server does not answer, the invalidation is sent before this
        process reads anything else from it; other workers learn of it then.

        Example:
            >>> ValkeyStore("redis://127.0.0.1:1").invalidate("events/tenant/ann/")
        """
        client = self._own_client()
        client.count("invalidations")
        whole = prefixes(prefix)[-1]
        client.invalidate(self._settings.envelope.name("generation", whole))

    def stats(self) -> dict[str, Any]:
        """Return counts of what happened so far in this process.

        Calls that the server answered are ``hits``, or ``waited`` if another worker was fetching.
        ``misses`` were loaded. Of these, ``stored`` were stored; ``unstorable`` (JSON cannot hold
        them exactly), ``too_large`` and ``invalidated`` (while loading) were not. Values that were
        ``expired`` (too old, or invalidated), or ``rejected`` (a wrong schema, key or checksum, or
        a generation that somebody put back) counted as misses. ``skipped`` calls did not ask the
        server: the breaker is open, or all connections are in use. ``owed`` is the number of
        invalidations that have not reached the server yet. ``breaker`` is ``"closed"``, ``"open"``
        or ``"half-open"``.

        Example:
            >>> store = ValkeyStore("redis://127.0.0.1:1")
            >>> _ = store.get_or_load("ann", 300, lambda: [])
            >>> stats = store.stats()
            >>> stats["failures"], stats["hits"], stats["breaker"]
            (1, 0, 'closed')
        """
        client = self._own_client()
        counts = {name: client.counts[name] for name in _COUNTS}
        return {**counts, "owed": client.pending(), "breaker": client.breaker.state}

    def close(self) -> None:
        """Disconnect. Later calls load without the server.

        Example:
            >>> ValkeyStore("redis://127.0.0.1:1").close()
        """
        self._closed = True
        self._own_client().close()

    async def aclose(self) -> None:
        """Do as `close`, for callers that close all their services with ``await``.

        Example:
            >>> asyncio.run(ValkeyStore("redis://127.0.0.1:1").aclose())
        """
        self.close()

    def _own_client(self) -> StoreClient:
        # A forked child shares no connection, lock or thread with its parent. If two of its threads
        # get here first, one of the two clients is used once and dropped.
        if self._client.process != os.getpid():
            self._client = StoreClient(self._settings)
        return self._client

    def _lookup(self, key: str, ttl: float) -> StoreLookup:
        return StoreLookup(self._own_client(), key, 0.0 if self._closed else ttl)

    async def _in_thread(self, step: Callable[[], Result], lookup: StoreLookup) -> Result | None:
        """Take a step of a lookup in another thread."""
        future = self._submit(step)
        if future is None:
            return None
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            # The step goes on in its thread: a lock that it may get is released.
            future.add_done_callback(lambda _: lookup.leave())
            raise

    def _submit(self, step: Callable[[], Result]) -> Future[Result] | None:
        if self._closed:  # New threads would be made otherwise.
            return None
        try:
            return self._own_client().executor().submit(step)
        except RuntimeError:  # The interpreter ends, or another thread closed the store just now.
            return None
