"""`create_app`: one application for every server, WSGI and ASGI.

A request goes through the same steps whatever protocol it came by: its correlation id, the limits,
the route, the rate limit, the token, the answer, and what every answer bears.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from time import perf_counter
from typing import Any

from eventkit.server import asgi, wsgi
from eventkit.server.access import Access
from eventkit.server.address import is_loopback
from eventkit.server.calendar import Calendars
from eventkit.server.correlation import CORRELATION, correlation_id, mint
from eventkit.server.counting import Tally, build_limiter, build_metrics
from eventkit.server.edition import Edition
from eventkit.server.encoding import accepts_gzip, matches
from eventkit.server.journal import Journal
from eventkit.server.message import Problem, Request, Response, json_response
from eventkit.server.route import PAGE, Route, routes_of
from eventkit.server.settings import ServerSettings
from eventkit.server.source import Source

Answer = Callable[[Request, Edition, ServerSettings], Response]

__all__ = ["Application", "create_app", "create_asgi_app", "create_wsgi_app"]

_log = logging.getLogger("eventkit.server")
_MISSING: Any = object()

_OTHER = "other"
# A question in a longer body is answered, but not kept.
_LONGEST_KEPT = 2_048

# What is somebody's own, or the moment's, lies on nobody's disk.
_PERSONAL = ("Cache-Control", "no-store")
_COMMON = (
    ("Cache-Control", "no-cache"),
    ("Vary", "Accept-Encoding, Authorization, Origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)


class Application:
    """The endpoints as one callable, for WSGI servers and for ASGI servers; see `create_app`.

    Attributes:
        settings: What it was made with.
        source: The manifest as it is now.
        access: Who may ask.
        calendars: Where calendars come from.
        limiter: How often an address may ask; ``None`` for as often as it likes.
    """

    def __init__(
        self, source: Source, graph: Any = None, *, limiter: Any = None, metrics: Any = None
    ) -> None:
        """Put the parts together."""
        self.source = source
        self.settings = source.settings
        self.access = Access(source.settings)
        self.calendars = Calendars(graph)
        self.limiter = limiter
        # Behind a proxy of this machine's, everybody comes from it.
        counts_local = self.settings.limit_loopback or bool(self.settings.trusted_proxies)
        self._limits_local = limiter is not None and counts_local
        if metrics is not None:
            self.metrics = metrics
        self.journal = Journal(clock=source.clock)
        self.tally = Tally(source, self.calendars)
        # A restart with another of the settings that change answers is another state of them.
        self._variant = "-card" if self.settings.card else ""
        self._routes = routes_of(self)
        # Servers tell ASGI from WSGI by whether `__call__` is a coroutine function. They see this
        # attribute; a call goes to the class's own method, which tells by what it is given.
        vars(self)["__call__"] = self._serve_asgi

    def __call__(self, first: Any, second: Any, third: Any = _MISSING) -> Any:
        """Serve a request: ``(environ, start_response)`` or ``(scope, receive, send)``."""
        if third is _MISSING:
            return wsgi.serve(self, first, second)
        return asgi.serve(self, first, second, third)

    async def _serve_asgi(self, scope: Any, receive: Any, send: Any) -> None:
        await asgi.serve(self, scope, receive, send)

    @cached_property
    def metrics(self) -> Any:
        """The counters; made by the first request, for whoever forks before it is no worker."""
        return build_metrics(self.settings)

    def respond(self, request: Request, refusal: Problem | None = None) -> Response:
        """Answer a request; never raises.

        Args:
            request: It.
            refusal: Why the protocol's shell did not even read all of it.
        """
        begun = perf_counter()
        request.correlation_id = correlation_id(request.headers)
        route = self._route(request.path)
        try:
            response = refusal.response() if refusal else self._routed(request, route)
        except Problem as problem:
            response = problem.response()
        except Exception:
            response = self._failed(request)
        took = perf_counter() - begun
        self._record(request, response, route, took)
        return self._finished(request, response)

    def cached_response(
        self, key: tuple[str, bytes], client: str, token: str | None, forwarded: str | None
    ) -> tuple[Response, str] | None:
        """Return the whole answer to a question that was answered before, and a correlation id.

        It takes a few microseconds, and is for a GET without any header that changes the answer;
        the shells ask it first. Where there is none, or the answer would be a refusal, `respond`
        has the say.

        Args:
            key: The path, and the query as it was sent.
            client: The address at the other end of the connection.
            token: What ``Authorization`` says.
            forwarded: What ``X-Forwarded-For`` says.
        """
        source = self.source
        now = source.clock()
        if source.is_due(now):  # to read a large manifest takes longer than an event loop has
            return None
        edition = source.edition
        answer = edition.answers.get(key, now)
        if answer is None or not answer.cached_headers:
            return None
        local = is_loopback(client)
        if not ((local or self.access.is_near(client)) and self.access.accepts(token)):
            return None
        limited = self._limits_local if local else self.limiter is not None
        if limited and self._wait(client, forwarded) > 0:
            return None
        identity = mint()
        took = source.clock() - now
        self.metrics.observe(key[0], 200, took, "cache_hits")
        if edition.telemetry.enabled:
            self._write_down(edition, self._routes[key[0]], answer, identity, took)
        return answer, identity

    def _write_down(
        self, edition: Edition, route: Route, response: Response, identity: str, took: float
    ) -> None:
        """Write an answer down, where the manifest wants that and the route is worth a line."""
        if route.action is not None:
            self.journal.write(edition, route.action, response, identity, took)

    def _route(self, path: str) -> Route | None:
        # Everything beneath the page is the page's own business.
        found = self._routes.get(path)
        return self._routes.get(PAGE) if found is None and path.startswith(f"{PAGE}/") else found

    def is_slow(self, request: Request) -> bool:
        """Whether an answer may take long enough for an event loop to notice."""
        route = self._route(request.path)
        return route is not None and (route.slow or self.source.is_due(self.source.clock()))

    def close(self) -> None:
        """Write out what waits to be written, and let go of calendars."""
        self.source.current(0.0).telemetry.flush()
        if "metrics" in vars(self):
            self.tally.bring(self.metrics, at_once=True)
        self.calendars.close()

    def _routed(self, request: Request, route: Route | None) -> Response:
        settings = self.settings
        if len(request.path) + len(request.query) > settings.max_url_bytes:
            expected = f"at most {settings.max_url_bytes} bytes"
            raise Problem(414, "the address is too long", expected=expected)
        if route is None or route.name not in settings.public_paths:
            self.access.require_near(request.client)
        if route is None:
            raise Problem(404, "not found")
        if request.method not in route.methods:
            raise Problem(405, "method not allowed", ("Allow", route.allow), expected=route.allow)
        if request.method == "OPTIONS":
            preflight = self.access.preflight_headers(request, route.allow)
            return Response(204, [("Allow", route.allow), *preflight])
        if route.guarded:
            self._admit(request)
            if route.name not in settings.public_paths:
                self.access.require_token(request.headers)
        return route.respond(request)

    def _admit(self, request: Request) -> None:
        """Let a request pass if its address has not asked too often.

        Raises:
            Problem: 429.
        """
        if self.limiter is None:
            return
        wait = self._wait(request.client, request.headers.get("x-forwarded-for"))
        if wait > 0:
            self.metrics.add("rate_limited")
            seconds = str(math.ceil(wait))
            raise Problem(429, "too many requests", ("Retry-After", seconds))

    def _wait(self, client: str, forwarded: str | None) -> float:
        """Return the seconds after which an address may ask again; 0 when it may now."""
        client = self.access.client_of(client, forwarded)
        if not self.settings.limit_loopback and is_loopback(client):
            return 0.0
        wait: float = self.limiter.check(client)
        return wait

    def _record(
        self, request: Request, response: Response, route: Route | None, took: float
    ) -> None:
        """Count an answer, and write it down where the manifest wants that."""
        self.metrics.observe(_OTHER if route is None else route.name, response.status, took)
        if response.status == 401:
            self.metrics.add("unauthorized")
        if route is not None:
            identity = request.correlation_id
            self._write_down(self.source.edition, route, response, identity, took)
        self.tally.bring(self.metrics)

    def _failed(self, request: Request) -> Response:
        """Answer for a fault of ours: the trace goes to the log, the id to both."""
        identity = request.correlation_id
        _log.exception("%s %s failed (correlation id %s)", request.method, request.path, identity)
        return json_response(500, {"error": "internal error", "correlationId": identity})

    def answer(self, request: Request, answer: Answer) -> Response:
        """Answer from the manifest, or with what was answered to the same question before."""
        now = self.source.clock()
        edition = self.source.current(now)
        key = self._key(request)
        kept = None if key is None else edition.answers.get(key, now)
        if kept is not None:
            self.metrics.add("cache_hits")
            return kept
        response = answer(request, edition, self.settings)
        if response.cacheable:
            self.metrics.add("cache_misses")
        if response.cacheable and response.status == 200 and key is not None:
            if request.method != "POST":
                # One tag an edition will do: it is compared with those of the same address only.
                response.headers.append(("ETag", f'W/"{edition.digest}{self._variant}"'))
                if len(response.body) < self.settings.gzip_bytes:
                    length = ("Content-Length", str(len(response.body)))
                    response.cached_headers = (*response.headers, length, *_COMMON)
            edition.answers.put(key, response, now)
        elif not response.cacheable:
            response.headers.append(_PERSONAL)
        return response

    def _key(self, request: Request) -> tuple[Any, ...] | None:
        """Return what an answer is kept under: the question as it was sent."""
        if request.method != "POST":
            return request.path, request.query
        if len(request.body) > _LONGEST_KEPT or request.headers.get("content-encoding"):
            return None
        return request.path, request.body, "POST"

    def _finished(self, request: Request, response: Response) -> Response:
        """Add what every answer bears, and leave out of its body what need not travel."""
        wanted = request.headers
        status, body, headers = response.status, response.body, [*response.headers]
        etag = next((value for name, value in headers if name == "ETag"), None)
        if etag is not None and matches(wanted.get("if-none-match"), etag):
            status, body = 304, b""
            headers = [("ETag", etag)]
        elif len(body) >= self.settings.gzip_bytes and accepts_gzip(wanted.get("accept-encoding")):
            body, encoding = response.compressed()
            headers.extend(encoding)
        if status not in (204, 304):
            headers.append(("Content-Length", str(len(body))))
        own = {name for name, _ in headers}
        headers.extend(pair for pair in _COMMON if pair[0] not in own)
        headers.extend(self.access.cors_headers(wanted))
        headers.append((CORRELATION, request.correlation_id))
        return Response(status, headers, b"" if request.method == "HEAD" else body)


def create_app(
    manifest: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    settings: ServerSettings | None = None,
    graph: Any = None,
) -> Application:
    """Make the application.

    It is a WSGI and an ASGI application in one: ``gunicorn wsgi:app``, ``uvicorn wsgi:app``,
    granian and hypercorn all serve the same object.

    Args:
        manifest: The manifest's file, looked at for changes while it is served; or a mapping, taken
            as it is now. ``EVENTKIT_MANIFEST`` when not given, else ``agent.json`` here, else the
            bundled sample.
        settings: Read from the environment when not given.
        graph: An `eventkit.graph.CachedGraphEventService` for ``/recommend-graph``; made from the
            environment, when it is first asked, when not given.

    Raises:
        OSError: The manifest cannot be read.
        ManifestError: It cannot be served.
        ServerSettingsError: A setting in the environment that cannot be meant.

    Example:
        >>> from eventkit.server.message import Request
        >>> app = create_app({"weights": {"interest": 2.0, "popularity": 0.5}, "sessions": []})
        >>> app.respond(Request("GET", "/health")).body
        b'{"status": "ok"}'
    """
    if manifest is None:
        manifest = os.environ.get("EVENTKIT_MANIFEST") or None
    settings = settings or ServerSettings.from_environment()
    return Application(Source(manifest, settings), graph, limiter=build_limiter(settings))


def create_wsgi_app(
    manifest: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    settings: ServerSettings | None = None,
    graph: Any = None,
) -> Application:
    """Make the application, under the name that the guide's ``wsgi.py`` calls; see `create_app`.

    The guide hands the same ``wsgi:app`` to uvicorn, so it is an ASGI application as well.

    Example:
        >>> callable(create_wsgi_app({"weights": {"interest": 1, "popularity": 1}}))
        True
    """
    return create_app(manifest, settings=settings, graph=graph)


def create_asgi_app(
    manifest: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    settings: ServerSettings | None = None,
    graph: Any = None,
) -> Application:
    """Make the application; see `create_app`.

    Example:
        >>> callable(create_asgi_app({"weights": {"interest": 1, "popularity": 1}}))
        True
    """
    return create_app(manifest, settings=settings, graph=graph)
