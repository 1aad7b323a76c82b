"""Answers the calls of the tools `plan_itinerary` and `export_itinerary`."""

from __future__ import annotations

from datetime import date
from typing import Any

from eventkit.dates import parse_day
from eventkit.exports import build_calendar, escape_markdown, file_name
from eventkit.mcp import notes
from eventkit.mcp.arguments import Arguments
from eventkit.mcp.clean import clean, clean_data
from eventkit.mcp.lines import counted, local_to, number, row_of, slot_of, when
from eventkit.mcp.listing import rows_and_lines
from eventkit.mcp.programme import Programme
from eventkit.mcp.reply import Attachment, Refused, Reply

__all__ = ["export", "plan"]

PLAN_TOP, MOST, MOST_MINUTES, MOST_LEFT_OUT = 10, 50, 1_440, 5
_REASONS = {
    "avoided": "to be avoided",
    "limit": "the plan has as many as top allows",
    "no gain": "its score is not above 0",
    "untimed": "it has no time to plan with",
}
_MIME = {"ics": "text/calendar", "markdown": "text/markdown"}


def plan(programme: Programme, arguments: Arguments) -> Reply:
    """Plan sessions that do not overlap."""
    interests = arguments.interests()
    top = arguments.whole("top", PLAN_TOP, 1, MOST)
    found = _planned(programme, arguments, interests, top)
    rows, lines = rows_and_lines(programme, interests, found)
    understood = found["understood"]
    said = notes.of_interests(understood)
    like = found["sessions"][0] if found["sessions"] else {}
    left_out = [_left_out(row, like) for row in found["left_out"]]
    if left_out:
        lines.append(f"Left out: {len(left_out)}. The best of them:")
        lines += [f"  {row['title']}: {row['why']}" for row in left_out[:MOST_LEFT_OUT]]
    data = {
        "sessions": rows,
        "left_out": left_out[:MOST],
        "unmatched": notes.unmatched(understood),
        "notes": said,
    }
    head = f"{counted(len(rows))} without overlaps, in order of time: {notes.COLUMNS}"
    if not rows:
        head = "No session fits."
    return Reply("\n".join([head, *lines, *said]), data)


def _planned(programme: Programme, arguments: Arguments, interests: list[str], top: int) -> Any:
    """Return the plan.

    Raises:
        Refused: The wishes contradict each other or the sessions.
    """
    day = arguments.day()
    # A programme without dates is on one day, and busy times with a date are compared with that.
    dated = bool(programme.days)
    zone = programme.fields.get("zone")
    try:
        return programme.catalog.plan(
            interests,
            top,
            gap=float(arguments.whole("gap", 0, 0, MOST_MINUTES)),
            filter=programme.filter_of(day) if dated else None,
            must=[programme.handle(programme.find(name)) for name in arguments.texts("must")],
            avoid=[programme.handle(programme.find(name)) for name in arguments.texts("avoid")],
            busy=arguments.busy(),
            zone=zone if isinstance(zone, str) and zone else None,
            date=None if dated else day,
            understand=True,
        )
    except (ValueError, TypeError) as error:
        reason = clean(error)
        raise Refused(f"Cannot plan: {reason}. Change that argument, or leave it out.") from None


def _left_out(row: Any, like: Any) -> dict[str, Any]:
    """Return the line of a session that is left out. Its times are local to the other session."""
    reason = row["reason"]
    why = _REASONS.get(reason, reason)
    if reason == "overlaps":
        why = f"it overlaps {clean(row['session'])}"
    elif reason == "busy":
        why = f"busy {when(*(local_to(text, like) for text in row['busy']))}"
    return {"title": clean(row["title"]), "score": number(row["score"]), "why": why}


def export(programme: Programme, arguments: Arguments) -> Reply:
    """Return sessions as a document, attached to the result."""
    kind = arguments.choice("format", [*_MIME])
    day = arguments.day()
    names = arguments.texts("sessions")
    what = "Send sessions (ids of plan_itinerary), or interests."
    interests = arguments.interests("" if names else what)
    if names:
        sessions = [programme.find(name) for name in names]
    else:
        sessions = programme.recommend(interests, PLAN_TOP)["sessions"]
    if not sessions:
        raise Refused("There is nothing to export: no session matches these interests.")
    if kind == "ics":
        text, said = _calendar(programme, sessions, day)
    else:
        text, said = _markdown(programme, sessions), []
    extension = "ics" if kind == "ics" else "md"
    name = file_name(interests, extension) if interests else f"itinerary.{extension}"
    attachment = Attachment(f"eventkit://itinerary/{name}", _MIME[kind], text)
    rows = [row_of(session, [], 0.0) for session in sessions]
    for row in rows:
        del row["score"], row["matched"]
    lines = [f"  {clean(one.get('title'))} | {when(*slot_of(one))}" for one in sessions]
    head = f"{name}: {counted(len(rows))}, {len(text.encode())} bytes of {_MIME[kind]}, attached."
    data = {"uri": attachment.uri, "mime_type": _MIME[kind], "sessions": rows, "notes": said}
    return Reply("\n".join([head, *lines, *said]), data, attachment=attachment)


def _calendar(programme: Programme, sessions: list[Any], day: str | None) -> tuple[str, list[str]]:
    chosen: date | None = None if day is None else parse_day(day)
    zone = programme.fields.get("zone")
    cleaned = [clean_data(session) for session in sessions]
    calendar = build_calendar(
        cleaned, name=programme.name, day=chosen, zone=zone if isinstance(zone, str) else None
    )
    said = []
    if calendar.skipped:
        skipped = ", ".join(map(clean, calendar.skipped))
        said.append(f"Left out, as they have no start: {skipped}.")
    if calendar.dated and chosen is None:
        said.append("Sessions with clock times only were put on today: send day to choose another.")
    return calendar.text, said


def _markdown(programme: Programme, sessions: list[Any]) -> str:
    """Write an itinerary. Unlike the original's, its texts are escaped."""
    lines = [f"# {escape_markdown(programme.name)}", ""]
    for session in sessions:
        room = session.get("location")
        place = "" if room is None else f", {escape_markdown(clean(room))}"
        title = escape_markdown(clean(session.get("title")))
        lines.append(f"- **{escape_markdown(when(*slot_of(session)))}**{place}: {title}")
    return "\n".join(lines) + "\n"
