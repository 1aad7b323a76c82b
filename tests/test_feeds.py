"""Feeds of every format: what their sessions are, on small samples, and what is refused."""

import copy
import io
import json
import pickle
import subprocess
import sys

import pytest

from eventkit import Catalog, Filter, feeds
from eventkit.errors import FeedError
from feed_samples import ICS_RECURRING, SAMPLES, XCAL_RFC


def read(text, **options):
    return feeds.read(text.encode() if isinstance(text, str) else text, **options)


def one(text, **options):
    (session,) = read(text, **options).sessions
    return session


@pytest.mark.parametrize("name", SAMPLES)
def test_a_format_is_recognised_by_its_content(name):
    assert read(SAMPLES[name]).format == name
    assert read(SAMPLES[name], format=name).format == name


def test_every_format_has_a_sample():
    assert set(SAMPLES) == set(feeds.FORMATS)


@pytest.mark.parametrize("name", SAMPLES)
def test_another_format_than_the_expected_one_is_refused(name):
    expected = "ics" if name != "ics" else "frab-json"
    with pytest.raises(FeedError, match=f"{expected}"):
        read(SAMPLES[name], format=expected)


def test_frab_json():
    programme = read(SAMPLES["frab-json"])
    assert (programme.name, programme.zone) == ("Field Day", "Europe/Berlin")
    assert programme.sessions == [
        {
            "id": "7",
            "title": "Soil & Sensors",
            "start": "10:30",
            "end": "12:00",
            "location": "Barn",
            "tags": ["Hardware", "workshop"],
            "abstract": "Bring boots.\nTwice.",
            "speakers": ["Ann"],
            "track": "Hardware",
            "type": "workshop",
            "language": "en",
            "day": "2026-08-01",
            "start_at": "2026-08-01T10:30:00+02:00",
            "end_at": "2026-08-01T12:00:00+02:00",
        },
        {
            "id": "aaaa-8",
            "title": "Night walk",
            "start": "01:00",
            "end": "01:45",
            "location": "Barn",
            "tags": ["walk"],
            "subtitle": "Bring a lamp",
            "abstract": "Owls.",
            "description": "Owls and bats.",
            "speakers": ["Bo"],
            "type": "walk",
            # Listed under the first of August, and after its midnight.
            "day": "2026-08-01",
            "start_at": "2026-08-02T01:00:00+02:00",
            "end_at": "2026-08-02T01:45:00+02:00",
        },
    ]
    assert programme.report.tags == {"track": 1, "type": 2}


def test_schedule2_finds_names_in_tables():
    session = one(SAMPLES["schedule2"])
    assert session["tags"] == ["Art & Beauty"]
    assert (session["location"], session["speakers"]) == ("Hall 1", ["Ann"])
    # In UTC in the feed.
    assert session["start_at"] == "2026-12-27T10:30:00+01:00"
    assert session["start"] == "10:30"


def test_schedule_xml_without_dates_knows_the_next_morning():
    late, early = read(SAMPLES["schedule-xml"], zone="Europe/Berlin").sessions
    assert late["title"] == "Fire & Ice"
    assert late["abstract"] == "One."
    assert late["description"] == "Two & three."
    assert late["end_at"] == "2026-08-02T00:30:00+02:00"
    assert (early["day"], early["start_at"]) == ("2026-08-01", "2026-08-02T05:30:00+02:00")
    assert early["location"] == "Tent"


def test_xcal_of_pentabarf():
    session = one(SAMPLES["xcal"])
    assert session["title"] == "Ice; cream-"
    assert session["subtitle"] == "Cold, sweet"
    assert session["speakers"] == ["Ann Lee, Ice Ltd"]
    assert (session["track"], session["type"]) == ("Food", "Lecture")
    assert (session["start_at"], session["end"]) == ("2026-08-01T11:00:00", "12:00")
    assert session["abstract"] == "Line one\nLine two"


def test_xcal_of_pentabarf_with_offsets():
    exact = "<pentabarf:start>2026-08-01 11:00:00 +0200</pentabarf:start>"
    session = one(SAMPLES["xcal"].replace("<dtstart>", f"{exact}<dtstart>"))
    assert (session["start"], session["start_at"]) == ("11:00", "2026-08-01T11:00:00+02:00")


def test_schedule_xml_persons_with_elements_inside():
    person = "<person id='3'><code>X</code><public_name>Cy &amp;amp; Co</public_name></person>"
    text = SAMPLES["schedule-xml"].replace("<persons/>", f"<persons>{person}</persons>")
    assert read(text).sessions[1]["speakers"] == ["Cy & Co"]


def test_xcal_of_rfc_6321_with_a_recurrence():
    first, second = read(XCAL_RFC).sessions
    assert first["title"] == "Tea, daily"
    assert first["tags"] == ["food", "break"]
    # Summer time begins between them.
    assert first["start_at"] == "2026-03-28T10:00:00+01:00"
    assert second["start_at"] == "2026-03-29T10:00:00+02:00"
    assert first["end"] == "11:00"
    assert first["id"] != second["id"]


def test_ics():
    programme = read(SAMPLES["ics"])
    talk, holiday = programme.sessions
    assert (programme.name, programme.zone) == ("Weeks", "Europe/Riga")
    assert talk["title"] == "Long title that is folded"
    assert talk["start_at"] == "2026-07-01T12:00:00+03:00"
    assert (talk["start"], talk["end"]) == ("12:00", "12:45")
    assert talk["tags"] == ["ai", "web, too"]
    assert talk["abstract"] == "One\nTwo, three"
    assert talk["speakers"] == ["Ann Lee"]
    assert holiday["all_day"] is True
    assert (holiday["start_at"], holiday["end_at"]) == (
        "2026-07-02T00:00:00",
        "2026-07-03T00:00:00",
    )
    assert "start" not in holiday
    assert [reason for _, reason in programme.report.reasons] == ["'Gone' is cancelled"] or (
        programme.report.skipped == 1
    )


def test_ics_recurrences_with_an_exception_and_a_change():
    sessions = read(ICS_RECURRING).sessions
    assert sorted(session["start_at"] for session in sessions) == [
        "2026-03-26T10:00:00+01:00",
        "2026-03-28T15:00:00+01:00",
        "2026-03-29T10:00:00+02:00",
        "2026-03-30T10:00:00+02:00",
    ]
    late = next(session for session in sessions if session["title"] == "Late tea")
    assert late["end"] == "16:00"
    assert len({session["id"] for session in sessions}) == 4


def test_ics_that_recurs_for_ever_is_cut_and_noted():
    text = ICS_RECURRING.replace(";COUNT=5", "")
    programme = read(text)
    assert len(programme) == 100 - 1
    assert any("for ever" in note for note in programme.report.notes)


def test_ics_folded_within_characters():
    title = "SUMMARY:Numérique"
    cut = title.encode().index(b"\xc3") + 1
    raw = title.encode()[:cut] + b"\r\n " + title.encode()[cut:]
    text = (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" % raw
    )
    assert one(text)["title"] == "Numérique"


def test_sessionize_all_resolves_its_tables():
    talk, lunch = read(SAMPLES["sessionize-all"]).sessions
    assert talk["tags"] == ["Web", "Talk", "Beginner"]
    assert (talk["track"], talk["type"], talk["location"]) == ("Web", "Talk", "Main")
    assert talk["speakers"] == ["Ann Lee"]
    assert lunch["service"] is True
    assert "location" not in lunch


def test_sessionize_grid_takes_rooms_and_not_time_slots():
    session = one(SAMPLES["sessionize-grid"])
    assert (session["location"], session["language"], session["tags"]) == (
        "Main",
        "English",
        ["Web"],
    )


def test_sessionize_sessions_in_two_groups_are_one():
    assert one(SAMPLES["sessionize-sessions"])["id"] == "11"


def test_droidkaigi_translated_texts():
    talk = {
        "id": "1",
        "title": {"ja": "こんにちは", "en": "Hello"},
        "startsAt": "2026-09-11T10:00:00+09:00",
        "endsAt": "2026-09-11T10:40:00+09:00",
        "isServiceSession": False,
        "speakers": ["s"],
        "roomId": 1,
        "sessionCategoryItemId": 4,
    }
    items = [{"id": 4, "name": {"ja": "道具", "en": "Tools"}}]
    text = json.dumps(
        {
            "sessions": [talk],
            "rooms": [{"id": 1, "name": {"ja": "木", "en": "Tree"}}],
            "speakers": [{"id": "s", "fullName": "Ann"}],
            "categories": [{"id": 1, "title": {"ja": "分野", "en": "Track"}, "items": items}],
        }
    )
    session = one(text)
    assert (session["title"], session["location"], session["track"]) == ("Hello", "Tree", "Tools")


def test_microsoft():
    session = one(SAMPLES["microsoft"], zone="America/Los_Angeles")
    assert session["tags"] == ["Breakout", "AI", "Expert (400)"]
    assert session["start_at"] == "2026-05-19T13:30:00-07:00"
    assert (session["abstract"], session["description"]) == ("Short.", "Long.")
    assert session["speakers"] == ["Ann Lee", "Bo Ek"]


def test_openevent_placeholders_are_no_abstract():
    session = one(SAMPLES["openevent"])
    assert session["abstract"] == "Welcome."
    assert session["tags"] == ["IoT", "Welcome"]


def test_openevent_server_finds_what_is_included():
    times = {"starts-at": "2026-03-18T09:30:00+00:00", "ends-at": "2026-03-18T10:00:00+00:00"}
    track, speaker = {"type": "track", "id": "2"}, {"type": "speaker", "id": "9"}
    talk = {
        "type": "session",
        "id": "4",
        "attributes": {"title": "A", **times},
        "relationships": {"track": {"data": track}, "speakers": {"data": [speaker]}},
    }
    included = [
        track | {"attributes": {"name": "AI"}},
        speaker | {"attributes": {"name": "Ann"}},
    ]
    text = json.dumps({"data": [talk], "included": included})
    session = one(text)
    assert (session["track"], session["speakers"]) == ("AI", ["Ann"])


def test_pycon_keeps_entries_of_no_length():
    session = one(SAMPLES["pycon-json"])
    assert session["start_at"] == session["end_at"] == "2026-05-17T07:00:00-04:00"
    assert session["tags"] == ["informational", "events"]


def test_hackertracker_says_that_rooms_are_elsewhere():
    programme = read(SAMPLES["hackertracker"])
    assert "location" not in programme.sessions[0]
    assert programme.sessions[0]["abstract"] == "Pick & choose."
    assert any("ids of other files" in note for note in programme.report.notes)
    assert any("UTC" in note for note in programme.report.notes)


def test_hackertracker_of_older_years():
    entry = {
        "entry_type": "Talk",
        "title": "Radio",
        "who": "Ann Lee, Bo Ek",
        "start_date": "2017-07-27 10:00",
        "end_date": "2017-07-27 10:45",
        "location": "Track 1",
        "description": "Waves.",
        "includes": "",
    }
    programme = read(json.dumps({"schedule": [entry]}))
    assert programme.format == "hackertracker"
    (session,) = programme.sessions
    assert (session["type"], session["location"]) == ("Talk", "Track 1")
    assert session["speakers"] == ["Ann Lee", "Bo Ek"]
    assert session["end_at"] == "2017-07-27T10:45:00"


def test_pycon_as_a_bare_list():
    entry = {
        "conf_key": 4,
        "name": "Ducks",
        "kind": "talk",
        "room": "A, B",
        "start": "2016-05-30T10:00:00",
        "end": "2016-05-30T10:30:00",
        "authors": ["Ann"],
    }
    programme = read(json.dumps([entry]))
    assert programme.format == "pycon-json"
    assert programme.sessions[0]["speakers"] == ["Ann"]


def test_ics_escapes_in_the_names_of_speakers():
    attendees = [
        """ATTENDEE;CN="Ann ^'Duck^' Lee":invalid:nomail""",
        """ATTENDEE;CN="x^^n^ y":invalid:nomail""",
    ]
    text = SAMPLES["ics"].replace("SUMMARY:Long", "\r\n".join([*attendees, "SUMMARY:Long"]))
    assert read(text).sessions[0]["speakers"][:2] == ['Ann "Duck" Lee', "x^n^ y"]


def test_ics_of_eventkit_keeps_the_id_beside_the_uid():
    text = SAMPLES["ics"].replace(
        "UID:utc@example.org", "UID:utc@example.org\r\nX-EVENTKIT-ID:7\\,a"
    )
    assert read(text).sessions[0]["id"] == "7,a"


def test_a_time_of_day_with_a_duration_ends_at_a_time_of_day():
    session = one("title,start,duration\nA,23:30,45\n")
    assert (session["start"], session["end"]) == ("23:30", "00:15")
    assert "end_at" not in session


def test_ics_change_of_a_recurrence_that_is_not_there():
    text = ICS_RECURRING
    start = text.index("BEGIN:VEVENT")
    text = text[:start] + text[text.index("BEGIN:VEVENT", start + 1) :]
    assert one(text)["start_at"] == "2026-03-28T15:00:00+01:00"


def test_csv_as_tools_export_it():
    pretalx = (
        "ID,Proposal title,Session type,Track,Start,End,Room,Speaker names\n"
        "AB,Ducks,Talk,Birds,2026-06-01T10:00:00+02:00,2026-06-01T10:30:00+02:00,Hall,Ann\n"
    )
    session = one(pretalx)
    assert session["tags"] == ["Birds", "Talk"]
    assert session["end_at"] == "2026-06-01T10:30:00+02:00"
    sessionize = (
        "Session Id,Title,Session format,Speakers,Scheduled At,Scheduled Duration,Room\n"
        "7,Ducks,Talk,Ann,01 Jun 2026 10:00 AM,45,Hall\n"
    )
    session = one(sessionize)
    assert (session["start_at"], session["end"]) == ("2026-06-01T10:00:00", "10:45")


def test_indico():
    session = one(SAMPLES["indico"])
    assert session["start_at"] == "2026-06-01T09:30:00+02:00"
    assert session["end"] == "09:55"
    assert session["tags"] == ["Talk", "Plenary", "higgs"]
    assert session["speakers"] == ["Ann Lee"]


def test_json_ld_in_a_page():
    programme = read(SAMPLES["json-ld"])
    (session,) = programme.sessions
    assert programme.name == "Summer"
    assert session["end_at"] == "2026-07-01T22:00:00+02:00"
    assert session["tags"] == ["jazz", "open air"]
    assert (session["location"], session["speakers"]) == ("Park", ["Ann"])
    assert programme.report.skipped == 1


def test_bare_list():
    session = one(SAMPLES["other-json"])
    assert session["speakers"] == ["Ann Lee", "Bo Ek"]
    assert session["tags"] == ["risc-v", "fpga"]
    assert session["popularity"] == 0.8
    assert session["start_at"] == "2026-09-27T13:00:00"


def test_csv_with_semicolons_a_mark_and_german_headers():
    tea, night = read(SAMPLES["csv"]).sessions
    assert tea["title"] == "Tee; heiß"
    assert (tea["start_at"], tea["end"]) == ("2026-09-03T09:30:00", "10:15")
    assert tea["speakers"] == ["Ann Lee", "Bo Ek"]
    assert night["end_at"] == "2026-09-04T00:30:00"


@pytest.mark.parametrize(
    ("first", "second", "start"),
    [
        ("06/04/2026 09:00", "06/05/2026 09:00", "2026-06-04T09:00:00"),
        ("04/06/2026 09:00", "05/06/2026 09:00", "2026-06-04T09:00:00"),
        ("13/06/2026 09:00", "01/06/2026 09:00", "2026-06-13T09:00:00"),
        ("June 4, 2026 9:00 AM", "June 5th, 2026 3 pm", "2026-06-04T09:00:00"),
        ("4. Juni 2026 09:00", "5. Juni 2026 09:00", "2026-06-04T09:00:00"),
    ],
)
def test_csv_local_dates(first, second, start):
    text = f'title,start\nA,"{first}"\nB,"{second}"\n'
    assert read(text).sessions[0]["start_at"] == start


def test_csv_hours_after_midnight_are_counted_on():
    session = one("title,date,start,end\nA,2026-09-03,25:30,28:00\n")
    assert session["start_at"] == "2026-09-04T01:30:00"
    assert (session["start"], session["end"]) == ("01:30", "04:00")
    assert session["day"] == "2026-09-03"


def test_csv_dates_that_stay_open_are_refused():
    with pytest.raises(FeedError, match=r'column "start".*day or the month'):
        read("title,start\nA,06/04/2026 09:00\n")


def test_csv_wide_tables_are_refused():
    with pytest.raises(FeedError, match=r'"Main_Title", "Small_Title"'):
        read("Day,Time,Main_Title,Small_Title\n1,09:00,A,B\n")


def test_csv_dates_in_words_without_a_year_are_refused():
    with pytest.raises(FeedError, match=r'column "date", row 1.*"SEPTEMBER 6 - 3pm" has no year'):
        read('date,topic\n"SEPTEMBER 6 - 3pm",A\n')


def test_csv_numbered_days_have_times_of_day_only():
    programme = read("day,time,title\n1,9:00,A\n2,9:00,B\n")
    assert [session["day"] for session in programme.sessions] == ["1", "2"]
    assert programme.sessions[0]["start"] == "09:00"
    assert "start_at" not in programme.sessions[0]
    assert any("without dates" in note for note in programme.report.notes)


def test_csv_rows_with_too_many_cells_are_refused():
    with pytest.raises(FeedError) as caught:
        read("title,room\nA, B,Hall\n")
    assert caught.value.line == 2


def test_csv_a_quote_that_is_never_closed_is_refused():
    with pytest.raises(FeedError, match="never closed") as caught:
        read('title,room\nA,"Hall\nB,Hall\n')
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_csv_rows_without_a_title_are_skipped_and_named():
    programme = read("title,room\n,Hall\nA,Hall\n")
    assert (len(programme), programme.report.skipped) == (1, 1)
    assert programme.report.reasons[0].place == "row 1 (line 2)"


def test_a_missing_popularity_stays_missing():
    for name, text in SAMPLES.items():
        if name != "other-json":
            assert all("popularity" not in session for session in read(text).sessions), name


def test_a_manifest_keeps_all_members_of_its_sessions():
    programme = read(SAMPLES["manifest"])
    assert programme.sessions[0]["extra"] == 1
    assert programme.manifest()["weights"] == {
        "interest": 2.0,
        "popularity": 0.5,
        "diversity": 0.3,
    }


def test_programme_to_catalog():
    programme = read(SAMPLES["sessionize-all"])
    answer = programme.catalog().recommend(["web"], 1)
    assert answer["scoring"][0]["title"] == "Keynote"
    assert repr(programme) == "Programme('', 'sessionize-all', 2 sessions)"
    assert "2 sessions taken" in str(programme.report)


TWO_DAYS = """title,start,end,tags
One,2026-09-03 09:00,2026-09-03 10:00,ai
Two,2026-09-04 09:30,2026-09-04 10:30,ai
Three,2026-09-04 10:00,2026-09-04 11:00,ai
"""


def titles(catalog):
    return [session["title"] for session in catalog.plan(["ai"])["sessions"]]


def test_a_plan_goes_by_real_overlap(tmp_path):
    programme = read(TWO_DAYS, zone="Europe/Berlin")
    # Without dates, the first session would overlap with the second.
    assert [session["start"] for session in programme.sessions] == ["09:00", "09:30", "10:00"]
    compiled = programme.catalog()
    loaded = Catalog.from_json(json.dumps(programme.manifest()).encode())
    compiled.save(tmp_path / "programme.cat")
    opened = Catalog.open(tmp_path / "programme.cat")
    for catalog in (compiled, loaded, opened):
        assert titles(catalog) in (["One", "Two"], ["One", "Three"])


def test_a_window_goes_by_full_times():
    catalog = read(TWO_DAYS, zone="Europe/Berlin").catalog()
    window = Filter(start="2026-09-04T00:00:00+02:00", end="2026-09-05T00:00:00+02:00")
    assert len(catalog.recommend(["ai"], 5, filter=window)["scoring"]) == 2


def test_source_may_be_a_path_bytes_or_an_open_file(tmp_path):
    path = tmp_path / "feed.txt"
    path.write_text(SAMPLES["csv"], encoding="utf-8")
    assert feeds.read(path).source == str(path)
    with path.open("rb") as file:
        assert len(feeds.read(file)) == 2
    assert len(feeds.read(io.BytesIO(path.read_bytes()))) == 2
    assert len(feeds.read(bytearray(path.read_bytes()))) == 2
    with path.open(encoding="utf-8") as file, pytest.raises(TypeError, match="binary mode"):
        feeds.read(file)
    with pytest.raises(TypeError, match="expected a path"):
        feeds.read(12)


def test_an_unknown_zone_and_an_unknown_format_are_named():
    with pytest.raises(FeedError, match=r'zone "Mars/Base": expected a name of the IANA database'):
        read(SAMPLES["csv"], zone="Mars/Base")
    with pytest.raises(FeedError, match='format "yaml": expected auto, frab-json'):
        read(SAMPLES["csv"], format="yaml")


@pytest.mark.parametrize(
    ("local", "whole"),
    [
        ("2026-03-29 02:30", "2026-03-29T02:30:00+01:00"),
        ("2026-10-25 02:30", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_times_that_clocks_skip_or_repeat(local, whole):
    assert one(f"title,start\nA,{local}\n", zone="Europe/Berlin")["start_at"] == whole


def test_an_error_can_be_pickled():
    error = pickle.loads(pickle.dumps(FeedError("a.json", "not JSON", 2, 3)))
    assert str(error) == "a.json:2:3: not JSON"


def test_import_eventkit_does_not_import_feeds():
    code = "import sys, eventkit; assert not any('feeds' in name for name in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_catalogue_made_in_the_engine_is_the_one_of_the_dicts(name):
    kept, dicts = read(SAMPLES[name]), read(SAMPLES[name])
    sessions = dicts.sessions
    assert len(kept) == len(sessions)
    compiled, usual = kept.catalog(), dicts.catalog()
    # None was made for it.
    assert "sessions" not in vars(kept) or name == "manifest"
    assert list(compiled) == sessions
    assert json.dumps(list(compiled)) == json.dumps(sessions)
    assert compiled.fields == usual.fields
    tags = sorted({tag for session in sessions for tag in session["tags"]})
    assert compiled.recommend(tags, 5) == usual.recommend(tags, 5)
    assert kept.sessions == sessions


def test_a_changed_session_is_in_the_catalogue():
    programme = read(SAMPLES["csv"])
    programme.sessions[0]["title"] = "Changed"
    assert programme.catalog()[0]["title"] == "Changed"
    assert programme.sessions is programme.sessions


def test_a_programme_can_be_pickled_and_copied_before_its_sessions_are_read():
    for again in (
        pickle.loads(pickle.dumps(read(SAMPLES["csv"]))),
        copy.copy(read(SAMPLES["csv"])),
    ):
        assert again == read(SAMPLES["csv"])
        assert again.catalog()[0] == again.sessions[0]
    with pytest.raises(AttributeError, match="no attribute 'session'"):
        read(SAMPLES["csv"]).session  # noqa: B018
