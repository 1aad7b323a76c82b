"""The table of endpoints: their paths, their methods, and which of them need the token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eventkit.server import answers, programme, questions, search, ui
from eventkit.server.calendar import Calendars
from eventkit.server.message import AGENTS, Problem, Request, Response
from eventkit.server.revision import Revision
from eventkit.server.settings import ServerSettings
from eventkit.server.status import Status

__all__ = ["PAGE", "Answer", "Route", "routes_of"]

Answer = Callable[[Request, Revision, ServerSettings], Response]

PAGE = "/ui"
_QUESTION = ("GET", "HEAD", "POST", "OPTIONS")
_LOOK = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Route:
    """An endpoint.

    Attributes:
        name: The path, which names it in metrics; never a text of a client.
        respond: Answers a request.
        methods: The methods that it takes.
        guarded: Whether it needs the token, if there is one, and counts for the rate limit.
        action: Its name in telemetry; ``None`` if its requests are not logged there.
        slow: Whether an answer may take too long for an event loop.
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


_ANSWERS: tuple[tuple[str, Answer, tuple[str, ...]], ...] = (
    ("/recommend", answers.recommend, _QUESTION),
    ("/explain", answers.explain, _QUESTION),
    ("/export", answers.export, _QUESTION),
    ("/plan", questions.plan, _QUESTION),
    ("/why-not", questions.why_not, _QUESTION),
    ("/alternatives", questions.alternatives, _QUESTION),
    ("/tags", answers.tags, _LOOK),
    ("/understand", search.understand, _QUESTION),
    ("/sessions", programme.sessions, _LOOK),
    ("/sessions/details", programme.details, _LOOK),
)
# They look at every session, or try many queries.
_SLOW = frozenset(
    {"/plan", "/why-not", "/alternatives", "/tags", "/understand", "/sessions", "/sessions/details"}
)


def routes_of(
    respond: Callable[[Request, Answer], Response],
    calendars: Calendars,
    status: Status,
    *,
    agents: bool = False,
) -> dict[str, Route]:
    """Return the endpoints by path.

    Args:
        respond: Answers a request by one of the functions that need the manifest.
        calendars: Answers requests about calendars.
        status: Answers requests about the server itself.
        agents: Whether agents are answered, which happens on the ASGI side.
    """
    routes = [_answering(respond, path, answer, methods) for path, answer, methods in _ANSWERS]
    routes += [
        _answering(respond, "/recommend-graph", calendars.recommend, _QUESTION, slow=True),
        _answering(respond, "/busy", calendars.busy, _LOOK, slow=True),
        Route("/health", status.health, guarded=False),
        Route("/ready", status.ready),
        Route("/metrics", status.metrics),
        Route("/latency", status.latency),
        Route("/openapi.json", status.openapi),
        Route(PAGE, ui.respond, guarded=False),
        Route("/", ui.redirect, guarded=False),
    ]
    if agents:
        routes.append(Route(AGENTS, _needs_asgi, ("POST", "OPTIONS")))
    return {route.name: route for route in routes}


def _needs_asgi(_request: Request) -> Response:
    raise Problem(501, "agents are answered over ASGI only", expected="an ASGI server")


def _answering(
    respond: Callable[[Request, Answer], Response],
    path: str,
    answer: Answer,
    methods: tuple[str, ...],
    *,
    slow: bool = False,
) -> Route:
    action = path[1:] if "POST" in methods else None
    slow = slow or path in _SLOW
    return Route(path, lambda request: respond(request, answer), methods, action=action, slow=slow)
