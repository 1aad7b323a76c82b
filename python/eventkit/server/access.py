"""Decides which requests are accepted, by token, address, host name and origin of a page."""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache

from eventkit.server.address import configured_host, forwarded_address, host_name, is_loopback
from eventkit.server.message import AGENTS, Headers, Problem, Request
from eventkit.server.settings import ANY_HOST, UNIX_SOCKET, ServerSettings

__all__ = ["Access"]

_PREFLIGHT_SECONDS = "600"
# A longer chain of proxies is not followed.
_MOST_HOPS = 32
_LONGEST_CACHED_HOST = 262


class Access:
    """The rules that the settings make.

    Attributes:
        trusts_proxies: Whether the settings name a proxy, whose ``X-Forwarded-For`` is believed.
    """

    def __init__(self, settings: ServerSettings) -> None:
        """Prepare the comparisons."""
        token = settings.api_token
        self._token = None if token is None else token.encode("utf-8", "surrogateescape")
        named = settings.trusted_proxies
        self._proxies = [ipaddress.ip_network(p, strict=False) for p in named if p != UNIX_SOCKET]
        self._unix_proxy = UNIX_SOCKET in named
        self.trusts_proxies = bool(named)
        self._origins = frozenset(settings.cors_origins)
        self._hosts = frozenset(configured_host(host) for host in settings.allowed_hosts)
        self._any_host = ANY_HOST in settings.allowed_hosts
        self._open_to_all = token is not None or settings.insecure
        # These caches are bounded. With them, most requests need not parse an address.
        self._is_proxy = lru_cache(maxsize=1_024)(self._find_proxy)
        self._is_known_host = lru_cache(maxsize=1_024)(self._find_host)

    def host_problem(self, host: str | None, protocol: str) -> Problem | None:
        """Return why a request's ``Host`` header is refused, ``None`` if it is accepted.

        A page of another site can bind its own name to 127.0.0.1 and then send requests as a page
        of the same origin. Its requests have that name and are answered 421. HTTP/1.1 requires the
        header exactly once (RFC 9112, section 3.2). HTTP/1.0 does not, and no browser uses it.

        Args:
            host: The header's value, ``None`` if it was not sent.
            protocol: The version, as ``1.1``.
        """
        if not host:
            if protocol in ("1.0", "1"):
                return None
            return Problem.parameter("Host", "", "the header, once")
        if self.accepts_host(host):
            return None
        if "," in host:
            return Problem.parameter("Host", host, "the header, once")
        expected = "localhost, a loopback address, or a name in EVENTKIT_ALLOWED_HOSTS"
        return Problem.parameter("Host", host, expected, "misdirected request", status=421)

    def accepts_host(self, host: str) -> bool:
        """Return true if a ``Host`` header names this machine, or a host of the settings."""
        return len(host) <= _LONGEST_CACHED_HOST and self._is_known_host(host)

    def require_address(self, client: str) -> None:
        """Accept a request from this machine, and from everywhere if the settings say so.

        The server that runs the application may listen at every address without knowing that there
        is no token (``gunicorn -b 0.0.0.0``). So the connection's other end is checked.

        Raises:
            Problem: 403.
        """
        if not self.accepts_address(client):
            reason = "the server has no API_TOKEN, so only its own machine may ask"
            raise Problem(403, reason, expected="an API_TOKEN, or EVENTKIT_INSECURE=1, set there")

    def accepts_address(self, client: str) -> bool:
        """Return true if requests from an address are accepted at all, with or without a token."""
        return self._open_to_all or is_loopback(client) or self._is_proxy(client)

    def require_origin(self, headers: Headers) -> None:
        """Accept a request that comes from no page, from this server's own, or an allowed one.

        Browsers let a page of any site send a request with JSON; what they withhold is the answer.

        Raises:
            Problem: 403.
        """
        origin = headers.get("origin")
        if origin is None or origin in self._origins:
            return
        scheme, _, host = origin.partition("://")
        if scheme not in ("http", "https") or not self.accepts_host(host):
            expected = "no page, a page of this server, or one of EVENTKIT_CORS_ORIGINS"
            raise Problem.parameter("Origin", origin, expected, status=403)

    def require_token(self, headers: Headers) -> None:
        """Accept a request that brings the token.

        The bytes are compared in constant time. A header that came twice was joined by a comma,
        and so is not the token.

        Raises:
            Problem: 401.
        """
        if not self.accepts_token(headers.get("authorization")):
            raise Problem(401, "unauthorized", ("WWW-Authenticate", 'Bearer realm="eventkit"'))

    def accepts_token(self, authorization: str | None) -> bool:
        """Return true if a header's value holds the token, or if there is no token."""
        if self._token is None:
            return True
        scheme, _, given = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(_sent(given), self._token)

    def client_of(self, client: str, forwarded: str | None) -> str:
        """Return the address that a request counts for in the rate limit.

        It is the address of the connection, unless that is a trusted proxy. Then it is the first
        address of ``X-Forwarded-For``, from the right, that is not a trusted proxy.
        """
        if not self.trusts_proxies or not self._is_proxy(client):
            return client
        for hop in reversed((forwarded or "").rsplit(",", _MOST_HOPS)):
            address = forwarded_address(hop.strip())
            if address is None:
                return client
            client = address
            if not self._is_proxy(client):
                return client
        return client

    def cors_headers(self, headers: Headers) -> tuple[tuple[str, str], ...]:
        """Return the headers that let a page of an allowed origin read the answer."""
        origin = headers.get("origin")
        if origin is None or origin not in self._origins:
            return ()
        return (
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", "ETag, Retry-After, X-Correlation-ID"),
        )

    def preflight_headers(self, request: Request, allow: str) -> tuple[tuple[str, str], ...]:
        """Return the headers that let a page of an allowed origin send a method and headers."""
        origin = self.cors_headers(request.headers)
        if not origin or request.headers.get("access-control-request-method") is None:
            return ()
        wanted = "Authorization, Content-Type, If-None-Match, traceparent, X-Correlation-ID"
        if request.path == AGENTS:
            wanted += ", Mcp-Method, Mcp-Name, MCP-Protocol-Version"
        return (
            ("Access-Control-Allow-Methods", allow),
            ("Access-Control-Allow-Headers", wanted),
            ("Access-Control-Max-Age", _PREFLIGHT_SECONDS),
        )

    def _find_proxy(self, client: str) -> bool:
        if not client:
            return self._unix_proxy
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def _find_host(self, host: str) -> bool:
        name = host_name(host)
        if name is None:
            return False
        return self._any_host or name == "localhost" or name in self._hosts or is_loopback(name)


def _sent(text: str) -> bytes:
    """Return the bytes that a header was sent as: servers decode them as Latin-1."""
    try:
        return text.strip(" \t").encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
