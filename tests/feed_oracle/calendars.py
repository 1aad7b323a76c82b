"""iCalendar and xCal."""

import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import icalendar

from feed_oracle.model import finished, session
from feed_oracle.text import block, line


def ics(data):
    end = b"END:VCALENDAR"
    body = data[data.index(b"BEGIN:VCALENDAR") : data.rindex(end) + len(end)]
    calendar = icalendar.Calendar.from_ical(re.sub(rb"\r?\n[ \t]", b"", body).decode())
    zone = str(calendar.get("X-WR-TIMEZONE", "")).title() or None
    return finished((_event(event) for event in calendar.walk("VEVENT")), zone)


def _event(event):
    start, end = (event[name].dt if name in event else None for name in ("DTSTART", "DTEND"))
    all_day = not isinstance(start, datetime)
    if all_day:
        start = datetime.combine(start, datetime.min.time())
        end = datetime.combine(end, datetime.min.time()) if end else start + timedelta(days=1)
    elif end is None and "DURATION" in event:
        end = start + event["DURATION"].dt
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    categories = event.get("CATEGORIES")
    return session(
        line(str(event.get("SUMMARY", ""))),
        id=line(str(event.get("UID", ""))),
        start=start,
        end=end,
        all_day=all_day,
        room=line(str(event.get("LOCATION", ""))),
        tags=[line(str(name)) for name in categories.cats] if categories else [],
        short=block(str(event.get("DESCRIPTION", ""))),
        url=line(str(event.get("URL", ""))),
        speakers=[line(attendee.params["CN"]) for attendee in attendees],
    )


def xcal(data):
    text = re.sub(r"\A(---\n)+", "", data.decode())
    root = ElementTree.fromstring(text.encode())
    return finished(_element(event) for event in root.iter("vevent"))


def _element(event):
    own = "{http://pentabarf.org}"

    def text(name):
        return event.findtext(name) or ""

    def at(name):
        exact = text(f"{own}{'start' if name == 'dtstart' else 'end'}")
        if exact:
            return datetime.strptime(exact, "%Y-%m-%d %H:%M:%S %z")
        return datetime.strptime(text(name), "%Y%m%dT%H%M%S")

    return session(
        line(text("summary")),
        id=line(text("uid")),
        subtitle=line(text(f"{own}subtitle")),
        start=at("dtstart"),
        end=at("dtend"),
        room=line(text("location")),
        track=line(text(f"{own}track")),
        kind=line(text("category")),
        tags=[line(text("categories"))],
        language=line(text(f"{own}language-code")),
        short=block(text("description")),
        url=line(text("url")),
        speakers=[line(attendee.text or "") for attendee in event.iterfind("attendee")],
    )
