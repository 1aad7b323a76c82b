"""schedule.json, schedule2 and schedule.xml."""

import json
import re
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

from feed_oracle.model import finished, hours, moment, session
from feed_oracle.text import block, line


def _start(day, begins, ends, change, when, time):
    if moment(when):
        return moment(when)
    if not time:
        return None
    hour, minute = map(int, time.split(":")[:2])
    start = datetime.combine(date.fromisoformat(day[:10]), datetime.min.time())
    start += timedelta(hours=hour, minutes=minute)
    begins, ends = moment(begins or ""), moment(ends or "")
    if begins:
        start = start.replace(tzinfo=begins.tzinfo)
    if change is not None:
        late = (hour, minute) < change
    elif begins and ends:
        late = start < begins and start + timedelta(days=1) <= ends
    else:
        late = hour < 4
    return start + timedelta(days=1) if late else start


def schedule_json(data):
    conference = json.loads(data)["schedule"]["conference"]
    found = []
    for day in conference["days"]:
        for room, events in day["rooms"].items():
            found += [_json_event(event, day, room) for event in events]
    return finished(found, conference.get("time_zone_name"))


def _json_event(event, day, room):
    start = _start(
        day["date"],
        day.get("day_start"),
        day.get("day_end"),
        None,
        event.get("date"),
        event["start"],
    )
    names = ("public_name", "full_public_name", "name")
    return session(
        line(event["title"]),
        id=str(event["id"]),
        guid=event.get("guid") or "",
        subtitle=line(event["subtitle"]),
        start=start,
        end=start + hours(event["duration"]),
        day=day["date"],
        room=line(event.get("room", room)),
        track=line(event["track"]),
        kind=line(event["type"]),
        language=line(event["language"]),
        url=line(event.get("url")),
        short=block(event["abstract"]),
        long=block(event["description"]),
        speakers=[
            line(next(person[name] for name in names if person.get(name)))
            for person in event["persons"]
        ],
    )


def schedule2(data):
    schedule = json.loads(data)["schedule"]
    conference = schedule["conference"]
    tracks = {track["slug"]: track["name"] for track in conference["tracks"]}
    found = [
        session(
            line(event["title"]),
            id=event["code"],
            guid=event["guid"],
            start=moment(event["start"]),
            end=moment(event["end"]),
            room=line(event["room"]["name"]),
            track=tracks[event["track"]["slug"]] if event["track"] else "",
            kind="" if event["type"] == "OTHER" else event["type"],
            language=event["language"],
            url=event["url"],
            subtitle=line(event["subtitle"]),
            short=block(event["abstract"]),
            long=block(event["description"]),
            speakers=[
                line(person["name"])
                for person in event["participants"]
                if person["role"] in ("SPEAKER", "MODERATOR")
            ],
        )
        for event in schedule["events"]
    ]
    return finished(found, conference["time_zone_name"])


def schedule_xml(data):
    # A file that is not well-formed has control characters; a strict parser reads it without them.
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", data.decode())
    root = ElementTree.fromstring(text.encode())
    change = root.findtext("conference/day_change")
    change = tuple(map(int, change.split(":")[:2])) if change else None
    found = []
    for day in root.iter("day"):
        for holder in [*day.iter("room"), day]:
            found += [
                _xml_event(event, day, holder.get("name", ""), change)
                for event in holder.findall("event")
            ]
    return finished(found, root.findtext("conference/time_zone_name"))


def _xml_event(event, day, room, change):
    def text(name):
        return event.findtext(name) or ""

    start = _start(
        day.get("date"), day.get("start"), day.get("end"), change, text("date"), text("start")
    )
    return session(
        line(text("title")),
        id=event.get("id"),
        guid=event.get("guid", ""),
        subtitle=line(text("subtitle")),
        start=start,
        end=start + hours(text("duration")),
        day=day.get("date"),
        room=line(text("room") if event.find("room") is not None else room),
        track=line(text("track")),
        kind=line(text("type")),
        language=line(text("language")),
        url=line(text("url")),
        short=block(text("abstract")),
        long=block(text("description")),
        speakers=[
            line(person.findtext("public_name") or person.findtext("name") or person.text or "")
            for person in event.iterfind("persons/person")
        ],
    )
