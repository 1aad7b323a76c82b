"""A small feed of each format, written for the tests."""

import json

FRAB_JSON = json.dumps(
    {
        "schedule": {
            "version": "1.0",
            "conference": {
                "title": "Field Day",
                "time_zone_name": "Europe/Berlin",
                "days": [
                    {
                        "index": 1,
                        "date": "2026-08-01",
                        "day_start": "2026-08-01T10:00:00+02:00",
                        "day_end": "2026-08-02T03:00:00+02:00",
                        "rooms": {
                            "Barn": [
                                {
                                    "id": 7,
                                    "guid": "aaaa-7",
                                    "date": "2026-08-01T10:30:00+02:00",
                                    "start": "10:30",
                                    "duration": "1:30",
                                    "room": "Barn",
                                    "title": "  Soil &amp; Sensors ",
                                    "subtitle": "",
                                    "track": "Hardware",
                                    "type": "workshop",
                                    "language": "en",
                                    "abstract": "",
                                    "description": "<p>Bring <b>boots</b>.</p><p>Twice.</p>",
                                    "persons": [{"id": 1, "public_name": "Ann"}],
                                },
                                {
                                    "id": 7,
                                    "guid": "aaaa-8",
                                    "start": "01:00",
                                    "duration": "00:45",
                                    "title": "Night walk",
                                    "subtitle": "Bring a lamp",
                                    "track": None,
                                    "type": "walk",
                                    "language": None,
                                    "abstract": "Owls.",
                                    "description": "Owls and bats.",
                                    "persons": [{"id": 2, "full_public_name": "Bo"}],
                                },
                            ]
                        },
                    }
                ],
            },
        }
    }
)

SCHEDULE2 = json.dumps(
    {
        "schedule": {
            "conference": {
                "title": "Hub Day",
                "time_zone_name": "Europe/Berlin",
                "tracks": [{"slug": "art", "name": "Art & Beauty"}],
                "rooms": [{"guid": "r1", "name": "Hall 1", "slug": "hall-1"}],
            },
            "events": [
                {
                    "type": "OTHER",
                    "guid": "g1",
                    "code": "ABC",
                    "start": "2026-12-27T09:30:00+00:00",
                    "end": "2026-12-27T10:30:00+00:00",
                    "room": {"slug": "hall-1", "name": "Hall 1"},
                    "url": "https://example.org/abc",
                    "title": "Opening",
                    "subtitle": None,
                    "language": "en",
                    "track": {"slug": "art"},
                    "abstract": "Welcome.",
                    "description": "",
                    "participants": [
                        {"name": "Ann", "role": "SPEAKER"},
                        {"name": "Tim", "role": "TECHNICIAN"},
                    ],
                }
            ],
        }
    }
)

SCHEDULE_XML = """<?xml version="1.0" encoding="UTF-8"?>
<schedule>
  <conference>
    <title>Night Camp</title><day_change>06:00</day_change>
  </conference>
  <day index="1" date="2026-08-01">
    <room name="Tent">
      <event id="1"><start>23:30</start><duration>01:00</duration><room>Tent</room>
        <title>Fire &amp;amp; Ice</title><subtitle/><track>Show</track><type>talk</type>
        <language>de</language><abstract>&lt;p&gt;One.&lt;/p&gt;</abstract>
        <description><![CDATA[<p>Two <i>&amp;</i> three.</p>]]></description>
        <persons><person id="1">Ann</person><person id="2">Bo</person></persons></event>
      <event id="2"><start>05:30</start><duration>00:30</duration>
        <title>Sunrise</title><persons/></event>
    </room>
  </day>
</schedule>
"""

XCAL_RFC = """<?xml version="1.0" encoding="utf-8"?>
<icalendar xmlns="urn:ietf:params:xml:ns:icalendar-2.0"><vcalendar>
 <properties><version><text>2.0</text></version></properties>
 <components><vevent><properties>
  <uid><text>one@example.org</text></uid>
  <dtstart><parameters><tzid><text>Europe/Vienna</text></tzid></parameters>
   <date-time>2026-03-28T10:00:00</date-time></dtstart>
  <duration><duration>PT1H</duration></duration>
  <rrule><recur><freq>DAILY</freq><count>2</count></recur></rrule>
  <summary><text>Tea, daily</text></summary>
  <categories><text>food</text><text>break</text></categories>
 </properties></vevent></components>
</vcalendar></icalendar>
"""

XCAL_OLD = """<iCalendar xmlns:xCal="urn:ietf:params:xml:ns:xcal" xmlns:pentabarf="http://pentabarf.org">
 <vcalendar><version>2.0</version><x-wr-calname>Old Days</x-wr-calname>
  <vevent><uid>1@old</uid><pentabarf:title>Ice; cream</pentabarf:title>
   <pentabarf:subtitle>Cold, sweet</pentabarf:subtitle><pentabarf:track>Food</pentabarf:track>
   <pentabarf:language-code>en</pentabarf:language-code>
   <dtstart>20260801T110000</dtstart><dtend>20260801T120000</dtend><duration>01H00M00S</duration>
   <summary>Ice; cream-</summary><description>Line one
Line two</description>
   <category>Lecture</category><url>https://example.org/1</url><location>Hall</location>
   <attendee>Ann Lee, Ice Ltd</attendee></vevent>
 </vcalendar></iCalendar>
"""

ICS = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//example//EN",
        "X-WR-CALNAME:Weeks",
        "X-WR-TIMEZONE:europe/riga",
        "BEGIN:VEVENT",
        "UID:utc@example.org",
        "DTSTART:20260701T090000Z",
        "DURATION:PT45M",
        "SUMMARY:Long title that is",
        "  folded",
        "DESCRIPTION:One\\nTwo\\, three",
        "CATEGORIES:ai,web\\, too",
        'ATTENDEE;CN="Ann Lee";ROLE=REQ-PARTICIPANT:invalid:nomail',
        "LOCATION:Hall A",
        "URL:https://example.org/a",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:day@example.org",
        "DTSTART;VALUE=DATE:20260702",
        "SUMMARY:Holiday",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:gone@example.org",
        "DTSTART:20260703T090000",
        "SUMMARY:Gone",
        "STATUS:CANCELLED",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
)

ICS_RECURRING = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        "UID:tea",
        "DTSTART;TZID=Europe/Berlin:20260326T100000",
        "DTEND;TZID=Europe/Berlin:20260326T103000",
        "RRULE:FREQ=DAILY;COUNT=5",
        "EXDATE;TZID=Europe/Berlin:20260327T100000",
        "SUMMARY:Tea",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:tea",
        "RECURRENCE-ID;TZID=Europe/Berlin:20260328T100000",
        "DTSTART;TZID=Europe/Berlin:20260328T150000",
        "DTEND;TZID=Europe/Berlin:20260328T160000",
        "SUMMARY:Late tea",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
)

_SESSIONIZE = {
    "id": "11",
    "title": "Keynote",
    "description": "All of it.",
    "startsAt": "2026-05-01T09:00:00",
    "endsAt": "2026-05-01T10:00:00",
    "isServiceSession": False,
    "isPlenumSession": True,
}

SESSIONIZE_ALL = json.dumps(
    {
        "sessions": [
            _SESSIONIZE | {"speakers": ["s1"], "categoryItems": [1, 2, 3], "roomId": 5},
            _SESSIONIZE
            | {
                "id": "12",
                "title": "Lunch",
                "description": None,
                "isServiceSession": True,
                "speakers": [],
                "categoryItems": [],
                "roomId": None,
            },
        ],
        "speakers": [{"id": "s1", "firstName": "Ann", "lastName": "Lee", "fullName": "Ann Lee"}],
        "questions": [],
        "categories": [
            {"id": 9, "title": "Track", "items": [{"id": 1, "name": "Web"}]},
            {"id": 8, "title": "Session format", "items": [{"id": 2, "name": "Talk"}]},
            {"id": 7, "title": "Level", "items": [{"id": 3, "name": "Beginner"}]},
        ],
        "rooms": [{"id": 5, "name": "Main"}],
    }
)

_GROUPED = _SESSIONIZE | {
    "speakers": [{"id": "s1", "name": "Ann Lee"}],
    "categories": [
        {"id": 9, "name": "Track", "categoryItems": [{"id": 1, "name": "Web"}]},
        {"id": 6, "name": "Language", "categoryItems": [{"id": 4, "name": "English"}]},
    ],
    "roomId": 5,
    "room": "Main",
}

SESSIONIZE_GRID = json.dumps(
    [
        {
            "date": "2026-05-01T00:00:00",
            "rooms": [{"id": 5, "name": "Main", "sessions": [_GROUPED]}],
            "timeSlots": [
                {"slotStart": "09:00:00", "rooms": [{"id": 5, "name": "Main", "session": _GROUPED}]}
            ],
        }
    ]
)

SESSIONIZE_SESSIONS = json.dumps(
    [
        {"groupId": 1, "groupName": "Web", "sessions": [_GROUPED], "isDefault": False},
        {"groupId": 2, "groupName": "English", "sessions": [_GROUPED], "isDefault": False},
    ]
)

MICROSOFT = json.dumps(
    [
        {
            "sessionId": "0-1",
            "sessionInstanceId": "0-1",
            "sessionCode": "BRK1",
            "title": "Agents",
            "description": "Short.",
            "aiDescription": "<p>Long.</p>",
            "location": "Level 3",
            "startDateTime": "2026-05-19T20:30:00Z",
            "endDateTime": "2026-05-19T21:30:00Z",
            "langLocale": "en-US",
            "onDemand": "",
            "speakerNames": "Ann Lee, Bo Ek",
            "sessionType": {"displayValue": "Breakout", "logicalValue": "Breakout"},
            "topic": [{"displayValue": "AI", "logicalValue": "AI"}],
            "sessionLevel": [{"displayValue": "Expert (400)", "logicalValue": "Expert (400)"}],
        }
    ]
)

OPENEVENT = json.dumps(
    [
        {
            "id": 3,
            "title": "Grand Opening",
            "subtitle": None,
            "state": "accepted",
            "starts-at": "2026-03-18T09:30:00+08:00",
            "ends-at": "2026-03-18T10:00:00+08:00",
            "short-abstract": "Short Abstract for the event",
            "long-abstract": "Welcome.",
            "language": None,
            "signup-url": None,
            "microlocation": {"id": 1, "name": "Dalton Hall"},
            "session-type": {"id": 1, "name": "Welcome"},
            "track": {"id": 1, "name": "IoT"},
            "speakers": [{"id": 1, "name": "Ann"}],
        }
    ]
)

PYCON = json.dumps(
    {
        "conference": {"content": {}, "sponsors": {}},
        "schedule": [
            {
                "room": "Hall B",
                "rooms": ["Hall B"],
                "start": "2026-05-17T07:00:00-04:00",
                "end": "2026-05-17T07:00:00-04:00",
                "duration": 0,
                "kind": "informational",
                "section": "events",
                "conf_key": 303,
                "tags": "",
                "name": "Doors open",
                "description": "<p>Doors open</p>",
            }
        ],
    }
)

HACKERTRACKER = json.dumps(
    {
        "updated_at": "2026-08-06T05:36+0000",
        "schedule": [
            {
                "id": 31,
                "title": "Locks",
                "description": "Pick &amp; choose.",
                "start_date": "2026-08-06T18:30+0000",
                "end_date": "2026-08-06T19:25+0000",
                "conference": "CON26",
                "link": "",
                "location": 31601,
                "event_type": 31601,
                "speakers": [31727],
            }
        ],
    }
)

INDICO = json.dumps(
    {
        "count": 1,
        "_type": "HTTPAPIResult",
        "results": [
            {
                "_type": "Conference",
                "id": "1",
                "title": "Physics Week",
                "timezone": "Europe/Zurich",
                "startDate": {"date": "2026-06-01", "time": "09:00:00", "tz": "Europe/Zurich"},
                "contributions": [
                    {
                        "id": "5",
                        "friendly_id": 5,
                        "title": "Bosons",
                        "startDate": {
                            "date": "2026-06-01",
                            "time": "09:30:00",
                            "tz": "Europe/Zurich",
                        },
                        "duration": 25,
                        "room": "Main",
                        "description": "<p>Heavy.</p>",
                        "session": "Plenary",
                        "track": None,
                        "type": "Talk",
                        "keywords": ["higgs"],
                        "speakers": [{"first_name": "Ann", "last_name": "Lee"}],
                    }
                ],
            }
        ],
    }
)

JSON_LD_PAGE = """<!DOCTYPE html><html><head><title>Events</title>
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Festival",
 "name": "Summer", "subEvent": [
 {"@type": "MusicEvent", "name": "Jazz", "startDate": "2026-07-01T20:00+02:00",
  "duration": "PT2H", "location": {"@type": "Place", "name": "Park"},
  "performer": [{"@type": "Person", "name": "Ann"}], "keywords": "jazz, open air"},
 {"@type": "Event", "name": "Rain", "startDate": "2026-07-02",
  "eventStatus": "https://schema.org/EventCancelled"}]}</script></head><body></body></html>
"""

OTHER_JSON = json.dumps(
    [
        {
            "title": "Chips",
            "start": "2026-09-27 13:00",
            "end": "2026-09-27 13:40",
            "speaker": "Ann Lee and Bo Ek",
            "room": "A",
            "tags": ["risc-v", "fpga"],
            "popularity": 0.8,
        }
    ]
)

CSV = (
    "\ufeffId;Titel;Datum;Beginn;Ende;Raum;Referenten\r\n"
    'a;"Tee; heiß";03.09.2026;9:30;10:15;Saal 1;Ann Lee, Bo Ek\r\n'
    "b;Nachtwache;03.09.2026;23:30;00:30;Saal 2;\r\n"
)

MANIFEST = json.dumps(
    {
        "name": "Own",
        "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
        "sessions": [{"id": "a", "title": "Agents", "tags": ["ai"], "start": "09:00", "extra": 1}],
    }
)

SAMPLES = {
    "frab-json": FRAB_JSON,
    "schedule2": SCHEDULE2,
    "schedule-xml": SCHEDULE_XML,
    "xcal": XCAL_OLD,
    "ics": ICS,
    "sessionize-all": SESSIONIZE_ALL,
    "sessionize-grid": SESSIONIZE_GRID,
    "sessionize-sessions": SESSIONIZE_SESSIONS,
    "microsoft": MICROSOFT,
    "openevent": OPENEVENT,
    "pycon-json": PYCON,
    "hackertracker": HACKERTRACKER,
    "indico": INDICO,
    "json-ld": JSON_LD_PAGE,
    "other-json": OTHER_JSON,
    "csv": CSV,
    "manifest": MANIFEST,
}
"""A feed of each format, by the format's name."""
