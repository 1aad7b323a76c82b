"""How events lie on a shared server: two lines of JSON, of which the first vouches for the second.

The first line names schema, key, lifetime and generation, and holds a checksum over all of them and
the events. The events are not deserialised before it fits; nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from typing import Any, NamedTuple

__all__ = ["SCHEMA", "Envelope", "Held", "exact_json"]

SCHEMA = 1
"""The layout's version; it is in the names of the keys too, so that versions do not meet."""

_LONGEST_HEADER = 512
# Written as escapes, a pair of lone surrogates is read back as one character: not the same text.
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Held(NamedTuple):
    """What an envelope that fits holds.

    Attributes:
        lifetime: Milliseconds that it was stored for.
        generation: What it was stored under: another one means that it was invalidated since.
        payload: The events, still JSON.
    """

    lifetime: int
    generation: str
    payload: bytes


class Envelope:
    """Names keys, and seals and opens what lies under them.

    Names and checksums are HMAC-SHA256, not plain SHA-256: user ids can be enumerated (a company's
    mail addresses), so a plain digest in `MONITOR`, the slow log or a dashboard names the user to
    whoever tries a list. With a ``secret`` that only the workers know, it does not, and who can
    write to the server but lacks the secret can forge no answer. Without one the namespace is the
    key: names are then a plain digest in effect, and the checksum finds damage, not malice.

    Example:
        >>> envelope = Envelope("eventkit", None)
        >>> sealed = envelope.seal("ann/10", 300_000, "g", b"[]")
        >>> envelope.open(sealed, "ann/10").payload
        b'[]'
        >>> envelope.open(sealed, "bob/10") is None  # another's
        True
        >>> envelope.open(sealed.replace(b"300000", b"900000"), "ann/10") is None
        True
    """

    def __init__(self, namespace: str, secret: str | bytes | None) -> None:
        """Derive the key of all digests."""
        if isinstance(secret, str):
            secret = secret.encode("utf-8", "surrogatepass")
        self._namespace = namespace
        self._secret = namespace.encode() if secret is None else secret

    def name(self, kind: str, text: str) -> str:
        """Return the server's name for a key of ours."""
        return f"{self._namespace}:{SCHEMA}:{kind}:{self._digest(kind, text)[:40]}"

    def seal(self, key: str, lifetime: int, generation: str, payload: bytes) -> bytes:
        """Put a header before the payload."""
        header = self._header(key, lifetime, generation)
        return header[:-1] + b',"checksum":"%s"}\n' % self._sum(header, payload) + payload

    def open(self, sealed: bytes, key: str) -> Held | None:
        """Return what is in it, or ``None`` where schema, key or checksum does not fit."""
        line, _, payload = sealed.partition(b"\n")
        if len(line) > _LONGEST_HEADER:
            return None
        try:
            said = json.loads(line)
            lifetime, generation = said["lifetime"], said["generation"]
        except (ValueError, TypeError, LookupError, RecursionError):
            return None
        if type(lifetime) is not int or type(generation) is not str:
            return None
        # Made again and compared whole: there is no second spelling of a header.
        if not hmac.compare_digest(self.seal(key, lifetime, generation, payload), sealed):
            return None
        return Held(lifetime, generation, payload)

    def _header(self, key: str, lifetime: int, generation: str) -> bytes:
        fields = {
            "schema": SCHEMA,
            "key": self._digest("value", key),
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
