"""Tables that spreadsheets and calendar programs export, and lists beside a specification."""

import pytest

from eventkit.errors import FeedError
from feed_reading import brief, read


def test_a_duration_in_hours_minutes_and_seconds():
    table = "title,start,duration\nA,2026-05-01 09:00,0:45:00\nB,2026-05-01 09:00,1:00:00\n"
    assert brief(table, "end_at") == [("2026-05-01T09:45:00",), ("2026-05-01T10:00:00",)]


@pytest.mark.parametrize(
    ("times", "ends"),
    [
        (("09.30", "10.15", "14.00"), ["09:30", "10:15", "14:00"]),
        (("9.30", "10.15", "13.45"), ["09:30", "10:15", "13:45"]),
    ],
)
def test_times_with_a_point_are_read_if_one_of_them_is_no_date(times, ends):
    rows = "".join(f"A,2026-05-01,{time}\n" for time in times)
    assert brief(f"title,date,start\n{rows}", "start") == [(end,) for end in ends]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        # Both may be days of October.
        ("title,start\nA,09.10\nB,10.10\n", 'column "start", row 1 .*has no year'),
        ("title,start\nA,09.30\nB,9.5\n", 'column "start"'),
        ("title,date,start\nA,46143,0.375\n", 'column "start".*a spreadsheet\'s number for a time'),
        ("title,start\nA,2026-05-01 19:00+2\n", 'column "start".*19:00.2'),
        ("title,start\nA,46143.375\n", 'column "start".*a spreadsheet\'s number for a date'),
        ("Title,Start,Title,Start\nA,09:00,B,10:00\n", 'columns "Title" and "Title" have the same'),
        ("Time,Title,Title.1\n9:00,A,B\n", 'columns "Title" and "Title.1" have the same name'),
        ("Time,2026-05-01,2026-05-02\n9:00,A,B\n", "several days a row, in columns"),
        ("Name,Email,Ticket\nAnn,a@b,VIP\n", 'these are sessions: "Name" may be the name of'),
        ("First Name,Last Name,Title,Company\nAnn,Lee,CEO,Foo\n", 'column "Title" holds titles of'),
        ("Titel;Beginn\nCafé;2026-05-01 09:00\n".encode("latin-1"), 'column "Titel", "Caf.*UTF-8'),
    ],
)
def test_a_table_that_would_be_misread_is_refused_with_its_column(table, reason):
    with pytest.raises(FeedError, match=reason):
        read(table)


def test_columns_of_the_same_name_that_agree_are_read():
    assert brief("Title,Start,Title\nA,09:00,A\nB,14:00,\n", "title") == [("A",), ("B",)]


def test_headers_that_are_repeated_are_no_session():
    assert brief("Time,Title\n9:00,A\nTime,Title\n14:00,B\n", "title") == [("A",), ("B",)]


@pytest.mark.parametrize(
    "days",
    [
        ('"Friday, May 1, 2026","Friday, May 1, 2026"', '"Saturday, May 2, 2026",'),
        ("Day 1 - May 1 2026,", "Day 2 (May 2 2026),"),
    ],
)
def test_a_day_above_its_rows_may_be_numbered_or_merged(days):
    table = f"Time,Title\n{days[0]}\n9:00,A\n14:00,B\n{days[1]}\n9:00,C\n"
    starts = ["2026-05-01T09:00:00", "2026-05-01T14:00:00", "2026-05-02T09:00:00"]
    assert brief(table, "title", "start_at") == list(zip("ABC", starts, strict=True))


@pytest.mark.parametrize(
    "header",
    ["First Name,Last Name", "Vorname,Nachname", "Vorname,Name", "Speaker First Name,Last Name"],
)
def test_a_speaker_in_two_columns_is_one(header):
    table = f"Title,Start,{header}\nA,2026-05-01 09:00,Ann,Lee\n"
    assert brief(table, "title", "speakers") == [("A", ["Ann Lee"])]
    members = dict(zip(header.split(","), ("Ann", "Lee"), strict=True))
    assert brief([{"Title": "A", "Start": "2026-05-01T09:00", **members}], "speakers") == [
        (["Ann Lee"],)
    ]


def test_events_of_whole_days_of_google_and_outlook():
    head = "Subject,Start Date,Start Time,End Date,End Time,All Day Event\n"
    fields = ("all_day", "start_at", "end_at")
    expected = [(True, "2026-05-30T00:00:00", "2026-06-01T00:00:00")]
    assert brief(f"{head}A,05/30/2026,,05/31/2026,,True\n", *fields) == expected
    outlook = "A,5/30/2026,12:00:00 AM,6/1/2026,12:00:00 AM,True\n"
    assert brief(f"{head}{outlook}", *fields) == expected
    german = "Betreff;Beginnt am;Beginnt um;Endet am;Endet um;Ganztägiges Ereignis\n"
    german += "A;30.5.2026;18:00:00;30.5.2026;19:00:00;Aus\n"
    assert brief(german, *fields) == [(None, "2026-05-30T18:00:00", "2026-05-30T19:00:00")]


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("vendredi 1er mai 2026", "9h30"),
        ("1 maja 2026", "9:30"),
        ("1 мая 2026", "9:30"),
        ("01-May-26", "9:30 a. m."),
        ("2026/5/1", "午前9時30分"),
    ],
)
def test_dates_and_times_in_more_languages(date, time):
    table = f"Date,Time,Title\n{date},{time},A\n{date},13:00,B\n"
    assert brief(table, "start_at")[0] == ("2026-05-01T09:30:00",)


def test_an_offset_behind_a_time_as_mail_programs_write_it():
    texts = ["Fri, 01 May 2026 09:00:00 +0200", "Fri, 01 May 2026 09:00:00 -0700"]
    table = "".join(f'A,"{text}"\n' for text in texts)
    starts = [("2026-05-01T09:00:00+02:00",), ("2026-05-01T09:00:00-07:00",)]
    assert brief(f"title,start\n{table}", "start_at") == starts
    assert brief("title,date,time\nA,2026-05-01,09:00-10:00\n", "end") == [("10:00",)]
    with pytest.raises(FeedError, match=r'column "time".*"09:00-1000"'):
        read("title,date,time\nA,2026-05-01,09:00-1000\n")
    assert brief("title,start\nA,1777626000.0\n", "start_at") == [("2026-05-01T09:00:00+00:00",)]


def test_of_the_same_time_on_several_clocks_utc_is_taken_where_it_has_its_date():
    table = "Title,Start (PT),Start (UTC)\nA,2026-05-01 18:00,2026-05-02 01:00\n"
    assert brief(table, "start_at") == [("2026-05-02T01:00:00+00:00",)]
    table = "Title,Date,Time (PT),Time (UTC)\nA,2026-05-01,18:00,01:00\n"
    assert brief(table, "start_at") == [("2026-05-01T18:00:00",)]


def test_the_place_of_a_speaker_is_no_room():
    table = "name,location,bio,url,title,abstract\nAnn,Berlin,x,https://ann.example,A,y\n"
    assert brief(table, "title", "speakers", "location", "url") == [("A", ["Ann"], None, None)]


def test_a_table_without_dates_says_so():
    programme = read("title,start\nA,09:00\nB,16:00\nC,09:00\n")
    assert "there are no dates, so all times are times of day only" in programme.report.notes


def test_lists_beside_a_specification():
    slot = {"fromTimeMillis": 1777626000000, "toTimeMillis": 1777629600000, "roomName": "R"}
    track = {"id": 1, "name": "Java"}
    talk = {"id": "X", "title": "A", "track": track, "speakers": [{"first": "Ann", "last": "Lee"}]}
    slots = [slot | {"talk": talk, "track": track}, slot | {"break": {"nameEN": "Tea"}}]
    found = brief({"slots": slots}, "title", "track", "speakers")
    assert found == [("A", "Java", ["Ann Lee"]), ("Tea", None, [])]
    times = {"begin_timestamp": {"seconds": 1777626000}, "location": {"name": "R"}}
    event = {"id": 1, "conference": "DC", "title": "A", "begin": None, **times}
    assert read({"events": [event]}).format == "hackertracker"
    assert brief({"events": [event]}, "start_at") == [("2026-05-01T09:00:00+00:00",)]


@pytest.mark.parametrize(
    "feed",
    [
        [{"name": "Ann", "bio": "x", "company": "C"}],
        # The sessions are ids of another file, and only the names of tracks are here.
        {
            "2026-05-01": {
                "date": "2026-05-01",
                "tracks": [{"title": "Hall A"}, {"title": "Hall B"}],
                "timeslots": [{"startTime": "09:00", "sessions": [{"items": [101]}]}],
            }
        },
    ],
)
def test_people_and_rooms_are_no_sessions(feed):
    with pytest.raises(FeedError, match=r"these are sessions|no programme that is known"):
        read(feed)
