"""A server of the standard library alone, for where granian is not installed.

One thread does all reading and writing, so that a slow client costs a little memory and no thread;
a bounded number of threads answers requests that are complete. `wire` reads strictly.
"""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import signal
import socket
import threading
import time
from collections import deque
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from eventkit.server.message import Problem, Request, Response
from eventkit.server.wire import Chunks, Head, head_end, read_head

__all__ = ["HEAD_SECONDS", "FallbackServer", "most_connections"]

THREADS = 16
HEAD_SECONDS, TOTAL_SECONDS, IDLE_SECONDS, LINGER_SECONDS = 10.0, 30.0, 30.0, 2.0
_LARGEST_HEAD = 65_536
_READ = 65_536
_MOST_CONNECTIONS, _SPARE_FILES = 1_000, 32
_TICK = 0.25
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Connection:
    """A client, and how far its present request is.

    Attributes:
        due: When it is closed if nothing more happens.
        begun: When the first byte of the request came; 0 between requests.
        busy: Whether a thread is answering.
        ending: Whether the connection is closed once everything is written.
        lingering: Whether only the client's end of the connection is waited for.
    """

    __slots__ = (
        *("begun", "busy", "chunks", "client", "data", "due", "ending", "events", "head"),
        *("lingering", "out", "socket"),
    )

    def __init__(self, sock: socket.socket, client: str, now: float) -> None:
        self.socket, self.client = sock, client
        self.data, self.out = bytearray(), bytearray()
        self.head: Head | None = None
        self.chunks: Chunks | None = None
        self.begun, self.due = 0.0, now + HEAD_SECONDS
        self.busy = self.ending = self.lingering = False
        self.events = selectors.EVENT_READ


class FallbackServer:
    """Serves an application until it is told to stop.

    Args:
        app: What answers.
        listener: A socket that listens.
        threads: How many requests are answered at a time.
        grace: Seconds that requests in flight are given when the server stops.

    Example:
        >>> from eventkit.server import create_app
        >>> listener = socket.create_server(("127.0.0.1", 0))
        >>> server = FallbackServer(create_app({"weights": {}, "sessions": []}), listener)
        >>> server.stop()  # before it serves: it drains at once
        >>> server.serve()
    """

    def __init__(
        self, app: Any, listener: socket.socket, *, threads: int = THREADS, grace: float = 30.0
    ) -> None:
        """Serve nothing yet."""
        self._app, self._listener, self._grace = app, listener, grace
        self._threads = threads
        self._connections: set[_Connection] = set()
        self._wanted: queue.SimpleQueue[tuple[_Connection, Request, bool] | None]
        self._wanted = queue.SimpleQueue()
        self._done: deque[tuple[_Connection, bytes]] = deque()
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._stopping = self._paused = False
        self._most = most_connections()

    def stop(self) -> None:
        """Answer what is in flight, take nothing new, and return from `serve`. Any thread may."""
        self._stopping = True
        self._rouse()

    def stop_on_signals(self) -> None:
        """Stop on SIGTERM and SIGINT; a second one ends the process at once."""

        def handle(number: int, _frame: Any) -> None:
            if self._stopping:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handle)

    def serve(self) -> None:
        """Serve until `stop`."""
        workers = [threading.Thread(target=self._answer, daemon=True) for _ in range(self._threads)]
        for worker in workers:
            worker.start()
        for sock in (self._listener, self._woken, self._wake):
            sock.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._woken, selectors.EVENT_READ, self._finish)
        until, next_sweep = float("inf"), 0.0
        while not self._stopping or (self._connections and time.monotonic() < until):
            for key, mask in self._selector.select(_TICK):
                if isinstance(key.data, _Connection):
                    self._move(key.data, mask)
                else:
                    key.data()
            now = time.monotonic()
            if self._stopping and until == float("inf"):
                until = now + self._grace
                self._drain()
            if now >= next_sweep:
                next_sweep = now + _TICK
                self._pause(pause=False)
                for connection in [c for c in self._connections if c.due <= now]:
                    self._overdue(connection)
        self._close(workers)

    def _close(self, workers: list[threading.Thread]) -> None:
        for connection in [*self._connections]:
            self._drop(connection)
        for _ in workers:
            self._wanted.put(None)
        self._listener.close()
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _drain(self) -> None:
        """Take what already connected, and let go of who is between two requests."""
        self._accept()
        if not self._paused:
            self._selector.unregister(self._listener)
        self._listener.close()
        for connection in [*self._connections]:
            self._move(connection, selectors.EVENT_READ)
            if not (connection.begun or connection.out or connection.busy):
                self._drop(connection)

    # From the network.

    def _accept(self) -> None:
        for _ in range(64):
            try:
                sock, address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:  # no file is left: to be told again at once would not make one
                self._pause(pause=True)
                return
            sock.setblocking(False)
            if len(self._connections) >= self._most:
                _turn_away(sock)
                continue
            connection = _Connection(sock, address[0], time.monotonic())
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.add(connection)
            self._selector.register(sock, selectors.EVENT_READ, connection)

    def _pause(self, *, pause: bool) -> None:
        """Take no connections for a while, or take them again."""
        if pause == self._paused or self._stopping:
            return
        self._paused = pause
        if pause:
            self._selector.unregister(self._listener)
        else:
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _move(self, connection: _Connection, mask: int) -> None:
        """Read and write as far as it goes."""
        try:
            if mask & selectors.EVENT_READ and not self._read(connection):
                return
            if connection.out:
                self._write(connection)
        except OSError:
            self._drop(connection)

    def _read(self, connection: _Connection) -> bool:
        """Read once; whether the connection is still there."""
        try:
            data = connection.socket.recv(_READ)
        except BlockingIOError:
            return True
        if connection.lingering:
            if not data:
                self._drop(connection)
            return bool(data)
        if not data:
            # Half closed: who waits for an answer gets it.
            connection.ending = True
            if connection.busy or connection.out:
                self._watch(connection, 0)
                return True
            self._drop(connection)
            return False
        connection.data += data
        self._proceed(connection)
        return True

    def _proceed(self, connection: _Connection) -> None:
        """Read the next request as far as it is there."""
        if connection.busy or connection.out or connection.ending:
            # One at a time: a client that sends more and more waits.
            if len(connection.data) > _LARGEST_HEAD:
                self._watch(connection, connection.events & ~selectors.EVENT_READ)
            return
        try:
            if connection.head is None and not self._take_head(connection):
                return
            body = self._take_body(connection)
        except Problem as problem:
            self._refuse(connection, problem)
            return
        if body is not None:
            self._ask(connection, body)

    def _take_head(self, connection: _Connection) -> bool:
        data, now = connection.data, time.monotonic()
        if data.startswith(b"\r\n"):  # RFC 9112 2.2: an empty line before a request
            del data[:2]
        if data and not connection.begun:
            connection.begun, connection.due = now, now + HEAD_SECONDS
        end = head_end(data)
        if end < 0:
            if len(data) > _LARGEST_HEAD:
                raise Problem(431, "the head is too large", expected=f"{_LARGEST_HEAD} bytes")
            return False
        head = read_head(bytes(data[:end]), self._app.settings)
        del data[:end]
        connection.head, connection.due = head, connection.begun + TOTAL_SECONDS
        most = self._app.settings.max_body_bytes
        if head.length is None:
            connection.chunks = Chunks(most)
        elif head.length > most:
            raise Problem.too_large(most)
        if head.waits and not data and head.length != 0:
            connection.socket.send(_CONTINUE)
        return True

    def _take_body(self, connection: _Connection) -> bytes | None:
        head, chunks = connection.head, connection.chunks
        if chunks is not None:
            return bytes(chunks.body) if chunks.take(connection.data) else None
        length = 0 if head is None or head.length is None else head.length
        if len(connection.data) < length:
            return None
        body = bytes(connection.data[:length])
        del connection.data[:length]
        return body

    # To the application and back.

    def _ask(self, connection: _Connection, body: bytes) -> None:
        head = connection.head
        if head is not None:
            connection.busy = True
            self._wanted.put((connection, _request(head, connection.client, body), head.keeps))

    def _answer(self) -> None:
        """A thread's life: answer requests."""
        while (wanted := self._wanted.get()) is not None:
            connection, request, keeps = wanted
            response = self._app.respond(request)
            keeps = keeps and not self._stopping
            connection.ending = connection.ending or not keeps
            self._done.append((connection, _bytes_of(response, keeps=keeps)))
            self._rouse()

    def _rouse(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake; closed: it is over
            self._wake.send(b"\0")

    def _finish(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(_READ)
        while self._done:
            connection, data = self._done.popleft()
            connection.busy, connection.head, connection.chunks = False, None, None
            if connection in self._connections:
                connection.out += data
                self._move(connection, 0)

    def _refuse(self, connection: _Connection, problem: Problem) -> None:
        """Answer what is no request, and have nothing more to do with who sent it."""
        request = Request("GET", "/", client=connection.client)
        connection.data.clear()
        connection.ending = True
        connection.out += _bytes_of(self._app.respond(request, problem), keeps=False)
        try:
            self._write(connection)
        except OSError:
            self._drop(connection)

    def _write(self, connection: _Connection) -> None:
        if connection not in self._connections:
            return
        try:
            sent = connection.socket.send(connection.out)
        except BlockingIOError:
            sent = 0
        del connection.out[:sent]
        if connection.out:
            self._watch(connection, connection.events | selectors.EVENT_WRITE)
            return
        now = time.monotonic()
        if connection.ending:
            # To close with bytes unread would reset the connection, and the answer with it.
            connection.socket.shutdown(socket.SHUT_WR)
            connection.lingering, connection.due = True, now + LINGER_SECONDS
            self._watch(connection, selectors.EVENT_READ)
            return
        connection.begun, connection.due = 0.0, now + IDLE_SECONDS
        self._watch(connection, selectors.EVENT_READ)
        self._proceed(connection)

    def _watch(self, connection: _Connection, events: int) -> None:
        if events == connection.events:
            return
        if not connection.events:
            self._selector.register(connection.socket, events, connection)
        elif events:
            self._selector.modify(connection.socket, events, connection)
        else:
            self._selector.unregister(connection.socket)
        connection.events = events

    def _overdue(self, connection: _Connection) -> None:
        """Close a connection whose time is up, with a word to who has sent half a request."""
        if connection.begun and not (connection.busy or connection.out or connection.lingering):
            self._refuse(connection, Problem(408, "the request took too long"))
        elif not connection.lingering and connection.busy:
            connection.due = time.monotonic() + TOTAL_SECONDS  # its time is the application's
        else:
            self._drop(connection)

    def _drop(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.discard(connection)
            if connection.events:
                self._selector.unregister(connection.socket)
            connection.socket.close()


def _request(head: Head, client: str, body: bytes) -> Request:
    path = unquote_to_bytes(head.path).decode("utf-8", "replace")
    return Request(head.method, path, head.query, head.headers, body, client)


def _bytes_of(response: Response, *, keeps: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines += [f"Date: {formatdate(usegmt=True)}", "Server: eventkit"]
    lines.append("Connection: keep-alive" if keeps else "Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body


def _turn_away(sock: socket.socket) -> None:
    """Answer 503, and close without waiting: this is for when there are too many already."""
    response = Problem(503, "too many connections", ("Retry-After", "1")).response()
    response.headers.append(("Content-Length", str(len(response.body))))
    with sock:
        with contextlib.suppress(OSError):
            sock.recv(_READ)  # what was sent and not read would reset the connection
        with contextlib.suppress(OSError):
            sock.send(_bytes_of(response, keeps=False))


def most_connections(most: int = _MOST_CONNECTIONS) -> int:
    """How many connections leave a few files for everything else."""
    try:
        import resource
    except ImportError:  # Windows, which does not count them so
        return most
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if files == resource.RLIM_INFINITY else max(8, min(most, files - _SPARE_FILES))
