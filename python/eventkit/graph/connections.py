"""Connections to a Valkey or Redis server with a deadline for each call.

The timeout of a socket limits one read only: a server that sends a byte now and then never exceeds
it, and it does not limit the resolution of a name. Here every call has a deadline. Short-lived
threads make connections (names, TLS, authentication). A call waits for such a thread until its
deadline, and a connection that is made too late is used by the next call.
"""

from __future__ import annotations

import contextlib
import hashlib
import select
import ssl
import threading
from collections.abc import Sequence
from time import monotonic
from typing import Any

from eventkit._imports import required

__all__ = ["Address", "BusyError", "Connections", "Script"]

_CONNECT_SECONDS = 2.0
_CONNECTORS = 4
_KEPT = {"host", "port", "db", "username", "password", "path", "socket_keepalive"}


class BusyError(Exception):
    """All connections are in use. This is not an error of the server."""


class Script:
    """A Lua script. Its text is sent only if the server does not know it."""

    def __init__(self, text: str) -> None:
        """Compute the digest by which the server knows it."""
        self.text = text
        # The server identifies scripts by SHA-1. It is not used for security.
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Address:
    """The address of a server, and how to connect to it. No text shows its secrets.

    Args:
        url: ``valkey://``, ``redis://``, ``valkeys://``, ``rediss://`` or ``unix://``.

    Raises:
        MissingExtraError: The valkey client is not installed.
        ValueError: The url cannot be used. The message does not repeat it.

    Example:
        >>> Address("rediss://ann:secret@cache.example.com:6380/2")
        valkeys://cache.example.com:6380/2
        >>> Address("redis://:secret@cache.example.com:port")
        Traceback (most recent call last):
        ValueError: not the url of a Valkey or Redis server, like valkeys://name:password@host:6379/0
    """

    def __init__(self, url: str) -> None:
        """Parse the url. Nothing is connected."""
        client = required("valkey.connection")
        try:
            options = client.parse_url(url)
            kind = options.pop("connection_class", client.Connection)
            # Options in the url must not change the deadlines of calls.
            options = {k: v for k, v in options.items() if k in _KEPT or k.startswith("ssl_")}
            if issubclass(kind, client.SSLConnection):
                verified = options.get("ssl_cert_reqs", "required") != "none"
                options.setdefault("ssl_check_hostname", verified)
            made = kind(**options)
            where = dict(made.repr_pieces())
        except Exception:
            # Without text and cause: urllib takes part of a password with a "/" for a port.
            raise ValueError(
                "not the url of a Valkey or Redis server, like valkeys://name:password@host:6379/0"
            ) from None
        self._options = options
        self._kind = _bounded(kind)
        scheme = "valkeys" if issubclass(kind, client.SSLConnection) else "valkey"
        self._text = (
            f"unix://{where['path']}?db={where['db']}"
            if "path" in where
            else f"{scheme}://{where['host']}:{where['port']}/{where['db']}"
        )

    def __repr__(self) -> str:
        """Return the url without user name, password and options."""
        return self._text

    def connect(self) -> Any:
        """Connect and authenticate. Returns a connection on which the server answered."""
        connection = self._kind(
            **self._options,
            socket_timeout=_CONNECT_SECONDS,
            socket_connect_timeout=_CONNECT_SECONDS,
            # Two round trips that are not needed here.
            lib_name=None,
            lib_version=None,
        )
        try:
            connection.connect()
            connection.send_command("PING")
            if connection.read_response() != b"PONG":
                raise ConnectionError("no answer to PING")
        except BaseException:
            connection.disconnect()
            raise
        return connection


class Connections:
    """The connections of a process to one server. They are made when they are needed.

    Args:
        address: The address of the server.
        most: The largest number of connections.
    """

    def __init__(self, address: Address, most: int) -> None:
        """Start without connections."""
        self._address = address
        self._most = most
        self._errors = required("valkey.exceptions")
        self._changed = threading.Condition(threading.Lock())
        self._idle: list[Any] = []
        self._open = 0
        self._connecting = 0
        self._refused: tuple[int, BaseException | None] = (0, None)
        self._closed = False

    def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Any], seconds: float
    ) -> Any:
        """Run a script. Returns the server's answer, within ``seconds``.

        Raises:
            BusyError: No connection is free, and no more may be made.
            Exception: The server cannot be reached, or returned an error.
        """
        until = monotonic() + seconds
        connection = self._take(until)
        healthy = False
        try:
            connection.timed.until = until
            tail = (len(keys), *keys, *arguments)
            try:
                connection.send_command("EVALSHA", script.digest, *tail)
                reply = connection.read_response()
            except self._errors.NoScriptError:
                connection.send_command("EVAL", script.text, *tail)
                reply = connection.read_response()
            healthy = True
            return reply
        except self._errors.ResponseError:
            healthy = True  # The server answered with an error: the connection works.
            raise
        finally:
            self._give(connection, healthy)

    def close(self) -> None:
        """Disconnect. Running calls end first."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._open -= len(idle)
            self._changed.notify_all()
        for connection in idle:
            _drop(connection)

    def _take(self, until: float) -> Any:
        with self._changed:
            refused, asked = self._refused[0], False
            while True:
                while self._idle:
                    connection = self._idle.pop()
                    if _quiet(connection):
                        return connection
                    self._open -= 1
                    _drop(connection)
                if self._closed:
                    raise BusyError("closed")
                if self._refused[0] != refused and self._refused[1] is not None:
                    raise self._refused[1]
                room = self._open + self._connecting < self._most
                if room and not asked and self._connecting < _CONNECTORS:
                    asked = True
                    self._connecting += 1
                    threading.Thread(
                        target=self._connect, name="eventkit-store-connect", daemon=True
                    ).start()
                left = until - monotonic()
                if left <= 0:
                    if self._connecting:
                        raise TimeoutError("no connection in time")
                    raise BusyError("all connections are in use")
                self._changed.wait(left)

    def _connect(self) -> None:
        connection, error = None, None
        try:
            connection = self._address.connect()
        except Exception as reason:
            # Without its frames, because they hold the connection and its password.
            error = reason.with_traceback(None)
            error.__context__ = error.__cause__ = None
        with self._changed:
            self._connecting -= 1
            if connection is None:
                self._refused = (self._refused[0] + 1, error)
            elif not self._closed:
                self._open += 1
                self._idle.append(connection)
                connection = None
            self._changed.notify_all()
        if connection is not None:
            _drop(connection)

    def _give(self, connection: Any, healthy: bool) -> None:
        with self._changed:
            if healthy and not self._closed:
                self._idle.append(connection)
                self._changed.notify()
                return
            self._open -= 1
            self._changed.notify()
        _drop(connection)


class _Timed:
    """A socket with one deadline for all reads and writes.

    After the deadline, data that has arrived already is still read once, because a busy interpreter
    is not a slow server.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.until = monotonic() + _CONNECT_SECONDS
        self._late = False

    def recv(self, *arguments: Any) -> Any:
        return self._within(self._inner.recv, *arguments)

    def recv_into(self, *arguments: Any) -> Any:
        return self._within(self._inner.recv_into, *arguments)

    def sendall(self, data: Any) -> None:
        view = memoryview(data)
        while view:
            view = view[self._within(self._inner.send, view) :]

    def settimeout(self, seconds: float | None) -> None:
        """Ignore timeouts, because only the deadline counts."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _within(self, call: Any, *arguments: Any) -> Any:
        left = self.until - monotonic()
        if left > 0:
            self._late = False
        elif self._late:
            raise TimeoutError("timed out")
        else:
            self._late, left = True, 0.0
        try:
            self._inner.settimeout(left)
            return call(*arguments)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise TimeoutError("timed out") from None


def _bounded(kind: Any) -> Any:
    """Return a subclass of a connection class whose socket is a `_Timed`."""

    def connect(self: Any) -> _Timed:
        self.timed = _Timed(kind._connect(self))
        return self.timed  # type: ignore[no-any-return]

    return type("BoundedConnection", (kind,), {"_connect": connect})


def _quiet(connection: Any) -> bool:
    """Return true if an idle connection is open and has no data of an abandoned call."""
    poll = select.poll()
    poll.register(connection.timed.fileno(), select.POLLIN)
    return not poll.poll(0)


def _drop(connection: Any) -> None:
    with contextlib.suppress(Exception):
        connection.disconnect()
