"""Time budgets of everything that reads bytes of a request.

Each reader's input is doubled up to its limit, and the time may at most grow by the factor 2.5. See
`budgets` for how it is measured; here, it is this thread's processor time.
"""

import contextlib
import itertools
import json
import re
import time

import pytest

import eventkit
from budgets import MOST, is_quadratic, ratio
from eventkit.server import SecurityValidator, ServerSettings
from eventkit.server.access import Access
from eventkit.server.correlation import correlation_id
from eventkit.server.encoding import accepts_gzip, matches
from eventkit.server.message import Problem, Request
from eventkit.server.parameters import parameters
from eventkit.server.validation import (
    DATE,
    INTERESTS,
    LINE,
    USER,
    checked_day,
    checked_interests,
    checked_text,
    checked_top,
    checked_user,
)
from server_roads import MANIFEST, ROADS, TOKEN

SETTINGS = ServerSettings()
URL, HEADER, BODY = SETTINGS.max_url_bytes, SETTINGS.max_header_bytes, SETTINGS.max_body_bytes


def reading(function, make):
    """Return a function that makes a run over an input of a size; the reader may refuse it."""

    def made(size):
        given = make(size)

        def read():
            with contextlib.suppress(Problem):
                function(given)

        return read

    return made


def filled(unit, before="", after=""):
    """Return a function that makes a text of a length out of a repeated unit."""

    def make(length):
        room = length - len(before) - len(after)
        return before + (unit * (room // len(unit) + 1))[:room] + after

    return make


PROXIED = Access(ServerSettings(trusted_proxies=("10.0.0.0/8",)))
GUARDED = Access(ServerSettings(api_token=TOKEN))


def query(text):
    return parameters(Request("GET", "/recommend", text.encode("latin-1", "replace")))


def body(text):
    return parameters(Request("POST", "/recommend", body=text.encode()))


def typed(text):
    return checked_interests(text, SETTINGS)


def listed(text):
    return checked_interests([text], SETTINGS)


def correlated(header):
    return lambda text: correlation_id({header: text})


READERS = {
    "query, plus signs": (query, filled("+"), URL),
    "query, percent signs": (query, filled("%41"), URL),
    "query, broken percent signs": (query, filled("%"), URL),
    "query, one value": (query, filled("a", "interests="), URL),
    "query, equals signs": (query, filled("="), URL),
    "query, ampersands": (query, filled("&"), URL),
    "query, repeated names": (query, filled("interest=a&"), URL),
    "body, blanks": (body, filled(" ", "{", "}"), BODY),
    "body, brackets": (body, filled("["), BODY),
    "body, escapes": (body, filled("\\u0041", '{"interests": "', ""), BODY),
    "body, digits": (body, filled("9", '{"top": ', "}"), BODY),
    "body, members": (body, filled('"a":1,', "{", '"a":1}'), BODY),
    "interests, letters": (typed, filled("a"), BODY),
    "interests, commas": (typed, filled(","), BODY),
    "interests, pieces": (typed, filled("a,"), BODY),
    "interests, blanks": (typed, filled(" "), BODY),
    "interests, control at the end": (typed, filled("a", "", "\x00"), BODY),
    "interests, blanks and a control at the end": (typed, filled(" ", "", "\x00"), BODY),
    "an interest of a list, letters": (listed, filled("a"), BODY),
    "an interest of a list, control at the end": (listed, filled("a", "", "\x00"), BODY),
    "an interest of a list, commas": (listed, filled(","), BODY),
    "an interest of a list, blanks": (listed, filled(" ", "", "\x00"), BODY),
    "the pattern of interests, letters": (INTERESTS.fullmatch, filled("a", "", "\x00"), BODY),
    "the pattern of interests, blanks": (INTERESTS.fullmatch, filled(" ", "", "\x00"), BODY),
    "the pattern of interests, pieces": (INTERESTS.fullmatch, filled("a, ", "", "\x00"), BODY),
    "the pattern of a line": (LINE.fullmatch, filled("a", "", "\x00"), BODY),
    "the pattern of users": (USER.fullmatch, filled("a@"), BODY),
    "the pattern of dates": (DATE.fullmatch, filled("2026-"), BODY),
    "session": (lambda text: checked_text("session", text, 500), filled("a"), BODY),
    "top": (lambda text: checked_top(text, 3, SETTINGS), filled("9"), BODY),
    "user": (checked_user, filled("a.", "", "@"), BODY),
    "date": (checked_day, filled("2026-09-14"), BODY),
    "Host, labels": (GUARDED.accepts_host, filled("a."), HEADER),
    "Host, digits": (GUARDED.accepts_host, filled("1", "localhost:"), HEADER),
    "Host, colons": (GUARDED.accepts_host, filled(":", "["), HEADER),
    "Authorization": (GUARDED.accepts_token, filled("a", "Bearer "), HEADER),
    "Authorization, blanks": (GUARDED.accepts_token, filled(" ", "Bearer"), HEADER),
    "X-Forwarded-For, commas": (
        lambda text: PROXIED.client_of("10.0.0.1", text),
        filled(","),
        HEADER,
    ),
    "X-Forwarded-For, proxies": (
        lambda text: PROXIED.client_of("10.0.0.1", text),
        filled("10.0.0.2,"),
        HEADER,
    ),
    "X-Forwarded-For, digits": (
        lambda text: PROXIED.client_of("10.0.0.1", text),
        filled("1"),
        HEADER,
    ),
    "traceparent": (correlated("traceparent"), filled("a", "00-"), HEADER),
    "X-Correlation-ID": (correlated("x-correlation-id"), filled("a", "", " "), HEADER),
    "If-None-Match, commas": (lambda text: matches(text, 'W/"a"'), filled(","), HEADER),
    "If-None-Match, tags": (lambda text: matches(text, 'W/"a"'), filled('W/"b", '), HEADER),
    "Accept-Encoding, blanks": (accepts_gzip, filled(" ", "", "="), HEADER),
    "Accept-Encoding, letters": (accepts_gzip, filled("a", "", " ="), HEADER),
    "Accept-Encoding, codings": (accepts_gzip, filled("a;q=0.123,"), HEADER),
    "the original's interests": (
        SecurityValidator._INTERESTS.match,
        filled("a ", "", "\x00"),
        BODY,
    ),
    "the original's titles": (SecurityValidator._TITLE.match, filled("a ", "", "\x00"), BODY),
    "the original's addresses, dots": (
        SecurityValidator.validate_user_id,
        filled("a.", "a@", "!"),
        BODY,
    ),
    "the original's addresses, letters": (
        SecurityValidator.validate_user_id,
        filled("a", "a@a.", "!"),
        BODY,
    ),
}


@pytest.mark.parametrize(("function", "make", "limit"), READERS.values(), ids=READERS)
def test_twice_the_input_takes_at_most_two_and_a_half_times_as_long(function, make, limit):
    read = reading(function, make)
    growth = ratio(read(limit // 2), read(limit), clock=time.thread_time)
    assert growth <= MOST, f"twice the input takes {growth:.2f} times as long"


@pytest.mark.slow
def test_a_quadratic_pattern_is_found():
    quadratic = re.compile(r"[^\x00]*[^\x00,][^\x00]*")
    made = filled("a", "", "\x00")
    assert is_quadratic(reading(quadratic.fullmatch, made), 500, time.thread_time)
    assert not is_quadratic(reading(INTERESTS.fullmatch, made), 5_000, time.thread_time)


def reference_loop():
    """Take about 25 ms on the machine that the budget of 50 ms was set on, more on a slower one."""
    for _ in itertools.repeat(None, 4_000_000):
        pass


LARGEST = BODY - 100
HOSTILE = {
    "a long text of interests": {"interests": "a" * LARGEST},
    "a long text of commas": {"interests": "a," * (LARGEST // 2)},
    "a long text that ends in a control character": {"interests": "a" * LARGEST + "\x01"},
    "a long list of interests": {"interests": ["a"] * (LARGEST // 5)},
    "a long interest in a list": {"interests": ["a" * LARGEST]},
    "a long interest that ends in a control character": {"interests": ["a " * 100_000 + "\x01"]},
    "many members": {"interests": ["a"], **dict.fromkeys(map(str, range(20_000)), 1)},
    "a large nested value": {"interests": [[["a"] * 10] * 4_000]},
    "a long title": {"interests": ["a"], "session": "a" * LARGEST},
    "a long user": {"interests": ["a"], "userId": "a" * LARGEST},
}


@pytest.mark.parametrize("path", ["/recommend", "/explain", "/export"])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("ask", ROADS.values(), ids=ROADS)
def test_no_body_under_the_limit_holds_a_worker_longer_than_the_budget(ask, content, path):
    """The budget is 50 ms, expressed as two loops that are timed in the same run."""
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(requests_per_minute=0))
    sent = json.dumps(content).encode()
    assert len(sent) <= BODY
    statuses = set()

    def request():
        statuses.add(ask(app, "POST", path, body=sent).status)

    share = ratio(reference_loop, request, most=2.0, fewest=3, clock=time.thread_time)
    assert share <= 2.0, f"a request takes {share:.2f} times as long as the reference"
    assert statuses <= {200, 400, 404}


HOSTILE_HEADERS = {
    "Accept-Encoding": "a;q=0.1,",
    "If-None-Match": 'W/"b", ',
    "X-Forwarded-For": "10.0.0.2, ",
    "Authorization": "Bearer ",
    "Origin": "https://a.example ",
    "traceparent": "00-",
    "X-Correlation-ID": "a",
    "X-Other": "a, ",
}


@pytest.mark.parametrize("count", [1, 90])
@pytest.mark.parametrize(("name", "unit"), HOSTILE_HEADERS.items(), ids=HOSTILE_HEADERS)
@pytest.mark.parametrize("ask", ROADS.values(), ids=ROADS)
def test_no_header_under_the_limit_holds_a_worker_longer_than_the_budget(ask, name, unit, count):
    """A header that comes 90 times is limited as one: servers join its values."""
    proxies = ("127.0.0.0/8", "10.0.0.0/8")
    settings = ServerSettings(trusted_proxies=proxies, gzip_bytes=1, requests_per_minute=1_000_000)
    app = eventkit.create_app(MANIFEST, settings=settings)
    headers = [(name, (unit * HEADER)[:HEADER].strip())] * count
    statuses = set()

    def request():
        statuses.add(ask(app, "GET", "/recommend", b"interests=ai", headers=headers).status)

    share = ratio(reference_loop, request, most=2.0, fewest=3, clock=time.thread_time)
    assert share <= 2.0, f"a request takes {share:.2f} times as long as the reference"
    assert statuses == {200 if count == 1 else 431}
