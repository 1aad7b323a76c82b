"""`ServerSettings` holds the settings of an operator, each with a safe default."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
from collections.abc import Mapping
from typing import Any

from eventkit.errors import ServerSettingsError
from eventkit.server.address import configured_host

__all__ = ["ANY_HOST", "UNIX_SOCKET", "ServerSettings"]

ANY_HOST = "*"
UNIX_SOCKET = "unix"

SHORTEST_TOKEN = 32
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
_ADDRESS = f"an address, a network such as 10.0.0.0/8, or {UNIX_SOCKET} for a Unix socket's peer"
_HOST = "a host name or an address without a port, such as events.example.org"


@dataclasses.dataclass(frozen=True)
class ServerSettings:
    """Settings of the application.

    Attributes:
        api_token: The token that requests have to send as ``Authorization: Bearer ...``. Without
            one, requests of this machine and of trusted proxies are answered, except for personal
            data: profiles and calendars.
        insecure: Whether requests of other machines are answered without a token.
        public_paths: The paths that need no token; the page at ``/ui`` never does.
        cors_origins: The origins whose pages may read answers, such as ``https://example.org``.
        allowed_hosts: The names that requests may bear in ``Host``, beside ``localhost`` and the
            loopback addresses. ``*`` allows every name, for where a proxy checks it.
        trusted_proxies: Addresses or networks whose ``X-Forwarded-For`` is believed; ``unix`` for
            the peer of a Unix socket.
        requests_per_minute: The rate limit of a client address; 0 for no limit.
        limit_loopback: Whether requests of this machine count for the rate limit too.
        max_body_bytes: The size limit of a body; one that declares more is refused unread.
        body_seconds: How long to wait for a body. It has no effect under WSGI, where the server
            waits.
        max_url_bytes: The size limit of path and query together.
        max_headers: The largest number of headers.
        max_header_bytes: The size limit of a header's value.
        max_interests: The largest number of interests in a request.
        max_interest_length: The largest number of characters of an interest.
        max_title_length: The largest number of characters of ``session``.
        max_top: The largest number of sessions that a request may ask for.
        gzip_bytes: Answers of this size and more are compressed for clients that accept it.
        reload_seconds: How long to wait until the files are checked for changes again.
        cache_entries: The largest number of cached answers; 0 for no cache.
        cache_bytes: The size limit of all cached answers together.
        cache_seconds: How long an answer stays in the cache if the manifest does not change.
        share_sessions: A manifest with this number of sessions is compiled into a file that all
            worker processes read; 0 for never.
        cache_directory: The directory of that file; a private one of the user when not given.
        metrics_directory: The directory in which worker processes count together; a private one of
            the process group when not given.
        card: Whether ``/recommend`` answers with an Adaptive Card even when not asked for one.

    Example:
        >>> ServerSettings(max_top=10).max_top
        10
        >>> ServerSettings(api_token="secret")
        Traceback (most recent call last):
        eventkit.errors.ServerSettingsError: api_token has 6 characters, expected at least 32
    """

    api_token: str | None = dataclasses.field(default=None, repr=False)
    insecure: bool = False
    public_paths: tuple[str, ...] = ("/health",)
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    requests_per_minute: int = 100
    limit_loopback: bool = False
    max_body_bytes: int = 262_144
    body_seconds: float = 30.0
    max_url_bytes: int = 8_192
    max_headers: int = 100
    max_header_bytes: int = 8_192
    max_interests: int = 100
    max_interest_length: int = 200
    max_title_length: int = 500
    max_top: int = 1_000
    gzip_bytes: int = 4_096
    reload_seconds: float = 0.5
    cache_entries: int = 4_096
    cache_bytes: int = 16_777_216
    cache_seconds: float = 300.0
    share_sessions: int = 1_000
    cache_directory: str | None = None
    metrics_directory: str | None = None
    card: bool = False

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ServerSettingsError: A value is invalid; names it and what is expected.
        """
        token = self.api_token
        if token is not None and len(token) < SHORTEST_TOKEN:
            raise ServerSettingsError(
                f"api_token has {len(token)} characters, expected at least {SHORTEST_TOKEN}"
            )
        for host in self.allowed_hosts:
            if host != ANY_HOST and configured_host(host) is None:
                raise ServerSettingsError(f"allowed_hosts holds {host!r}, expected {_HOST}")
        for proxy in self.trusted_proxies:
            if proxy != UNIX_SOCKET and not _is_network(proxy):
                raise ServerSettingsError(f"trusted_proxies holds {proxy!r}, expected {_ADDRESS}")
        for origin in self.cors_origins:
            if origin == "*" or "://" not in origin or origin.endswith("/"):
                raise ServerSettingsError(
                    f"cors_origins holds {origin!r}, expected origins such as https://example.org"
                )
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if type(value) in (int, float) and not value >= 0:  # not a number is not either
                raise ServerSettingsError(f"{field.name} is {value}, expected 0 or more")

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, **settings: Any
    ) -> ServerSettings:
        """Read the settings from environment variables.

        The token is in ``API_TOKEN``. Any other setting is in a variable with its name in capitals
        after ``EVENTKIT_``.

        Args:
            environment: The variables; those of the process when not given.
            **settings: Settings that take precedence over the environment.

        Raises:
            ServerSettingsError: A value is invalid; names the variable.

        Example:
            >>> ServerSettings.from_environment({"EVENTKIT_MAX_TOP": "50"}).max_top
            50
        """
        given = os.environ if environment is None else environment
        for field in dataclasses.fields(cls):
            name = "API_TOKEN" if field.name == "api_token" else f"EVENTKIT_{field.name.upper()}"
            text = given.get(name)
            if field.name not in settings and text:
                settings[field.name] = _read(name, text, field.default)
        return cls(**settings)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _read(name: str, text: str, default: Any) -> Any:
    """Parse a setting as the type of its default."""
    if isinstance(default, bool):
        if text.lower() in _TRUE + _FALSE:
            return text.lower() in _TRUE
        raise ServerSettingsError(f"{name} is {text!r}, expected true or false")
    if isinstance(default, (int, float)):
        try:
            return type(default)(text)
        except ValueError:
            kind = "a whole number" if isinstance(default, int) else "a number"
            raise ServerSettingsError(f"{name} is {text!r}, expected {kind}") from None
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text
