"""Reads addresses and host names out of headers and settings."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

__all__ = ["configured_host", "forwarded_address", "host_name", "is_loopback"]

# A name has at most 253 characters; a bracket pair, a dot, a colon and five digits may join it.
_LONGEST_HOST = 262
_LONGEST_ADDRESS = 64
_NAME = re.compile(r"[a-z0-9._-]{1,253}")
_PORT = re.compile(r":[0-9]{0,5}")


@lru_cache(maxsize=1_024)
def is_loopback(client: str) -> bool:
    """Return true if an address belongs to this machine alone.

    The empty text stands for a client of a Unix socket. It may be a proxy, so it is not loopback.

    Example:
        >>> [is_loopback(c) for c in ("127.0.0.1", "::1", "::ffff:127.0.0.1")]
        [True, True, True]
        >>> [is_loopback(c) for c in ("", "192.0.2.1", "::1:2", "127.0.0.1.example.org")]
        [False, False, False, False]
    """
    address = _parsed(client)
    return address is not None and (getattr(address, "ipv4_mapped", None) or address).is_loopback


def host_name(header: str) -> str | None:
    """Return the host that a ``Host`` header names: in lower case, without port or final dot.

    Returns ``None`` if the header is not ``name``, ``address`` or ``[IPv6 address]``, with or
    without a port.

    Example:
        >>> host_name("Example.ORG.:8010"), host_name("[::1]:80"), host_name("127.0.0.1")
        ('example.org', '::1', '127.0.0.1')
        >>> host_name("::1"), host_name("a b"), host_name("localhost:http")
        (None, None, None)
    """
    if len(header) > _LONGEST_HOST:
        return None
    if header.startswith("["):
        text, bracket, port = header[1:].partition("]")
        address = _parsed(text)
        name = str(address) if bracket and address is not None and address.version == 6 else None
    else:
        text, colon, digits = header.partition(":")
        port = colon + digits
        name = text.lower().removesuffix(".")
        name = name if _NAME.fullmatch(name) else None
    return name if not port or _PORT.fullmatch(port) else None


def configured_host(text: str) -> str | None:
    """Return a host of the settings as `host_name` does; ``None`` if it is none or has a port.

    Example:
        >>> configured_host("Events.example.org"), configured_host("2001:db8::1")
        ('events.example.org', '2001:db8::1')
        >>> configured_host("example.org:80") is None
        True
    """
    if text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    return None if ":" in text.rpartition("]")[2] else host_name(text)


def forwarded_address(text: str) -> str | None:
    """Return the address in an entry of ``X-Forwarded-For``, ``None`` if it is none.

    Example:
        >>> forwarded_address("192.0.2.1:80"), forwarded_address("[2001:db8::1]:80")
        ('192.0.2.1', '2001:db8::1')
        >>> forwarded_address("unknown") is None
        True
    """
    if len(text) > _LONGEST_ADDRESS:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = _parsed(text)
    return None if address is None else str(address)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text) if len(text) <= _LONGEST_ADDRESS else None
    except ValueError:
        return None
