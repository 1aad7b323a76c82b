"""The endpoints: which there are, what they take, and who may use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventkit._imports import optional
from eventkit.server import answers, state
from eventkit.server.edition import Edition
from eventkit.server.message import Request, Response
from eventkit.server.settings import ServerSettings

if TYPE_CHECKING:
    from eventkit.server.app import Application

__all__ = ["PAGE", "Route", "routes_of"]

PAGE = "/ui"
_QUESTION = ("GET", "HEAD", "POST", "OPTIONS")
_LOOK = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Route:
    """An endpoint.

    Attributes:
        name: In metrics and telemetry: never what a client made up.
        respond: Answers.
        methods: What it takes.
        guarded: Whether it needs the token, where there is one, and counts for the rate limit.
        action: Its name in telemetry; ``None`` where a request is not worth a line.
        slow: Whether an answer may take long enough for an event loop to notice.
    """

    name: str
    respond: Callable[[Request], Response]
    methods: tuple[str, ...] = _LOOK
    guarded: bool = True
    action: str | None = None
    slow: bool = False

    @property
    def allow(self) -> str:
        """The methods, for a header."""
        return ", ".join(self.methods)


_Answer = Callable[[Request, Edition, ServerSettings], Response]

_ANSWERS: tuple[tuple[str, _Answer, tuple[str, ...]], ...] = (
    ("/recommend", answers.recommend, _QUESTION),
    ("/explain", answers.explain, _QUESTION),
    ("/export", answers.export, _QUESTION),
    ("/tags", answers.tags, _LOOK),
)


def routes_of(app: Application) -> dict[str, Route]:
    """Return the endpoints of an application, by path."""
    routes = [_answering(app, path, answer, methods) for path, answer, methods in _ANSWERS]
    calendars = app.calendars.recommend
    routes += [
        _answering(app, "/recommend-graph", calendars, _QUESTION, slow=True),
        Route("/health", lambda _request: state.health(), guarded=False),
        Route("/ready", lambda _request: state.ready(app.source)),
        Route("/metrics", lambda request: state.metrics(request, app)),
        Route("/latency", lambda _request: state.latency(app)),
        Route("/openapi.json", lambda _request: state.described(app.settings)),
    ]
    page = optional("eventkit.server.ui")
    if page is not None:
        routes.append(Route(PAGE, page.respond, guarded=False))
        routes.append(Route("/", page.redirect, guarded=False))
    return {route.name: route for route in routes}


def _answering(
    app: Application, path: str, answer: _Answer, methods: tuple[str, ...], *, slow: bool = False
) -> Route:
    def respond(request: Request) -> Response:
        return app.answer(request, answer)

    action = path[1:] if "POST" in methods else None
    return Route(path, respond, methods, action=action, slow=slow or path == "/tags")
