"""CSV."""

import csv
import io
import re
from datetime import datetime, timedelta

from feed_oracle.model import finished, moment, session
from feed_oracle.sites import _names
from feed_oracle.text import block, line


def _rows(data):
    return csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))


def droidcon(data):
    found = []
    for row in _rows(data):
        start = moment(f"{row['Date']}T{row['Start Time']}")
        hours, minutes = map(int, row["Duration"].split(":"))
        found.append(
            session(
                line(row["Proposal title"]),
                id=line(row["ID"]),
                start=start,
                end=start + timedelta(hours=hours, minutes=minutes),
                room=line(row["Room"]),
                tags=[*map(line, row["Tags"].split(",")), line(row["Level"])],
                short=block(row["Abstract"]),
                speakers=_names(row["Speaker names"]),
            )
        )
    return finished(found)


def eurobioc(data):
    found = []
    for row in _rows(data):
        made = session(
            line(row["title"]),
            day=row["day"],
            kind=line(row["type"]),
            short=block(row["info"]),
            speakers=_names(row["author"]),
        )
        made["start"] = row["time"].zfill(5)
        found.append(made)
    return finished(found)


def iswc(data):
    return finished(
        session(
            line(row["Title"]),
            id=line(row["ID"]),
            start=moment(row["Start"]),
            end=moment(row["End"]),
            room=line(row["Room"]),
            track=line(row["Track"]),
            short=block(row["Abstract"]),
            speakers=_names(row["Presenter"]),
        )
        for row in _rows(data)
    )


def kumanofes(data):
    found = []
    for row in _rows(data):
        made = session(
            line(row["name"]),
            id=row["id"],
            day=row["start_day"],
            room=line(row["place"]),
            short=block(row["body"]),
        )
        for name, column in (("start", "start_at"), ("end", "end_at")):
            # After midnight, hours are counted on.
            if time := re.fullmatch(r"(\d+):(\d\d)", row[column].strip()):
                made[name] = f"{int(time[1]) % 24:02}:{time[2]}"
        found.append(made)
    return finished(found)


def psconfeu(data):
    def at(text):
        return datetime.strptime(text, "%m/%d/%Y %H:%M")

    return finished(
        session(
            line(row["Name"]),
            start=at(row["Starts"]),
            end=at(row["Ends"]),
            track=line(row["Track"]),
            short=block(row["Description"]),
            speakers=_names(row["Speaker"]),
        )
        for row in _rows(data)
    )
