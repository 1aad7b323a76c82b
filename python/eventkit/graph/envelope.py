"""Seals events for a shared server, so that a reader can tell an authentic value from any other.

A sealed value is two lines of JSON. The first names schema, key, time, lifetime and generation, and
holds a checksum (a keyed one) of all of them and of the events. The second is the events. They are
parsed only after the checksum was compared; nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from typing import Any, NamedTuple

__all__ = ["SCHEMA", "Envelope", "Held", "exact_json"]

SCHEMA = 2
"""The version of the layout. Names of keys contain it: no version reads another's values."""

_LONGEST_HEADER = 512
# As escapes, two lone surrogates that form a pair are read back as one character.
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Held(NamedTuple):
    """The content of an authentic value.

    Attributes:
        stored: When it was stored, in milliseconds by the server's clock.
        lifetime: Milliseconds that it was stored for.
        generation: The generations it was stored under. If the server holds others now, the value
            was invalidated since.
        payload: The events, still JSON.
    """

    stored: int
    lifetime: int
    generation: str
    payload: bytes


class Envelope:
    """Makes the names of keys, and seals and opens their values.

    Names and checksums are HMAC-SHA256, not plain SHA-256: user ids can be enumerated (a company's
    mail addresses), so a plain digest in `MONITOR`, the slow log or a dashboard would name the user
    to anybody who tries a list. With a ``secret`` that only the workers know, it does not. And who
    can write to the server but lacks the secret cannot forge a value. They can store an old value
    again; the sealed time and generation limit that, see `ValkeyStore`. Without a secret the
    namespace is the key: names are then a plain digest in effect, and the checksum finds damage but
    no forgery.

    Example:
        >>> envelope = Envelope("eventkit", None)
        >>> sealed = envelope.seal("ann/10", 1_000, 300_000, "g", b"[]")
        >>> envelope.open(sealed, "ann/10").payload
        b'[]'
        >>> envelope.open(sealed, "bob/10") is None  # another's
        True
        >>> envelope.open(sealed.replace(b"300000", b"900000"), "ann/10") is None
        True
    """

    def __init__(self, namespace: str, secret: str | bytes | None) -> None:
        """Keep the namespace, and the secret as bytes."""
        if isinstance(secret, str):
            secret = secret.encode("utf-8", "surrogatepass")
        self._namespace = namespace
        self._secret = namespace.encode() if secret is None else secret

    def name(self, kind: str, text: str) -> str:
        """Return the name on the server for a key."""
        return f"{self._namespace}:{SCHEMA}:{kind}:{self._digest(kind, text)[:40]}"

    def seal(self, key: str, stored: int, lifetime: int, generation: str, payload: bytes) -> bytes:
        """Return the payload behind a header that authenticates it."""
        header = self._header(key, stored, lifetime, generation)
        return header[:-1] + b',"checksum":"%s"}\n' % self._sum(header, payload) + payload

    def open(self, sealed: bytes, key: str) -> Held | None:
        """Return the content, or ``None`` if schema, key or checksum is wrong."""
        line, _, payload = sealed.partition(b"\n")
        if len(line) > _LONGEST_HEADER:
            return None
        try:
            said = json.loads(line)
            stored, lifetime = said["stored"], said["lifetime"]
            generation = said["generation"]
        except (ValueError, TypeError, LookupError, RecursionError):
            return None
        kinds = [type(value) for value in (stored, lifetime, generation)]
        if kinds != [int, int, str]:
            return None
        # Sealed again and compared as a whole: a header has only one spelling.
        again = self.seal(key, stored, lifetime, generation, payload)
        if not hmac.compare_digest(again, sealed):
            return None
        return Held(stored, lifetime, generation, payload)

    def _header(self, key: str, stored: int, lifetime: int, generation: str) -> bytes:
        fields = {
            "schema": SCHEMA,
            "key": self._digest("value", key),
            "stored": stored,
            "lifetime": lifetime,
            "generation": generation,
        }
        return json.dumps(fields, separators=(",", ":")).encode()

    def _digest(self, kind: str, text: str) -> str:
        message = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()

    def _sum(self, header: bytes, payload: bytes) -> bytes:
        digest = hmac.new(self._secret, header + b"\n", hashlib.sha256)
        digest.update(payload)
        return digest.hexdigest().encode()


def exact_json(events: Any) -> bytes | None:
    """Return events as JSON that reads back as the same, or ``None`` where JSON cannot hold them.

    Example:
        >>> exact_json([{"title": "A talk", "popularity": 0.1}])
        b'[{"title":"A talk","popularity":0.1}]'
        >>> exact_json([("a", "tuple")]) is exact_json([float("nan")]) is exact_json({}) is None
        True
    """
    if type(events) is not list:
        return None
    try:
        if not _exact(events):
            return None
        return json.dumps(events, separators=(",", ":"), check_circular=False).encode()
    except (ValueError, RecursionError):  # An int beyond the interpreter's digits; a cycle.
        return None


def _exact(value: Any) -> bool:
    kind = type(value)
    if kind is str:
        return value.isascii() or _PAIR.search(value) is None
    if kind is dict:
        return all(type(key) is str and _exact(key) for key in value) and all(
            map(_exact, value.values())
        )
    if kind is list:
        return all(map(_exact, value))
    if kind is float:
        return math.isfinite(value)
    return value is None or kind is int or kind is bool
