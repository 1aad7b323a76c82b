"""What calendar programs and web sites write: zones, recurrences, people and references."""

import json

import pytest

from eventkit.errors import FeedError
from feed_reading import brief, read


def calendar(*events, end="\r\n"):
    bodies = [f"BEGIN:VEVENT\nUID:{at}\nSUMMARY:A\n{event}\nEND:VEVENT" for at, event in events]
    text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *bodies, "END:VCALENDAR", ""])
    return text.replace("\n", end)


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        # The Events Calendar of WordPress names zones by their offset.
        ("UTC+2", "+02:00"),
        ("UTC+5.5", "+05:30"),
        ("GMT-0500", "-05:00"),
        ("GMT-05:00", "-05:00"),
        ("UTC+0", "+00:00"),
        ("tzone://Microsoft/Utc", "+00:00"),
        ('"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"', "+02:00"),
        ("/freeassociation.sourceforge.net/Tzfile/America/New_York", "-04:00"),
    ],
)
def test_a_zone_may_be_named_by_its_offset(zone, offset):
    text = calendar((1, f"DTSTART;TZID={zone}:20260501T190000"))
    assert brief(text, "start_at") == [(f"2026-05-01T19:00:00{offset}",)]


def test_a_zone_with_an_offset_that_does_not_exist_is_noted():
    programme = read(calendar((1, "DTSTART;TZID=UTC+25:20260501T190000")))
    assert programme.sessions[0]["start_at"] == "2026-05-01T19:00:00"
    assert '"UTC+25" is not known' in programme.report.notes[0]


def test_lines_of_a_calendar_may_end_as_on_old_macs():
    text = calendar((1, "DTSTART:20260501T090000Z\nLOCATION:Hall\n  of fame"), end="\r")
    assert brief(text, "title", "start", "location") == [("A", "09:00", "Hall of fame")]


def test_a_time_without_seconds_keeps_its_zone():
    event = "DTSTART:20260501T0900Z\nDTEND:20260501T1030Z"
    assert brief(calendar((1, event)), "start_at", "end") == [
        ("2026-05-01T09:00:00+00:00", "10:30")
    ]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("RRULE:FREQ=DAILY;UNTIL=20260503", ["01", "02", "03"]),
        ("RRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260502", ["01", "03"]),
        ("RRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260502T180000Z", ["01", "03"]),
        ("RRULE:FREQ=DAILY;COUNT=2\nRDATE;TZID=Europe/Berlin:20260509T200000", ["01", "02", "09"]),
    ],
)
def test_dates_that_end_or_except_a_recurrence_of_times(rule, days):
    text = calendar((1, f"DTSTART;TZID=Europe/Berlin:20260501T200000\n{rule}"))
    assert brief(text, "start_at") == [(f"2026-05-{day}T20:00:00+02:00",) for day in days]


def test_a_single_time_of_a_recurrence_may_be_cancelled():
    start = "DTSTART;TZID=Europe/Berlin:2026050"
    change = "RECURRENCE-ID;TZID=Europe/Berlin:20260502T090000\nSTATUS:CANCELLED"
    text = calendar(
        (1, f"{start}1T090000\nRRULE:FREQ=DAILY;COUNT=3"), (1, f"{start}2T090000\n{change}")
    )
    assert brief(text, "day") == [("2026-05-01",), ("2026-05-03",)]
    assert brief(calendar((1, "DTSTART:20260501T090000Z\nSTATUS:CANCELED"))) == []


def test_attendees_that_are_rooms_or_only_addresses_are_no_speakers():
    attendees = [
        "ATTENDEE;CUTYPE=INDIVIDUAL;CN=ann@example.org:mailto:ann@example.org",
        "ATTENDEE;CUTYPE=RESOURCE;CN=Hall:mailto:hall@example.org",
        "ATTENDEE;CUTYPE=INDIVIDUAL;CN=Bo Ek:mailto:bo@example.org",
    ]
    text = calendar((1, "\n".join(["DTSTART:20260501T090000Z", *attendees])))
    assert brief(text, "speakers") == [(["Bo Ek"],)]


def test_texts_in_several_languages_and_in_html():
    texts = ["SUMMARY;LANGUAGE=de:Hallo", "SUMMARY;LANGUAGE=en:Hello", "SUMMARY;LANGUAGE=fr:Salut"]
    event = "\n".join(["DTSTART:20260501T090000Z", "DESCRIPTION:\\n", *texts])
    event += "\nX-ALT-DESC;FMTTYPE=text/html:<html><body><p>One</p><p>Two</p></body></html>"
    text = calendar((1, event)).replace("SUMMARY:A\r\n", "")
    assert brief(text, "title", "abstract") == [("Hello", "One\nTwo")]


LD = {"@type": "Event", "name": "A", "startDate": "2026-05-01T19:00:00+02:00"}


def page(*documents):
    scripts = [json.dumps(one) if not isinstance(one, str) else one for one in documents]
    tags = [f'<script type="application/ld+json">{script}</script>' for script in scripts]
    return f"<!DOCTYPE html><html><head>{''.join(tags)}</head></html>"


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("member", ["subEvent", "superEvent"])
def test_json_ld_that_refers_to_other_objects(member, reverse):
    times = {f"#{at}": f"2026-05-01T1{at}:00:00+02:00" for at in (1, 2)}
    parts = [
        {"@type": "Event", "@id": name, "name": name, "startDate": start}
        | {"location": {"@id": "#hall"}, "performer": [{"@id": "#ann"}]}
        for name, start in times.items()
    ]
    whole = {"@type": "Event", "@id": "#all", "name": "Fair", "startDate": "2026-05-01"}
    if member == "subEvent":
        whole["subEvent"] = [{"@id": name} for name in times]
    else:
        parts = [{**part, "superEvent": {"@id": "#all"}} for part in parts]
    things = [{"@type": "Place", "@id": "#hall", "name": "Hall"}]
    things += [{"@type": "Person", "@id": "#ann", "givenName": "Ann", "familyName": "Lee"}]
    graph = [whole, *parts, *things]
    feed = {"@context": "https://schema.org", "@graph": graph[::-1] if reverse else graph}
    programme = read(feed)
    assert (programme.format, programme.name) == ("json-ld", "Fair")
    found = sorted(brief(feed, "title", "location", "speakers"))
    assert found == [(name, "Hall", ["Ann Lee"]) for name in times]


def test_json_ld_that_refers_to_itself_ends():
    circle = [{"@id": "#a"}] * 50
    inside = ("subEvent", "event", "events", "item", "mainEntity")
    event = LD | {"@id": "#a"} | dict.fromkeys(inside, circle)
    assert len(read({"@context": "https://schema.org", "@graph": [event]})) < 2


def test_json_ld_of_lists_and_full_names():
    entry = {"@type": "ListItem", "item": LD}
    feed = {"@context": "https://schema.org", "itemListElement": [entry]}
    assert (read(feed).format, brief(feed, "title")) == ("json-ld", [("A",)])
    full = {"@type": ["http://schema.org/Event"], "http://schema.org/name": [{"@value": "A"}]}
    full["http://schema.org/startDate"] = [{"@value": "2026-05-01T10:00:00Z"}]
    assert brief([full], "title", "start") == [("A", "10:00")]


def test_json_ld_of_word_press():
    event = LD | {"performer": "Organization", "organizer": {"@type": "Person", "name": "Ann"}}
    event["description"] = "&lt;p&gt;One &amp;amp; two&lt;/p&gt;\\n"
    assert brief(page([event]), "abstract", "speakers") == [("One & two", ["Ann"])]
    again = LD | {"url": "https://example.org/a"}
    assert len(read(page(again, {"@graph": [again]}))) == 1
    assert len(read(page(LD, LD))) == 2
    assert len(read("<div>x</div>" + page(LD).split("<head>")[1])) == 1


def test_json_ld_dates_and_states():
    cancelled = [{"@id": "https://schema.org/EventCancelled"}, ["EventCancelled"]]
    feed = [LD | {"eventStatus": state} for state in cancelled]
    assert read(feed).report.skipped == 2
    assert brief(LD | {"startDate": "2026-5-1T9:00"}, "start_at") == [("2026-05-01T09:00:00",)]
    assert brief(LD | {"startDate": "2026-5-1"}, "all_day", "day") == [(True, "2026-05-01")]
    programme = read(LD | {"startDate": "on Friday"})
    assert '"A": "on Friday" is no startDate' in programme.report.notes[0]


def test_json_ld_with_a_line_break_in_a_string_is_refused_with_its_place():
    with pytest.raises(FeedError, match="JSON-LD in this page: 2:1: not JSON: control character"):
        read(page('{"@type": "Event", "name": "A\nB"}'))
