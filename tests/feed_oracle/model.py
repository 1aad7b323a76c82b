"""Sessions as `eventkit.feeds.read` gives them, from what a format says."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from feed_oracle.text import slug


def moment(text):
    """Return the datetime of ISO text; ``None`` for anything else."""
    if not isinstance(text, str) or ":" not in text:
        return None
    text = text.strip().replace("Z", "+00:00")
    if len(text) >= 5 and text[-5] in "+-":
        text = text[:-2] + ":" + text[-2:]
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def hours(text):
    """Return the duration that ``1:30`` or ``01:30`` says."""
    hour, minute = text.split(":")[:2]
    return timedelta(hours=int(hour), minutes=int(minute))


def session(
    title,
    *,
    id="",
    guid="",
    start=None,
    end=None,
    day="",
    room="",
    tags=(),
    short="",
    long="",
    subtitle="",
    speakers=(),
    track="",
    kind="",
    language="",
    url="",
    all_day=False,
    service=False,
    clock=None,
):
    """Return the parts of a session. `clock` is (start, end) as ``HH:MM`` where no day is known."""
    if not short:
        short, long = long, ""
    every = []
    for tag in (track, kind, *tags):
        if tag and tag.lower() not in {other.lower() for other in every}:
            every.append(tag)
    return {
        "id": id,
        "guid": guid,
        "title": title,
        "location": room,
        "tags": every,
        "subtitle": subtitle,
        "abstract": short,
        "description": long if long != short else "",
        "speakers": list(dict.fromkeys(name for name in speakers if name)),
        "track": track,
        "type": kind,
        "language": language,
        "day": day,
        "url": url,
        "all_day": all_day,
        "service": service,
        "span": (start, end),
        "clock": clock,
    }


def finished(sessions, zone=None):
    """Complete times, days and ids, and drop what is empty."""
    place = zone and ZoneInfo(zone)
    seen = set()
    return [_finished(dict(each), place, seen) for each in sessions if each["title"]]


def _placed(at, place, all_day):
    if at is None or place is None or all_day:
        return at
    if at.tzinfo is None:
        return at.replace(tzinfo=place)
    return at.astimezone(place) if at.utcoffset() == timedelta(0) else at


def _finished(each, place, seen):
    start, end = (_placed(at, place, each["all_day"]) for at in each.pop("span"))
    if start and end and end < start:
        end = None
    clock = each.pop("clock")
    for name, at in (("start", start), ("end", end)):
        if at is not None:
            if not each["all_day"]:
                each[name] = at.strftime("%H:%M")
            each[f"{name}_at"] = at.replace(microsecond=0).isoformat()
    if clock:
        each["start"], each["end"] = clock
    if not each["day"] and start:
        each["day"] = start.date().isoformat()
    each["id"] = _own_id(each, each.pop("guid"), seen)
    keep = ("tags", "speakers")
    return {name: value for name, value in each.items() if name in keep or value}


def _own_id(each, guid, seen):
    own = each["id"] or guid or slug(each["title"])
    if own in seen and guid:
        own = guid
    made, count = own, 1
    while made in seen:
        count += 1
        made = f"{own}-{count}"
    seen.add(made)
    return made


UTC = timezone.utc
