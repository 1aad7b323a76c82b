"""One call of a `ValkeyStore`: looks the value up, may wait for another worker, stores the result.

Each step returns within the time that the server may take of a call. No step raises.
"""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import time
from typing import Any

from eventkit.graph.envelope import exact_json
from eventkit.graph.store_client import LONGEST, Reply, StoreClient, UnansweredError

__all__ = ["StoreLookup", "prefixes"]

_SHORTEST_PAUSE = 0.005
_LONGEST_PAUSE = 0.05
_LOOKING = 0.6
"""The share of a call's time for looking the value up; the rest is for storing the result."""


class StoreLookup:
    """One call of a store; see the module.

    Attributes:
        events: The value that was found; ``None`` if it has to be loaded.
        age: Seconds since it was stored.
    """

    def __init__(self, client: StoreClient, key: str, ttl: float) -> None:
        """Prepare the names; the server is not asked yet."""
        envelope = client.settings.envelope
        self.events: Any = None
        self.age = 0.0
        self._client = client
        self._key = key
        self._ttl = ttl
        self._names = [
            envelope.name("value", key),
            envelope.name("lock", key),
            *(envelope.name("generation", prefix) for prefix in prefixes(key)),
        ]
        self._token = secrets.token_hex(16)
        self._left = client.settings.timeout
        self._uses_server = bool(ttl > 0)
        self._holds_lock = False
        self._generation = ""
        self._server_time = 0
        self._server_time_read = 0.0
        self._rejected = ""
        self._pause = 0.0
        self._wait_until = 0.0
        self._holder = b""
        self._holder_until = 0.0

    def look(self) -> float | None:
        """Look the value up.

        Returns:
            Seconds after which to look again, because another worker loads the value; ``None``
            when the lookup is over.
        """
        if not self._uses_server:
            return None
        client = self._client
        if not self._pause and not client.breaker.admits():
            client.count("skipped")
            self._uses_server = False
            return None
        begun = time.monotonic()
        try:
            return self._look(begun + client.settings.timeout * _LOOKING)
        except Exception as error:
            self._failed(error)
            return None
        finally:
            self._left = client.settings.timeout - (time.monotonic() - begun)

    def keep(self, events: Any) -> None:
        """Store what was loaded, unless the server could not be used before."""
        if not self._uses_server:
            return
        client, settings = self._client, self._client.settings
        try:
            payload = exact_json(events)
            if payload is None or len(payload) > settings.max_value_bytes:
                client.count("unstorable" if payload is None else "too_large")
                self.leave()
                return
            lifetime = max(1, int(min(self._ttl, LONGEST) * 1_000))
            sealed = settings.envelope.seal(
                self._key, self._stored(), lifetime, self._generation, payload
            )
            self._uses_server = self._holds_lock = False
            kept = client.keep(
                self._names, self._token, sealed, lifetime, self._generation, self._left
            )
            client.succeeded()
            client.count("stored" if kept else "invalidated")
        except Exception as error:
            self._failed(error)

    def leave(self) -> None:
        """Release the lock: loading failed, or the result cannot be stored."""
        if not self._holds_lock:
            return
        self._uses_server = self._holds_lock = False
        try:
            self._client.leave(self._names, self._token, self._left)
            self._client.succeeded()
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        """Go on without the server, whatever the error is."""
        self._uses_server = self._holds_lock = False
        if not isinstance(error, UnansweredError):
            self._client.failed(error)

    def _stored(self) -> int:
        """Return the server's time now: as of the last look, and what passed since."""
        return self._server_time + int((time.monotonic() - self._server_time_read) * 1_000)

    def _look(self, until: float) -> float | None:
        client = self._client
        while True:
            found = self._current(until)
            self._generation = found.generation
            self._server_time, self._server_time_read = found.now, time.monotonic()
            if not found.value:
                break
            if self._accept(found):
                client.succeeded()
                client.count("waited" if self._pause else "hits")
                return None
            digest = hashlib.sha1(found.value, usedforsecurity=False).hexdigest()
            if digest == self._rejected:
                raise client.failed(ValueError("the server returns what it should have deleted"))
            self._rejected = digest
        if found.holder != self._token.encode():
            return self._wait(found.holder)
        if not client.confirm(self._names, self._token, until - time.monotonic()):
            return self._wait(b"")
        self._holds_lock = True
        # No success yet for the breaker: a full server refuses only what is to be stored.
        client.count("misses")
        return None

    def _current(self, until: float) -> Reply:
        """Return the server's reply; generations that somebody put back are replaced first."""
        client, names = self._client, self._names[2:]
        for _ in range(2):
            seconds = until - time.monotonic()
            found = client.look(self._names, self._token, self._rejected, seconds)
            stale = client.settings.seen.stale(names, found.generation, found.now)
            if not stale:
                return found
            client.count("rejected")
            client.renew(stale, until - time.monotonic())
        raise client.failed(ValueError("the server returns a generation that was replaced"))

    def _wait(self, holder: bytes) -> float | None:
        """Return the seconds until the next look; ``None`` when it has waited long enough."""
        settings, now = self._client.settings, time.monotonic()
        if not self._pause:
            self._wait_until = now + settings.wait_seconds
            self._pause = _SHORTEST_PAUSE
        else:
            self._pause = min(self._pause * 1.5, _LONGEST_PAUSE)
        if holder != self._holder:
            self._holder = holder
            self._holder_until = now + settings.lock_seconds * 1.5 + settings.timeout
        elif now > self._holder_until:
            raise self._client.failed(ValueError("a lock that outlives its time"))
        if now >= self._wait_until:
            self._client.count("wait_timeouts")
            self._client.count("misses")
            return None
        return min(self._pause * random.uniform(0.75, 1.25), self._wait_until - now)

    def _accept(self, found: Reply) -> bool:
        """Take the value if it is authentic, young enough and not invalidated.

        Its age is that of the sealed header, not the time that the server would still keep it:
        anybody who can write to the server can store an old value again.
        """
        client = self._client
        held = client.settings.envelope.open(found.value, self._key)
        if held is None:
            client.count("rejected")
            return False
        age = (found.now - held.stored) / 1_000
        if held.generation != found.generation or not 0 <= age < min(
            self._ttl, held.lifetime / 1_000
        ):
            client.count("expired")
            return False
        client.settings.seen.note(self._names[2:], held.generation)
        try:
            events = json.loads(held.payload)
        except (ValueError, RecursionError):
            events = None
        if type(events) is not list:
            client.count("rejected")
            return False
        self.events, self.age = events, age
        return True


def prefixes(key: str) -> list[str]:
    """Return the beginnings of a key that can be invalidated: up to its first slashes, and all.

    Example:
        >>> prefixes("events/tenant/ann/-/-/50")
        ['', 'events/', 'events/tenant/', 'events/tenant/ann/']
    """
    parts = key.split("/", 3)[:-1]
    return ["/".join([*parts[:n], ""]) for n in range(len(parts) + 1)]
