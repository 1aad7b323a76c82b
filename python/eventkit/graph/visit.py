"""One call's dealings with the second tier: look, perhaps wait, then keep what was loaded.

Every step returns within the time that the server may take of a call; none of them raises.
"""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import time
from typing import Any

from eventkit.graph.envelope import exact_json
from eventkit.graph.tier import LONGEST, Tier, UnansweredError

__all__ = ["Visit"]

_SHORTEST_PAUSE = 0.005
_LONGEST_PAUSE = 0.05
_LOOKING = 0.6
"""The share of a call's time that is for looking; the rest is for keeping what was loaded."""


class Visit:
    """See the module.

    Attributes:
        events: What was found; ``None`` where it has to be loaded.
        age: Seconds since that was stored.
    """

    def __init__(self, tier: Tier, key: str, ttl: float) -> None:
        """Ask nothing yet."""
        envelope = tier.settings.envelope
        self.events: Any = None
        self.age = 0.0
        self._tier = tier
        self._key = key
        self._ttl = ttl
        self._names = [
            envelope.name("value", key),
            envelope.name("lock", key),
            *(envelope.name("generation", prefix) for prefix in prefixes(key)),
        ]
        self._token = secrets.token_hex(16)
        self._left = tier.settings.timeout
        self._talking = bool(ttl > 0)
        self._holds = False
        self._generation = ""
        self._rejected = ""
        self._pause = 0.0
        self._wait_until = 0.0
        self._holder = b""
        self._holder_until = 0.0

    def look(self) -> float | None:
        """Look for the value.

        Returns:
            Seconds after which to look again, as another worker loads it; ``None`` when there is
            nothing more to look for.
        """
        if not self._talking:
            return None
        tier = self._tier
        if not self._pause and not tier.breaker.admits():
            tier.count("skipped")
            self._talking = False
            return None
        begun = time.monotonic()
        try:
            return self._look(begun + tier.settings.timeout * _LOOKING)
        except Exception as error:
            self._failed(error)
            return None
        finally:
            self._left = tier.settings.timeout - (time.monotonic() - begun)

    def keep(self, events: Any) -> None:
        """Store what was loaded, where the server was there to be asked for it."""
        if not self._talking:
            return
        tier, settings = self._tier, self._tier.settings
        try:
            payload = exact_json(events)
            if payload is None or len(payload) > settings.max_value_bytes:
                tier.count("unstorable" if payload is None else "too_large")
                self.leave()
                return
            lifetime = max(1, int(min(self._ttl, LONGEST) * 1_000))
            sealed = settings.envelope.seal(self._key, lifetime, self._generation, payload)
            self._talking = self._holds = False
            kept = tier.keep(
                self._names, self._token, sealed, lifetime, self._generation, self._left
            )
            tier.succeeded()
            tier.count("stored" if kept else "invalidated")
        except Exception as error:
            self._failed(error)

    def leave(self) -> None:
        """Let another worker load it: this one failed, or has something that cannot be stored."""
        if not self._holds:
            return
        self._talking = self._holds = False
        try:
            self._tier.leave(self._names, self._token, self._left)
            self._tier.succeeded()
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        """Go on without the server, whatever it was: nobody asked for an exception of ours."""
        self._talking = self._holds = False
        if not isinstance(error, UnansweredError):
            self._tier.failed(error)

    def _look(self, until: float) -> float | None:
        tier = self._tier
        while True:
            found = tier.look(self._names, self._token, self._rejected, until - time.monotonic())
            self._generation = found.generation
            if not found.value:
                break
            if self._fits(found.value, found.left):
                tier.succeeded()
                tier.count("waited" if self._pause else "hits")
                return None
            digest = hashlib.sha1(found.value, usedforsecurity=False).hexdigest()
            if digest == self._rejected:
                raise tier.failed(ValueError("the server gives what it was told to forget"))
            self._rejected = digest
        if found.holder != self._token.encode():
            return self._wait(found.holder)
        if not tier.confirm(self._names, self._token, until - time.monotonic()):
            return self._wait(b"")
        self._holds = True
        # Not a success yet for the breaker: a full server refuses only what is to be kept.
        tier.count("misses")
        return None

    def _wait(self, holder: bytes) -> float | None:
        """Seconds until the next look; ``None`` when there was patience enough."""
        settings, now = self._tier.settings, time.monotonic()
        if not self._pause:
            self._wait_until = now + settings.wait_seconds
            self._pause = _SHORTEST_PAUSE
        else:
            self._pause = min(self._pause * 1.5, _LONGEST_PAUSE)
        if holder != self._holder:
            self._holder = holder
            self._holder_until = now + settings.lock_seconds * 1.5 + settings.timeout
        elif now > self._holder_until:
            raise self._tier.failed(ValueError("a lock that outlives its time"))
        if now >= self._wait_until:
            self._tier.count("wait_timeouts")
            self._tier.count("misses")
            return None
        return min(self._pause * random.uniform(0.75, 1.25), self._wait_until - now)

    def _fits(self, value: bytes, left: int) -> bool:
        """Take the value, where it is whole, ours, young enough and not invalidated."""
        tier = self._tier
        held = tier.settings.envelope.open(value, self._key)
        if held is None or not 0 <= left <= held.lifetime:
            tier.count("rejected")
            return False
        age = (held.lifetime - left) / 1_000
        if held.generation != self._generation or age >= self._ttl:
            tier.count("expired")
            return False
        try:
            events = json.loads(held.payload)
        except (ValueError, RecursionError):
            events = None
        if type(events) is not list:
            tier.count("rejected")
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
