"""The JSON of Sessionize, Microsoft, Open Event, PyCon, HackerTracker and of single sites."""

import json
import re
from datetime import datetime, timedelta, timezone

from feed_oracle.model import finished, moment, session
from feed_oracle.text import block, line


def _categories(pairs):
    """Return track, type, language and the other names of pairs of category and item."""
    track = kind = language = ""
    tags = []
    for title, name in pairs:
        match title.lower():
            case "track" if not track:
                track = name
            case "session format" if not kind:
                kind = name
            case "language":
                language = name
            case "day":
                pass
            case _:
                tags.append(name)
    # Tags keep the order of the feed.
    order = [name for title, name in pairs if name in (track, kind, *tags)]
    return track, kind, language, order


def _sessionize(entry, room, speakers, pairs):
    track, kind, language, order = _categories(pairs)
    made = session(
        line(entry["title"]),
        id=str(entry["id"]),
        start=moment(entry["startsAt"]),
        end=moment(entry["endsAt"]),
        room=line(room),
        track=track,
        kind=kind,
        language=language,
        url=line(entry.get("liveUrl")),
        short=block(entry["description"]),
        speakers=[line(name) for name in speakers],
        service=entry["isServiceSession"],
    )
    made["tags"] = []
    for tag in order:
        if tag and tag.lower() not in {other.lower() for other in made["tags"]}:
            made["tags"].append(tag)
    return made


def sessionize_all(data):
    root = json.loads(data)
    rooms = {room["id"]: room["name"] for room in root["rooms"]}
    names = {speaker["id"]: speaker["fullName"] for speaker in root["speakers"]}
    items = {
        item["id"]: (category["title"], line(item["name"]))
        for category in root["categories"]
        for item in category["items"]
    }
    return finished(
        _sessionize(
            entry,
            rooms.get(entry["roomId"], ""),
            [names[speaker] for speaker in entry["speakers"]],
            [items[item] for item in entry["categoryItems"]],
        )
        for entry in root["sessions"]
    )


def sessionize_groups(data):
    found = {}
    for group in json.loads(data):
        rooms = group.get("rooms") or [group]
        for entry in (entry for room in rooms for entry in room["sessions"]):
            pairs = [
                (category["name"], line(item["name"]))
                for category in entry["categories"]
                for item in category["categoryItems"]
            ]
            names = [speaker["name"] for speaker in entry["speakers"]]
            found.setdefault(entry["id"], _sessionize(entry, entry.get("room") or "", names, pairs))
    return finished(found.values())


def microsoft(data):
    tags = [
        "topic",
        "tags",
        "product",
        "programmingLanguages",
        "solutionArea",
        "communityTopic",
        "learningZoneTopic",
        "contentArea",
        "industry",
        "sessionLevel",
    ]
    return finished(
        session(
            line(entry["title"]),
            id=entry["sessionCode"],
            start=moment(entry["startDateTime"]),
            end=moment(entry["endDateTime"]),
            room=line(entry["location"]),
            kind=line(entry["sessionType"]["displayValue"]),
            tags=[line(item["displayValue"]) for name in tags for item in entry.get(name) or []],
            language=entry["langLocale"],
            url=entry["onDemand"],
            short=block(entry["description"]),
            long=block(entry["aiDescription"]),
            speakers=_names(entry["speakerNames"] or ""),
        )
        for entry in json.loads(data)
    )


def openevent(data):
    return finished(
        session(
            line(entry["title"]),
            id=str(entry["id"]),
            subtitle=line(entry["subtitle"]),
            start=moment(entry["starts-at"]),
            end=moment(entry["ends-at"]),
            room=line((entry["microlocation"] or {}).get("name")),
            track=line((entry["track"] or {}).get("name")),
            kind=line((entry["session-type"] or {}).get("name")),
            language=line(entry["language"]),
            url=line(entry["signup-url"]),
            short=block(
                (entry["short-abstract"] or "").replace("Short Abstract for the event", "")
            ),
            long=block(entry["long-abstract"]),
            speakers=[line(speaker["name"]) for speaker in entry["speakers"] or []],
        )
        for entry in json.loads(data)
    )


def pycon(data):
    return finished(
        session(
            line(entry["name"]),
            id=str(entry["conf_key"]),
            start=moment(entry["start"]),
            end=moment(entry["end"]),
            room=line(entry["room"]),
            track=line(entry["section"]),
            kind=line(entry["kind"]),
            language="es" if entry["kind"] == "charla" else "",
            url=line(entry.get("conf_url")),
            short=block(entry["description"]),
            speakers=[line(speaker["name"]) for speaker in entry.get("speakers") or []]
            or [line(name) for name in entry.get("authors") or []],
            service=entry["kind"] == "break",
        )
        | {"tags": list(dict.fromkeys([entry["kind"], entry["section"]]))}
        for entry in json.loads(data)["schedule"]
    )


def hackertracker(data):
    return finished(
        session(
            line(entry["title"]),
            id=str(entry["id"]),
            start=moment(entry["start_date"]),
            end=moment(entry["end_date"]),
            short=block(entry["description"]),
            url=line(entry["link"]),
        )
        for entry in json.loads(data)["schedule"]
    )


def aws(data):
    def at(time):
        return datetime.fromtimestamp(
            time["timestamp"], timezone(timedelta(seconds=time["timeZoneOffset"]))
        )

    return finished(
        session(
            line(entry["name"]),
            id=entry["id"],
            start=at(entry["schedulingData"]["start"]),
            end=at(entry["schedulingData"]["end"]),
            short=block(entry["description"]),
            url=entry["callToActionLink"],
            tags=[line(tag) for tag in re.split("[,;\n]", entry["tags"])],
            speakers=[line(presenter["name"]) for presenter in entry["presenters"]],
        )
        for entry in json.loads(data)["sessions"]
    )


def google_io(data):
    root = json.loads(data)
    rooms = {room["id"]: room["name"] for room in root["rooms"]}
    tags = {tag["tag"]: tag["name"] for tag in root["tags"]}

    def at(ms):
        return datetime.fromtimestamp(ms / 1000, timezone.utc)

    return finished(
        session(
            line(entry["title"]),
            id=entry["id"],
            start=at(entry["startTimestamp"]),
            end=at(entry["endTimestamp"]),
            room=rooms[entry["room"]],
            kind=entry["type"],
            tags=[line(tags[name]) for name in entry["tagNames"] if name in tags]
            + [name for name in entry["tagNames"] if name not in tags],
            short=block(entry["description"]),
            speakers=[line(root["speakers"][name]["name"]) for name in entry["speakers"]],
        )
        for entry in root["sessions"]
    )


def gca(data):
    found = []
    for entry in json.loads(data):
        start, end = (
            moment(f"{entry['date']}T{entry[name]}") if entry.get(name) else None
            for name in ("start", "end")
        )
        found.append(
            session(
                line(entry["title"]),
                subtitle=line(entry["subtitle"]),
                start=start,
                end=end,
                room=line(entry.get("location")),
                kind=line(entry.get("type")),
                short=block(entry.get("abstract")),
                speakers=[line(name) for name in entry.get("authors") or []],
            )
        )
    return finished(found)


def _names(text):
    return [line(name) for name in re.split(r"[,;\n]| & | and ", text) if name.strip()]


def orconf(data):
    return finished(
        session(
            line(entry["title"]),
            start=moment(entry["start"].replace(" ", "T")),
            end=moment(entry["end"].replace(" ", "T")),
            tags=[line(entry["category"])],
            short=block(entry["abstract"]),
            speakers=_names(entry["speaker"]),
        )
        for entry in json.loads(data)
    )


def psconfeu(data):
    def at(text):
        return datetime.strptime(text, "%m/%d/%Y %H:%M")

    return finished(
        session(
            line(entry["Name"]),
            start=at(entry["Starts"]),
            end=at(entry["Ends"]),
            track=line(entry["Track"]),
            short=block(entry["Description"]),
            speakers=_names(entry["Speaker"]),
        )
        for entry in json.loads(data)
    )


def pyconfr(data):
    days = json.loads(data)["schedule"].values()
    entries = (entry for day in days for at in day.values() for entry in at.values())

    def label(value):
        return line(value["en"] if isinstance(value, dict) else value)

    return finished(
        session(
            label(entry["title"]),
            id=entry["code"],
            start=moment(entry["slot"]["start"]),
            end=moment(entry["slot"]["end"]),
            room=label(entry["slot"]["room"]),
            track=label(entry["track"]),
            kind=label(entry["submission_type"]),
            language=entry["content_locale"],
            short=block(entry["abstract"]),
            long=block(entry["description"]),
            tags=[line(tag) for tag in entry["tags"]],
            speakers=[line(speaker["name"]) for speaker in entry["speakers"]],
        )
        for entry in entries
    )


def pyconjp(data):
    found = []
    for entry in json.loads(data):
        clock = tuple(time.zfill(5) for time in entry.get("hours", "").split(" - "))
        found.append(
            session(
                line(entry["title"]),
                id=entry["id"],
                day=entry["day"],
                room=line(entry["room"]),
                kind=line(entry["talk_format"]),
                tags=[*map(line, re.split("[,;\n]", entry["tags"])), line(entry["audience_level"])],
                language=entry["lang_of_talk"],
                short=block(entry["abstract"]),
                long=block(entry["description"]),
                speakers=_names(entry["name"]),
                clock=clock if len(clock) == 2 else None,
            )
        )
    return finished(found)


def swiftconnection(data):
    found = []
    for entry in json.loads(data):
        day, year, first, _, last = re.fullmatch(
            r"(\w+ \d+), (\d+) ([\d:]+) (→) ([\d:]+)", entry["Time"]
        ).groups()
        start, end = (
            datetime.strptime(f"{day} {year} {time}", "%B %d %Y %H:%M") for time in (first, last)
        )
        found.append(
            session(
                line(entry["Name"]),
                start=start,
                end=end,
                kind=line(entry["Kind"]),
                speakers=_names(line(entry["Speaker Names"])),
            )
        )
    return finished(found)
