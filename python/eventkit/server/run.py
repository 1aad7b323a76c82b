"""``eventkit serve``: run the application on granian.

Granian's WSGI mode is the default: its asyncio modes took half again the time for a request that
needs no waiting (`make bench-server`). Only the ASGI mode can give up on a body that does not come,
and only there can ``X_Forwarded_For`` be told from ``X-Forwarded-For``; so it is the mode behind
trusted proxies. What is set differently from granian's defaults is explained where it is set.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import ipaddress
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import util
from typing import Any

from eventkit._imports import optional, required
from eventkit.errors import EventKitError, ServerSettingsError
from eventkit.feeds import without_password
from eventkit.server.address import configured_host
from eventkit.server.app import create_app
from eventkit.server.bodies import limit_bodies
from eventkit.server.feed import Feed, FeedSettings
from eventkit.server.message import AGENTS
from eventkit.server.metrics import create_server_directory, delete_abandoned_directories
from eventkit.server.settings import SHORTEST_TOKEN, ServerSettings

__all__ = ["ListenError", "serve"]

GRACE_SECONDS = 30
HEAD_SECONDS = 10.0
BACKLOG = 1_024
# A slow calendar, or a body that comes slowly, holds a thread. Idle threads end after half a
# minute, so a high limit costs nothing: with 4, 64 or 256, ten clients get the same 10,000 answers
# a second.
BLOCKING_THREADS, THREADS_WITHOUT_BODY = 256, 64
# Connections of a worker. Fewer if `ulimit -n` allows fewer: without a free file, granian spins.
BACKPRESSURE = 1_024
_SPARE_FILES = 32
# Granian gives up when a worker dies twice in 5.5 seconds. A worker that lived for a second is
# replaced again and again, and the service stays. A worker that cannot even start ends the server,
# so that a supervisor sees it.
CRASH_LOOP_SECONDS, LEAST_LIFE_SECONDS = 5.5, 1.0

_IN_USE = (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL)


class ListenError(EventKitError):
    """The server cannot listen at an address; names the address and the reason."""


def serve(
    manifest: str | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8010,
    workers: int = 1,
    interface: str | None = None,
    insecure: bool = False,
    settings: ServerSettings | None = None,
    feed: FeedSettings | None = None,
    mcp: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serve until SIGTERM or SIGINT, then answer the requests in flight.

    Args:
        manifest: See `create_app`.
        host: The address to listen at, or its name.
        port: The port; 0 for a free one.
        workers: The number of processes. Each has its own rate limit; metrics are of all of them.
        interface: Granian's, ``"wsgi"`` or ``"asgi"``. When not given, it is ``"asgi"`` if the
            settings name trusted proxies, else ``"wsgi"``; see above.
        insecure: Whether other machines may ask without a token; an address that they reach needs
            an ``API_TOKEN`` otherwise.
        settings: The settings; read from the environment when not given.
        feed: The feed to serve instead of a manifest.
        mcp: As for `create_app`. The interface is then ``"asgi"``.
        say: Prints a line that says what is served where.

    Raises:
        ListenError: The address is in use, or not one of this machine.
        ServerSettingsError: Other machines could ask without a token; or the interface is
            ``"wsgi"`` although there are trusted proxies.
        MissingExtraError: granian is not installed.
        OSError: The manifest cannot be read.
        ManifestError: ``eventkit validate`` refuses the manifest.
        FeedError: The feed cannot be fetched or read, and no earlier state of it is there.
    """
    granian = required("granian")
    settings = settings or ServerSettings.from_environment()
    if insecure:
        settings = dataclasses.replace(settings, insecure=True)
    interface = "asgi" if mcp else _checked_interface(interface, settings)
    family, address = _resolved(host, port)
    settings = _with_hosts(settings, host, address)
    if not (settings.insecure or settings.api_token or ipaddress.ip_address(address).is_loopback):
        raise ServerSettingsError(
            f"{host} can be reached from other machines: set API_TOKEN ({SHORTEST_TOKEN} "
            "characters or more), or add --insecure"
        )
    port = _free_port(family, address, port)
    place = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    if feed is not None:
        manifest = _prepared(feed, settings, say)
    with _metrics_together(settings) as (settings, made):
        # Raises what is wrong, once for all workers.
        create_app(manifest, settings=settings, mcp=mcp).close()
        many = f"{workers} workers" if workers > 1 else "1 worker"
        say(f"serving on {place} (granian {granian.__version__}, {many})")
        if mcp:
            say(f"agents find the tools at {place}{AGENTS}")
        load = partial(_application, manifest, settings, os.getpid(), interface, feed, mcp)
        _serve_granian(granian, (address, port, workers, interface), load, made)


def _prepared(feed: FeedSettings, settings: ServerSettings, say: Callable[[str], None]) -> str:
    """Fetch a feed before the workers start; return the manifest that was made of it."""
    prepared = Feed(feed, settings.cache_directory)
    state = prepared.prepare()
    if state.trouble is not None:
        source = without_password(feed.source)
        say(f"{source}: {state.trouble}; the last good state is served")
    return str(prepared.path)


def _checked_interface(interface: str | None, settings: ServerSettings) -> str:
    if not settings.trusted_proxies:
        return interface or "wsgi"
    if interface == "wsgi":
        raise ServerSettingsError(
            "interface is wsgi, expected asgi behind trusted_proxies: granian's WSGI mode takes a "
            "client's X_Forwarded_For for the proxy's X-Forwarded-For"
        )
    return "asgi"


def _with_hosts(settings: ServerSettings, host: str, address: str) -> ServerSettings:
    """Allow the host that the server listens at, unless that is every address."""
    if ipaddress.ip_address(address).is_unspecified:
        return settings
    named = tuple(name for name in (host, address) if configured_host(name) is not None)
    return dataclasses.replace(settings, allowed_hosts=(*settings.allowed_hosts, *named))


def _resolved(host: str, port: int) -> tuple[int, str]:
    """Return the family of a host's address, and the address."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ListenError(f"{host}:{port}: {error}") from None
    if not host:
        raise ListenError("the host is empty, expected an address such as 127.0.0.1")
    return found[0][0], str(found[0][4][0]).partition("%")[0]


def _free_port(family: int, address: str, port: int) -> int:
    """Return the port, or a free one for 0.

    Granian's workers share their port (SO_REUSEPORT), and would share that of another server too.

    Raises:
        ListenError: Another process uses the port.
    """
    try:
        with _listener(family, address, port) as probe:
            return int(probe.getsockname()[1])
    except OSError as error:
        if error.errno not in _IN_USE:
            raise
        why = "in use" if error.errno == errno.EADDRINUSE else os.strerror(error.errno)
        raise ListenError(f"{address}:{port}: {why}; --port 0 takes a free one") from None
    except OverflowError:
        raise ListenError(f"port is {port}, expected 0 to 65535") from None


def _listener(family: int, address: str, port: int) -> socket.socket:
    return socket.create_server((address, port), family=family, backlog=BACKLOG)


@contextlib.contextmanager
def _metrics_together(settings: ServerSettings) -> Iterator[tuple[ServerSettings, str]]:
    """Give the workers a directory to count in together, and delete it when they have ended.

    A server that is killed leaves its directory; the next one that starts deletes it.
    """
    if settings.metrics_directory is not None:
        yield settings, ""
        return
    delete_abandoned_directories()
    directory = str(create_server_directory())
    try:
        yield dataclasses.replace(settings, metrics_directory=directory), directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _serve_granian(
    granian: Any, place: tuple[str, int, int, str], load: Callable[[], Any], directory: str
) -> None:
    address, port, workers, interface = place
    constants, http, log = (optional(f"granian.{name}") for name in ("constants", "http", "log"))
    if constants is None or http is None or log is None:
        raise ServerSettingsError(
            f"granian {granian.__version__} is too old, expected 2.5 or later"
        )
    server = _granian_server(granian.Granian, directory)(
        "eventkit",
        address=address,
        port=port,
        interface=constants.Interfaces(interface),
        workers=workers,
        backlog=BACKLOG,
        backpressure=_most_connections(),
        # An event loop has one thread, and granian refuses more.
        blocking_threads=BLOCKING_THREADS if interface == "wsgi" else None,
        http=constants.HTTPModes.http1,  # nginx speaks HTTP/1.1 to its upstreams
        http1_settings=http.HTTP1Settings(header_read_timeout=int(HEAD_SECONDS * 1_000)),
        log_dictconfig=_LOGGING,
        log_level=log.LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.0,
        workers_kill_timeout=GRACE_SECONDS,
    )
    server.serve(target_loader=load, wrap_loader=False)


def _most_connections() -> int:
    """Return how many connections a worker takes, so that a few files are left for the rest."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return BACKPRESSURE
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return BACKPRESSURE
    return max(8, min(BACKPRESSURE, files - _SPARE_FILES))


def _granian_server(base: Any, own_directory: str) -> Any:
    """Return granian's server class with two changes: a second signal, and workers that crash."""

    def interrupt(self: Any, number: int = signal.SIGTERM, *rest: Any) -> None:
        if self.interrupt_signal:  # this is the second signal
            for worker in self.wrks:
                worker.kill()
            shutil.rmtree(own_directory, ignore_errors=True)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        base.signal_handler_interrupt(self, number, *rest)

    def respawn(self: Any, workers: Any, *rest: Any, **settings: Any) -> None:
        base._respawn_workers(self, workers, *rest, **settings)
        for worker in workers:
            self.respawned_wrks[worker] -= CRASH_LOOP_SECONDS - LEAST_LIFE_SECONDS

    # Not a class statement: `stubtest` would look for the class in the module.
    return type(
        "Server", (base,), {"signal_handler_interrupt": interrupt, "_respawn_workers": respawn}
    )


def _application(
    manifest: str | None,
    settings: ServerSettings,
    parent: int,
    interface: str,
    feed: FeedSettings | None,
    mcp: bool,
) -> Any:
    """Create the application in a worker process."""
    # A forked worker has the parent's handlers, which swallow signals until granian sets its own.
    # The parent would then wait for a worker that was never told to stop.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # A terminal sends Ctrl-C to every process, and the parent sends SIGTERM after it. Granian's
    # handler waits for itself if it is called while it runs, so a worker ignores the first.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    threading.Thread(
        target=_stop_with_parent, args=(parent,), name="eventkit-parent-watch", daemon=True
    ).start()
    app = create_app(manifest, settings=settings, mcp=mcp)
    if feed is not None:
        app.source.feed = Feed(feed, settings.cache_directory)
        app.source.feed.start()
    # `multiprocessing` ends a process without `atexit`, but runs its own finalizers.
    util.Finalize(None, app.close, exitpriority=10)
    if interface == "asgi":
        return app
    return limit_bodies(app, BLOCKING_THREADS - THREADS_WITHOUT_BODY)


def _stop_with_parent(parent: int) -> None:
    """Stop this worker when its parent was killed; else it would go on serving and hold the port.

    Linux's PR_SET_PDEATHSIG is not used: it comes once for each thread of the parent.
    """
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _is_notable(record: Any) -> bool:
    # Granian warns of many threads, which are intended: see BLOCKING_THREADS.
    return "Python threads" not in str(record.msg)


def _filter() -> Callable[[Any], bool]:
    # Given by name, as it is pickled where workers are spawned and not forked.
    return _is_notable


_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"worth": {"()": _filter}},
    "formatters": {"line": {"format": "eventkit: %(levelname)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "_granian": {
            "handlers": ["stderr"],
            "level": "WARNING",
            "filters": ["worth"],
            "propagate": False,
        },
        "eventkit": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
