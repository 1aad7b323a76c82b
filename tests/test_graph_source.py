"""`GraphEventService` against a Graph of our own on loopback: what it asks, and what it gives."""

from __future__ import annotations

import asyncio
import pickle
import threading
from datetime import datetime, timedelta, timezone

import pytest

import eventkit
from eventkit import errors, reference
from eventkit.graph import GraphEventService, GraphSettings
from graph_services import ANN, in_task, settings_of
from graph_simulator import link, make_event, status


@pytest.fixture
def service(graph):
    with GraphEventService(settings_of(graph)) as service:
        yield service


def test_sessions_are_those_of_the_original_with_dates(graph, service):
    sessions = service.get_events()
    bare = [
        {name: value for name, value in session.items() if name not in ("start_at", "end_at")}
        for session in sessions
    ]
    # The reference leaves seven digits of a second to the interpreter, and Python 3.10 refuses.
    cut = [
        event
        | {
            side: {"dateTime": event[side]["dateTime"][:19], "timeZone": "UTC"}
            for side in ("start", "end")
        }
        for event in map(make_event, range(8))
    ]
    assert bare == reference.transform_events(cut)
    for session in sessions:
        start = datetime.fromisoformat(session["start_at"])
        assert start.utcoffset() == timedelta(0)
        assert start.strftime("%H:%M") == session["start"]


def test_thread_and_task_ask_and_get_the_same(graph, service):
    asked = service.get_events(top=3)
    awaited = in_task(service, lambda: service.aget_events(top=3))
    assert asked == awaited == service.get_events()[:3]
    first, second, _ = graph.calls("events")
    assert first.path == second.path == "/v1.0/users/ann%40example.com/calendarView"
    assert first.query == second.query
    ours = ("client-request-id", "user-agent")
    assert {k: v for k, v in first.headers.items() if k not in ours} == {
        k: v for k, v in second.headers.items() if k not in ours
    }


def test_busy_times_are_those_of_all_pages_for_threads_and_tasks(graph, service):
    graph.page_size = 3
    graph.put(ANN, make_event(9, showAs="free"))
    busy = service.get_busy()
    assert busy == in_task(service, service.aget_busy)
    sessions = service.get_events()
    assert busy == [(session["start_at"], session["end_at"]) for session in sessions[:8]]
    assert graph.calls("events")[0].query["$select"] == "start,end,isAllDay,isCancelled,showAs"


def test_the_request_is_what_graph_reads(graph):
    now = datetime(2026, 2, 1, 12, 44, 59, 5, tzinfo=timezone(timedelta(hours=2)))
    with GraphEventService(settings_of(graph, time_zone="Europe/Berlin"), now=lambda: now) as s:
        s.get_events(top=7)
        s.get_events(datetime(2026, 3, 1), datetime(2026, 3, 2, tzinfo=timezone.utc))
    first, second = graph.calls("events")
    assert first.query["startDateTime"] == "2026-02-01T10:30:00Z"
    assert first.query["endDateTime"] == "2026-02-08T10:30:00Z"
    assert (first.query["$top"], first.query["$orderby"]) == ("7", "start/dateTime")
    assert "subject" in first.query["$select"].split(",")
    assert first.headers["prefer"] == 'outlook.timezone="Europe/Berlin", IdType="ImmutableId"'
    assert first.headers["client-request-id"] != second.headers["client-request-id"]
    assert second.query["startDateTime"] == "2026-03-01T00:00:00Z"


def test_pages_are_followed_until_there_are_enough(graph, service):
    graph.page_size = 3
    assert [s["id"] for s in service.get_events()] == [f"event-{n}" for n in range(8)]
    assert len(graph.calls("events")) == 3
    service.get_events(top=4)
    assert len(graph.calls("events")) == 5


def test_me_is_for_delegated_tokens_only(graph):
    graph.put("me", make_event(1))
    settings = settings_of(graph, user_id=None)
    with (
        GraphEventService(settings) as app,
        pytest.raises(errors.GraphServiceError, match="GRAPH_USER_ID") as caught,
    ):
        app.get_events()
    assert not caught.value.transient
    assert graph.requests == []
    with GraphEventService(settings, delegated=True) as own:
        assert [session["id"] for session in own.get_events()] == ["event-1"]
    assert graph.calls("events")[0].path == "/v1.0/me/calendarView"


@pytest.mark.parametrize(
    "user", ["", ".", "..", "a/b", "a\\b", "a b", "a\n", "x" * 321, "\u00e4@b", 5, b"a"]
)
def test_a_user_that_is_none_is_refused(graph, service, user):
    with pytest.raises(errors.GraphServiceError, match="neither an object id"):
        service.get_events(user_id=user)
    assert graph.requests == []


def test_a_user_is_encoded(graph, service):
    odd = "o'hara+x#EXT#@contoso.example"
    graph.put(odd, make_event(2))
    assert [session["id"] for session in service.get_events(user_id=odd)] == ["event-2"]


@pytest.mark.parametrize("top", [0, -1, False])
def test_top_has_to_be_positive(service, top):
    with pytest.raises(ValueError, match="top must be a positive integer"):
        service.get_events(top=top)


def test_recommend_from_graph_works_over_it(service):
    answer = eventkit.recommend_from_graph(service, ["agents"], 2)
    assert answer["source"] == "graph"
    assert answer["sessions"][0]["id"] == "event-0"
    assert answer["sessions"][0]["start_at"].endswith("+00:00")


def test_settings_come_from_the_environment_and_keep_the_secret(graph):
    with pytest.raises(errors.GraphAuthError) as caught:
        GraphSettings.from_environment({"GRAPH_CLIENT_ID": "x"})
    assert str(caught.value) == (
        "Graph credentials not configured: GRAPH_TENANT_ID not set, GRAPH_CLIENT_SECRET not set"
    )
    settings = GraphSettings.from_environment(graph.environment(ANN) | {"GRAPH_DEADLINE": "3"})
    assert settings.deadline == 3.0
    assert settings.client_secret not in repr(settings)
    with pytest.raises(ValueError, match="GRAPH_DEADLINE 'soon'"):
        GraphSettings.from_environment(graph.environment() | {"GRAPH_DEADLINE": "soon"})


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "http://graph.example.com/v1.0"},
        {"authority": "http://login.example.com"},
        {"base_url": "https://user@graph.example.com"},
        {"base_url": "file:///etc"},
        {"time_zone": 'UTC"\r\nX: y'},
        {"deadline": 0},
        {"deadline": float("nan")},
    ],
)
def test_settings_refuse_what_is_unsafe(changes):
    with pytest.raises(ValueError, match=r"."):
        GraphSettings("t", "c", "s", **changes)


def test_a_password_in_a_url_is_refused_and_not_repeated():
    with pytest.raises(ValueError, match="a user name or password in it") as caught:
        GraphSettings("t", "c", "s", base_url="https://ann:canary@graph.example.com")
    assert "canary" not in str(caught.value)


def test_errors_survive_pickling():
    error = errors.GraphRateLimitError("m", status=429, retry_after=5.0, transient=True)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.status, again.retry_after, again.transient) == ("m", 429, 5.0, True)


def test_a_rejected_credential_is_told_by_its_code(graph):
    settings = settings_of(graph, client_secret="another-canary")
    with GraphEventService(settings) as service, pytest.raises(errors.GraphAuthError) as caught:
        service.get_events()
    assert str(caught.value) == "Authentication failed: invalid_client (AADSTS7000215)"


def test_what_graph_refuses_is_told_by_status_and_code(graph, service):
    graph.fail(status(403, text="canary text of the error"))
    with pytest.raises(errors.GraphServiceError) as caught:
        service.get_events()
    assert str(caught.value) == "Failed to fetch events: HTTP 403 Simulated"
    assert (caught.value.status, caught.value.transient) == (403, False)


def test_a_redirect_is_not_followed(graph, service):
    graph.fail(status(302, {"Location": "https://elsewhere.example/"}))
    with pytest.raises(errors.GraphServiceError, match="HTTP 302"):
        service.get_events()


def test_only_four_requests_to_a_mailbox_are_in_flight(graph):
    graph.delay = 0.05
    with GraphEventService(settings_of(graph)) as service:

        async def tasks():
            await asyncio.gather(*[service.aget_events() for _ in range(8)])
            for thread in threads[:8]:  # closing ends what the others still wait for
                await asyncio.to_thread(thread.join)
            await service.aclose()

        threads = [threading.Thread(target=service.get_events) for _ in range(8)]
        threads.append(threading.Thread(target=lambda: asyncio.run(tasks())))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(graph.calls("events")) == 16
    assert graph.most_in_flight == 4
    assert graph.tokens_issued == 1


def test_delta_gives_what_a_new_view_would(graph, service):
    graph.page_size = 3
    events, state = service.refresh_events(None)
    assert events == service.get_events()
    graph.put(ANN, make_event(3, subject="Moved"), make_event(9))
    graph.remove(ANN, "event-1")
    graph.put(ANN, make_event(2, isCancelled=True))
    events, state = service.refresh_events(state)
    assert events == service.get_events()
    assert {"event-1", "event-2"}.isdisjoint(event["id"] for event in events)
    # Only the changes were asked for.
    assert set(graph.calls("delta")[-1].query) == {"$deltatoken", "$skiptoken"}
    assert "odata.maxpagesize=250" in graph.calls("delta")[-1].headers["prefer"]
    awaited, _ = in_task(service, lambda: service.arefresh_events(state, top=2))
    assert awaited == events[:2]


def test_delta_starts_anew_where_graph_forgot_the_state(graph, service):
    _, state = service.refresh_events(None)
    graph.put(ANN, make_event(10))
    graph.forget_changes(ANN)
    before = len(graph.calls("delta"))
    events, _ = service.refresh_events(state)
    assert events == service.get_events()
    asked = [set(call.query) for call in graph.calls("delta")[before:]]
    assert asked == [{"$deltatoken"}, {"startDateTime", "endDateTime"}]


def test_an_occurrence_with_times_alone_is_its_series(graph, service):
    master = make_event(4, type="seriesMaster", subject="Weekly")
    times = {name: make_event(5)[name] for name in ("id", "start", "end")}
    graph.put(ANN, master, times | {"type": "occurrence", "seriesMasterId": master["id"]})
    events, _ = service.refresh_events(None)
    titles = {event["id"]: event["title"] for event in events}
    assert titles["event-5"] == "Weekly"
    assert "event-4" not in titles


def test_delta_follows_no_link_to_another_host(graph, service):
    graph.fail(link("https://elsewhere.example/next"), on="delta")
    with pytest.raises(errors.GraphServiceError, match="another host"):
        service.refresh_events(None)
