"""What is exported as a schedule, a table or a calendar is read back as the same sessions."""

import contextlib
import csv
import json
import re
from datetime import datetime

import pytest

from eventkit import export
from eventkit.errors import FeedError
from eventkit.feeds import portable_manifest, read
from eventkit.schema import validate
from feed_samples import SAMPLES

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
FORMATS = ("schedule-json", "schedule-xml", "csv", "ics")
LOST = {
    # Marks for breaks, and for whole days, which become 24 hours.
    "schedule-json": {"service", "popularity"},
    "schedule-xml": {"service", "popularity"},
    "csv": {"service"},
    "ics": {"service", "popularity"},
}
"""The fields that a format has no place for."""


def exported(programme, format):
    """Return the bytes of a file with all sessions of a programme."""
    manifest, _ = portable_manifest(programme)
    result = export(manifest, ["x"], len(programme), format=format)
    document = result[format]
    return (document if isinstance(document, str) else json.dumps(document)).encode()


def moment(text):
    """Return a time as an instant: the offset may change where clocks are set in between."""
    moment = None if text is None else datetime.fromisoformat(text)
    return moment if moment is None or moment.tzinfo is None else moment.timestamp()


def comparable(session, format):
    """Return a session without what the format cannot hold."""
    kept = {name: value for name, value in session.items() if name not in LOST[format]}
    kept["tags"] = sorted(session["tags"])
    kept["start_at"], kept["end_at"] = moment(kept.get("start_at")), moment(kept.get("end_at"))
    if session.get("all_day") and format != "ics":
        for name in ("all_day", "start", "end"):
            kept.pop(name, None)
        kept["start_at"], kept["end_at"] = (session[name][:19] for name in ("start_at", "end_at"))
    if format == "ics":
        # One text holds both; a time without length has no end, and line breaks are all alike.
        # A text that shows HTML, which a calendar has as it is, is taken for HTML.
        texts = [kept.pop(name, "") for name in ("abstract", "description")]
        kept["abstract"] = "".join(re.sub(r"<[^>]*>", "", " ".join(texts)).split())
        if kept["start_at"] == kept["end_at"]:
            kept["end_at"] = kept["end"] = None
        kept.setdefault("end", None)
    if format in ("csv", "ics"):
        kept.pop("day", None)  # after midnight, the day before
    elif "start_at" not in session:
        kept.pop("day", None)  # "1", "Day 2": a schedule's days have dates
    if format == "csv":
        # A table separates names by commas too.
        kept["speakers"] = parts(r"[,;\n]| & | and ", session["speakers"])
        kept["tags"] = parts(r"[,;\n]", session["tags"])
    return kept


def parts(separators, texts):
    found = [part.strip() for text in texts for part in re.split(separators, text)]
    return sorted({part for part in found if part and "://" not in part})


def assert_round_trip(programme, format, place):
    sessions = programme.sessions
    if format == "ics":  # a calendar has no place for a session without a date
        sessions = [session for session in sessions if "start_at" in session]
    if not sessions:
        return
    again = read(exported(programme, format), zone=programme.zone)
    found = {session["id"]: comparable(session, format) for session in again.sessions}
    assert len(again) == (len(sessions) if format == "ics" else len(programme)), place
    for session in sessions:
        if session.get("all_day") and format != "ics":
            whole_day = {session["id"]: session | {"all_day": True} for session in again.sessions}
            found[session["id"]] = comparable(whole_day[session["id"]], format)
        assert found[session["id"]] == comparable(session, format), place


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - {"manifest"}))  # its members are its own
def test_samples_come_back(name, format):
    assert_round_trip(read(SAMPLES[name].encode(), zone="Europe/Berlin"), format, name)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "title", ["A <b>bold</b> & x < y", "AT&amp;T", "Vec<T>; a, b", '"quoted"', "=1+1", "x\\ny"]
)
def test_texts_with_marks_come_back(title, format):
    session = {
        **{"id": "a;b,c", "title": title, "tags": ["x"], "speakers": ['Ann "A" Lee']},
        **{"start": "09:30", "end": "10:00", "location": title, "abstract": title},
        **{"start_at": "2026-09-14T09:30:00+02:00", "end_at": "2026-09-14T10:00:00+02:00"},
    }
    result = export({"weights": WEIGHTS, "sessions": [session]}, ["x"], 1, format=format)
    document = result[format]
    data = document if isinstance(document, str) else json.dumps(document)
    (found,) = read(data.encode()).sessions
    if format != "ics" or ("<b>" not in title and "&amp;" not in title):
        assert (found["title"], found["location"], found["abstract"]) == (title, title, title)
    assert found["start_at"] == session["start_at"]


def real_programmes(real_data):
    """Yield the name and the programme of each real feed that is not refused."""
    folder = real_data / "feeds"
    if not (folder / "SOURCES.tsv").is_file():
        pytest.skip(f"no real feeds: {folder / 'SOURCES.tsv'} is missing (set EVENTKIT_REAL_DATA)")
    with (folder / "SOURCES.tsv").open(encoding="utf-8", newline="") as file:
        names = [row["file"] for row in csv.DictReader(file, delimiter="\t")]
    for name in names:
        # `test_feeds_real` shows that the others are refused rightly.
        with contextlib.suppress(FeedError):
            yield name, read(folder / name)


@pytest.mark.real_data
@pytest.mark.once
@pytest.mark.parametrize("format", FORMATS)
def test_real_feeds_come_back(real_data, format):
    compared = 0
    for name, programme in real_programmes(real_data):
        assert_round_trip(programme, format, name)
        compared += 1
    assert compared > 50


@pytest.mark.real_data
def test_real_feeds_give_valid_manifests(real_data):
    problems = {
        name: validate(portable_manifest(programme)[0])[:1]
        for name, programme in real_programmes(real_data)
    }
    assert {name: found for name, found in problems.items() if found} == {}
    assert len(problems) > 50
