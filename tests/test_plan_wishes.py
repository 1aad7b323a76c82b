"""`plan` with sessions that must be in, sessions to avoid, and times at which one is busy."""

from __future__ import annotations

import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

import eventkit
from catalog_reference import Item, apart, best_total
from conftest import faults_scale
from eventkit import Catalog
from eventkit.busy import busy_times
from eventkit.errors import MissingExtraError


def minutes(text: str) -> int:
    return 60 * int(text[:2]) + int(text[3:])


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def draw(rng: Random) -> list[dict[str, Any]]:
    sessions = []
    for number in range(rng.randint(1, 8)):
        start = 540 + rng.randrange(0, 240, 15)
        session = {
            "title": f"T{number}",
            "tags": rng.choice((["ai"], ["ai", "web"], ["rust"])),
            "popularity": rng.choice((0, 1, 2, -9)),
            "location": rng.choice(("Hall", "Room", None)),
        }
        if rng.randrange(8):
            session |= {"start": clock(start), "end": clock(start + rng.choice((15, 30, 60)))}
        sessions.append(session)
    return sessions


def fits(one: Item, other: Item, gap: float) -> bool:
    return apart(one, other, gap) or apart(other, one, gap)


def item(catalog: Catalog, session: dict[str, Any], number: int) -> Item | None:
    if "start" not in session:
        return None
    location = session["location"] and session["location"].lower()
    start, end = minutes(session["start"]), minutes(session["end"])
    score = catalog.score(session["title"], ["ai", "web"])["score"]
    return Item(start, end, score, location, number)


def check_reasons(
    plan: Any, items: dict[str, Item | None], wishes: Any, top: Any, gap: Any
) -> None:
    chosen = [items[session["title"]] for session in plan["sessions"]]
    for row in plan["left_out"]:
        own, reason = items[row["title"]], row["reason"]
        if reason == "overlaps":
            assert not fits(own, items[row["session"]], gap)
            assert items[row["session"]] in chosen
        elif reason == "busy":
            start, end = map(minutes, row["busy"])
            assert own.start < end
            assert start < own.end
        elif reason == "avoided":
            assert row["title"] in wishes["avoid"]
        elif reason == "untimed":
            assert own is None
        elif reason == "limit":
            assert len(chosen) == top
            assert all(fits(own, it, gap) for it in chosen)
        else:
            assert reason == "no gain"
            assert not row["score"] > 0


def test_no_plan_that_keeps_to_the_wishes_is_better() -> None:
    """400 cases, and 20,000 in the long form: the wishes are applied by hand, and all is tried."""
    rng = Random(7)
    planned = 0
    for _ in range(faults_scale(400, 20_000)):
        sessions = draw(rng)
        catalog = Catalog(sessions, weights={"interest": 2, "popularity": 1, "diversity": 0})
        items = {it["title"]: item(catalog, it, number) for number, it in enumerate(sessions)}
        names = [it["title"] for it in sessions]
        must = rng.sample(names, rng.choice((0, 0, 1, min(2, len(names)))))
        avoid = rng.sample(names, rng.choice((0, 0, 1)))
        start = 540 + rng.randrange(0, 240, 15)
        busy = [(clock(start), clock(start + 30))][: rng.randrange(2)]
        top, gap = rng.choice((None, None, 1, 2, 3)), rng.choice((0, 0, 15))
        blocked = [
            name
            for name, it in items.items()
            if it and any(it.start < minutes(b) and minutes(a) < it.end for a, b in busy)
        ]
        required = [items[name] for name in must]
        contradicts = (
            None in required
            or {*must} & {*avoid, *blocked}
            or (top is not None and len(must) > top)
            or any(
                not fits(one, other, gap)
                for number, one in enumerate(required)
                for other in required[:number]
            )
        )
        wishes: Any = {"must": must, "avoid": avoid, "busy": busy}
        if contradicts:
            with pytest.raises(ValueError, match="must"):
                catalog.plan(["ai", "web"], top, gap=gap, **wishes)
            continue
        planned += 1
        plan = catalog.plan(["ai", "web"], top, gap=gap, **wishes)
        free = [
            items[it["title"]]
            for it in sessions
            if it["title"] not in {*must, *avoid, *blocked}
            and {*it["tags"]} & {"ai", "web"}
            and items[it["title"]]
            and all(fits(items[it["title"]], held, gap) for held in required)
        ]
        most = None if top is None else top - len(must)
        expected = best_total(free, most, gap) + sum(it.score for it in required)
        assert plan["total"] == pytest.approx(expected, abs=1e-9)
        titles = [session["title"] for session in plan["sessions"]]
        assert {*must} <= {*titles}
        assert not {*titles} & {*avoid, *blocked}
        candidates = {
            it["title"] for it in sessions if {*it["tags"]} & {"ai", "web"} or it["title"] in must
        }
        left_out = [row["title"] for row in plan["left_out"]]
        assert sorted([*titles, *left_out]) == sorted(candidates)
        scores = [row["score"] for row in plan["left_out"]]
        assert scores == sorted(scores, reverse=True)
        check_reasons(plan, items, wishes, top, gap)
    assert planned > faults_scale(100, 5_000)


DAY = [
    {
        "id": "a",
        "title": "Agents",
        "tags": ["ai"],
        "start": "2026-01-31T09:00",
        "end": "2026-01-31T10:00",
    },
    {
        "id": "b",
        "title": "Bots",
        "tags": ["ai"],
        "start": "2026-01-31T09:30",
        "end": "2026-01-31T10:30",
    },
    {
        "id": "c",
        "title": "Cats",
        "tags": [],
        "start": "2026-01-31T11:00",
        "end": "2026-01-31T12:00",
    },
    {"id": "d", "title": "Dogs", "tags": ["ai"]},
]


@pytest.mark.parametrize(
    ("wishes", "error", "message"),
    [
        ({"must": ["a", "bots"]}, ValueError, "must: 'Agents' and 'Bots' overlap"),
        ({"must": ["Dogs"]}, ValueError, "must: 'Dogs' has no time to plan with"),
        ({"must": ["a"], "avoid": ["agents"]}, ValueError, "must and avoid both name 'Agents'"),
        ({"must": ["a", "c"], "top": 1}, ValueError, "must names 2 sessions"),
        (
            {"must": ["a"], "busy": [("09:30", "09:45")]},
            ValueError,
            "must: 'Agents' overlaps the busy time from 09:30 to 09:45",
        ),
        (
            {"must": ["c"], "filter": eventkit.Filter(all_tags=["ai"])},
            ValueError,
            'must names "c", which the filter does not admit',
        ),
        ({"must": ["Eels"]}, KeyError, "must names .*Eels.*, which is no session"),
        ({"avoid": ["Eels"]}, KeyError, "avoid names .*Eels"),
        ({"must": "a"}, TypeError, "must is 'a', one text"),
        ({"avoid": [5]}, TypeError, "avoid holds 5"),
        ({"busy": [5]}, TypeError, r"busy\[0\] is 5, expected a pair"),
        ({"busy": [("noon", "13:00")]}, ValueError, r"busy\[0\] has the time 'noon'"),
        ({"busy": [("13:00", "2026-01-31")]}, ValueError, "expected two times of one kind"),
        (
            {"busy": [("2026-01-31T09:00Z", "2026-01-31T10:00Z")]},
            ValueError,
            "has an offset from UTC, and the times of the sessions have none: .* zone=",
        ),
        ({"busy": [("2026-01-31", "2026-01-31")], "zone": "Mars/One"}, ValueError, "Mars/One"),
        ({"busy": [("9:00", "10:00")], "date": "31 Jan"}, ValueError, "expected a day such as"),
    ],
)
def test_wishes_that_cannot_be_kept_are_named(wishes: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        Catalog(DAY).plan(["ai"], **wishes)


def test_a_required_session_need_not_match() -> None:
    plan = Catalog(DAY).plan(["ai"], must=["cats"])
    assert [session["title"] for session in plan["sessions"]] == ["Agents", "Cats"]


def test_a_title_to_avoid_means_all_sessions_with_it() -> None:
    sessions = [
        DAY[0],
        {**DAY[0], "id": "a2", "start": "2026-01-31T13:00", "end": "2026-01-31T14:00"},
    ]
    assert Catalog(sessions).plan(["ai"], avoid=["AGENTS"])["sessions"] == []
    only = Catalog(sessions).plan(["ai"], avoid=["a"])["sessions"]
    assert [session["id"] for session in only] == ["a2"]


def test_busy_times_of_each_form() -> None:
    zone = {"zone": "Europe/Berlin"}
    graph = {
        "start": {"dateTime": "2026-01-31T08:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-01-31T08:30:00.0000000", "timeZone": "UTC"},
    }
    forms: list[Any] = [
        {"busy": [("9:00", "9:30")]},
        {"busy": [("2026-01-31T09:00", "2026-01-31T09:30")]},
        {"busy": [{"start": "2026-01-31T09:00", "end": "2026-01-31T09:30"}]},
        {"busy": [(datetime.datetime(2026, 1, 31, 9), datetime.datetime(2026, 1, 31, 9, 30))]},
        {"busy": [graph], **zone},
        {"busy": [("2026-01-31T08:00Z", "2026-01-31T08:30Z")], **zone},
    ]
    for form in forms:
        plan = eventkit.plan(DAY, ["ai"], **form)
        assert [session["title"] for session in plan["sessions"]] == ["Bots"], form
        assert [row["reason"] for row in plan["left_out"]] == ["busy", "untimed"], form
    free = [{**graph, "showAs": "free"}, {**graph, "isCancelled": True}]
    assert eventkit.plan(DAY, ["ai"], busy=free, **zone)["sessions"] == DAY[:1]


def test_events_that_last_all_day_are_of_that_day_in_every_zone() -> None:
    day = {
        "isAllDay": True,
        "start": {"dateTime": "2026-01-31T00:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-02-01T00:00:00.0000000", "timeZone": "UTC"},
    }
    expected = [("2026-01-31T00:00:00", "2026-02-01T00:00:00")]
    assert busy_times([day], zone="Pacific/Auckland") == expected


def test_a_programme_of_one_day_takes_the_times_of_that_day() -> None:
    sessions = [{**session, "start": "09:00", "end": "10:00"} for session in DAY[:1]]
    busy = [("2026-01-30T22:00", "2026-01-31T09:30")]
    with pytest.raises(ValueError, match="has a date, and the times of the sessions have none"):
        eventkit.plan(sessions, ["ai"], busy=busy)
    for date in ("2026-01-31", datetime.date(2026, 1, 31)):
        assert eventkit.plan(sessions, ["ai"], busy=busy, date=date)["sessions"] == []
    assert len(eventkit.plan(sessions, ["ai"], busy=busy, date="2026-02-01")["sessions"]) == 1


def test_an_unknown_zone_of_an_event_is_an_error() -> None:
    event = {
        "start": {"dateTime": "2026-01-31T08:00:00", "timeZone": "W. Europe Standard Time"},
        "end": {"dateTime": "2026-01-31T08:30:00", "timeZone": "W. Europe Standard Time"},
    }
    with pytest.raises(ValueError, match=r"busy\[0\] has the time zone 'W. Europe Standard Time'"):
        busy_times([event])


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:1
DTSTART:20260131T080000Z
DTEND:20260131T083000Z
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20260201
DTEND;VALUE=DATE:20260203
END:VEVENT
BEGIN:VEVENT
UID:3
TRANSP:TRANSPARENT
DTSTART:20260131T100000Z
DURATION:PT1H
END:VEVENT
BEGIN:VEVENT
UID:4
STATUS:CANCELLED
DTSTART:20260131T100000Z
DURATION:PT1H
END:VEVENT
BEGIN:VEVENT
UID:5
DTSTART;TZID=Europe/Berlin:20260131T110000
DURATION:PT1H
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_file_is_read(tmp_path: Path) -> None:
    pytest.importorskip("icalendar")
    file = tmp_path / "mine.ics"
    file.write_text(ICS.replace("\n", "\r\n"))
    assert busy_times(file, zone="Europe/Berlin") == [
        ("2026-01-31T09:00:00", "2026-01-31T09:30:00"),
        ("2026-02-01T00:00:00", "2026-02-03T00:00:00"),
        ("2026-01-31T11:00:00", "2026-01-31T12:00:00"),
    ]
    assert eventkit.plan(DAY, ["ai"], busy=str(file), zone="Europe/Berlin")["sessions"] == [DAY[1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ICS.replace("UID:1\n", "UID:1\nRRULE:FREQ=DAILY\n"), "event 1 of .* repeats for ever"),
        ("no calendar", "is no calendar"),
        (ICS.replace("DTSTART:20260131T080000Z\n", ""), "event 1 of"),
    ],
)
def test_a_calendar_file_that_cannot_be_read_says_why(
    tmp_path: Path, text: str, message: str
) -> None:
    pytest.importorskip("icalendar")
    file = tmp_path / "mine.ics"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        busy_times(file)


RECURRING = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:weekly
DTSTART;TZID=Europe/Berlin:20260320T090000
DTEND;TZID=Europe/Berlin:20260320T093000
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE;TZID=Europe/Berlin:20260327T090000
END:VEVENT
BEGIN:VEVENT
UID:weekly
RECURRENCE-ID;TZID=Europe/Berlin:20260403T090000
DTSTART;TZID=Europe/Berlin:20260403T140000
DTEND;TZID=Europe/Berlin:20260403T150000
END:VEVENT
BEGIN:VEVENT
UID:leave
DTSTART;VALUE=DATE:20260401
RRULE:FREQ=DAILY;UNTIL=20260402
END:VEVENT
BEGIN:VEVENT
UID:free
TRANSP:TRANSPARENT
DTSTART:20260401T080000Z
RRULE:FREQ=DAILY;COUNT=3
END:VEVENT
END:VCALENDAR
"""


def test_an_event_that_recurs_is_busy_at_each_of_its_times(tmp_path: Path) -> None:
    pytest.importorskip("icalendar")
    file = tmp_path / "mine.ics"
    file.write_text(RECURRING)
    # Summer time begins on 29 March: nine o'clock in Berlin stays nine o'clock.
    assert sorted(busy_times(file, zone="Europe/Berlin")) == [
        ("2026-03-20T09:00:00", "2026-03-20T09:30:00"),
        ("2026-04-01T00:00:00", "2026-04-02T00:00:00"),
        ("2026-04-02T00:00:00", "2026-04-03T00:00:00"),
        ("2026-04-03T14:00:00", "2026-04-03T15:00:00"),
        ("2026-04-10T09:00:00", "2026-04-10T09:30:00"),
    ]
    assert busy_times(file, "2026-04-10", "Europe/Berlin") == [("09:00", "09:30")]


def test_an_event_that_recurs_for_ever_is_busy_on_the_day_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("icalendar")
    file = tmp_path / "mine.ics"
    file.write_text(RECURRING.replace(";COUNT=4", ""))
    # 300 weeks later, which is more than the times that a feed is read for.
    assert busy_times(file, "2031-12-19", "Europe/Berlin") == [("09:00", "09:30")]
    assert busy_times(file, "2031-12-20", "Europe/Berlin") == []


def test_without_icalendar_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "icalendar", None)
    with pytest.raises(MissingExtraError, match=r"eventkit-recommender\[ics\]"):
        busy_times(tmp_path / "mine.ics")
