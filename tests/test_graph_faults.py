"""Rows 4.1-4.8 and 4.14 of the fault matrix, for the calendar source against a Graph on loopback.

The story: Graph refuses, stalls, breaks off, lies, sends its pages in a circle or points to another
host. Whoever asks gets events that are whole, or one typed error in time; no token leaves for
anywhere else, none is written where somebody may read it.
"""

from __future__ import annotations

import asyncio
import email.utils
import gc
import json
import logging
import os
import socket
import threading
import time
import traceback
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import pytest

from calendars import Clock
from conftest import faults_scale
from eventkit import errors
from eventkit.graph import CachedGraphEventService, GraphEventService
from eventkit.graph.retry import backoff, parse_retry_after, policy
from eventkit.graph.token import app_credential
from graph_services import ANN, PausingClock, clocked, in_task, settings_of
from graph_simulator import (
    GraphSimulator,
    bad_gzip,
    body,
    gzip_bomb,
    hang,
    huge,
    link,
    make_event,
    reset,
    status,
    trickle,
    truncated,
    wrong_length,
)

pytestmark = pytest.mark.faults
CANARIES = ("canary-token", "canary-secret")
NOON = datetime(2026, 2, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def clock():
    return PausingClock()


def say(capsys: pytest.CaptureFixture[str], row: str, text: str) -> None:
    with capsys.disabled():
        print(f"\n    {row} {text}", end="")


def both_roads(service: GraphEventService) -> list[Any]:
    """The same call from a thread and from a task."""
    return [service.get_events, lambda: in_task(service, service.aget_events)]


# -- 4.1-4.3 being refused -------------------------------------------------------------------------


def test_no_call_before_retry_after_and_one_after(graph, clock, capsys):
    graph.fail(status(429, {"Retry-After": "5"}))
    with clocked(graph, clock, deadline=4.0) as service:
        moments = (0.0, 0.5, 0.999)  # From then on waiting ends before the deadline does.
        for elapsed in moments:
            clock.now = 1_000.0 + elapsed
            with pytest.raises(errors.GraphRateLimitError, match="Rate limit exceeded") as caught:
                service.get_events()
            assert 4.0 <= caught.value.retry_after <= 5.0
            assert caught.value.transient
        assert len(graph.calls("events")) == 1
        clock.now = 1_000.0 + 4.999
        assert len(service.get_events()) == 8
        assert clock.pauses == [pytest.approx(0.001)]
    assert clock.now >= 1_005.0
    assert len(graph.calls("events")) == 2
    say(
        capsys, "4.1", f"{len(moments)} callers refused by 1 request; 0 before 5 s, exactly 1 after"
    )


def test_a_request_that_waited_for_its_turn_respects_retry_after(graph, capsys):
    """Twelve threads, four places: the four that are under way are refused, nobody follows them."""
    graph.delay = 0.1
    graph.fail(status(429, {"Retry-After": "300"}), times=100)
    caught = []
    with GraphEventService(settings_of(graph)) as service:

        def ask():
            with pytest.raises(errors.GraphRateLimitError) as error:
                service.get_events()
            caught.append(error.value.retry_after)

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(caught) == 12
    assert len(graph.calls("events")) <= 4
    say(capsys, "4.1", f"12 threads refused by {len(graph.calls('events'))} requests")


def test_without_a_header_retries_use_full_jitter_within_the_deadline(graph, clock, capsys):
    graph.fail(status(429), times=100)
    with clocked(graph, clock, attempts=9) as service:
        for call in both_roads(service):
            before, begun = len(graph.calls("events")), clock.now
            clock.pauses.clear()
            with pytest.raises(errors.GraphRateLimitError):
                call()
            assert clock.pauses == [1.0, 2.0, 4.0]
            assert len(graph.calls("events")) - before == 4
            assert clock.now - begun <= service.settings.deadline
    rounds = faults_scale(2_000, 200_000)
    jitter = Random(42)
    retry = policy(9)
    for bound in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0):
        drawn = [backoff(retry, jitter.random) for _ in range(rounds // 9)]
        retry = retry.increment()
        assert 0.0 <= min(drawn) < 0.2 * bound
        assert 0.8 * bound < max(drawn) <= bound
    say(capsys, "4.2", f"pauses up to 1, 2, 4 s: 4 tries within 10 s; {rounds} pauses by jitter")


RETRY_AFTER = [
    ("Sun, 01 Feb 2026 12:00:30 GMT", 30.0),
    ("Sunday, 01-Feb-26 12:00:30 GMT", 30.0),
    ("Sun Feb  1 12:00:30 2026", 30.0),
    ("Sun, 01 Feb 2026 11:00:00 GMT", 0.0),
    ("Sun, 01 Feb 2036 11:00:00 GMT", 3600.0),
    ("5", 5.0),
    (" 7 ", 7.0),
    ("0", 0.0),
    ("100000000000", 3600.0),
    ("9" * 10_000, 3600.0),
    ("-5", None),
    ("1.5", None),
    ("", None),
    ("NaN", None),
    ("inf", None),
    ("\u0667", None),
    (None, None),
]


@pytest.mark.parametrize(("text", "expected"), RETRY_AFTER, ids=lambda value: str(value)[:32])
def test_retry_after_is_parsed(text, expected):
    assert parse_retry_after(text, NOON) == expected


def test_any_text_of_retry_after_is_a_wait_or_none(graph, clock, capsys):
    random, strange = Random(43), 0
    letters = " -+.,:0123456789abcJanFebSunGMT\t\x00\u00e9/"
    dates = [email.utils.format_datetime(NOON + timedelta(days=n * 97)) for n in range(-20, 20)]
    rounds = faults_scale(10_000, 500_000)
    for number in range(rounds):
        text = "".join(random.choices(letters, k=random.randrange(40)))
        if number % 2:
            date = random.choice(dates)
            place = random.randrange(len(date))
            text = date[:place] + text[:3] + date[place + random.randrange(3) :]
        seconds = parse_retry_after(text, NOON)
        assert seconds is None or 0.0 <= seconds <= 3600.0, text
        strange += seconds is None
    for text in ("soon", "-5", "1.5", "", "99999999999", "Sun, 31 Feb 2026 99:00:00 GMT"):
        graph.fail(status(503, {"Retry-After": text}), times=100)
        with clocked(graph, clock) as service, pytest.raises(errors.GraphServiceError):
            service.get_events()
        graph.heal()
    say(capsys, "4.3", f"{rounds} texts: {rounds - strange} waits in 0..3600 s, 0 exceptions")


# -- 4.4 tokens ------------------------------------------------------------------------------------


def test_a_rejected_token_is_replaced_once(graph, capsys):
    with GraphEventService(settings_of(graph)) as service:
        for call in both_roads(service):
            assert len(call()) == 8
            issued, asked = graph.tokens_issued, len(graph.calls("events"))
            graph.revoke_tokens()
            assert len(call()) == 8
            assert graph.tokens_issued - issued == 1
            assert len(graph.calls("events")) - asked == 2
        issued, asked = graph.tokens_issued, len(graph.calls("events"))
        graph.fail(status(401), times=100)
        with pytest.raises(errors.GraphAuthError) as caught:
            service.get_events()
    assert str(caught.value) == "Authentication failed: Invalid token"
    assert caught.value.status == 401
    assert graph.tokens_issued - issued == 1
    assert len(graph.calls("events")) - asked == 2
    say(capsys, "4.4", "401: 1 refresh and 1 more request, then the error")


def test_many_rejected_requests_share_one_new_token(graph, capsys):
    with GraphEventService(settings_of(graph)) as service:
        service.get_events()
        graph.revoke_tokens()
        threads = [threading.Thread(target=service.get_events) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert graph.tokens_issued == 2
    say(capsys, "4.4", "16 threads with a revoked token: 1 new token")


# -- 4.5 no answer ---------------------------------------------------------------------------------

DEADLINE = 0.6
BREAKDOWNS = {
    "500": status(500),
    "502": status(502),
    "503": status(503),
    "504": status(504),
    "reset": reset(),
    "no answer": hang(),
    "headers a byte a time": trickle(0.05, headers=True),
    "body a byte a time": trickle(0.05),
    "too short": wrong_length(),
}


@contextmanager
def watched_pauses():
    """Watch how long this machine keeps a thread waiting; the list holds the seconds, summed up."""
    pause, paused, done = 0.005, [0.0], threading.Event()

    def watch() -> None:
        begun = time.monotonic()
        while not done.wait(pause):
            now = time.monotonic()
            paused[0] += now - begun - pause
            begun = now

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield paused
    finally:
        done.set()
        watcher.join()


def held_against_the_deadline(service: GraphEventService, call: Any) -> float:
    """Seconds until the typed error of a call that cannot succeed.

    Three threads wake up in its way: the server's, a connecting one, and its own.
    """
    with watched_pauses() as paused:
        begun = time.monotonic()
        with pytest.raises(errors.GraphServiceError) as caught:
            call()
        took = time.monotonic() - begun
    assert took <= service.settings.deadline + 0.5 + 3 * paused[0]
    assert type(caught.value) is errors.GraphServiceError
    assert caught.value.transient
    return took


@pytest.mark.parametrize("name", BREAKDOWNS)
@pytest.mark.slow
def test_a_breakdown_is_a_typed_error_in_time(graph, name, capsys):
    with GraphEventService(settings_of(graph, deadline=DEADLINE), jitter=lambda: 0.1) as service:
        app_credential(service.settings).get_token("https://graph.microsoft.com/.default")
        graph.fail(BREAKDOWNS[name], times=1000)
        took = [held_against_the_deadline(service, call) for call in both_roads(service)]
        graph.heal()
        assert len(service.get_events()) == 8
    figures = " and ".join(f"{seconds:.2f}" for seconds in took)
    say(capsys, "4.5", f"{name}: error after {figures} s of {DEADLINE} (thread, task)")


@contextmanager
def full_port():
    """A port where nobody takes a connection any more."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address, waiting = listener.getsockname(), []
        for _ in range(3):
            other = socket.socket()
            other.setblocking(False)
            other.connect_ex(address)
            waiting.append(other)
        try:
            yield address[1]
        finally:
            for other in waiting:
                other.close()


@pytest.mark.slow
def test_a_host_that_takes_no_connection_is_an_error_in_time(graph, capsys):
    with full_port() as port:
        settings = settings_of(graph, deadline=DEADLINE, base_url=f"http://127.0.0.1:{port}/v1.0")
        with GraphEventService(settings) as service:
            took = [held_against_the_deadline(service, call) for call in both_roads(service)]
    say(capsys, "4.5", f"connect hangs: error after {took[0]:.2f} and {took[1]:.2f} s")


def test_a_host_that_does_not_exist_is_an_error_in_time(graph, monkeypatch, capsys):
    look_up = socket.getaddrinfo

    def fail(host, *rest, **more):
        if host in ("graph.invalid", b"graph.invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    settings = settings_of(graph, deadline=DEADLINE, base_url="https://graph.invalid/v1.0")
    with GraphEventService(settings, jitter=lambda: 0.1) as service:
        took = [held_against_the_deadline(service, call) for call in both_roads(service)]
    say(capsys, "4.5", f"no such host: error after {took[0]:.2f} and {took[1]:.2f} s")


# After a 500 MSAL leaves the authority alone for a minute; that is its own rule, and kept.
@pytest.mark.parametrize("fault", [hang(), trickle(0.05), reset(), body(b"[]")])
def test_an_authority_that_fails_is_an_error_in_time(graph, fault):
    graph.fail(fault, times=1000, on="token")
    with GraphEventService(settings_of(graph, deadline=DEADLINE)) as service:
        with watched_pauses() as paused:
            begun = time.monotonic()
            with pytest.raises(errors.GraphAuthError, match="Authentication failed"):
                service.get_events()
            took = time.monotonic() - begun
        assert took <= DEADLINE + faults_scale(8.0, 0.5) + 3 * paused[0]
        graph.heal()
        assert len(service.get_events()) == 8


def test_nothing_is_cached_and_the_last_good_answer_is_marked(graph):
    clock = Clock()
    with GraphEventService(settings_of(graph)) as service:
        cached = CachedGraphEventService(service, clock=clock, stale_if_error=3600)
        graph.fail(status(500))
        with pytest.raises(errors.GraphServiceError, match="HTTP 500"):
            cached.get_events(ANN)
        good = cached.get_events(ANN)
        assert len(good) == 8
        clock.advance(301)
        graph.fail(status(500))
        assert cached.get_events(ANN) == good
        assert cached.last_result.source == "stale_if_error"
        assert isinstance(cached.last_result.error, errors.GraphServiceError)


# -- 4.6 broken answers ----------------------------------------------------------------------------

BROKEN = {
    "truncated": truncated(),
    "bad gzip": bad_gzip(),
    "gzip bomb": gzip_bomb(),
    "50 MB": huge(),
    "a list": body(b"[]"),
    "null": body(b"null"),
    "nothing": body(b""),
    "no list": body(b'{"value": {"id": 1}}'),
    "no UTF-8": body(b'{"value": ["\xff"]}'),
    "too deep": body(b'{"value": [' + b"[" * 100_000),
    "unknown encoding": body(b'{"value": []}', headers={"Content-Encoding": "br"}),
    "a link that is none": body(b'{"value": [], "@odata.nextLink": 5}'),
}


@contextmanager
def watched_memory():
    """Watch how far the process grows; the list holds the most bytes when the block is left."""
    page, most, done = os.sysconf("SC_PAGE_SIZE"), [0], threading.Event()

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    gc.collect()
    begun = resident()

    def watch() -> None:
        while not done.wait(0.002):
            most[0] = max(most[0], resident() - begun)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_an_error_and_the_good_one_stays(graph, name, capsys):
    clock = Clock()
    with GraphEventService(settings_of(graph)) as service:
        cached = CachedGraphEventService(service, clock=clock, stale_if_error=3600)
        good = cached.get_events(ANN)
        graph.fail(BROKEN[name], times=1000)
        with watched_memory() as most:
            for call in both_roads(service):
                with pytest.raises(errors.GraphServiceError, match="Failed to fetch events"):
                    call()
        clock.advance(301)
        assert cached.get_events(ANN) == good
        graph.heal()
        assert service.get_events() == good
    assert most[0] <= 16 << 20
    say(capsys, "4.6", f"{name}: an error, RSS +{most[0] / 2**20:.1f} MiB")


# -- 4.7 pages -------------------------------------------------------------------------------------


def test_one_to_twenty_pages_are_read(graph, capsys):
    graph.put(ANN, *map(make_event, range(40)))
    with GraphEventService(settings_of(graph)) as service:
        whole = service.get_events()
        assert len(whole) == 40
        for pages in range(1, 21):
            graph.page_size = -(-40 // pages)
            before = len(graph.calls("events"))
            assert service.get_events() == whole
            assert len(graph.calls("events")) - before == -(-40 // graph.page_size)
    say(capsys, "4.7", "40 events on 1 to 20 pages: the same events")


def test_at_most_fifty_pages_are_read(graph):
    graph.put(ANN, *map(make_event, range(51)))
    graph.page_size = 1
    with GraphEventService(settings_of(graph)) as service:
        with pytest.raises(errors.GraphServiceError, match="no end after 50 pages"):
            service.get_events(top=60)
        assert len(graph.calls("events")) == 50
        assert len(service.get_events(top=50)) == 50


def test_a_circle_of_next_links_ends(graph, capsys):
    path = "/v1.0/users/ann%40example.com/calendarView?startDateTime=2020-01-01&endDateTime=2040"
    with GraphEventService(settings_of(graph)) as service:
        graph.fail(link(graph.authority + path), times=1000)
        with pytest.raises(errors.GraphServiceError, match="no end after 2 pages"):
            service.get_events()
    assert len(graph.calls("events")) == 2
    say(capsys, "4.7", "a link to itself: an error after 2 requests")


FOREIGN = (
    "https://elsewhere.example/next",
    "http://127.0.0.1:{other}/v1.0/users/ann/calendarView",
    "http://user@127.0.0.1:{port}/v1.0/users/ann/calendarView",
    "http://127.0.0.1:{port}@elsewhere.example/",
    "https://127.0.0.1:{port}/v1.0/users/ann/calendarView",
    "//elsewhere.example/",
    "http://[::1/",
    "file:///etc/passwd",
    "/v1.0/relative",
    "",
)


def test_no_token_goes_to_another_host(graph, capsys):
    with GraphSimulator() as other, GraphEventService(settings_of(graph)) as service:
        for form in FOREIGN:
            before = len(graph.calls("events"))
            graph.fail(link(form.format(port=graph.port, other=other.port)))
            with pytest.raises(errors.GraphServiceError, match="another host"):
                service.get_events()
            assert len(graph.calls("events")) - before == 1
        assert other.requests == []
    say(capsys, "4.7", f"{len(FOREIGN)} links elsewhere: 0 requests, 0 tokens")


def test_an_event_on_two_pages_is_returned_once(graph):
    first = {"value": [make_event(1), make_event(2)], "@odata.nextLink": ""}
    path = "/v1.0/users/ann%40example.com/calendarView?startDateTime=2020&endDateTime=2040"
    first["@odata.nextLink"] = graph.authority + path
    graph.fail(body(json.dumps(first).encode()))
    with GraphEventService(settings_of(graph)) as service:
        identities = [session["id"] for session in service.get_events()]
    assert identities == [f"event-{n}" for n in (1, 2, 0, 3, 4, 5, 6, 7)]


def test_if_a_page_fails_nothing_is_returned_or_cached(graph, capsys):
    graph.page_size = 2
    with GraphEventService(settings_of(graph)) as service:
        cached = CachedGraphEventService(service)
        graph.fail(status(500), page=3)
        with pytest.raises(errors.GraphServiceError, match="HTTP 500"):
            cached.get_events(ANN, 50)
        assert cached.stats()["entries"] == 0
        assert len(cached.get_events(ANN, 50)) == 8
    say(capsys, "4.7", "page 3 of 4 fails: an error, nothing kept")


# -- 4.8 clocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [-86_400, 86_400, 3_600, -3_600, 0.25])
def test_a_step_of_the_wall_clock_changes_nothing(graph, clock, monkeypatch, step):
    wall = time.time
    with clocked(graph, clock) as service:
        graph.fail(status(429, {"Retry-After": "600"}))
        with pytest.raises(errors.GraphRateLimitError):
            service.get_events()
        monkeypatch.setattr(time, "time", lambda: wall() + step)
        clock.now += 400
        with pytest.raises(errors.GraphRateLimitError) as caught:
            service.get_events()
        assert caught.value.retry_after == 200.0
        clock.now += 200
        assert len(service.get_events()) == 8
        assert graph.tokens_issued == 1
        graph.revoke_tokens()
        assert len(service.get_events()) == 8
        assert graph.tokens_issued == 2


# -- 4.14 the token file ---------------------------------------------------------------------------


def plain_file(graph: Any, path: Any, **changes: Any) -> GraphEventService:
    """A service with a token file, as another process would make it: nothing is in memory."""
    from eventkit.graph import token

    token._apps.clear()
    return GraphEventService(settings_of(graph, cache_file=str(path), **changes))


@pytest.fixture
def file(tmp_path, monkeypatch):
    # No keyring of whoever runs the test is asked; the file is plain, as on a server.
    monkeypatch.setattr("eventkit.graph.token_file._encryption", lambda path: None)
    return tmp_path / "tokens.json"


def fetch(graph: Any, path: Any, **changes: Any) -> int:
    """How many tokens a new process has to ask for."""
    before = graph.tokens_issued
    with plain_file(graph, path, **changes) as service:
        assert len(service.get_events()) == 8
    return graph.tokens_issued - before


def test_the_token_file_serves_the_next_process(graph, file, capsys):
    assert fetch(graph, file) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert fetch(graph, file) == 0
    say(capsys, "4.14", "the token file: mode 0600, the next process asks for no token")


def damage(text: str) -> list[str]:
    """What else may lie in a token file."""
    document = json.loads(text)
    odd = [
        {**document, "version": 2},
        {**document, "cache": {"AccessToken": {"a": {"secret": 5, "expires_on": "x"}}}},
        {**document, "cache": []},
        {**document, "cache": {"AccessToken": 5}},
    ]
    return ["", "junk", "[1]", "5", "null", "{}", text[:-9], "\x00", *map(json.dumps, odd)]


def test_a_token_file_that_is_wrong_is_not_used(graph, file, capsys, caplog):
    fetch(graph, file)
    text, tried = file.read_text(), 0
    for content in damage(text):
        file.write_text(content)
        file.chmod(0o600)
        assert fetch(graph, file) == 1, content[:40]
        assert file.stat().st_mode & 0o777 == 0o600
        tried += 1
    for mode in (0o644, 0o640, 0o604, 0o620):
        file.write_text(text)
        file.chmod(mode)
        assert fetch(graph, file) == 1, oct(mode)
        assert file.stat().st_mode & 0o777 == 0o600
        tried += 1
    assert "others may read or write it" in caplog.text
    say(capsys, "4.14", f"{tried} files that are readable for others, or junk: none believed")


def test_a_token_file_that_is_a_link_or_a_pipe_is_not_followed(graph, file, tmp_path):
    fetch(graph, file)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(file.read_text())
    elsewhere.chmod(0o600)
    before = elsewhere.read_text()
    file.unlink()
    file.symlink_to(elsewhere)
    assert fetch(graph, file) == 1
    assert elsewhere.read_text() == before
    assert not file.is_symlink()
    file.unlink()
    os.mkfifo(file, 0o600)
    assert fetch(graph, file) == 1


def test_the_token_file_of_another_tenant_is_not_used(graph, file):
    fetch(graph, file)
    assert fetch(graph, file, tenant_id="another") == 1
    # Nor is it there any longer for the first, which asks and takes it back.
    assert fetch(graph, file) == 1
    assert fetch(graph, file) == 0


def test_an_expired_token_is_not_used(graph, file):
    fetch(graph, file)
    document = json.loads(file.read_text())
    for entry in document["cache"]["AccessToken"].values():
        entry["expires_on"] = str(int(time.time()) - 1)
    file.write_text(json.dumps(document))
    assert fetch(graph, file) == 1


def test_no_token_and_no_secret_is_shown(graph, file, caplog, capsys):
    """Everything that goes wrong, with every logger at its most talkative."""
    caplog.set_level(logging.DEBUG)
    told = []
    faults = [status(500), status(401), status(403), reset(), truncated(), bad_gzip(), body(b"[]")]
    with plain_file(graph, file, deadline=0.3) as service:
        told.append(repr(service) + repr(service.settings) + repr(app_credential(service.settings)))
        told.append(repr(app_credential(service.settings).get_token("scope")))
    for on, fault in [(on, fault) for on in ("events", "token") for fault in faults]:
        with plain_file(graph, file, deadline=0.3) as service:
            for call in both_roads(service):
                graph.revoke_tokens()
                graph.fail(fault, times=1000, on=on)
                try:
                    call()
                except errors.GraphServiceError as error:
                    told += [repr(error), "".join(traceback.format_exception(error))]
                graph.heal()
    file.write_text("canary-token in a broken file")
    with plain_file(graph, file, client_secret="canary-secret of another app") as service:
        with pytest.raises(errors.GraphAuthError) as caught:
            asyncio.run(service.aget_events())
        told.append("".join(traceback.format_exception(caught.value)))
    records = [record.getMessage() for record in caplog.records]
    assert len(told) > 20
    assert records
    for text in (*told, *records):
        assert not any(canary in text for canary in CANARIES), text
    say(capsys, "4.14", f"{len(told)} reprs and tracebacks, {len(records)} log records: 0 canaries")
