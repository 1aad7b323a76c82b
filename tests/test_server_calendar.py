"""`/recommend-graph`: calendars, who may read them, and what is said when they cannot be had."""

import json
from datetime import datetime, timedelta, timezone

import pytest

import eventkit
from eventkit.errors import EventKitError
from eventkit.graph import CachedGraphEventService
from eventkit.server import ServerSettings
from graph_simulator import GraphSimulator, body, make_event, status
from graph_simulator.calendar import moment

TOKEN = "correct-horse-battery-staple-0123456789"
BEARER = [("Authorization", f"Bearer {TOKEN}")]
EVENTS = [{"title": f"Event {number}", "tags": ["Team"], "popularity": 0.5} for number in range(9)]


class Calendar:
    """Hands out events, or raises what it is told to."""

    def __init__(self):
        self.asked = []
        self.error = None

    def get_events(self, top, user_id=None):
        self.asked.append((user_id, top))
        if self.error is not None:
            raise self.error
        return EVENTS[:top]


class RefusalError(EventKitError):
    def __init__(self, status, retry_after=None, transient=False):
        super().__init__("secret details")
        self.status, self.retry_after, self.transient = status, retry_after, transient


@pytest.fixture
def calendar():
    return Calendar()


@pytest.fixture
def app(calendar):
    graph = CachedGraphEventService(calendar)
    return eventkit.create_app(settings=ServerSettings(api_token=TOKEN), graph=graph)


def test_recommends_from_a_calendar(app, ask, calendar):
    expected = json.dumps(eventkit.recommend_from_graph(Calendar(), ["team"], 2)).encode()
    query = b"interests=Team&top=2&userId=ann@example.com"
    assert ask(app, "GET", "/recommend-graph", query, headers=BEARER).body == expected
    body = b'{"interests": ["Team"], "top": 2, "userId": "ann@example.com"}'
    assert ask(app, "POST", "/recommend-graph", body=body, headers=BEARER).body == expected
    assert calendar.asked == [("ann@example.com", 4)]  # once: the second was cached


def test_calendars_need_a_token(app, ask, calendar):
    assert ask(app, "GET", "/recommend-graph", b"interests=a").status == 401
    open_to_all = eventkit.create_app(settings=ServerSettings(), graph=app.calendars)
    assert ask(open_to_all, "GET", "/recommend-graph", b"interests=a").status == 403
    assert calendar.asked == []


@pytest.mark.parametrize("user", [b"../me", b"a/b", b"a@b@c", b"a%0d%0ab", b"", b"a" * 65])
def test_odd_users_are_refused(app, ask, calendar, user):
    reply = ask(app, "GET", "/recommend-graph", b"interests=a&userId=" + user, headers=BEARER)
    assert (reply.status, reply.json["parameter"]) == (400, "userId")
    assert calendar.asked == []


@pytest.mark.parametrize(
    ("error", "expected", "wait"),
    [
        (RefusalError(429, retry_after=4.2), 503, "5"),
        (RefusalError(None, transient=True), 503, "5"),
        (RefusalError(404), 404, None),
        (RefusalError(403), 502, None),
    ],
)
def test_a_failed_calendar_request_is_answered_by_its_cause(
    app, ask, calendar, error, expected, wait
):
    calendar.error = error
    reply = ask(app, "GET", "/recommend-graph", b"interests=a&userId=ann", headers=BEARER)
    assert (reply.status, reply.header("retry-after")) == (expected, wait)
    assert reply.json["source"] == "graph"
    assert b"secret" not in reply.body


def test_a_server_without_graph_credentials_answers_501(ask, monkeypatch):
    for name in ("GRAPH_TENANT_ID", "GRAPH_CLIENT_ID", "GRAPH_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    app = eventkit.create_app(settings=ServerSettings(api_token=TOKEN))
    reply = ask(app, "GET", "/recommend-graph", b"interests=a&userId=ann", headers=BEARER)
    assert reply.status == 501
    assert reply.json["error"].startswith("Graph ")


def test_busy_times_need_a_calendar_that_knows_them(app, ask, calendar):
    reply = ask(app, "GET", "/busy", b"userId=ann", headers=BEARER)
    assert (reply.status, reply.json["source"]) == (501, "graph")
    assert ask(app, "GET", "/busy", b"userId=ann").status == 401
    odd = ask(app, "GET", "/busy", b"userId=ann&start=2026-02-31", headers=BEARER)
    assert (odd.status, odd.json["parameter"]) == (400, "start")


class TestGraph:
    """With the service that the environment names, against a Graph of our own."""

    USER = "ann@example.com"

    @pytest.fixture
    def graph(self, monkeypatch):
        pytest.importorskip("httpx")
        monkeypatch.delenv("GRAPH_USER_ID", raising=False)
        with GraphSimulator() as graph:
            graph.put(self.USER, *(make_event(number) for number in range(1, 9)))
            for name, value in graph.environment().items():
                monkeypatch.setenv(name, value)
            yield graph

    @pytest.fixture
    def app(self, graph, tmp_path):
        settings = ServerSettings(api_token=TOKEN, metrics_directory=str(tmp_path / "metrics"))
        app = eventkit.create_app(settings=settings)
        yield app
        app.close()

    def ask(self, ask, app, query):
        return ask(app, "GET", "/recommend-graph", query, headers=BEARER)

    def test_one_service_serves_all_requests(self, app, ask, graph):
        query = f"interests=team&top=3&userId={self.USER}".encode()
        first = self.ask(ask, app, query)
        assert len(first.json["sessions"]) == 3
        assert first.header("cache-control") == "no-store"
        for _ in range(3):
            assert self.ask(ask, app, query).body == first.body
        assert len(graph.calls("events")) == 1
        text = ask(app, "GET", "/metrics", headers=BEARER).body
        assert b"\neventkit_graph_cache_hits_total 3\n" in text

    def test_a_calendar_request_needs_a_user(self, app, ask, graph, monkeypatch):
        reply = self.ask(ask, app, b"interests=team")
        assert (reply.status, reply.json["parameter"]) == (400, "userId")
        monkeypatch.setenv("GRAPH_USER_ID", self.USER)
        other = eventkit.create_app(settings=ServerSettings(api_token=TOKEN))
        assert self.ask(ask, other, b"interests=team").status == 200
        other.close()

    def test_a_refusal_of_graph_is_answered_503_with_its_retry_after(self, app, ask, graph):
        graph.fail(status(429, {"Retry-After": "50"}), times=9)
        for _ in range(2):
            reply = self.ask(ask, app, f"interests=team&userId={self.USER}".encode())
            assert (reply.status, reply.json["source"]) == (503, "graph")
            assert 45 <= int(reply.header("retry-after")) <= 50
        text = ask(app, "GET", "/metrics", headers=BEARER).body
        assert b"\neventkit_graph_rate_limited_total 2\n" in text
        # What has nothing to do with it goes on.
        assert ask(app, "GET", "/recommend", b"interests=ai", headers=BEARER).status == 200

    def test_busy_times_are_those_that_the_owner_does_not_show_as_free(self, app, ask, graph):
        day = datetime(2026, 9, 14, tzinfo=timezone.utc)
        fields = [
            {"showAs": "busy"},
            {"showAs": "free"},
            {"showAs": "tentative", "isAllDay": True},
            {"showAs": "oof", "isCancelled": True},
        ]
        for number, more in enumerate(fields):
            start, end = day + timedelta(hours=number), day + timedelta(hours=number + 1)
            if "isAllDay" in more:
                start, end = day, day + timedelta(days=1)
            event = make_event(number, start=moment(start), end=moment(end), **more)
            graph.put("bob@example.com", event)
        query = b"userId=bob@example.com&start=2026-09-13&end=2026-09-16"
        reply = ask(app, "GET", "/busy", query, headers=BEARER)
        assert sorted(reply.json["busy"]) == [
            ["2026-09-14T00:00:00", "2026-09-15T00:00:00"],
            ["2026-09-14T00:00:00+00:00", "2026-09-14T01:00:00+00:00"],
        ]
        assert reply.header("cache-control") == "no-store"
        backwards = b"userId=bob@example.com&start=2026-09-16&end=2026-09-13"
        assert ask(app, "GET", "/busy", backwards, headers=BEARER).status == 409
        assert ask(app, "GET", "/ready", headers=BEARER).json["calendars"] is True

    def test_an_event_whose_time_cannot_be_read_is_no_free_time(self, app, ask, graph):
        start = {"dateTime": "soon", "timeZone": "UTC"}
        at = moment(datetime(2026, 9, 14, tzinfo=timezone.utc))
        graph.fail(body(json.dumps({"value": [{"start": start, "end": at}]}).encode()))
        reply = ask(app, "GET", "/busy", b"userId=ann@example.com", headers=BEARER)
        assert (reply.status, reply.json["source"]) == (502, "graph")
