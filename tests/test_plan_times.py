"""Itineraries of dates, of times with and without an offset, and of datetime objects."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy
import pytest
from hypothesis import given

import catalog_recipes as recipes
from catalog_reference import Item, best_total
from eventkit import Catalog, Filter, reference
from eventkit.exports.calendar import build_calendar

MOMENT = timedelta(milliseconds=1)
Span = tuple[datetime, datetime]


def span_of(session: dict[str, Any], offset: timedelta) -> Span | None:
    """Read a session's times with the standard library; times without an offset have this one."""
    try:
        start, end = (datetime.fromisoformat(session[name]) for name in ("start", "end"))
    except (KeyError, TypeError, ValueError):
        return None
    if len(session["end"]) == 10 and start.tzinfo is None:
        over = end + timedelta(days=1)
        end = over if over > start else end
    if (start.tzinfo is None) != (end.tzinfo is None) or end < start:
        return None
    if start.tzinfo is None:
        start, end = (it.replace(tzinfo=timezone(offset)) for it in (start, end))
    return start, max(end, start + MOMENT)


def usual_offset(sessions: list[dict[str, Any]]) -> timedelta:
    """The offset that most sessions name; of several, the westernmost."""
    offsets: Counter[timedelta] = Counter()
    for session in sessions:
        try:
            offset = datetime.fromisoformat(session["start"]).utcoffset()
        except (KeyError, TypeError, ValueError):
            continue
        if offset is not None:
            offsets[offset] += 1
    return min(offsets, key=lambda it: (-offsets[it], it), default=timedelta())


def overlaps(spans: list[Span]) -> list[tuple[Span, Span]]:
    """All pairs that overlap, each compared with each."""
    return [
        (one, other)
        for number, one in enumerate(spans)
        for other in spans[number + 1 :]
        if one[0] < other[1] and other[0] < one[1]
    ]


def draw(rng: Random) -> list[dict[str, Any]]:
    """Sessions of a few days, written in each of the ways."""
    sessions = []
    kinds = rng.choice(["d", "l", "o", "dl", "lo", "do", "dlo"])
    for number in range(rng.choice((1, 3, 6, 9))):
        start = datetime(2026, 1, 30) + timedelta(minutes=30 * rng.randrange(192))
        end = start + timedelta(minutes=rng.choice((0, 30, 60, 600, 2000, -30)))
        kind = rng.choice(kinds)
        if kind == "d":
            texts = [start.date().isoformat(), end.date().isoformat()]
        elif kind == "l":
            texts = [start.isoformat(), rng.choice((end.isoformat(), end.date().isoformat()))]
        else:
            zone = timezone(timedelta(minutes=rng.choice((60, 60, 120, -300, 0))))
            texts = [it.replace(tzinfo=zone).isoformat() for it in (start, end)]
        score = rng.choice((0.5, 0.25, 1.0, rng.random()))
        times = dict(zip(("start", "end"), texts, strict=True))
        sessions.append({"title": f"T{number}", "tags": ["ai"], "popularity": score, **times})
    return sessions


def planned(catalog: Catalog, sessions: list[dict[str, Any]]) -> list[Span]:
    """The times of a plan, in its order."""
    offset = usual_offset(sessions)
    spans = [span_of(session, offset) for session in catalog.plan(["ai"])["sessions"]]
    assert all(spans)
    return [span for span in spans if span is not None]


@given(recipes.drawn(draw))
@pytest.mark.slow
def test_no_two_sessions_overlap_and_no_choice_is_better(sessions: list[dict[str, Any]]) -> None:
    weights = {"interest": 1.0, "popularity": 1.0}
    offset = usual_offset(sessions)
    spans = [span_of(session, offset) for session in sessions]
    items = [
        Item(
            span[0].timestamp() * 1000,
            span[1].timestamp() * 1000,
            reference.score_session(session, ["ai"], weights)["score"],
            None,
            place,
        )
        for place, (session, span) in enumerate(zip(sessions, spans, strict=True))
        if span is not None
    ]
    for catalog in (
        Catalog(sessions, weights=weights),
        Catalog.from_json(json.dumps(sessions).encode(), weights=weights),
        Catalog(sessions[:2], weights=weights).with_sessions(sessions[2:]),
    ):
        chosen = planned(catalog, sessions)
        assert not overlaps(chosen)
        assert all(first[0] < second[0] for first, second in pairwise(chosen))
        answer = catalog.plan(["ai"])
        assert answer["untimed"] == len(sessions) - len(items)
        assert answer["total"] == pytest.approx(best_total(items, None, 0), rel=1e-12)


def titles(sessions: list[dict[str, Any]]) -> list[str]:
    tagged = [{"tags": ["ai"], "title": f"T{number}"} | it for number, it in enumerate(sessions)]
    return [session["title"] for session in Catalog(tagged).plan(["ai"])["sessions"]]


def test_an_end_date_is_the_end_of_that_day() -> None:
    conference = {"start": "2026-01-31", "end": "2026-02-01", "popularity": 1}
    last = {"start": "2026-02-01T20:00", "end": "2026-02-01T21:00"}
    after = {"start": "2026-02-02T00:00", "end": "2026-02-02T01:00"}
    assert titles([conference, last]) == ["T0"]
    assert titles([conference, after]) == ["T0", "T1"]
    # As in an exported calendar, whose end is the first day after it.
    assert "DTEND;VALUE=DATE:20260202" in build_calendar([conference]).text
    inside = Filter(start="2026-01-31", end="2026-02-02")
    outside = Filter(start="2026-01-31", end="2026-02-01T23:00")
    catalog = Catalog([{"title": "A", **conference}])
    assert len(catalog.recommend([], 5, filter=inside)["sessions"]) == 1
    assert len(catalog.recommend([], 5, filter=outside)["sessions"]) == 0


def test_offsets_are_compared_as_instants_beside_sessions_without_one() -> None:
    first = {"start": "2026-01-31T10:00+02:00", "end": "2026-01-31T11:00+02:00", "popularity": 1}
    same = {"start": "2026-01-31T09:00+01:00", "end": "2026-01-31T10:00+01:00"}
    bare = {"start": "2026-01-31T20:00", "end": "2026-01-31T21:00"}
    assert titles([first, same]) == ["T0"]
    assert titles([first, same, bare]) == ["T0", "T2"]


def test_a_time_without_an_offset_has_that_of_most_sessions() -> None:
    east = {"start": "2026-01-31T10:00+02:00", "end": "2026-01-31T11:00+02:00"}
    later = {"start": "2026-01-31T12:00+02:00", "end": "2026-01-31T13:00+02:00"}
    west = {"start": "2026-01-31T10:00-05:00", "end": "2026-01-31T11:00-05:00"}
    bare = {"start": "2026-01-31T10:30", "end": "2026-01-31T10:45", "popularity": 1}
    assert titles([east, later, west, bare]) == ["T3", "T1", "T2"]
    # The offset is that of the programme, whatever a query asks for.
    untagged = [{**it, "tags": []} for it in (west, west | {"title": "w"}, west | {"title": "v"})]
    assert titles([east, later, bare, *untagged]) == ["T0", "T1", "T2"]


FORMS = {
    "datetime": lambda it: it,
    "aware": lambda it: it.replace(tzinfo=timezone(timedelta(hours=1))),
    "numpy": lambda it: numpy.datetime64(it),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_datetimes_are_read_as_their_text_is(form: Any) -> None:
    hours = [(9, 12), (9, 10), (10, 11)]
    day = [(datetime(2026, 1, 31, start), datetime(2026, 1, 31, end)) for start, end in hours]
    objects = [{"start": form(start), "end": form(end)} for start, end in day]
    texts = [{name: _text(at) for name, at in it.items()} for it in objects]
    assert titles(objects) == titles(texts) == ["T1", "T2"]
    catalogs = [Catalog([{"title": "A", **it} for it in some]) for some in (objects, texts)]
    for bounds in (
        {"start": form(datetime(2026, 1, 31, 10))},
        {"start": form(datetime(2026, 1, 31, 8)), "end": form(datetime(2026, 1, 31, 10))},
        {"start": time(9), "end": time(11)},
    ):
        wish, same = Filter(**bounds), Filter(**{name: _text(it) for name, it in bounds.items()})
        assert repr(wish) == repr(same)
        found = [
            [catalog.recommend([], 5, filter=it)["conflicts"] for it in (wish, same)]
            + [len(catalog.recommend([], 5, filter=it)["sessions"]) for it in (wish, same)]
            for catalog in catalogs
        ]
        assert found[0] == found[1]
        assert 0 < found[0][-1] < 3


def _text(value: Any) -> str:
    return str(value) if isinstance(value, numpy.datetime64) else str(value.isoformat())


class Timestamp(datetime):
    """A subclass, as pandas has one."""


def test_dates_and_subclasses_of_datetime_are_read() -> None:
    days = [{"start": date(2026, 1, 31), "end": date(2026, 1, 31), "popularity": 1}]
    hours = [{"start": Timestamp(2026, 1, 31, 9), "end": Timestamp(2026, 1, 31, 10)}]
    assert titles(days + hours) == ["T0"]
    assert titles(hours) == ["T0"]


class Unwritable:
    def isoformat(self) -> str:
        raise ValueError("no")


@pytest.mark.parametrize(
    "odd", [900, None, 9.5, ["09:00"], Unwritable(), numpy.datetime64("NaT", "s")]
)
def test_what_is_no_time_is_counted_in_a_plan_and_refused_by_a_filter(odd: Any) -> None:
    catalog = Catalog([{"title": "A", "tags": ["ai"], "start": odd, "end": odd}])
    assert catalog.plan(["ai"])["untimed"] == 1
    if odd is not None:
        with pytest.raises((TypeError, ValueError), match="time"):
            Filter(start=odd)


def test_conflicts_of_datetimes_are_counted_as_the_reference_counts_them() -> None:
    at = datetime(2026, 1, 31, 9)
    sessions = [{"title": str(n), "start": at, "end": at + timedelta(hours=n)} for n in (1, 1, 2)]
    want = reference.count_conflicts(sessions)
    assert Catalog(sessions).recommend([], 3)["conflicts"] == want == 1


def feeds(folder: Path) -> Iterator[list[dict[str, Any]]]:
    """Every list of sessions in the folder that has starts."""
    for file in sorted(folder.rglob("*.sessions.json")):
        yield json.loads(file.read_text("utf-8"))


def rewritten(sessions: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Real sessions as other programmes write them: by date, or without some of the offsets."""
    changed = []
    for number, session in enumerate(sessions):
        start, end = session.get("start", ""), session.get("end", "")
        if kind == "dates":
            start, end = start[:10], end[:10]
        elif kind == "some offsets" and number % 5 == 0:
            start, end = start[:19], end[:19]
        changed.append({**session, "start": start, "end": end})
    return changed


@pytest.mark.real_data
@pytest.mark.parametrize("kind", ["as they are", "dates", "some offsets"])
def test_real_programmes_have_no_overlapping_pair(kind: str, real_data: Path) -> None:
    items = 0
    for sessions in feeds(real_data):
        listed = rewritten(sessions, kind)
        catalog, offset = Catalog(listed), usual_offset(listed)
        tags = Counter(tag.lower() for session in sessions for tag in session["tags"])
        common = [tag for tag, _ in tags.most_common()]
        for interests in (common[:1], common[:8], common[5:40:3], common):
            chosen = catalog.plan(interests)["sessions"]
            spans = [span_of(session, offset) for session in chosen]
            assert all(spans)
            assert overlaps([span for span in spans if span is not None]) == []
            items += len(spans)
    # A programme of whole days has no more sessions in a plan than days.
    assert items > (30 if kind == "dates" else 100)
