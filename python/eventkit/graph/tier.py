"""What a process knows of the server behind a `ValkeyStore`: whether it answers, and what it owes.

Everything that can go wrong with the server ends here, as `UnansweredError`: counted, told to the
breaker, logged once an outage.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from eventkit.graph.breaker import Breaker
from eventkit.graph.connections import Address, BusyError, Connections, Script
from eventkit.graph.envelope import Envelope

__all__ = ["Look", "Settings", "Tier", "UnansweredError"]

_log = logging.getLogger("eventkit.graph.store")

LONGEST = 86_400.0
"""No value is kept for longer than a day; what it was stored under is remembered for two."""
_GENERATION = 2 * int(LONGEST * 1_000)
_MOST_OWED = 1_000
_HANDS = 4

# KEYS: value, lock, generations. ARGV: token, milliseconds of a claim, SHA-1 of a value that does
# not fit or "", milliseconds of a generation. One that is gone (evicted) is made anew: what was
# stored under the old is then no longer believed, instead of believed again. A claim outlives the
# wait for this answer by little, and is confirmed: whoever gave up waiting holds nobody off.
_LOOK = Script("""
local generations = {}
for i = 3, #KEYS do
  local generation = redis.call('GET', KEYS[i])
  if not generation then
    generation = ARGV[1]
    redis.call('SET', KEYS[i], generation, 'PX', ARGV[4])
  end
  generations[i - 2] = generation
end
local under = table.concat(generations, '.')
local value = redis.call('GET', KEYS[1])
if value == '' then value = false end
if value and ARGV[3] ~= '' and redis.sha1hex(value) == ARGV[3] then
  redis.call('DEL', KEYS[1])
  value = false
end
if value then return {value, redis.call('PTTL', KEYS[1]), '', under} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return {'', 0, ARGV[1], under}
end
return {'', 0, redis.call('GET', KEYS[2]), under}
""")

# KEYS: lock. ARGV: token, milliseconds.
_CONFIRM = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")

# KEYS: value, lock, generations. ARGV: token, value, its milliseconds, what it was loaded under,
# milliseconds of a generation. Nothing is kept that was invalidated while it was being loaded.
_KEEP = Script("""
local generations = {}
for i = 3, #KEYS do generations[i - 2] = redis.call('GET', KEYS[i]) or '' end
local kept = 0
if table.concat(generations, '.') == ARGV[4] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  for i = 3, #KEYS do redis.call('PEXPIRE', KEYS[i], ARGV[5]) end
  kept = 1
end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return kept
""")

# KEYS: lock. ARGV: token.
_LEAVE = Script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
""")

# KEYS: generations. ARGV: token, milliseconds of a generation.
_RENEW = Script("""
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
return #KEYS
""")


class UnansweredError(Exception):
    """The server is not to be had now: go on without it."""


class Settings(NamedTuple):
    """What a `ValkeyStore` was made with; see there."""

    address: Address
    envelope: Envelope
    timeout: float
    lock_seconds: float
    wait_seconds: float
    max_value_bytes: int
    max_connections: int
    failures: int
    cool_down: float
    clock: Callable[[], float]


class Look(NamedTuple):
    """What lies under a key.

    Attributes:
        value: Its bytes; empty where there are none.
        left: Milliseconds that it lives on.
        holder: Who loads it, where nothing lies there: the caller, by its token, or another.
        generation: What it must have been stored under.
    """

    value: bytes
    left: int
    holder: bytes
    generation: str


class Tier:
    """One process's view of the server. A forked child makes one of its own.

    Attributes:
        process: Whose it is.
        counts: What happened so far.
    """

    def __init__(self, settings: Settings) -> None:
        """Connect to nothing yet."""
        self.settings = settings
        self.process = os.getpid()
        self.counts: Counter[str] = Counter()
        self.breaker = Breaker(settings.failures, settings.cool_down, settings.clock)
        self._connections = Connections(settings.address, settings.max_connections)
        self._lock = threading.Lock()
        # The mark is the invalidation's: one that comes while another is being told is owed still.
        self._owed: dict[str, object] = {}
        self._hands: ThreadPoolExecutor | None = None

    def count(self, what: str) -> None:
        """Count one more."""
        with self._lock:
            self.counts[what] += 1

    def look(self, names: Sequence[str], token: str, rejected: str, seconds: float) -> Look:
        """Read a value, or claim its lock where there is none."""
        self._settle(seconds)
        claim = _milliseconds(self.settings.timeout * 1.2)
        reply = self._ask(_LOOK, names, (token, claim, rejected, _GENERATION), seconds)
        try:
            value, left, holder, under = reply
            if [type(part) for part in reply] != [bytes, int, bytes, bytes] or not value + holder:
                raise ValueError("not what was asked for")
            found = Look(value, left, holder, under.decode("ascii"))
        except (ValueError, TypeError) as error:
            raise self.failed(error) from None
        return found

    def confirm(self, names: Sequence[str], token: str, seconds: float) -> bool:
        """Make a claim a lock; whether it was still there."""
        lasts = _milliseconds(self.settings.lock_seconds)
        return bool(self._ask(_CONFIRM, names[1:2], (token, lasts), seconds) == 1)

    def keep(
        self,
        names: Sequence[str],
        token: str,
        value: bytes,
        lifetime: int,
        generation: str,
        seconds: float,
    ) -> bool:
        """Store a value and release its lock; whether it was stored."""
        self._settle(seconds)
        arguments = (token, value, lifetime, generation, _GENERATION)
        return bool(self._ask(_KEEP, names, arguments, seconds) == 1)

    def leave(self, names: Sequence[str], token: str, seconds: float) -> None:
        """Release a lock."""
        self._ask(_LEAVE, names[1:2], (token,), seconds)

    def renew(self, generation: str) -> None:
        """Let nothing be believed that was stored under this; now, or once the server answers."""
        with self._lock:
            if len(self._owed) >= _MOST_OWED:
                # All of it, rather than a list without end.
                self._owed = {self.settings.envelope.name("generation", ""): object()}
            else:
                self._owed[generation] = object()
        if not self.breaker.admits():
            return
        try:
            self._settle(self.settings.timeout)
            self.succeeded()
        except UnansweredError:
            return

    def succeeded(self) -> None:
        """Tell the breaker; say so where the server is back."""
        if self.breaker.succeeded():
            _log.info("%r answers again", self.settings.address)

    def failed(self, error: BaseException) -> UnansweredError:
        """Count a failure, and say once that there is an outage; no text of the error's."""
        self.count("failures")
        if self.breaker.failed():
            self.count("opened")
            _log.warning(
                "%r does not answer (%s): calendars are fetched without it",
                self.settings.address,
                type(error).__name__,
            )
        return UnansweredError()

    def hands(self) -> ThreadPoolExecutor:
        """Return the threads that talk to the server on behalf of event loops."""
        with self._lock:
            if self._hands is None:
                self._hands = ThreadPoolExecutor(_HANDS, thread_name_prefix="eventkit-store")
            return self._hands

    def owed(self) -> int:
        """Return how many invalidations the server was not told yet."""
        return len(self._owed)

    def close(self) -> None:
        """Disconnect, and end the threads."""
        self._connections.close()
        with self._lock:
            hands, self._hands = self._hands, None
        if hands is not None:
            hands.shutdown(wait=False)

    def _settle(self, seconds: float) -> None:
        """Tell the server what was invalidated while it could not be told."""
        if not self._owed:
            return
        with self._lock:
            owed = dict(self._owed)
        if not owed:
            return
        self._ask(_RENEW, list(owed), (secrets.token_hex(16), _GENERATION), seconds)
        with self._lock:
            for generation, mark in owed.items():
                if self._owed.get(generation) is mark:
                    del self._owed[generation]

    def _ask(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Any], seconds: float
    ) -> Any:
        try:
            return self._connections.run(script, keys, arguments, seconds)
        except BusyError:
            self.count("skipped")
            raise UnansweredError from None
        except Exception as error:
            raise self.failed(error) from None


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1_000))
