"""Real feeds of 14 formats: recognised, counted, and equal to a second reading in plain Python."""

import csv

import pytest

from eventkit import feeds
from eventkit.errors import FeedError
from feed_oracle.files import oracle_of

FILES = 63
REFUSED = {
    "csv/resquant-seminar.csv": ["date", "has no year"],
    "csv/zitadelle-2026.csv": ["Hauptbuehne_Titel", "several sessions a row"],
}
"""Tables that would be misread, and what the refusal says."""

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def folder(real_data):
    folder = real_data / "feeds"
    if not (folder / "SOURCES.tsv").is_file():
        pytest.skip(f"no real feeds: {folder / 'SOURCES.tsv'} is missing (set EVENTKIT_REAL_DATA)")
    return folder


@pytest.fixture(scope="module")
def rows(folder):
    with (folder / "SOURCES.tsv").open(encoding="utf-8", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file, delimiter="\t")}
    assert len(rows) == FILES
    return rows


def test_each_format_is_recognised_and_each_session_counted(folder, rows):
    wrong = {}
    for name, row in rows.items():
        if name in REFUSED:
            continue
        programme = feeds.read((folder / name).read_bytes())
        found = (programme.format, len(programme))
        if found != (row["format"], int(row["sessions"])):
            wrong[name] = found
    assert wrong == {}


@pytest.mark.slow
def test_sessions_equal_a_second_reading_field_by_field(folder, rows):
    differences = []
    for name, row in rows.items():
        if name in REFUSED:
            continue
        data = (folder / name).read_bytes()
        wanted = oracle_of(folder / name, row["format"])(data)
        got = feeds.read(data).sessions
        assert len(got) == len(wanted), name
        for position, (one, other) in enumerate(zip(got, wanted, strict=True)):
            differences += [
                f"{name}[{position}] {field}: {one.get(field)!r}, not {other.get(field)!r}"
                for field in one.keys() | other.keys()
                if one.get(field) != other.get(field)
            ]
    assert differences == []


@pytest.mark.parametrize("name", REFUSED)
def test_tables_that_would_be_misread_are_refused_with_the_column(folder, name):
    with pytest.raises(FeedError) as caught:
        feeds.read(folder / name)
    assert all(part in str(caught.value) for part in REFUSED[name])


def test_the_same_programme_in_four_formats_has_the_same_sessions(folder):
    names = [
        "frab-json/klimacamp-2015.json",
        "schedule-xml/klimacamp-2015.xml",
        "ics/klimacamp-2015.ics",
        "xcal/klimacamp-2015.xcal",
    ]
    seen = [
        sorted(
            (session["start_at"][:19], session["end_at"][:19])
            for session in feeds.read(folder / name, zone="Europe/Berlin").sessions
        )
        for name in names
    ]
    assert seen[0] == seen[1] == seen[2] == seen[3]
