"""Parsers of bytes from outside take time in proportion to their input.

Twice the input may take 2.5 times as long at most.

Each row is an input that grows, of the kind that is slowest to read. See `budgets` for how it is
measured.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import eventkit
from budgets import MOST, is_quadratic, ratio
from eventkit import Catalog, Filter, _native, feeds
from eventkit.dates import parse_moment
from eventkit.graph.envelope import Envelope, exact_json
from eventkit.graph.generations import SeenGenerations

pytest.importorskip("eventkit._eventkit", exc_type=ImportError)

Parser = Callable[[Any], Any]


def refused(parser: Parser) -> Parser:
    """A parser that may refuse the input, in its own words."""

    def read(given: Any) -> None:
        try:
            parser(given)
        except (ValueError, TypeError):
            return

    return read


ENVELOPE = Envelope("eventkit", "secret")
PROGRAMME = Catalog([{"title": "\u8cc7\u6599\u5eab and Kubernetes", "tags": ["ai"]}])
WHEN = {"dateTime": "2026-02-01T10:30:00.0000000", "timeZone": "UTC"}


def catalog_of(start: str) -> Catalog:
    return Catalog([{"title": "A", "tags": ["ai"], "start": start, "end": start}])


def page(count: int, **more: Any) -> bytes:
    event = {"subject": "S", "start": WHEN, "end": WHEN, **more}
    return json.dumps({"value": [event] * count}).encode()


def sessions(count: int) -> Catalog:
    listed = [
        {
            "title": f"S{number}",
            "tags": ["ai"],
            "start": f"{number % 9 + 1000}-01-{number % 28 + 1:02}T{number % 24:02}:00",
            "end": f"{number % 9 + 1000}-01-{number % 28 + 1:02}T{number % 24:02}:30",
            "popularity": number % 97 / 97,
        }
        for number in range(count)
    ]
    return Catalog(listed)


def words_of_title(title: str) -> object:
    return eventkit.understand(Catalog([{"title": title, "tags": ["ai"]}]), "ai")


def understood(interest: str) -> object:
    return eventkit.understand(PROGRAMME, interest)


def header(size: int) -> bytes:
    return b'{"schema":2,"key":"' + b"a" * size + b'"}\n[]'


def log(text: bytes) -> Callable[[int, Path], list[str]]:
    def made(size: int, folder: Path) -> list[str]:
        file = folder / f"{size}.jsonl"
        file.write_bytes(text * size)
        return [str(file)]

    return made


def summarize(paths: list[str]) -> Any:
    return _native.summarize_telemetry(paths, "action", None, None)


ROWS: dict[str, tuple[Any, Parser, int]] = {
    "date, digits": (lambda n: "2026-01-31T09:00:00." + "1" * n, catalog_of, 50_000),
    "date, white space": (lambda n: " " * n + "2026-01-31" + " " * n, catalog_of, 50_000),
    "date, white space inside": (lambda n: "2026-01-31" + " " * n + "x", catalog_of, 50_000),
    "filter, digits": (
        lambda n: "2026-01-31T09:00:00." + "1" * n,
        refused(lambda text: Filter(start=text)),
        50_000,
    ),
    "exported date, digits": (lambda n: "09:00:00." + "1" * n + "x", parse_moment, 50_000),
    "exported date, white space": (lambda n: " " * n + "x" + " " * n, parse_moment, 50_000),
    "tags": (
        lambda n: [{"title": "A", "tags": ["Tag\u0130 " * n]}],
        lambda listed: Catalog(listed).recommend(["tag"], 1),
        20_000,
    ),
    # Tables of strings: larger ones leave the cache of a core, which is no fault of the reader.
    "many tags": (
        lambda n: [{"title": "A", "tags": [f"Tag {number}" for number in range(n)]}],
        lambda listed: Catalog(listed).recommend(["tag"], 1),
        2_500,
    ),
    "many interests": (
        lambda n: [f"tag {number}" for number in range(n)],
        lambda interests: catalog_of("09:00").recommend(interests, 1),
        2_500,
    ),
    "words, half addresses": (lambda n: "a@" * n, words_of_title, 20_000),
    "words, without spaces": (lambda n: "\u8cc7\u6599" * n, words_of_title, 10_000),
    "interest, words": (lambda n: "beginner k8s " * n, understood, 1_000),
    "interest, without spaces": (lambda n: "\u8cc7\u6599\u5eab" * n, understood, 1_000),
    # All sessions have one title, and none has an id.
    "two programmes": (
        lambda n: [{"title": "A", "start": f"{number:06}"} for number in range(n)],
        lambda listed: feeds.compare(listed, [{**one, "start": "-"} for one in listed]),
        2_000,
    ),
    "envelope, payload": (
        lambda n: ENVELOPE.seal("k", 1, 1, "g", b"[" + b"1," * n + b"1]"),
        lambda sealed: ENVELOPE.open(sealed, "k"),
        200_000,
    ),
    # Read as fast as memory is copied, which caches make faster for a short text.
    "envelope, header": (header, lambda sealed: ENVELOPE.open(sealed, "k"), 10_000),
    "envelope, brackets": (lambda n: b"[" * n, lambda sealed: ENVELOPE.open(sealed, "k"), 10_000),
    "exact JSON": (lambda n: [{"a": "\ud800x" * 5}] * n, exact_json, 2_000),
    "generations": (
        lambda n: ".".join(["1-x"] * n),
        lambda text: SeenGenerations().stale(["a"], text, 1),
        20_000,
    ),
    "page, events": (page, _native.graph_page, 300),
    "page, categories": (
        lambda n: page(1, categories=["caf\u00e9"] * n),
        _native.graph_page,
        10_000,
    ),
    "page, a string": (lambda n: page(1, bodyPreview="\\u00e9\n" * n), _native.graph_page, 30_000),
    "page, white space": (lambda n: b'{"value":' + b" " * n + b"[]}", _native.graph_page, 300_000),
    "page, brackets": (lambda n: b'{"value":' + b"[" * n, _native.graph_page, 300_000),
    "page, attendees": (
        lambda n: page(1, attendees=[{"type": "required"}] * n),
        _native.graph_page,
        10_000,
    ),
    "plan": (sessions, lambda catalog: catalog.plan(["ai"]), 4_000),
    "plan, bound": (sessions, lambda catalog: catalog.plan(["ai"], 8, gap=5), 2_000),
    "manifest, brackets": (lambda n: b"[" * n, refused(Catalog.from_json), 200_000),
    "manifest, a string": (
        lambda n: json.dumps([{"title": "\u00e9\n" * n}]).encode(),
        Catalog.from_json,
        100_000,
    ),
    "manifest, a number": (
        lambda n: b'[{"title":"A","popularity":0.' + b"1" * n + b"}]",
        refused(Catalog.from_json),
        50_000,
    ),
    "telemetry, newlines": (log(b"\n"), summarize, 2_000_000),
    "telemetry, torn": (log(b'{"ts": '), summarize, 400_000),
    "telemetry, one line": (log(b'{"action": "a", '), summarize, 200_000),
}


@pytest.mark.parametrize(("make", "parser", "size"), ROWS.values(), ids=ROWS)
@pytest.mark.slow
def test_twice_the_input_takes_at_most_two_and_a_half_times_as_long(
    make: Any, parser: Parser, size: int, tmp_path: Path
) -> None:
    folder = (tmp_path,) if parser is summarize else ()
    half, whole = make(size, *folder), make(2 * size, *folder)
    growth = ratio(lambda: parser(half), lambda: parser(whole))
    assert growth <= MOST, f"twice as much takes {growth:.2f} times as long"


def test_the_budget_notices_a_quadratic_parser() -> None:
    def quadratic(text: str) -> None:
        for place in range(0, len(text), 50):
            sum(1 for _ in text[place:])

    def linear(text: str) -> None:
        for place in range(0, len(text), 50):
            sum(1 for _ in text[place : place + 50])

    def reading(parser: Parser) -> Callable[[int], Callable[[], None]]:
        return lambda size: lambda text="a" * size: parser(text)

    assert is_quadratic(reading(quadratic), 500)
    assert not is_quadratic(reading(linear), 500)
