"""Feeds that are damaged or hostile: a `FeedError`, soon, and with little memory."""

import io
import random
import subprocess
import sys
import zipfile

import pytest

from eventkit import feeds
from eventkit.errors import FeedError
from feed_samples import SAMPLES

TEXT = [name for name in SAMPLES if name != "manifest"]


def refused(data, match=None):
    with pytest.raises(FeedError, match=match) as caught:
        feeds.read(data)
    return caught.value


@pytest.mark.parametrize("name", [name for name in TEXT if name not in ("csv", "json-ld")])
def test_a_feed_that_was_cut_off_is_refused(name):
    data = SAMPLES[name].encode()
    for share in (0.3, 0.6, 0.9):
        refused(data[: int(len(data) * share)])


@pytest.mark.parametrize("name", ["frab-json", "schedule-xml", "xcal", "sessionize-all"])
def test_a_cut_off_feed_has_line_and_column(name):
    data = SAMPLES[name].encode()
    error = refused(data[: len(data) // 2])
    assert error.line is not None
    assert error.column is not None


def test_a_feed_in_another_encoding_is_refused_with_the_byte():
    data = SAMPLES["frab-json"].encode().replace(b"Soil", b"S\xf6il")
    error = refused(data, "byte 0xF6 is not UTF-8")
    assert error.line == 1


def test_an_encoding_that_xml_declares_is_used():
    text = SAMPLES["schedule-xml"].replace("UTF-8", "ISO-8859-1").replace("Sunrise", "Frühe")
    assert feeds.read(text.encode("latin-1")).sessions[1]["title"] == "Frühe"
    error = refused(text.replace("ISO-8859-1", "EBCDIC").encode("latin-1"), "ebcdic")
    assert (error.line, error.column) == (1, 1)


def test_utf_16_with_a_mark_is_read():
    assert len(feeds.read(SAMPLES["csv"].lstrip("\ufeff").encode("utf-16"))) == 2


def bomb():
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        SAMPLES["schedule-xml"]
        .replace("<schedule>", f'<!DOCTYPE schedule [<!ENTITY e0 "boom">{levels}]><schedule>', 1)
        .replace("Sunrise", "&e9;")
    )


def test_entities_of_a_document_are_not_resolved():
    error = refused(bomb().encode(), "entity &e9; is not known")
    assert error.line is not None


def test_external_entities_are_not_resolved(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    text = SAMPLES["schedule-xml"].replace(
        "<schedule>", f'<!DOCTYPE schedule [<!ENTITY x SYSTEM "file://{secret}">]><schedule>', 1
    )
    refused(text.replace("Sunrise", "&x;").encode(), "entity &x; is not known")
    # A declaration that is not used changes nothing.
    assert len(feeds.read(text.encode())) == 2


@pytest.mark.parametrize("piece", [b"[", b'{"a":', b"<a>", b"<!--"])
def test_nesting_of_any_depth_is_refused(piece):
    refused(piece * 100_000)


def test_deep_nesting_inside_a_known_document_is_refused():
    deep = b"[" * 100_000 + b"]" * 100_000
    refused(b'{"schedule": {"conference": {"days": %s}}}' % deep, "recursion limit|not JSON")
    deep_xml = SAMPLES["schedule-xml"].replace("Sunrise", "<a>" * 100_000 + "</a>" * 100_000)
    refused(deep_xml.encode(), "nested more than 256 deep")


PIECES = [b"", b"\x00", b'"', b"<", b"&", b"{", b"]", b",", b"\n", b"\xff", b"0", b"2026-01-01T"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_changed_feed_is_read_or_refused(name):
    data = SAMPLES[name].encode()
    chance = random.Random(name)
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed))
            changed[at : at + chance.choice([0, 1, 1, 8])] = chance.choice(PIECES)
        try:
            programme = feeds.read(bytes(changed))
        except FeedError as error:
            assert error.reason  # noqa: PT017 - most are read
            continue
        ids = [session.get("id") for session in programme.sessions]
        assert programme.format == "manifest" or len(set(ids)) == len(ids)
        assert all(session["title"] for session in programme.sessions if "title" in session)


def test_files_that_are_no_text_are_named():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w"):
        pass
    refused(archive.getvalue(), "ZIP")
    refused(b"PK\x03\x04" + bytes(50), "ZIP")
    refused(b"\x1f\x8b" + bytes(50), "gzip")
    refused(b"%PDF-1.7\n", "PDF")
    refused(b"\x89PNG\r\n", "picture")


@pytest.mark.parametrize("data", [b"", b"  \n", b"\xef\xbb\xbf", b"---\n---\n"])
def test_an_empty_feed_is_refused(data):
    refused(data, "empty")


def test_an_html_page_in_the_place_of_json_is_named():
    head = b"<!DOCTYPE html><html><head><title>Schedule</title></head>"
    page = head + b"<body class='sz-api'></body></html>"
    refused(page, r'an HTML page "Schedule".*Sessionize.*set its format to JSON')
    refused(b"<html><body>404</body></html>", "an HTML page, not a feed")


def test_documents_that_are_no_programme_are_described():
    refused(b'{"openapi": "3.0.0", "paths": {}}', '"openapi", "paths"')
    refused(b"<rss><channel/></rss>", "<rss>")
    refused(b"[1, 2, 3]", "a list of 3 values")
    refused(b'"text"')
    refused(b"hello world\n", 'begins with "hello world"')


def test_a_feed_that_is_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(feeds.MOST_BYTES + 1)
    refused(path, "at most")


_MEASURE = """
import resource, sys
from eventkit import feeds
from eventkit.errors import FeedError
kind, size = sys.argv[1], int(sys.argv[2])
made = {
    "line": lambda: b'{"schedule": "' + b"a" * size,
    "zeros": lambda: b"[" + b"0," * (size // 2) + b"0]",
    "objects": lambda: b"[" + b"{}," * (size // 3) + b"{}]",
    "table": lambda: b"title," + b"a" * size,
    "rows": lambda: b"title,room\\n" + b"a,b\\n" * (size // 4),
    "tags": lambda: b"<schedule><day><event><title>" + b"<a " * (size // 3),
    "persons": lambda: b"<schedule><day><event><persons>" + b"<p>a</p>" * (size // 8),
    "marks": lambda: b"BEGIN:VCALENDAR\\n" + b"A:,,\\n" * (size // 5) + b"END:VCALENDAR",
    "cells": lambda: b"title" + b"," * size,
    "xml": lambda: b"<schedule>" + b"<a>" * (size // 3),
    "text": lambda: b"<schedule><day><event><title>" + b"a" * size,
    "entities": lambda: b"<schedule><day><event><title>" + b"&amp;" * (size // 5),
    "calendar": lambda: b"BEGIN:VCALENDAR\\r\\nBEGIN:VEVENT\\r\\nSUMMARY:" + b"a" * size,
}
data = made[kind]()
try:
    feeds.read(b"[")
except FeedError:
    pass
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    feeds.read(data)
except FeedError as error:
    print(str(error)[:100], file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, len(data))
"""


@pytest.mark.once
@pytest.mark.parametrize(
    "kind",
    [
        "line",
        "zeros",
        "objects",
        "table",
        "rows",
        "cells",
        "xml",
        "tags",
        "persons",
        "text",
        "entities",
        "calendar",
        "marks",
    ],
)
def test_bad_and_useless_feeds_take_little_memory(kind):
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, kind, str(24 << 20)],
        check=True,
        capture_output=True,
        text=True,
    )
    more, size = map(int, done.stdout.split())
    # The input is held already when the measurement begins: it is the first of twice its size.
    assert more * 1024 <= size + (64 << 20), done.stderr
