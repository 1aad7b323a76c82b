"""The simulator's HTTP server: the token endpoint of the authority, and the two calendar views."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from graph_simulator.calendar import Calendar
from graph_simulator.faults import Fault

CLIENT, SECRET = "client-of-the-simulator", "canary-secret"


@dataclass(frozen=True)
class Call:
    """A request that the simulator got, and when by `time.monotonic()`."""

    kind: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class _Planned:
    fault: Fault
    times: float
    page: int | None


class GraphSimulator:
    """A running simulator; a context manager that ends it.

    Args:
        port: 0 for a free one.
        page_size: How many events a page has at most.
        token_seconds: For how long an issued token is valid.
        delay: Seconds that each calendar request takes.
    """

    def __init__(
        self, port: int = 0, page_size: int = 50, token_seconds: int = 3600, delay: float = 0.0
    ) -> None:
        self.page_size, self.token_seconds, self.delay = page_size, token_seconds, delay
        self.refresh_in: int | None = None
        # Its own: a process keeps the tokens of each tenant, and two may come to the same port.
        self.tenant = f"tenant-{secrets.token_hex(8)}"
        self.calendars: dict[str, Calendar] = {}
        self.requests: list[Call] = []
        self.tokens: dict[str, float] = {}
        """Issued tokens, each with the time of its end."""
        self.tokens_issued = 0
        self.most_in_flight = 0
        self.closing = threading.Event()
        self._in_flight = 0
        self._faults: dict[str, list[_Planned]] = {"events": [], "delta": [], "token": []}
        self._lock = threading.RLock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.simulator = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def authority(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.authority}/v1.0"

    def environment(self, user: str | None = None) -> dict[str, str]:
        """Return the GRAPH_* variables that point here."""
        variables = {
            "GRAPH_TENANT_ID": self.tenant,
            "GRAPH_CLIENT_ID": CLIENT,
            "GRAPH_CLIENT_SECRET": SECRET,
            "GRAPH_BASE_URL": self.url,
            "GRAPH_AUTHORITY": self.authority,
        }
        return variables | ({"GRAPH_USER_ID": user} if user else {})

    def put(self, user: str, *events: dict[str, Any]) -> None:
        """Add events to a user's calendar, or replace those of the same id."""
        with self._lock:
            calendar = self.calendars.setdefault(user, Calendar())
            for event in events:
                calendar.put(event)

    def remove(self, user: str, event_id: str) -> None:
        with self._lock:
            self.calendars[user].remove(event_id)

    def forget_changes(self, user: str) -> None:
        """Let every delta token of this user be answered with 410."""
        with self._lock:
            self.calendars[user].changes.clear()
            self.calendars[user].changes.extend(self.calendars[user].events)
            self.calendars[user].changes.insert(0, f"forgotten {secrets.token_hex(4)}")

    def fail(
        self, fault: Fault, *, times: float = 1, page: int | None = None, on: str = "events"
    ) -> None:
        """Answer the next so many requests (of this page, from 1) with a fault."""
        with self._lock:
            self._faults[on].append(_Planned(fault, times, page))

    def heal(self) -> None:
        """Forget all faults."""
        with self._lock:
            for planned in self._faults.values():
                planned.clear()

    def revoke_tokens(self) -> None:
        with self._lock:
            self.tokens.clear()

    def calls(self, kind: str) -> list[Call]:
        """Return the requests of this kind: "events", "delta" or "token"."""
        with self._lock:
            return [call for call in self.requests if call.kind == kind]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> GraphSimulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take_fault(self, kind: str, page: int) -> Fault | None:
        with self._lock:
            for planned in self._faults[kind]:
                if planned.page in (None, page):
                    planned.times -= 1
                    if planned.times <= 0:
                        self._faults[kind].remove(planned)
                    return planned.fault
        return None

    def issue(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a request for a token."""
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            error = {"error": "invalid_client", "error_description": "AADSTS7000215: wrong secret"}
            return 401, error
        with self._lock:
            self.tokens_issued += 1
            token = f"canary-token-{secrets.token_urlsafe(24)}"
            self.tokens[token] = time.monotonic() + self.token_seconds
        answer = {"access_token": token, "expires_in": self.token_seconds, "token_type": "Bearer"}
        if self.refresh_in is not None:
            answer["refresh_in"] = self.refresh_in
        return 200, answer

    def accepts(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            return scheme == "Bearer" and self.tokens.get(token, 0.0) > time.monotonic()

    def record(self, call: Call) -> None:
        with self._lock:
            self.requests.append(call)

    def enter(self, step: int) -> None:
        """Count the calendar requests that are being answered."""
        with self._lock:
            self._in_flight += step
            self.most_in_flight = max(self.most_in_flight, self._in_flight)

    def view(self, user: str, path: str, query: dict[str, str], prefer: str) -> dict[str, Any]:
        """Answer a calendarView request."""
        with self._lock:
            calendar = self.calendars.get(user, Calendar())
            found = calendar.between(query["startDateTime"], query["endDateTime"])
        size = min(self.page_size, int(query.get("$top", "10")))
        first = int(query.get("$skiptoken", "0"))
        answer = self._page(found, first, size, path, query)
        return answer | {"value": [_selected(event, query) for event in answer["value"]]}

    def delta(
        self, user: str, path: str, query: dict[str, str], prefer: str
    ) -> dict[str, Any] | None:
        """Answer a calendarView/delta request; `None` where its token is no longer known."""
        sizes = [word.rpartition("=")[2] for word in prefer.split(",") if "maxpagesize" in word]
        size = min([self.page_size, *map(int, sizes)])
        with self._lock:
            calendar = self.calendars.setdefault(user, Calendar())
            token = query.get("$deltatoken", "")
            position, _, mark = token.partition("-")
            if token and mark != _mark(calendar):
                return None
            if token:
                found = calendar.since(int(position))
            else:
                found = calendar.between(query["startDateTime"], query["endDateTime"])
            answer = self._page(found, int(query.get("$skiptoken", "0")), size, path, query)
            if "@odata.nextLink" not in answer:
                link = f"{len(calendar.changes)}-{_mark(calendar)}"
                answer["@odata.deltaLink"] = f"{self.authority}{path}?$deltatoken={link}"
        return answer

    def _page(
        self, found: list[Any], first: int, size: int, path: str, query: dict[str, str]
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "@odata.context": f"{self.url}/$metadata#Collection(event)",
            "value": found[first : first + size],
        }
        if first + size < len(found):
            onward = query | {"$skiptoken": str(first + size)}
            text = "&".join(f"{name}={quote(value)}" for name, value in onward.items())
            answer["@odata.nextLink"] = f"{self.authority}{path}?{text}"
        return answer


def _mark(calendar: Calendar) -> str:
    first = calendar.changes[0] if calendar.changes else ""
    return first.removeprefix("forgotten ") if first.startswith("forgotten ") else "0"


def _selected(event: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    names = query.get("$select", "").split(",")
    if names == [""]:
        return event
    return {name: value for name, value in event.items() if name in names or name[0] == "@"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    simulator: GraphSimulator

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away in the middle is what the faults are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    @property
    def simulator(self) -> GraphSimulator:
        return self.server.simulator

    def do_GET(self) -> None:
        path, _, text = self.path.partition("?")
        query = {name: values[-1] for name, values in parse_qs(text).items()}
        if path.endswith("/.well-known/openid-configuration"):
            # MSAL insists on https; eventkit's client turns it back for loopback.
            base = f"https://127.0.0.1:{self.simulator.port}/{path.split('/')[1]}"
            ends = {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "issuer": f"{base}/v2.0",
            }
            return self.answer(200, json.dumps(ends).encode())
        user, _, view = path.removeprefix("/v1.0/").removeprefix("users/").partition("/")
        if view == "calendarView":
            return self._respond("events", path, unquote(user), query, self.simulator.view)
        if view == "calendarView/delta":
            return self._respond("delta", path, unquote(user), query, self.simulator.delta)
        return self.answer(404, b'{"error": {"code": "ResourceNotFound"}}')

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        form = {name: values[-1] for name, values in parse_qs(content.decode()).items()}
        self._record("token", {})
        fault = self.simulator.take_fault("token", 1)
        code, answer = self.simulator.issue(form) if fault is None else (200, {})
        if fault is not None:
            return fault(self, lambda: json.dumps(self.simulator.issue(form)[1]).encode())
        return self.answer(code, json.dumps(answer).encode())

    def _respond(
        self, kind: str, path: str, user: str, query: dict[str, str], view: Callable[..., Any]
    ) -> None:
        self._record(kind, query)
        page = 1 + int(query.get("$skiptoken", "0")) // self.simulator.page_size
        self.simulator.enter(1)
        try:
            if self.simulator.delay:
                self.simulator.closing.wait(self.simulator.delay)
            fault = self.simulator.take_fault(kind, page)
            if not self.simulator.accepts(self.headers.get("Authorization", "")):
                error = b'{"error": {"code": "InvalidAuthenticationToken"}}'
                return self.answer(401, error, {"WWW-Authenticate": "Bearer"})
            prefer = self.headers.get("Prefer", "")

            def make_answer() -> bytes:
                return json.dumps(view(user, path, query, prefer)).encode()

            if fault is not None:
                return fault(self, make_answer)
            content = make_answer()
        finally:
            self.simulator.enter(-1)
        if content == b"null":
            return self.answer(410, b'{"error": {"code": "SyncStateNotFound"}}')
        return self.answer(200, content)

    def _record(self, kind: str, query: dict[str, str]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = urlsplit(self.path).path
        self.simulator.record(Call(kind, path, query, headers, time.monotonic()))

    def begin(self, code: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        ends = {"Content-Type": "application/json", "Content-Length": str(length)}
        for name, value in (ends | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()

    def answer(self, code: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.begin(code, len(content), headers)
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
