"""Whose tokens the calendar source sends, and when it asks for new ones."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest

from calendars import Clock
from eventkit import errors
from eventkit.graph import CachedGraphEventService, GraphEventService
from graph_services import ANN, in_task, settings_of
from graph_simulator import make_event, reset, status


class Credential:
    """A credential as azure-identity has them."""

    def __init__(self, graph):
        self.graph, self.scopes = graph, []

    def get_token(self, *scopes, **_options):
        self.scopes.append(scopes)
        graph = self.graph.environment()
        form = {
            "client_id": graph["GRAPH_CLIENT_ID"],
            "client_secret": graph["GRAPH_CLIENT_SECRET"],
        }
        answer = self.graph.issue(form)[1]
        return SimpleNamespace(token=answer["access_token"], expires_on=0)


class AsyncCredential(Credential):
    async def get_token(self, *scopes, **options):
        await asyncio.sleep(0)
        return super().get_token(*scopes, **options)


def test_a_credential_that_somebody_brings(graph):
    credential = Credential(graph)
    with GraphEventService(credential, settings_of(graph)) as service:
        assert len(service.get_events()) == 8
        assert len(in_task(service, service.aget_events)) == 8
        graph.revoke_tokens()
        assert len(service.get_events()) == 8
    assert set(credential.scopes) == {("https://graph.microsoft.com/.default",)}
    assert graph.calls("token") == []


def test_an_async_credential_serves_tasks(graph):
    service = GraphEventService(AsyncCredential(graph), settings_of(graph))
    assert len(in_task(service, service.aget_events)) == 8
    with pytest.raises(TypeError, match=r"aget_events\(\) only"):
        service.get_events()


def test_a_national_clouds_scope_is_its_own(graph):
    scopes = []

    def get_token(*asked):
        scopes.extend(asked)
        raise RuntimeError("canary-secret in somebody's error")

    settings = settings_of(graph, base_url="https://graph.microsoft.us/v1.0")
    with GraphEventService(SimpleNamespace(get_token=get_token), settings) as service:
        for call in (service.get_events, lambda: in_task(service, service.aget_events)):
            with pytest.raises(errors.GraphAuthError) as caught:
                call()
            assert str(caught.value) == "Authentication failed: the credential raised RuntimeError"
    assert scopes == ["https://graph.microsoft.us/.default"] * 2


@pytest.mark.parametrize("token", [None, "", 5, "a\r\nX-Header: b", "\u00e4"])
def test_what_is_no_token_is_not_sent(graph, token):
    credential = SimpleNamespace(get_token=lambda scope: SimpleNamespace(token=token))
    with (
        GraphEventService(credential, settings_of(graph)) as service,
        pytest.raises(errors.GraphAuthError, match="the credential gave no token"),
    ):
        service.get_events()
    assert graph.requests == []


def test_what_is_no_credential_is_refused():
    with pytest.raises(TypeError, match=r"no credential with get_token\(\): str"):
        GraphEventService("token")


def test_services_of_one_app_share_a_token(graph):
    services = [GraphEventService(settings_of(graph)) for _ in range(8)]
    threads = [threading.Thread(target=service.get_events) for service in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for service in services:
        service.close()
    assert len(graph.calls("events")) == 8
    assert graph.tokens_issued == 1


def test_a_token_is_renewed_before_its_end_and_kept_where_that_fails(graph):
    graph.refresh_in = 0
    with GraphEventService(settings_of(graph)) as service:
        service.get_events()
        service.get_events()
        assert graph.tokens_issued == 2
        graph.fail(reset(), times=100, on="token")
        assert len(service.get_events()) == 8
        assert graph.tokens_issued == 2


def test_a_cache_is_refreshed_by_delta(graph):
    clock = Clock()
    with GraphEventService(settings_of(graph)) as service:
        cached = CachedGraphEventService(service, cache_ttl=300, delta=True, clock=clock)
        assert len(cached.get_events(ANN, 20)) == 8
        graph.put(ANN, make_event(9))
        clock.advance(301)
        assert [event["id"] for event in cached.get_events(ANN, 20)][-1] == "event-9"
        clock.advance(301)
        graph.forget_changes(ANN)
        graph.remove(ANN, "event-9")
        assert len(cached.get_events(ANN, 20)) == 8
    assert len(graph.calls("delta")) >= 3


def test_a_closed_mailbox_is_one_users_alone(graph):
    graph.put("bob@example.com", make_event(1))
    graph.fail(status(429, {"Retry-After": "3000"}))
    with GraphEventService(settings_of(graph)) as service:
        with pytest.raises(errors.GraphRateLimitError) as caught:
            service.get_events()
        assert caught.value.retry_after == 3000.0
        assert len(service.get_events(user_id="bob@example.com")) == 1
