"""Turns the result of any command into rows, for ``--csv``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["csv_text", "records"]

_SESSION = ("id", "title", "start", "end", "location", "tags")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def records(result: Any) -> list[dict[str, Any]]:
    """Return the rows of a result.

    The result of a recommendation or a plan has a row for each session; an evaluation has one for
    each profile, a validation one for each problem, and a list one for each item. Any other
    object has a row for each of its values, with the path of its keys as the name.

    Example:
        >>> row = {"title": "A", "score": 2.0, "contributions": {"interest_match": 2.0}}
        >>> records({"sessions": [{"title": "A", "tags": ["ai", "web"]}], "scoring": [row]})
        [{'place': 1, 'score': 2.0, 'interest_match': 2.0, 'title': 'A', 'tags': 'ai; web'}]
        >>> records({"rank": 2, "gap": {"points": 0.5}})
        [{'name': 'rank', 'value': 2}, {'name': 'gap.points', 'value': 0.5}]
    """
    if isinstance(result, list):
        return [_flat(item) if isinstance(item, Mapping) else {"value": item} for item in result]
    if "scoring" in result and "sessions" in result:
        return _ranked(result)
    if isinstance(result.get("profiles"), dict):
        every = [*result["profiles"].items(), ("average", result.get("average", {}))]
        return [{"profile": name, **_flat(found)} for name, found in every]
    if result.get("problems"):
        return [dict(problem) for problem in result["problems"]]
    return [{"name": name, "value": value} for name, value in _flat(result).items()]


def csv_text(result: Any) -> str:
    """Return the rows of a result as CSV, with a line of names first.

    A text that a spreadsheet would run as a formula gets an apostrophe before it.

    Example:
        >>> print(csv_text([{"title": "=1+1", "score": -2.0}, {"title": "B", "room": "X"}]), end="")
        title,score,room
        '=1+1,-2.0,
        B,,X
    """
    rows = records(result)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names and "scoring" in result:
        names = ["place", "score", *_SESSION]
    file = io.StringIO()
    writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
    if names:
        writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in row.items()} for row in rows)
    return file.getvalue()


def _ranked(result: Any) -> list[dict[str, Any]]:
    # `export --all` has sessions without scores.
    scoring = result["scoring"] or [{}] * len(result["sessions"])
    rows = []
    for place, (session, row) in enumerate(zip(result["sessions"], scoring, strict=True), 1):
        parts = row.get("contributions", {})
        score = {"score": row["score"]} if "score" in row else {}
        known = {name: _cell(session[name]) for name in _SESSION if name in session}
        rows.append({"place": place, **score, **parts, **known})
    return rows


def _flat(item: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = _cell(value)
    return flat


def _cell(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, (Mapping, Iterable)):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
