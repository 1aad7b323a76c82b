"""`create_app`: one application for every server, WSGI and ASGI.

A request of either protocol passes the same steps: correlation id, limits, route, rate limit,
token, answer, and the headers that every answer has.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping
from functools import cached_property, partial
from time import perf_counter
from typing import Any

from eventkit._imports import required
from eventkit.server import asgi, wsgi
from eventkit.server.access import Access
from eventkit.server.address import is_loopback
from eventkit.server.calendar import Calendars
from eventkit.server.collector import Collector, build_limiter, build_metrics
from eventkit.server.correlation import CORRELATION, correlation_id, create_id
from eventkit.server.encoding import accepts_gzip, matches
from eventkit.server.message import (
    AGENTS,
    Problem,
    Request,
    Response,
    encoded,
    json_response,
)
from eventkit.server.request_log import RequestLog
from eventkit.server.responder import Agents
from eventkit.server.revision import Revision
from eventkit.server.route import PAGE, Answer, Route, routes_of
from eventkit.server.settings import ServerSettings
from eventkit.server.source import Source
from eventkit.server.status import Status

__all__ = ["Application", "create_app", "create_asgi_app", "create_wsgi_app"]

_log = logging.getLogger("eventkit.server")
_MISSING: Any = object()

# The name in metrics of all paths that do not exist.
_OTHER = "other"
# The answer to a request with a longer body is not cached.
_LONGEST_CACHED_BODY = 2_048

# No browser or proxy may store an answer that is personal, or true for a moment only.
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
        settings: The settings that it was made with.
        source: The manifest as it is now.
        access: The rules that decide which requests are accepted.
        calendars: The service that reads calendars.
        limiter: The rate limiter; ``None`` for no limit.
        agents: Answers what agents ask at ``/mcp``; ``None`` if nothing does.
    """

    def __init__(
        self,
        source: Source,
        graph: Any = None,
        *,
        limiter: Any = None,
        metrics: Any = None,
        agents: Agents | None = None,
    ) -> None:
        """Connect the parts."""
        self.source = source
        self.settings = source.settings
        self.access = Access(source.settings)
        self.calendars = Calendars(graph)
        self.limiter = limiter
        self.agents = agents
        # Behind a proxy on this machine, every client seems to come from loopback.
        counts_local = self.settings.limit_loopback or bool(self.settings.trusted_proxies)
        self._limits_local = limiter is not None and counts_local
        if metrics is not None:
            self.metrics = metrics
        self.request_log = RequestLog(clock=source.clock)
        self.collector = Collector(source, self.calendars)
        # Part of the entity tag: with this setting changed, the same manifest has other answers.
        self._variant = "-card" if self.settings.card else ""
        readable = partial(self.calendars.is_readable, self.settings)
        status = Status(source, self.collector, lambda: self.metrics, readable)
        self._routes = routes_of(self.answer, self.calendars, status, agents=agents is not None)
        # Servers take an application whose `__call__` is a coroutine function for ASGI, and see
        # this attribute. A call goes to the method of the class, which looks at its arguments.
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
        """The metrics; created by the first request, as a process that forks later is no worker."""
        return build_metrics(self.settings)

    def respond(self, request: Request, refusal: Problem | None = None) -> Response:
        """Answer a request; never raise.

        Args:
            request: The request.
            refusal: The reason why the request is refused already, and its body was not read.
        """
        begun = perf_counter()
        request.correlation_id = correlation_id(request.headers)
        route = self._find_route(request.path)
        try:
            response = refusal.response() if refusal else self._dispatch(request, route)
        except Problem as problem:
            response = problem.response()
        except Exception:
            response = self._server_error(request)
        took = perf_counter() - begun
        self._record(request, response, route, took)
        return self._finish(request, response)

    def cached_response(
        self, key: tuple[str, bytes], client: str, token: str | None, forwarded: str | None
    ) -> tuple[Response, str] | None:
        """Return a cached response, whole, and a new correlation id.

        This takes a few microseconds. `wsgi` and `asgi` try it first, for a GET without a header
        that changes the answer. Returns ``None`` if nothing is cached, or if the request may have
        to be refused; then `respond` answers it.

        Args:
            key: The path, and the query as it was sent.
            client: The address at the other end of the connection.
            token: The value of ``Authorization``.
            forwarded: The value of ``X-Forwarded-For``.
        """
        source = self.source
        now = source.clock()
        if source.is_due(now):  # reading a large manifest would hold an event loop for too long
            return None
        revision = source.revision
        answer = revision.cache.get(key, now)
        if answer is None or not answer.cached_headers:
            return None
        local = is_loopback(client)
        if not (
            (local or self.access.accepts_address(client)) and self.access.accepts_token(token)
        ):
            return None
        limited = self._limits_local if local else self.limiter is not None
        if limited and self._seconds_to_wait(client, forwarded) > 0:
            return None
        identity = create_id()
        took = source.clock() - now
        self.metrics.observe(key[0], 200, took, "cache_hits")
        if revision.telemetry.enabled:
            self._log_request(revision, self._routes[key[0]], answer, identity, took)
        return answer, identity

    def _log_request(
        self, revision: Revision, route: Route, response: Response, identity: str, took: float
    ) -> None:
        """Log an answer, if the manifest asks for telemetry and the route is logged."""
        if route.action is not None:
            self.request_log.write(revision, route.action, response, identity, took)

    def _find_route(self, path: str) -> Route | None:
        # The page answers for all paths beneath it.
        found = self._routes.get(path)
        return self._routes.get(PAGE) if found is None and path.startswith(f"{PAGE}/") else found

    def is_slow(self, request: Request) -> bool:
        """Return true if an answer may hold an event loop for too long."""
        route = self._find_route(request.path)
        return route is not None and (route.slow or self.source.is_due(self.source.clock()))

    def close(self) -> None:
        """Write buffered telemetry and metrics, and close the calendar service."""
        if self.source.feed is not None:
            self.source.feed.close()
        self.source.current(0.0).telemetry.flush()
        if "metrics" in vars(self):
            self.collector.collect(self.metrics, at_once=True)
        self.calendars.close()

    def admit(self, request: Request, refusal: Problem | None) -> Response | None:
        """Return the response that refuses a request of an agent; ``None`` if it is accepted."""
        begun = perf_counter()
        request.correlation_id = correlation_id(request.headers)
        route = self._routes[AGENTS]
        try:
            if refusal is not None:
                raise refusal
            self._accept(request, route)
            self.access.require_origin(request.headers)
        except Problem as problem:
            response = problem.response()
            self._record(request, response, route, perf_counter() - begun)
            return self._finish(request, response)
        return None

    def counted(self, request: Request, send: Any) -> Any:
        """Return a channel that adds headers to the answer of an agent's request, and counts it."""
        begun = perf_counter()
        route = self._routes[AGENTS]

        async def counting(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                shown = Response(message["status"], [_PERSONAL])
                self._record(request, shown, route, perf_counter() - begun)
                own = {name for name, _ in message["headers"]}
                added = [encoded(*pair) for pair in self._finish(request, shown).headers]
                more = [pair for pair in added if pair[0] not in (*own, b"content-length")]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        return counting

    def _dispatch(self, request: Request, route: Route | None) -> Response:
        found = self._accept(request, route)
        if request.method == "OPTIONS":
            preflight = self.access.preflight_headers(request, found.allow)
            return Response(204, [("Allow", found.allow), *preflight])
        return found.respond(request)

    def _accept(self, request: Request, route: Route | None) -> Route:
        """Return the route of a request that may be answered.

        Raises:
            Problem: It may not.
        """
        settings = self.settings
        if len(request.path) + len(request.query) > settings.max_url_bytes:
            expected = f"at most {settings.max_url_bytes} bytes"
            raise Problem(414, "the address is too long", expected=expected)
        if route is None or route.name not in settings.public_paths:
            self.access.require_address(request.client)
        if route is None:
            raise Problem(404, "not found")
        if request.method not in route.methods:
            raise Problem(405, "method not allowed", ("Allow", route.allow), expected=route.allow)
        if route.guarded and request.method != "OPTIONS":
            self._check_rate(request)
            if route.name not in settings.public_paths:
                self.access.require_token(request.headers)
        return route

    def _check_rate(self, request: Request) -> None:
        """Accept a request if its client has not sent too many.

        Raises:
            Problem: 429.
        """
        if self.limiter is None:
            return
        wait = self._seconds_to_wait(request.client, request.headers.get("x-forwarded-for"))
        if wait > 0:
            self.metrics.add("rate_limited")
            seconds = str(math.ceil(wait))
            raise Problem(429, "too many requests", ("Retry-After", seconds))

    def _seconds_to_wait(self, client: str, forwarded: str | None) -> float:
        """Return the seconds until a client may send a request; 0 if it may now."""
        client = self.access.client_of(client, forwarded)
        if not self.settings.limit_loopback and is_loopback(client):
            return 0.0
        wait: float = self.limiter.check(client)
        return wait

    def _record(
        self, request: Request, response: Response, route: Route | None, took: float
    ) -> None:
        """Count an answer in the metrics, and log it."""
        self.metrics.observe(_OTHER if route is None else route.name, response.status, took)
        if response.status == 401:
            self.metrics.add("unauthorized")
        if route is not None:
            identity = request.correlation_id
            self._log_request(self.source.revision, route, response, identity, took)
        self.collector.collect(self.metrics)

    def _server_error(self, request: Request) -> Response:
        """Log the traceback of an unexpected error, and answer 500 with the correlation id."""
        identity = request.correlation_id
        _log.exception("%s %s failed (correlation id %s)", request.method, request.path, identity)
        return json_response(500, {"error": "internal error", "correlationId": identity})

    def answer(self, request: Request, answer: Answer) -> Response:
        """Answer from the cache, else by a function that needs the manifest."""
        now = self.source.clock()
        revision = self.source.current(now)
        key = self._key(request)
        cached = None if key is None else revision.cache.get(key, now)
        if cached is not None:
            self.metrics.add("cache_hits")
            return cached
        response = answer(request, revision, self.settings)
        if response.cacheable:
            self.metrics.add("cache_misses")
        if response.cacheable and response.status == 200 and key is not None:
            if request.method != "POST":
                # One tag for a revision is enough: a client compares tags of one address only.
                response.headers.append(("ETag", f'W/"{revision.digest}{self._variant}"'))
                if len(response.body) < self.settings.gzip_bytes:
                    length = ("Content-Length", str(len(response.body)))
                    response.cached_headers = (*response.headers, length, *_COMMON)
            revision.cache.put(key, response, now)
        elif not response.cacheable:
            response.headers.append(_PERSONAL)
        return response

    def _key(self, request: Request) -> tuple[Any, ...] | None:
        """Return the key of the cache: the request as it was sent; ``None`` if it is not cached."""
        if request.method != "POST":
            return request.path, request.query
        if len(request.body) > _LONGEST_CACHED_BODY or request.headers.get("content-encoding"):
            return None
        return request.path, request.body, "POST"

    def _finish(self, request: Request, response: Response) -> Response:
        """Add the common headers; drop the body if the client has it, or compress it."""
        wanted = request.headers
        status, body, headers = response.status, response.body, [*response.headers]
        etag = next((value for name, value in headers if name == "ETag"), None)
        if etag is not None and matches(wanted.get("if-none-match"), etag):
            status, body = 304, b""
            # Browsers keep the headers of a 304: a page's policy must not become the common one.
            headers = [pair for pair in headers if pair[0] != "Content-Type"]
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
    mcp: bool = False,
) -> Application:
    """Create the application.

    It is a WSGI and an ASGI application in one: ``gunicorn wsgi:app``, ``uvicorn wsgi:app``,
    granian and hypercorn all serve the same object.

    Args:
        manifest: The manifest's file, checked for changes while it is served; or a mapping, taken
            as it is now. ``EVENTKIT_MANIFEST`` when not given, else ``agent.json`` here, else the
            bundled sample.
        settings: Read from the environment when not given.
        graph: An `eventkit.graph.CachedGraphEventService` for ``/recommend-graph``. When not given,
            the first request creates one from the environment.
        mcp: Answer agents at ``/mcp`` by the Model Context Protocol. It needs the extra ``mcp``,
            and a server that speaks ASGI.

    Raises:
        MissingExtraError: ``mcp`` is set, and its extra is not installed.
        OSError: The manifest cannot be read.
        ManifestError: ``eventkit validate`` refuses the manifest, or JSON cannot hold the mapping.
        ServerSettingsError: A setting in the environment is invalid.

    Example:
        >>> from eventkit.server.message import Request
        >>> app = create_app({"weights": {"interest": 2.0, "popularity": 0.5}, "sessions": []})
        >>> app.respond(Request("GET", "/health")).body
        b'{"status": "ok"}'
    """
    if manifest is None:
        manifest = os.environ.get("EVENTKIT_MANIFEST") or None
    settings = settings or ServerSettings.from_environment()
    source = Source(manifest, settings)
    agents = _agents(source) if mcp else None
    return Application(source, graph, limiter=build_limiter(settings), agents=agents)


def _agents(source: Source) -> Agents:
    required("mcp")
    # Imported here, because its import takes longer than that of all the rest.
    from eventkit.mcp import Endpoint

    return Endpoint(source, shared=source.settings.api_token is None)


def create_wsgi_app(
    manifest: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    settings: ServerSettings | None = None,
    graph: Any = None,
) -> Application:
    """Create the application, under the name that the guide's ``wsgi.py`` calls; see `create_app`.

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
    """Create the application; see `create_app`.

    Example:
        >>> callable(create_asgi_app({"weights": {"interest": 1, "popularity": 1}}))
        True
    """
    return create_app(manifest, settings=settings, graph=graph)
