"""What producers write beside the letter of their format is read right, or refused by reason."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree

import pytest

from eventkit.errors import FeedError
from feed_reading import brief, read


def calendar(*events, head=""):
    bodies = [f"BEGIN:VEVENT\nUID:{at}\n{event}\nEND:VEVENT" for at, event in enumerate(events)]
    return "\r\n".join(f"BEGIN:VCALENDAR\n{head}".split("\n") + "\n".join(bodies).split("\n")) + (
        "\r\nEND:VCALENDAR\r\n"
    )


def zone(name, daylight="RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", standard=None):
    standard = standard or daylight.replace("BYMONTH=3", "BYMONTH=10")
    return (
        f"BEGIN:VTIMEZONE\nTZID:{name}\n"
        f"BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
        f"{standard}\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\n"
        f"TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n{daylight}\nEND:DAYLIGHT\nEND:VTIMEZONE"
    )


OWN_ZONES = {
    "rules": zone("Our Zone"),
    "lists": zone(
        "Our Zone", "RDATE:20250330T020000,20260329T020000", "RDATE:20251026T030000,20261025T030000"
    ),
    "dates": zone(
        "Our Zone",
        "RRULE:FREQ=YEARLY;UNTIL=20301231T000000Z;BYMONTH=3;BYDAY=5SU",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    ),
}


@pytest.mark.parametrize("kind", OWN_ZONES)
def test_a_zone_that_a_calendar_defines_itself_gives_the_offset(kind):
    times = ["20260329T013000", "20260329T023000", "20260329T030000", "20261025T023000"]
    times += ["20261025T030000", "20261201T090000"]
    events = [f"DTSTART;TZID=Our Zone:{time}\nSUMMARY:A" for time in times]
    programme = read(calendar(*events, head=OWN_ZONES[kind]))
    offsets = [session["start_at"][-6:] for session in programme.sessions]
    # One time is skipped, and one occurs twice.
    assert offsets == ["+01:00", "+01:00", "+02:00", "+02:00", "+01:00", "+01:00"]
    known = read(calendar(*(event.replace("Our Zone", "Europe/Berlin") for event in events)))
    assert [session["start_at"] for session in known.sessions] == [
        session["start_at"] for session in programme.sessions
    ]


def test_a_zone_with_other_rules_is_noted_and_not_used():
    head = zone("Our Zone", "RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8,9,10;BYDAY=SU")
    programme = read(calendar("DTSTART;TZID=Our Zone:20260701T090000\nSUMMARY:A", head=head))
    assert programme.sessions[0]["start_at"] == "2026-07-01T09:00:00"
    assert 'zone "Our Zone" is not known' in programme.report.notes[0]


def test_each_calendar_of_a_file_has_its_own_zone():
    event = "DTSTART:20260701T130000\nSUMMARY:A"
    zones = ["X-WR-TIMEZONE:Europe/Paris", "X-WR-TIMEZONE:Asia/Tokyo"]
    text = "".join(calendar(event, head=head) for head in zones)
    assert brief(text, "start_at") == [
        ("2026-07-01T13:00:00+02:00",),
        ("2026-07-01T13:00:00+09:00",),
    ]


def test_a_calendar_with_times_as_in_iso_8601():
    event = "DTSTART:2026-07-01T09:00:00\nDTEND:2026-07-01T10:00:00\nSUMMARY:A"
    assert brief(calendar(event), "start_at", "end") == [("2026-07-01T09:00:00", "10:00")]
    programme = read(calendar("DTSTART:soon\nSUMMARY:A"))
    assert 'event 0: "soon" is no date' in programme.report.notes[0]


def test_xcal_keeps_the_duration_of_an_event_with_an_alarm():
    alarm = "<components><valarm><properties/></valarm></components>"
    times = "<dtstart><date-time>2026-07-01T09:00:00</date-time></dtstart>"
    times += "<duration><duration>PT1H</duration></duration><summary><text>A</text></summary>"
    text = f"<vevent><properties>{times}</properties>{alarm}</vevent>"
    text = f"<icalendar><vcalendar><components>{text}</components></vcalendar></icalendar>"
    assert brief(text, "start", "end") == [("09:00", "10:00")]


EVENT = (
    "<event id='1'><date>2026-08-01T10:00:00+02:00</date><duration>00:30</duration>"
    "<title>A</title></event>"
)
SCHEDULE = f"<schedule><day date='2026-08-01'><room name='Hall'>{EVENT}</room></day></schedule>"


def test_schedule_xml_dialects():
    assert brief(SCHEDULE.replace("00:30", "PT45M"), "end") == [("10:45",)]
    people = "<title>A</title><persons><person name='Ann'/><person>Bo</person></persons>"
    assert brief(SCHEDULE.replace("<title>A</title>", people), "speakers") == [(["Ann", "Bo"],)]
    state = "<title>A</title><status>canceled</status>"
    programme = read(SCHEDULE.replace("<title>A</title>", state))
    assert (len(programme), programme.report.skipped) == (0, 1)


@pytest.mark.parametrize("encoding", ["iso-8859-15", "iso-8859-1", "utf-16"])
def test_schedule_xml_in_the_encoding_that_it_declares(encoding):
    title = "Café" if encoding == "iso-8859-1" else "Café 5 €, Šœ"
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    data = (declared + SCHEDULE.replace(">A<", f">{title}<")).encode(encoding)
    assert ElementTree.fromstring(data).findtext(".//title") == title
    assert read(data).sessions[0]["title"] == title


def frab(**event):
    event = {"id": 1, "title": "A", "start": "10:00", "duration": "00:30", **event}
    day = {"date": "2026-08-01", "rooms": {"Hall": [event]}}
    return {"schedule": {"conference": {"title": "F", "timezone": "Europe/Vienna", "days": [day]}}}


def test_frab_dialects():
    assert brief(frab(), "start_at") == [("2026-08-01T10:00:00+02:00",)]
    assert brief(frab(duration="P0Y0M0DT0H45M0.000S"), "end") == [("10:45",)]
    people = [{"display_name": "Ann"}, {"first_name": "Bo", "last_name": "Ek"}]
    assert brief(frab(persons=people), "speakers") == [(["Ann", "Bo Ek"],)]
    assert read(frab(state="canceled")).report.skipped == 1


def test_schedule2_names_a_room_and_a_track_without_a_table():
    event = {"guid": "g", "title": "A", "start": "2026-12-27T11:00:00+01:00", "duration": "1:00"}
    event |= {"room": "Hall", "track": "Web"}
    feed = {"schedule": {"conference": {"title": "S"}, "events": [event]}}
    assert brief(feed, "location", "track", "end") == [("Hall", "Web", "12:00")]


def test_hackertracker_of_newer_years():
    entry = {"id": 1, "conference": "DC", "title": "A", "location": {"name": "Hall"}}
    entry |= {"begin": "2026-08-08T10:00:00.000-07:00", "end": "2026-08-08T10:45:00.000-07:00"}
    entry |= {"type": {"name": "Talk"}, "speakers": [{"name": "Ann"}]}
    for feed in ({"events": [entry]}, [entry]):
        assert read(feed).format == "hackertracker"
        assert brief(feed, "start_at", "location") == [("2026-08-08T10:00:00-07:00", "Hall")]


def test_indico_lists_events_of_several_zones():
    time = {"date": "2026-06-01", "time": "09:00:00"}
    events = [
        {"id": at, "title": "A", "startDate": {**time, "tz": name}, "timezone": name}
        for at, name in enumerate(["UTC", "America/New_York"])
    ]
    programme = read({"results": events})
    assert (programme.format, programme.zone, programme.name) == ("indico", None, "")
    assert [session["start"] for session in programme.sessions] == ["09:00", "09:00"]


def test_pretalx_takes_each_slot_and_no_code_for_a_name():
    slots = [{"start": f"2026-05-0{day}T09:00:00+02:00", "room": {"en": "Hall"}} for day in (1, 2)]
    talk = {"code": "ABCDEF", "title": "A", "duration": 30, "slots": slots, "speakers": ["9QFXYA"]}
    programme = read({"results": [talk]})
    assert [session["id"] for session in programme.sessions] == ["ABCDEF", "ABCDEF-2"]
    assert [session["speakers"] for session in programme.sessions] == [[], []]
    assert "only codes" in programme.report.notes[0]


LD = {"@type": "Event", "name": "A", "startDate": "2026-07-01T20:00:00+02:00"}
PAGES = {
    "comment": "<html><script type='application/ld+json'><!--\n{}\n--></script></html>",
    "data": "<html><script type='application/ld+json'>//<![CDATA[\n{}\n//]]></script></html>",
    "capitals": '<HTML><SCRIPT TYPE="application/ld+json">{}</SCRIPT></HTML>',
    "xhtml": "<?xml version='1.0'?><!DOCTYPE html><html>"
    "<script type='application/ld+json'>{}</script></html>",
    "head": "<head><script type='application/ld+json'>{}</script></head>",
}


@pytest.mark.parametrize("page", PAGES)
def test_json_ld_in_pages_of_every_form(page):
    text = PAGES[page].replace("{}", json.dumps(LD))
    assert read(text).format == "json-ld"
    assert brief(text, "title", "start") == [("A", "20:00")]


def test_json_ld_dialects():
    broken = "<script type='application/ld+json'>{,}</script>"
    page = PAGES["head"].replace("{}", json.dumps(LD)) + broken
    assert "not JSON" in read(page).report.notes[0]
    places = [{"@type": "VirtualLocation", "url": "u"}, {"@type": "Place", "name": "Park"}]
    assert brief({**LD, "location": places}, "location") == [("Park",)]
    day = {"@type": "Event", "name": "Day", "subEvent": [LD]}
    assert read({"@type": "Event", "name": "Fair", "subEvent": [day]}).name == "Fair"
    typed = {"@type": "DateTime", "@value": LD["startDate"]}
    assert brief({**LD, "startDate": typed}, "start") == [("20:00",)]


LISTS = {
    "slot with a proposal": [
        {
            "id": 1,
            "fromDate": "2026-05-01T07:00:00Z",
            "toDate": "2026-05-01T08:00:00Z",
            "eventName": "Fair",
            "room": {"name": "Hall"},
            "timezone": "Europe/Brussels",
            "proposal": {"id": 7, "title": "A", "speakers": [{"fullName": "Ann"}]},
        }
    ],
    "ids of tables": {
        "sessions": [
            {
                "title": "A",
                "dateStart": "2026-05-01T09:00:00+02:00",
                "dateEnd": "2026-05-01T10:00:00+02:00",
                "speakerIds": ["s"],
                "roomId": 5,
            }
        ],
        "speakers": [{"id": "s", "name": "Ann"}],
        "rooms": [{"id": 5, "name": "Hall"}],
    },
    "text and HTML": [
        {
            "name": {"text": "A", "html": "<b>A</b>"},
            "start": {"local": "2026-05-01T09:00:00", "utc": "2026-05-01T07:00:00Z"},
            "end": {"local": "2026-05-01T10:00:00", "utc": "2026-05-01T08:00:00Z"},
            "timezone": "Europe/Berlin",
            "venue": {"name": "Hall"},
            "speakers": ["Ann"],
        }
    ],
    "milliseconds": [
        {
            "name": "A",
            "time": 1777618800000,
            "duration": 3600000,
            "venue": {"name": "Hall"},
            "timezone": "Europe/Berlin",
            "speakers": ["Ann"],
        }
    ],
}


@pytest.mark.parametrize("shape", LISTS)
def test_lists_of_other_producers(shape):
    expected = ("A", "2026-05-01T09:00:00+02:00", "2026-05-01T10:00:00+02:00", "Hall", ["Ann"])
    fields = ("title", "start_at", "end_at", "location", "speakers")
    assert brief(LISTS[shape], *fields) == [expected]


def test_what_is_cancelled_is_skipped_in_every_table_and_list():
    table = "title,start,status\nA,2026-05-01 09:00,confirmed\nB,2026-05-01 09:00,Cancelled\n"
    assert brief(table, "title") == [("A",)]
    talks = [{"title": name, "start": "2026-05-01T09:00"} for name in "AB"]
    assert brief([talks[0], {**talks[1], "isCancelled": True}], "title") == [("A",)]
    assert brief([talks[0], {**talks[1], "isCancelled": False}], "title") == [("A",), ("B",)]


@pytest.mark.parametrize(
    "table",
    [
        "Day,Time,Title\nFriday 1 May 2026,9:00,A\n,14:00,B\nSaturday 2 May 2026,9:00,C\n",
        "Time,Title\nFriday 1 May 2026,\n9:00,A\n14:00,B\nSaturday 2 May 2026,\n9:00,C\n",
        "Time,Title\n,1. Mai 2026\n9:00,A\n14:00,B\n,2. Mai 2026\n9:00,C\n",
    ],
)
def test_a_day_stands_above_its_rows(table):
    programme = read(table)
    starts = [(session["title"], session["start_at"]) for session in programme.sessions]
    assert starts == [
        ("A", "2026-05-01T09:00:00"),
        ("B", "2026-05-01T14:00:00"),
        ("C", "2026-05-02T09:00:00"),
    ]
    assert "day" in programme.report.notes[0]


def test_an_empty_date_among_full_ones_stays_empty_and_is_noted():
    table = "Date,Time,Title\n2026-05-01,9:00,A\n,9:00,B\n2026-05-15,9:00,C\n"
    programme = read(table)
    assert "start_at" not in programme.sessions[1]
    assert "1 sessions have a time and no date" in programme.report.notes


def test_a_date_without_a_time_is_the_day():
    assert brief("title,date\nA,2026-05-01\nB,2026-05-02\n", "day", "start_at") == [
        ("2026-05-01", None),
        ("2026-05-02", None),
    ]


@pytest.mark.parametrize(
    ("header", "values", "ends", "noted"),
    [
        ("duration", ("1800", "3600"), ("00:30", "01:00"), "in seconds"),
        ("duration", ("45", "90"), ("00:45", "01:30"), ""),
        ("Dauer (h)", ("1,5", "0,5"), ("01:30", "00:30"), "in hours"),
        ("duration", ("1.5", "0.5"), ("01:30", "00:30"), "in hours"),
        ("duration_seconds", ("60", "600"), ("00:01", "00:10"), "in seconds"),
        ("duration", ("1h30", "45'"), ("01:30", "00:45"), ""),
        ("duration", ("1.5 h", "PT45M"), ("01:30", "00:45"), ""),
        ("duration", ("1", "2"), (None, None), "do not tell their unit"),
        ("duration", ("long", "45"), (None, "00:45"), '"long" is no duration'),
    ],
)
def test_the_unit_of_a_duration(header, values, ends, noted):
    rows = io.StringIO()
    table = [["title", "start", header], *(["A", "2026-05-01 00:00", one] for one in values)]
    csv.writer(rows).writerows(table)
    programme = read(rows.getvalue())
    assert tuple(session.get("end") for session in programme.sessions) == ends
    assert noted in " ".join(programme.report.notes)


@pytest.mark.parametrize(
    "header",
    [
        "Titel / Title;Beginn / Start;Ende / End;Raum / Room",
        "Titre;Heure de début;Heure de fin;Salle",
        "Titolo;Ora inizio;Ora fine;Sala",
        "Titel;Starttijd;Eindtijd;Zaal",
        "Titel;Startzeit;Endzeit;Veranstaltungsort",
        "Título;Hora de inicio;Hora de fin;Local",
        "Session Title;Session Start;Session End;Session Room",
        "Event Name;Event Start Time;Event End Time;Room/Raum/Salle",
    ],
)
def test_headers_in_several_languages(header):
    table = f"{header}\nA;2026-05-01 09:00;2026-05-01 10:00;Hall\n"
    assert brief(table, "title", "start", "end", "location") == [("A", "09:00", "10:00", "Hall")]


def test_a_column_about_the_conference_or_the_call_for_papers_is_none_of_the_session():
    table = "Event Name,Title,Start,Submission Date\nPyCon,A,2026-05-01 09:00,2026-01-01\n"
    assert brief(table, "title", "speakers", "day") == [("A", [], "2026-05-01")]
    entry = {"title": "A", "start_date": "1.5.2026 09:00", "event_type": "Talk", "conference": "P"}
    assert read([entry]).format == "other-json"
    assert brief([entry], "start_at") == [("2026-05-01T09:00:00",)]


@pytest.mark.parametrize(
    "times",
    [
        ("9:00a", "1:30p"),
        ("9:00 AM", "1:30 PM"),
        ("Fri May 01 2026 09:00:00 GMT+0200 (Central European Summer Time)", "2026-05-01 13:30"),
    ],
)
def test_times_as_people_and_programs_write_them(times):
    table = f"title,date,time\nA,2026-05-01,{times[0]}\nB,2026-05-01,{times[1]}\n"
    assert brief(table, "start") == [("09:00",), ("13:30",)]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("Name,Title,Company\nAnn,CEO,Foo\n", 'column "Title" holds titles of sessions or of the'),
        ("time,title\n09:00,A\n12:00,B\n01:30,C\n", 'column "time", row 3 .*"01:30" may be before'),
        ('var days = [{"title": "A", "room": "x", "track": "y"}];', "this is JavaScript"),
        ('callback({"title": "A", "room": "x", "track": "y"})', "this is JavaScript"),
    ],
)
def test_what_would_be_misread_is_refused(table, reason):
    with pytest.raises(FeedError, match=reason):
        read(table)


def test_characters_that_are_not_seen_are_dropped_wherever_they_are():
    texts = [
        f"{'x' * at}{mark}{'é' * 40}" for at in range(1, 70) for mark in ("\u200b", "\x07", "\r\n")
    ]
    feed = [{"title": "A", "start": "09:00", "abstract": text} for text in texts]
    seen = [text.replace("\u200b", "").replace("\x07", "").replace("\r", "") for text in texts]
    assert brief(feed, "abstract") == [(text,) for text in seen]
