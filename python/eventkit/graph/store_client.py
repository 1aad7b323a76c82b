"""Talks to the server behind a `ValkeyStore`, on behalf of one process.

Every failure of the server becomes an `UnansweredError` here. It is counted, reported to the
circuit breaker, and logged once an outage.
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
from eventkit.graph.generations import FUTURE, SeenGenerations

__all__ = ["LONGEST", "Reply", "Settings", "StoreClient", "UnansweredError"]

_log = logging.getLogger("eventkit.graph.store")

LONGEST = 86_400.0
"""Seconds: no value is kept for longer than a day. Its generation is kept for two days."""
_GENERATION = 2 * int(LONGEST * 1_000)
_MOST_PENDING = 1_000
_THREADS = 4

# The server's time in milliseconds.
_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

# KEYS: value, lock, generations. ARGV: token, milliseconds of a claim, SHA-1 of a value to forget
# or "", milliseconds of a generation. A generation that is missing (evicted) is made anew: what was
# stored under the old one is then a miss. A claim lasts little longer than the wait for this answer
# and is confirmed afterwards, so that a caller who gave up does not hold off the next.
_LOOK = Script(
    _NOW
    + """
local generations = {}
for i = 3, #KEYS do
  local generation = redis.call('GET', KEYS[i])
  if not generation then
    generation = string.format('%.0f-%s', now, ARGV[1])
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
if value then return {value, now, '', under} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return {'', now, ARGV[1], under}
end
return {'', now, redis.call('GET', KEYS[2]), under}
"""
)

# KEYS: lock. ARGV: token, milliseconds.
_CONFIRM = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")

# KEYS: value, lock, generations. ARGV: token, value, its milliseconds, the generations it was
# loaded under, milliseconds of a generation. A value is not stored if it was invalidated while it
# was loaded.
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

# KEYS: generations. ARGV: token, milliseconds of a generation, milliseconds of the future. Returns
# the time of each new generation, which is later than that of the old one even if the server's
# clock was set back a little.
_RENEW = Script(
    _NOW
    + """
local times = {}
for i = 1, #KEYS do
  local old = redis.call('GET', KEYS[i]) or ''
  local was = tonumber(string.match(old, '^(%d+)-') or '0')
  local at = now
  if was >= now and was <= now + ARGV[3] then at = was + 1 end
  redis.call('SET', KEYS[i], string.format('%.0f-%s', at, ARGV[1]), 'PX', ARGV[2])
  times[i] = at
end
return times
"""
)


class UnansweredError(Exception):
    """The server cannot be used now; the call goes on without it."""


class Settings(NamedTuple):
    """The settings of a `ValkeyStore`; see there."""

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
    seen: SeenGenerations


class Reply(NamedTuple):
    """What the server holds under a key.

    Attributes:
        value: The bytes of the value; empty if there is none.
        now: The server's time in milliseconds.
        holder: If there is no value: the token of the caller who loads it, perhaps this one.
        generation: The generations of the key, joined by dots.
    """

    value: bytes
    now: int
    holder: bytes
    generation: str


class StoreClient:
    """One process's client of the server. A forked child makes one of its own.

    Attributes:
        process: The id of the process.
        counts: What happened so far.
    """

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; nothing is connected yet."""
        self.settings = settings
        self.process = os.getpid()
        self.counts: Counter[str] = Counter()
        self.breaker = Breaker(settings.failures, settings.cool_down, settings.clock)
        self._connections = Connections(settings.address, settings.max_connections)
        self._lock = threading.Lock()
        # The mark tells invalidations of one name apart: one that comes while another is being
        # sent is still pending afterwards.
        self._pending: dict[str, object] = {}
        self._executor: ThreadPoolExecutor | None = None

    def count(self, what: str) -> None:
        """Add one to a count."""
        with self._lock:
            self.counts[what] += 1

    def look(self, names: Sequence[str], token: str, rejected: str, seconds: float) -> Reply:
        """Read a value, or claim its lock if there is none.

        Args:
            names: The names of value, lock and generations.
            token: Identifies the caller.
            rejected: The SHA-1 of a value that the server shall delete; or "".
            seconds: The longest time to wait for the answer.

        Raises:
            UnansweredError: The server did not answer, or not as it should.
        """
        self._send_pending(seconds)
        claim = _milliseconds(self.settings.timeout * 1.2)
        reply = self._ask(_LOOK, names, (token, claim, rejected, _GENERATION), seconds)
        try:
            value, now, holder, under = reply
            if [type(part) for part in reply] != [bytes, int, bytes, bytes] or not value + holder:
                raise ValueError("not what was asked for")
            found = Reply(value, now, holder, under.decode("ascii"))
        except (ValueError, TypeError) as error:
            raise self.failed(error) from None
        return found

    def confirm(self, names: Sequence[str], token: str, seconds: float) -> bool:
        """Turn a claim into a lock. Returns false if the claim had expired."""
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
        """Store a value and release its lock. Returns false if it was invalidated meanwhile."""
        self._send_pending(seconds)
        arguments = (token, value, lifetime, generation, _GENERATION)
        return bool(self._ask(_KEEP, names, arguments, seconds) == 1)

    def leave(self, names: Sequence[str], token: str, seconds: float) -> None:
        """Release a lock."""
        self._ask(_LEAVE, names[1:2], (token,), seconds)

    def invalidate(self, generation: str) -> None:
        """Replace a generation, now or as soon as the server answers again.

        Args:
            generation: Its name on the server.
        """
        with self._lock:
            if len(self._pending) >= _MOST_PENDING:
                # Everything is invalidated, rather than a list without end.
                self._pending = {self.settings.envelope.name("generation", ""): object()}
            else:
                self._pending[generation] = object()
        if not self.breaker.admits():
            return
        try:
            self._send_pending(self.settings.timeout)
            self.succeeded()
        except UnansweredError:
            return

    def renew(self, names: Sequence[str], seconds: float) -> None:
        """Replace generations and remember the new ones.

        Raises:
            UnansweredError: The server did not answer, or not as it should.
        """
        arguments = (secrets.token_hex(16), _GENERATION, FUTURE)
        times = self._ask(_RENEW, names, arguments, seconds)
        if type(times) is not list or [type(at) for at in times] != [int] * len(names):
            raise self.failed(ValueError("not what was asked for"))
        self.settings.seen.note_times(names, times)

    def succeeded(self) -> None:
        """Report a success to the breaker, and log the end of an outage."""
        if self.breaker.succeeded():
            _log.info("%r answers again", self.settings.address)

    def failed(self, error: BaseException) -> UnansweredError:
        """Count a failure, and log the beginning of an outage without the error's text."""
        self.count("failures")
        if self.breaker.failed():
            self.count("opened")
            _log.warning(
                "%r does not answer (%s): calendars are fetched without it",
                self.settings.address,
                type(error).__name__,
            )
        return UnansweredError()

    def executor(self) -> ThreadPoolExecutor:
        """Return the threads that talk to the server on behalf of event loops."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="eventkit-store")
            return self._executor

    def pending(self) -> int:
        """Return the number of invalidations that have not reached the server yet."""
        return len(self._pending)

    def close(self) -> None:
        """Disconnect, and end the threads."""
        self._connections.close()
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)

    def _send_pending(self, seconds: float) -> None:
        """Send the invalidations that have not reached the server yet."""
        if not self._pending:
            return
        with self._lock:
            pending = dict(self._pending)
        if not pending:
            return
        self.renew(list(pending), seconds)
        with self._lock:
            for generation, mark in pending.items():
                if self._pending.get(generation) is mark:
                    del self._pending[generation]

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
