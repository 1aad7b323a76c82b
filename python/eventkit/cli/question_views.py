"""Shows the answers of ``plan``, ``why-not`` and ``alternatives`` at a terminal."""

from __future__ import annotations

from typing import Any

from eventkit.cli.table import Table
from eventkit.cli.views import interest_lines, number, recommendation, term_lines
from eventkit.exports import single_line

__all__ = ["alternatives", "plan", "why_not"]

MOST_LEFT_OUT = 10

_REASONS = {
    "avoided": "to be avoided",
    "limit": "there are as many sessions as --top allows",
    "no gain": "its score is not above 0",
    "untimed": "it has no time to plan with",
}


def plan(result: Any, interests: list[str]) -> list[str | Table]:
    """Return a table of the sessions in order of time, and why others are left out."""
    lines = recommendation(result, interests, divided=False)
    left_out = result["left_out"]
    if left_out:
        lines += ["", "Left out:"]
    for row in left_out[:MOST_LEFT_OUT]:
        title = single_line(str(row["title"]))
        lines.append(f"  {title} ({number(row['score'])}): {_reason(row)}")
    if len(left_out) > MOST_LEFT_OUT:
        lines.append(f"  and {len(left_out) - MOST_LEFT_OUT} more (see --json)")
    return lines


def _reason(row: Any) -> str:
    if row["reason"] == "overlaps":
        return f"does not fit beside {single_line(str(row['session']))}"
    if row["reason"] == "busy":
        return f"you are busy from {' to '.join(row['busy'])}"
    return _REASONS[row["reason"]]


def why_not(result: Any, _interests: list[str]) -> list[str | Table]:
    """Return lines about the rank of a session, and the changes that would bring it in."""
    title = single_line(str(result["title"]))
    lines: list[str | Table] = [f"{title} matches none of the interests, and so it is left out."]
    if result["rank"] is not None:
        lines = [f"{title}: number {result['rank']}, score {number(result['score'])}"]
    lines += term_lines(result)
    if result["shown"]:
        return [*lines, "It is recommended.", *interest_lines(result)]
    if result["gap"] is not None:
        last = single_line(str(result["last"]))
        lines.append(f"The last session recommended is {last}, {number(result['gap'])} ahead.")
    if result["slot_taken_by"] is not None:
        slot = single_line(str(result["slot_taken_by"]))
        lines.append(f"At the same time, and before it: {slot}")
    if not result["changes"]:
        lines.append("No change of up to three steps brings it in.")
    for change in result["changes"]:
        lines.append(f"To bring it in, {', and '.join(map(_step, change))}.")
    return [*lines, *interest_lines(result)]


def _step(step: Any) -> str:
    if "add_interest" in step:
        return f"add the interest {single_line(step['add_interest'])}"
    return f"raise the weight {step['raise_weight']} to {step['to']:g}"


def alternatives(result: Any, interests: list[str]) -> list[str | Table]:
    """Return a table of the sessions at the same time."""
    title = single_line(str(result["title"]))
    return [f"At the time of {title}:", "", *recommendation(result, interests)]
