"""`GraphSettings`: the app registration, the user, and the limits of a calendar service."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from eventkit.errors import GraphAuthError

__all__ = ["GraphSettings"]

AUTHORITY = "https://login.microsoftonline.com"
BASE_URL = "https://graph.microsoft.com/v1.0"
CREDENTIALS = ("GRAPH_TENANT_ID", "GRAPH_CLIENT_ID", "GRAPH_CLIENT_SECRET")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class GraphSettings:
    """Settings of a `GraphEventService`. Its repr does not show the secret.

    Attributes:
        tenant_id: The directory (tenant) of the app registration.
        client_id: Its application (client) id.
        client_secret: Its secret.
        user_id: The user of calls that name none: an object id or a user principal name.
        base_url: The address of Graph. Plain http is refused, except for this machine.
        authority: The address of the token service. Plain http is refused likewise.
        time_zone: The zone in which Graph writes times: a Windows or IANA name.
        cache_file: A file that keeps tokens for other processes; none by default.
        deadline: The most seconds that a call may take, including retries and waits.
        attempts: The largest number of attempts of a request.
        max_body_bytes: The size limit of an answer.

    Example:
        >>> GraphSettings("contoso", "app", "hunter2", user_id="ann@example.com")
        GraphSettings(tenant_id='contoso', client_id='app', user_id='ann@example.com', \
base_url='https://graph.microsoft.com/v1.0', authority='https://login.microsoftonline.com', \
time_zone='UTC', cache_file=None, deadline=10.0, attempts=4, max_body_bytes=8388608)
    """

    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    user_id: str | None = None
    base_url: str = BASE_URL
    authority: str = AUTHORITY
    time_zone: str = "UTC"
    cache_file: str | None = None
    deadline: float = 10.0
    attempts: int = 4
    max_body_bytes: int = 8 << 20

    def __post_init__(self) -> None:
        """Refuse values that would send a token unencrypted or break a header."""
        for name in ("base_url", "authority"):
            value = getattr(self, name).rstrip("/")
            check_url(name, value)
            object.__setattr__(self, name, value)
        if not self.time_zone.isascii() or any(c in '"\\\r\n' for c in self.time_zone):
            raise ValueError(f"time_zone {self.time_zone!r}: not the name of a zone")
        if not self.deadline > 0 or self.attempts < 1 or self.max_body_bytes < 1:
            raise ValueError("deadline, attempts and max_body_bytes have to be positive")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> GraphSettings:
        """Read the settings from environment variables.

        GRAPH_TENANT_ID, GRAPH_CLIENT_ID and GRAPH_CLIENT_SECRET must be set. GRAPH_USER_ID,
        GRAPH_BASE_URL, GRAPH_AUTHORITY, GRAPH_TIME_ZONE, GRAPH_TOKEN_CACHE (`cache_file`) and
        GRAPH_DEADLINE (seconds) are optional.

        Raises:
            GraphAuthError: One of the first three is missing; names all that are missing.
            ValueError: One of the others is invalid.

        Example:
            >>> GraphSettings.from_environment({"GRAPH_TENANT_ID": "contoso"})
            Traceback (most recent call last):
            eventkit.errors.GraphAuthError: Graph credentials not configured: \
GRAPH_CLIENT_ID not set, GRAPH_CLIENT_SECRET not set
        """
        read = os.environ if environment is None else environment
        missing = [f"{name} not set" for name in CREDENTIALS if not read.get(name)]
        if missing:
            raise GraphAuthError(f"Graph credentials not configured: {', '.join(missing)}")
        try:
            deadline = float(read.get("GRAPH_DEADLINE") or cls.deadline)
        except ValueError:
            raise ValueError(
                f"GRAPH_DEADLINE {read['GRAPH_DEADLINE']!r}: not a number of seconds"
            ) from None
        return cls(
            tenant_id=read["GRAPH_TENANT_ID"],
            client_id=read["GRAPH_CLIENT_ID"],
            client_secret=read["GRAPH_CLIENT_SECRET"],
            user_id=read.get("GRAPH_USER_ID") or None,
            base_url=read.get("GRAPH_BASE_URL") or BASE_URL,
            authority=read.get("GRAPH_AUTHORITY") or AUTHORITY,
            time_zone=read.get("GRAPH_TIME_ZONE") or "UTC",
            cache_file=read.get("GRAPH_TOKEN_CACHE") or None,
            deadline=deadline,
        )


def check_url(name: str, url: str) -> None:
    """Raise a `ValueError` for a URL to which no token or secret may be sent."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError(f"{name}: a URL with a user name or password in it")
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    if not safe or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{name} {url!r}: not an https URL of a host (http is for loopback only)")


def is_loopback(url: str) -> bool:
    """Return true if a URL names this machine."""
    return urlsplit(url).hostname in _LOOPBACK
