"""Feeds in the shapes of other producers: tables, JSON without a specification, old dialects."""

import json

import pytest

from eventkit import feeds
from eventkit.errors import FeedError


def read(feed, **options):
    text = feed if isinstance(feed, str) else json.dumps(feed)
    return feeds.read(text.encode(), **options)


def brief(feed, *fields):
    return [tuple(session.get(field) for field in fields) for session in read(feed).sessions]


START = ("title", "start_at", "end_at")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # Of a spreadsheet: titles above the headers, and a line that names the separator.
        ("My Days,,\n,,\nDate,Session Title,Start\n2026-05-01,Open,09:00\n", "09:00"),
        ("sep=;\nTitle;Date;Time\nOpen;2026-05-01;9:00\n", "09:00"),
        ("| Time | Title | Date |\n|---|:---|---|\n| 9:00 | Open | 2026-05-01 |\n", "09:00"),
        ("Title,Date,Time\rOpen,2026-05-01,09:00\r", "09:00"),
        # Of Attendify and Whova: what to write is in the header.
        ("Session Title,Date (MM/DD/YYYY),Start Time (HH:MM)\nOpen,05/01/2026,09:00\n", "09:00"),
        (
            "*Date,*Time Start,*Session Title\n5/31/2026,9:00 AM,x\n5/1/2026,9 AM,Open\n",
            "09:00",
        ),
        # In other languages.
        ("Fecha;Hora;Título\n1 de mayo de 2026;09:00;Open\n", "09:00"),
        ("Date,Début,Titre\nvendredi 1 mai 2026,9h00,Open\n", "09:00"),
        ("日付,開始,タイトル\n2026年5月1日,9時00分,Open\n", "09:00"),
        ("Datum;Uhrzeit;Thema\n01.05.2026;9.00-10.15;Open\n", "09:00"),
        # Years of two digits: only in this order the dates are near each other.
        ("Date,Time,Titel\n1/5/26,9:00 a.m.,Open\n30/4/26,,x\n", "09:00"),
        # Clocks of twelve hours.
        ("Title,Date,Time\nOpen,2026-05-01,9-10 am\nx,2026-05-01,1:30 - 3 pm\n", "09:00"),
        ("Title,Date,Time\nOpen,2026-05-01,9:00 a.m.\nx,2026-05-01,1:30 p.m.\n", "09:00"),
        ("Title,Day,Start\nOpen,May 1st 2026,0900\nx,May 1st 2026,1315\n", "09:00"),
        ("Title,Start\nOpen,2026-05-01 09:00 - 2026-05-01 10:00\n", "09:00"),
        ("title_de,title_en,start\nAuf,Open,2026-05-01 09:00\n", "09:00"),
        ("time,event,date\n9:00,Open,2026-05-01\n", "09:00"),
    ],
)
def test_a_hand_made_table_is_read(table, expected):
    programme = read(table)
    assert programme.format == "csv"
    (session,) = [session for session in programme.sessions if session["title"] == "Open"]
    assert session["start_at"] == f"2026-05-01T{expected}:00"


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("time,title\n9:00,Open\n1:30,Talk\n", 'column "time", row 2 .*"1:30" may be before or'),
        ("time,title\n9:00 am,Open\n1:30,Talk\n", 'column "time", row 2 .*"1:30" may be before'),
        ("Date,Name,Topic\n2026-05-01,Ann,Rust\n", 'column "Name" or column "Topic"'),
        ("Time,Event,Room 1,Room 2\n9:00,Open,,\n", 'columns "Room 1", "Room 2"'),
        ("Time,Monday 8,Tuesday 9\n9:00,A,B\n", 'several days a row, in columns "Monday 8"'),
        ("Date,Title\n27/12/14,Open\n", 'column "Date": it is open whether'),
        ("Date,Title\nApril 2,Open\n", 'column "Date", row 1 .*has no year'),
        ("Title,Date (MM/DD/YYYY)\nOpen,31/12/2026\nx,05/05/2026\n", "that its name gives"),
        ("Title,Start\nOpen,9 am - 10:00\n", 'column "Start".*at its first time only'),
    ],
)
def test_a_table_that_would_be_misread_is_refused_with_its_column(table, reason):
    with pytest.raises(FeedError, match=reason):
        read(table)


def test_a_range_has_am_or_pm_at_its_end():
    table = "Title,Date,Time\nA,2026-05-01,11:30 - 1:00 PM\nB,2026-05-01,1:30-3 pm\n"
    assert brief(table, "start", "end") == [("11:30", "13:00"), ("13:30", "15:00")]


def test_a_column_in_utc_holds_instants():
    table = "title,start_utc,End (UTC)\nA,2026-05-01 09:00,2026-05-01 10:00\n"
    expected = ("A", "2026-05-01T09:00:00+00:00", "2026-05-01T10:00:00+00:00")
    assert brief(table, *START) == [expected]
    table = "title,date,time\nA,2026-05-01,09:00 UTC+2\n"
    assert brief(table, "start_at") == [("2026-05-01T09:00:00+02:00",)]


def test_letters_of_a_zone_are_noted_and_not_used():
    programme = read("title,date,time\nA,2026-05-01,14:00 CET\n")
    assert programme.sessions[0]["start_at"] == "2026-05-01T14:00:00"
    assert "zone by letters" in programme.report.notes[0]


def test_a_member_may_name_the_zone():
    sessions = [{"title": "A", "startTime": "2026-05-01 09:00", "timezone": "Asia/Tokyo"}]
    assert brief(sessions, "start_at") == [("2026-05-01T09:00:00+09:00",)]
    sessions.append({"title": "B", "startTime": "2026-05-01 09:00", "timezone": "Europe/Rome"})
    assert brief(sessions, "start_at")[1] == ("2026-05-01T09:00:00+02:00",)


def test_names_keep_what_is_in_brackets():
    table = 'title,authors\nA,"Ann (Lab, Arts and Crafts), Bo (X) and Cy"\nB,"Di, Uni; Ed"\n'
    ann = ["Ann (Lab, Arts and Crafts)", "Bo (X)", "Cy"]
    assert brief(table, "speakers") == [(ann,), (["Di, Uni", "Ed"],)]


def test_speakers_and_tags_of_several_columns_are_taken():
    table = "Title,Start,Speaker 1,Speaker 2,Category,Tags\nA,2026-05-01 09:00,Ann,Bo,x,y\n"
    assert brief(table, "speakers", "tags") == [(["Ann", "Bo"], ["x", "y"])]
    assert brief("name,talk\nAnn,Rust\n", "title", "speakers") == [("Rust", ["Ann"])]


def test_authors_stand_in_for_presenters_who_are_not_named():
    table = 'title,authors,presenter\nA,"Ann,Bo",\nB,"Ann,Bo",Bo\n'
    assert brief(table, "speakers") == [(["Ann", "Bo"],), (["Bo"],)]


def test_midnight_may_be_written_as_zero_o_clock():
    table = (
        "title,date,start,end\nA,2026-05-01,10:00 p.m.,0:00 a.m.\nB,2026-05-02,0:00 am,1:00 am\n"
    )
    assert brief(table, "start_at", "end_at") == [
        ("2026-05-01T22:00:00", "2026-05-02T00:00:00"),
        ("2026-05-02T00:00:00", "2026-05-02T01:00:00"),
    ]


def test_cells_of_r_without_a_value_are_empty():
    table = "title,start,room\nA,2026-05-01 09:00,NA\nB,NA,Hall\n"
    assert brief(table, "location", "start_at") == [(None, "2026-05-01T09:00:00"), ("Hall", None)]


NESTED = {
    "days": {
        "days": [
            {
                "title": "Day 1",
                "date": "2026-05-01",
                "slots": [{"time": "09:00", "title": "A", "speaker": "Ann"}],
            },
            {"title": "Day 2", "date": "2026-05-02", "slots": [{"time": "14:00", "title": "B"}]},
        ]
    },
    "timeslots": [
        {
            "date": "2026-05-01",
            "timeslots": [
                {"startTime": "09:00", "sessions": [{"items": [{"title": "A", "speakers": []}]}]}
            ],
        },
        {
            "date": "2026-05-02",
            "timeslots": [{"startTime": "14:00", "sessions": [{"items": [{"title": "B"}]}]}],
        },
    ],
    "keys": {
        "schedule": {
            "2026-05-01": {"track1": [{"title": "A", "time": "09:00"}]},
            "2026-05-02": {"track1": [{"title": "B", "time": "14:00"}]},
        }
    },
    "edges": {
        "data": {
            "sessions": {
                "edges": [
                    {"node": {"title": "A", "startsAt": "2026-05-01T09:00"}},
                    {"node": {"title": "B", "startsAt": "2026-05-02T14:00"}},
                ]
            }
        }
    },
    "fields": {
        "records": [
            {"id": "r1", "fields": {"Title": "A", "Start": "2026-05-01T09:00", "Speakers": ["x"]}},
            {"id": "r2", "fields": {"Title": "B", "Start": "2026-05-02T14:00"}},
        ]
    },
    "by id": {
        "K1": {"title": "A", "start": "2026-05-01T09:00", "speakers": ["x"]},
        "K2": {"title": "B", "start": "2026-05-02T14:00"},
    },
    "objects": {
        "items": [
            {"summary": "A", "start": {"dateTime": "2026-05-01T09:00"}, "location": "x"},
            {"summary": "B", "start": {"date": "2026-05-02", "time": "14:00"}},
        ]
    },
    "slots": [
        {"title": "A", "slot": {"start": "2026-05-01T09:00", "room": "x"}},
        {"title": "B", "slots": [{"start": "2026-05-02T14:00", "end": "2026-05-02T15:00"}]},
    ],
}


@pytest.mark.parametrize("shape", NESTED)
def test_sessions_within_other_objects_are_found(shape):
    programme = read(NESTED[shape])
    assert programme.format == "other-json"
    found = [(session["title"], session["start_at"]) for session in programme.sessions]
    assert found == [("A", "2026-05-01T09:00:00"), ("B", "2026-05-02T14:00:00")]


def test_rooms_and_tracks_around_sessions_are_theirs():
    rooms = [{"name": "Hall", "sessions": [{"title": "A", "start": "09:00"}]}]
    feed = {"schedule": [{"day": "2026-05-01", "rooms": rooms}]}
    assert brief(feed, "location", "start_at") == [("Hall", "2026-05-01T09:00:00")]
    feed = {"day1": {"track2": [{"title": "A", "time": "09:00", "speaker": "Ann"}]}}
    assert brief(feed, "day", "track", "start") == [("day1", "track2", "09:00")]


def test_the_same_number_is_a_room_and_a_track():
    feed = {
        "talks": [{"title": {"en": "A"}, "start": "2026-05-01T09:00", "room": 2, "track": 2}],
        "tracks": [{"id": 2, "name": {"en": "Web"}}],
        "rooms": [{"id": 2, "name": "Hall"}],
        "timezone": "Europe/Rome",
    }
    expected = [("Hall", "Web", "2026-05-01T09:00:00+02:00")]
    assert brief(feed, "location", "track", "start_at") == expected


def test_two_times_of_a_list_are_start_and_end():
    feed = {"sessions": [{"talk": "A", "speaker": None, "times": ["7:00am", "1:30pm"]}]}
    assert brief(feed, "title", "start", "end") == [("A", "07:00", "13:30")]


def test_a_time_that_is_no_time_is_refused_with_its_member():
    with pytest.raises(FeedError, match='column "start", entry 1: "an object with'):
        read([{"title": "A", "start": {"foo": 1}}])


def test_old_open_event_sessions():
    session = {"id": 3, "title": "A", "abstract": "s", "description": "l", "type": "talk"}
    session |= {"timestart": "2026-05-01T09:00:00Z", "timeend": "2026-05-01T10:00:00Z"}
    session |= {"track": {"id": 1, "name": "Web"}, "microlocation": {"id": 4, "name": "Hall"}}
    programme = read({"sessions": [session]})
    assert programme.format == "openevent"
    (found,) = programme.sessions
    assert (found["type"], found["location"], found["abstract"]) == ("talk", "Hall", "s")


def test_symposion_lists_slots_before_talks():
    slot = {"name": "Slot", "room": "R", "start": "2026-05-01T08:00:00", "duration": 60}
    talk = {"name": "A", "conf_key": 7, "start": "2026-05-01T09:00:00", "authors": ["Ann"]}
    talk |= {"duration": 30, "kind": "talk", "abstract": "s", "description": "l"}
    programme = read({"schedule": [slot, talk]})
    assert (programme.format, len(programme)) == ("pycon-json", 2)
    found = programme.sessions[1]
    assert (found["abstract"], found["description"], found["end"]) == ("s", "l", "09:30")


def test_sessionize_without_what_is_around_it():
    category = {"id": 1, "name": "Level", "categoryItems": [{"id": 2, "name": "Easy"}]}
    session = {
        "id": "1",
        "title": "A",
        "startsAt": "2026-05-01T09:00:00",
        "isServiceSession": False,
    }
    session |= {"categories": [category], "speakers": [{"id": "x", "name": "Ann"}], "room": "Hall"}
    programme = read([session])
    assert programme.format == "sessionize-sessions"
    assert programme.sessions[0]["tags"] == ["Easy"]
    day = {"date": "2026-05-01T00:00:00", "rooms": [{"name": "Hall", "sessions": [session]}]}
    assert (read(day).format, len(read(day))) == ("sessionize-grid", 1)


def test_frab_with_a_list_of_rooms():
    event = {"id": 1, "title": "A", "start": "09:00", "duration": "00:30", "persons": []}
    days = [{"date": "2026-05-01", "rooms": [{"name": "Hall", "events": [event]}]}]
    feed = {"schedule": {"conference": {"title": "F", "days": days}}}
    assert brief(feed, "location", "end_at") == [("Hall", "2026-05-01T09:30:00")]
