"""The formats of an itinerary, each read back by somebody else's parser where there is one."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import icalendar
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import eventkit
from eventkit import reference
from eventkit.dates import describe_slot, parse_moment
from eventkit.exports import build_calendar, build_page, escape_markdown

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
DAY = date(2026, 5, 4)
WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
UTC = timezone.utc


def events(*sessions: dict) -> list[icalendar.Event]:
    text = build_calendar(sessions, day=DAY, now=NOW).text
    return icalendar.Calendar.from_ical(text).walk("VEVENT")


def when(start: object, end: object = None) -> tuple[object, object]:
    (event,) = events({"title": "T", "start": start, "end": end})
    return event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None


# --- calendars

TIMES = [
    (
        ("2026-09-14T09:00:00+02:00", "2026-09-14T09:45:00+02:00"),
        (datetime(2026, 9, 14, 7, tzinfo=UTC), datetime(2026, 9, 14, 7, 45, tzinfo=UTC)),
    ),
    (("2026-09-14T09:00:00Z", None), (datetime(2026, 9, 14, 9, tzinfo=UTC), None)),
    (("2026-09-14T23:30-0230", None), (datetime(2026, 9, 15, 2, tzinfo=UTC), None)),
    (("2026-09-14T09:00:00.0000000Z", None), (datetime(2026, 9, 14, 9, tzinfo=UTC), None)),
    (("2026-09-14 09:00", "10:30"), (datetime(2026, 9, 14, 9), datetime(2026, 9, 14, 10, 30))),
    (("09:00", "2026-09-14T10:00"), (datetime(2026, 9, 14, 9), datetime(2026, 9, 14, 10))),
    (
        ("2026-09-14T09:00:00+02:00", "10:00"),
        (datetime(2026, 9, 14, 7, tzinfo=UTC), datetime(2026, 9, 14, 8, tzinfo=UTC)),
    ),
    (("9:05", "9:50"), (datetime(2026, 5, 4, 9, 5), datetime(2026, 5, 4, 9, 50))),
    (("1:30 PM", "02:15pm"), (datetime(2026, 5, 4, 13, 30), datetime(2026, 5, 4, 14, 15))),
    (("23:00", "01:00"), (datetime(2026, 5, 4, 23), datetime(2026, 5, 5, 1))),
    (("09:00", "09:00"), (datetime(2026, 5, 4, 9), None)),
    (("09:00", "noon"), (datetime(2026, 5, 4, 9), None)),
    (("2026-09-14T10:00", "2026-09-14T09:00"), (datetime(2026, 9, 14, 10), None)),
    (("2026-09-14", None), (date(2026, 9, 14), None)),
    (("2026-09-14", "2026-09-15"), (date(2026, 9, 14), date(2026, 9, 16))),
    (("2026-09-14", "10:00"), (date(2026, 9, 14), None)),
    ((time(9), time(10)), (datetime(2026, 5, 4, 9), datetime(2026, 5, 4, 10))),
    ((date(2026, 9, 14), None), (date(2026, 9, 14), None)),
    (
        (datetime(2026, 9, 14, 9, tzinfo=timezone(timedelta(hours=-7))), None),
        (datetime(2026, 9, 14, 16, tzinfo=UTC), None),
    ),
]


@pytest.mark.parametrize(("given_times", "expected"), TIMES, ids=[str(row[0]) for row in TIMES])
def test_times(given_times: tuple, expected: tuple) -> None:
    assert when(*given_times) == expected


@pytest.mark.parametrize(
    "start",
    [
        *(None, "", " ", "?", "TBD", "25:00", "9", "13:00 PM", "0:30 am", "2026-02-30", "2026"),
        *("2026-09-14T", "0001-01-01T00:00+02:00", "9999-12-31T23:00-05:00", 5, True, 9.5),
        *("\uff11\uff10:00", "09:00\x00", "2026-09-14T09:00:00+25:00"),
    ],
)
def test_unreadable_starts_are_left_out_and_named(start: object) -> None:
    sessions = [{"title": "Lost", "start": start}, {"title": "Kept", "start": "09:00"}]
    calendar = build_calendar(sessions, day=DAY, now=NOW)
    if start == "2026-09-14T":  # the date alone
        assert calendar.skipped == []
    else:
        assert calendar.skipped == ["Lost"]
        assert calendar.text.count("BEGIN:VEVENT") == 1
    manifest = {"weights": WEIGHTS, "sessions": sessions}
    result = eventkit.export(manifest, ["ai"], format="ics", date=DAY)
    assert result == {"ics": result["ics"], "sessionCount": 2, "skipped": calendar.skipped}


def test_day_is_today_when_not_given() -> None:
    before = date.today()
    text = build_calendar([{"title": "T", "start": "09:00"}]).text
    days = {f"DTSTART:{day:%Y%m%d}T090000" for day in (before, date.today())}
    assert any(day in text for day in days)


def test_texts_come_back_as_they_were() -> None:
    session = {
        "title": 'Semi; comma, back\\slash "quoted": \\n \\, end',
        "start": "09:00",
        "location": "Hall 1; upstairs,\nleft",
        "description": "Two\r\nlines\u2028three",
        "tags": ["a,b", "c;d", "e\\f"],
    }
    (event,) = events(session)
    assert event["SUMMARY"] == session["title"]
    assert event["LOCATION"] == session["location"]
    assert event["DESCRIPTION"] == "Two\nlines\nthree"
    assert [str(tag) for tag in event["CATEGORIES"].cats] == session["tags"]


def test_injection_makes_no_second_event() -> None:
    title = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:evil\nEND:VCALENDAR\r\r\x0bBEGIN:VALARM"
    (event,) = events({"title": title, "start": "09:00", "location": title, "tags": [title]})
    assert "evil" in event["SUMMARY"]


def test_identifiers_are_stable_and_single() -> None:
    twin = {"title": "Twin", "start": "09:00"}
    moved = {"id": "s1", "title": "Moved", "start": "09:00"}
    first = [event["UID"] for event in events(twin, twin, moved)]
    again = [event["UID"] for event in events(twin, twin, moved | {"start": "11:00"})]
    assert first == again
    assert len(set(first)) == 3


def test_head_of_the_calendar() -> None:
    text = build_calendar([], name="A, B", now=NOW).text
    assert icalendar.Calendar.from_ical(text)["VERSION"] == "2.0"
    assert "\r\nX-WR-CALNAME:A\\, B\r\n" in text
    (event,) = events({"title": "T", "start": "09:00"})
    assert event["DTSTAMP"].dt == NOW


TEXTS = st.text(st.characters(exclude_categories=()), max_size=120)


@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_any_text_makes_a_valid_calendar(title: str, location: str, tags: list[str]) -> None:
    session = {"title": title, "location": location, "tags": tags, "start": "09:00"}
    text = build_calendar([session, session], name=title, day=DAY, now=NOW).text
    for line in text.encode("utf-8").split(b"\r\n"):
        assert len(line) <= 75
        line.decode("utf-8")
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line)
    assert text.endswith("END:VCALENDAR\r\n")
    parsed = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert len(parsed) == 2
    assert all(not event.errors for event in parsed)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=300))
def test_summaries_survive_folding(title: str) -> None:
    (event,) = events({"title": title, "start": "09:00"})
    assert str(event["SUMMARY"]) == title


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(timezones=OFFSETS))
def test_instants_survive(start: datetime) -> None:
    try:
        expected = start.replace(microsecond=0).astimezone(UTC)
    except OverflowError:
        reject()
    assert when(start.isoformat())[0] == when(start)[0] == expected


# --- Markdown


def test_escape_leaves_plain_texts_alone() -> None:
    manifest = {"weights": WEIGHTS, "sessions": [{"title": "Plain talk", "start": "09:00"}]}
    plain = eventkit.export(manifest, ["ai"])["markdown"]
    assert eventkit.export(manifest, ["ai"], escape=True)["markdown"] == plain


def test_escape_keeps_titles_on_their_line() -> None:
    evil = "Talk\n\n# Injected\n<script>x</script> [a](http://b) ![i](c) **b** `c` | d"
    session = {"title": evil, "location": evil, "start": evil, "end": None, "tags": [evil]}
    manifest = {"weights": WEIGHTS, "sessions": [session]}
    lines = eventkit.export(manifest, [evil], escape=True)["markdown"].split("\n")
    plain = eventkit.export(manifest, ["x"])["markdown"]
    assert [line[:3] for line in lines if line] == ["# E", "**R", "## ", "Tim", "Tag"]
    assert not any(re.search(r"(?<!\\)[<\[`]", line) for line in lines)
    assert "\n# Injected" in plain  # the original's, unless asked


@given(TEXTS)
def test_escaped_markup_is_always_behind_a_backslash(text: str) -> None:
    escaped = escape_markdown(text)
    assert "\n" not in escaped
    assert re.fullmatch(r"(?:\\.|[^\\`*_{}\[\]<>#|~!&@$^])*", escaped)


def test_escape_keeps_missing_members_missing() -> None:
    manifest = {"weights": WEIGHTS, "sessions": [{"title": "T"}]}
    assert "Time: ? - ? | Location: ?" in eventkit.export(manifest, [], escape=True)["markdown"]


# --- web pages


class Page(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


PAGE_TAGS = {"html", "head", "meta", "title", "style", "body", "main", "time"}
PAGE_TAGS |= {"h1", "h2", "p", "ol", "ul", "li"}


@given(TEXTS, st.lists(TEXTS, max_size=2))
def test_any_text_makes_a_harmless_page(text: str, tags: list[str]) -> None:
    session = {"title": text, "location": text, "start": text, "end": "10:00", "tags": tags}
    page = build_page([text], {"sessions": [session], "conflicts": 1}, title=text)
    page.encode("utf-8")
    parsed = Page(page)
    assert set(parsed.tags) <= PAGE_TAGS
    assert parsed.tags.count("h2") == 1


def test_page_shows_what_it_should() -> None:
    evil = "<script>alert(1)</script> & \"q\" 'r'"
    session = {
        "title": evil,
        "start": "2026-09-14T09:00:00+02:00",
        "location": "L",
        "tags": ["<i>"],
    }
    manifest = {"name": "Days", "weights": WEIGHTS, "sessions": [session, session | {"tags": []}]}
    page = eventkit.export(manifest, ["ai"], format="html")["html"]
    parsed = Page(page)
    assert page.startswith("<!DOCTYPE html>\n<html lang")
    assert evil in parsed.texts
    assert "Mon 14 Sep 2026, 09:00" in parsed.texts
    assert '<time datetime="2026-09-14T09:00:00+02:00">' in page
    assert "prefers-color-scheme: dark" in page
    assert "Time slots that more than one session has: 1" in parsed.texts


# --- JSON and cards


def test_json_and_card_are_the_reference_objects(tmp_path: Path) -> None:
    manifest = eventkit.load_manifest(eventkit.manifest.SAMPLE_MANIFEST_PATH)
    recommendation = reference.recommend(manifest, ["ai"], 3)
    card = reference.build_adaptive_card(recommendation["sessions"])
    for format, expected in (("json", recommendation), ("card", card)):
        result = eventkit.export(manifest, ["ai"], 3, format=format, output=tmp_path)
        assert result == {format: expected, "sessionCount": 3, "saved": result["saved"]}
        assert json.loads(Path(result["saved"]).read_text(encoding="utf-8")) == expected


# --- times for readers


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-09-14T09:00Z", "2026-09-14T10:00Z", "Mon 14 Sep 2026, 09:00-10:00"),
        ("2026-09-14T22:00", "2026-09-15T02:00", "Mon 14 Sep 2026, 22:00 - Tue 15 Sep 2026, 02:00"),
        ("2026-09-14T09:00", "10:00", "Mon 14 Sep 2026, 09:00-10:00"),
        ("2026-09-14", "2026-09-15", "Mon 14 Sep 2026 - Tue 15 Sep 2026"),
        ("09:00", None, "09:00"),
        ("09:00", "later", "09:00"),
        ("soon", "later", "soon - later"),
        (None, None, "?"),
    ],
)
def test_slots_for_readers(start: object, end: object, said: str) -> None:
    assert describe_slot(start, end) == said


@given(st.one_of(TEXTS, st.none(), st.integers(), st.floats(), st.lists(st.integers())))
def test_moments_never_raise(value: object) -> None:
    parse_moment(value)
    describe_slot(value, value)
    build_calendar([{"title": "T", "start": value, "end": value}], day=DAY, now=NOW)
