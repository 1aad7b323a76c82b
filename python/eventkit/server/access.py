"""Who may ask: the token, the client's address behind proxies, and other origins' pages."""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache

from eventkit.server.message import Headers, Problem, Request
from eventkit.server.settings import ServerSettings

__all__ = ["Access", "is_loopback"]

_PREFLIGHT_SECONDS = "600"


class Access:
    """What the settings say about who may ask."""

    def __init__(self, settings: ServerSettings) -> None:
        """Prepare the comparisons."""
        token = settings.api_token
        self._token = None if token is None else token.encode("utf-8", "surrogateescape")
        self._proxies = [ipaddress.ip_network(p, strict=False) for p in settings.trusted_proxies]
        self._origins = frozenset(settings.cors_origins)
        self._open_to_all = token is not None or settings.insecure
        # Bounded: an address costs its look-up once, not at each request.
        self._is_proxy = lru_cache(maxsize=1_024)(self._within_proxies)

    def require_near(self, client: str) -> None:
        """Let a request pass from this machine, and from everywhere once somebody said so.

        The server that runs the application may listen on every address without knowing that there
        is no token (``gunicorn -b 0.0.0.0``); so the other end of the connection is looked at.

        Raises:
            Problem: 403.
        """
        if not self.is_near(client):
            reason = "the server has no API_TOKEN, so only its own machine may ask"
            raise Problem(403, reason, expected="an API_TOKEN, or EVENTKIT_INSECURE=1, set there")

    def is_near(self, client: str) -> bool:
        """Whether a connection from an address may ask at all, with or without a token."""
        return self._open_to_all or is_loopback(client) or self._is_proxy(client)

    def require_token(self, headers: Headers) -> None:
        """Let the request pass if it brings the token.

        The bytes are compared in constant time. A header that came twice was joined by a comma,
        and so is not the token.

        Raises:
            Problem: 401.
        """
        if not self.accepts(headers.get("authorization")):
            raise Problem(401, "unauthorized", ("WWW-Authenticate", 'Bearer realm="eventkit"'))

    def accepts(self, authorization: str | None) -> bool:
        """Whether a header's value opens the door, which may stand open."""
        if self._token is None:
            return True
        scheme, _, given = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(_sent(given), self._token)

    def client_of(self, client: str, forwarded: str | None) -> str:
        """Return the address to count a request for: its connection's, or what proxies say.

        ``X-Forwarded-For`` counts only as far as it was written by trusted proxies: from the right,
        the first address that is not one of them.
        """
        if not self._proxies or not self._is_proxy(client):
            return client
        for hop in reversed((forwarded or "").split(",")):
            address = _address(hop.strip())
            if address is None:
                return client
            client = address
            if not self._is_proxy(client):
                return client
        return client

    def _within_proxies(self, client: str) -> bool:
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def cors_headers(self, headers: Headers) -> tuple[tuple[str, str], ...]:
        """Return what lets a page of an allowed origin read the answer."""
        origin = headers.get("origin")
        if origin is None or origin not in self._origins:
            return ()
        return (
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", "ETag, Retry-After, X-Correlation-ID"),
        )

    def preflight_headers(self, request: Request, allow: str) -> tuple[tuple[str, str], ...]:
        """Return what lets a page of an allowed origin ask with a method and headers."""
        origin = self.cors_headers(request.headers)
        if not origin or request.headers.get("access-control-request-method") is None:
            return ()
        wanted = "Authorization, Content-Type, If-None-Match, traceparent, X-Correlation-ID"
        return (
            ("Access-Control-Allow-Methods", allow),
            ("Access-Control-Allow-Headers", wanted),
            ("Access-Control-Max-Age", _PREFLIGHT_SECONDS),
        )


@lru_cache(maxsize=1_024)
def is_loopback(client: str) -> bool:
    """Whether an address is this machine's own; one that is empty is a Unix socket's.

    Example:
        >>> [is_loopback(c) for c in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "")]
        [True, True, True, True]
        >>> [is_loopback(c) for c in ("192.0.2.1", "::1:2", "127.0.0.1.example.org")]
        [False, False, False]
    """
    if not client:
        return True
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _sent(text: str) -> bytes:
    """Return the bytes that a header was sent as: servers decode them as Latin-1."""
    try:
        return text.strip(" \t").encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _address(text: str) -> str | None:
    """Read an address, with or without a port: ``192.0.2.1:80``, ``[2001:db8::1]:80``."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
