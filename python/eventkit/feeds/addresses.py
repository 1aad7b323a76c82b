"""Connects to public addresses only, so that a feed cannot lead into the network of its reader.

A name is resolved once, each of its addresses is checked, and the connection goes to an address
that was checked. A name that resolves to another address a moment later gains nothing by it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

from eventkit._imports import required

__all__ = ["AddressRefused", "PublicAddresses", "is_public"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What the tables of `ipaddress` call global differs among the versions of Python.
_UNICAST = ipaddress.IPv6Network("2000::/3")
_ASSIGNED_BY_IETF = ipaddress.IPv4Network("192.0.0.0/24")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):  # noqa: N818 - it never leaves this package
    """A host whose address is not public; names the address."""


def is_public(text: str) -> bool:
    """Return true if an address is one of the public internet.

    An IPv6 address that stands for an IPv4 address is judged by the latter.

    Example:
        >>> [is_public(text) for text in ("1.1.1.1", "127.0.0.1", "10.0.0.1", "169.254.169.254")]
        [True, False, False, False]
        >>> [is_public(text) for text in ("::1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1")]
        [False, False, False]
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(str(inner))
        if address not in _UNICAST or address.teredo is not None:
            return False
    elif address in _ASSIGNED_BY_IETF:
        return False
    return address.is_global and not address.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if any."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class PublicAddresses:
    """A network backend of httpcore that connects to checked addresses.

    Args:
        backend: The backend that connects.
        allow_private: True to connect to every address.
    """

    def __init__(self, backend: Any, *, allow_private: bool) -> None:
        """Keep the backend."""
        self._backend = backend
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Resolve a host, check its addresses, and connect to the first that answers.

        Raises:
            AddressRefused: One of the addresses is not public.
        """
        core = required("httpcore")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise core.ConnectError(f"the host {host} is not known ({error})") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if not (self._allow_private or is_public(address)):
                raise AddressRefused(address)
        failure: Exception = core.ConnectError(f"the host {host} has no address")
        for address in addresses:
            try:
                return self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (core.ConnectError, core.ConnectTimeout) as error:
                failure = error
        raise failure

    def sleep(self, seconds: float) -> None:
        """Wait, as the backend does."""
        self._backend.sleep(seconds)
