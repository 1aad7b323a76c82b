"""Makes the README's short table of figures from the lines of the long one."""

from __future__ import annotations

import re
from collections.abc import Sequence

TIME = re.compile(r"[\d.]+ (?:ns|us|ms|s)\b")
RATIO = re.compile(r"([\d.]+)x")
REFERENCE, PEERS = "pure Python", "best of scipy, bm25s, tantivy"
HEAD = (
    "| call | eventkit | compared with | times faster |",
    "|---|---|---|---|",
)
FUNCTIONS = {
    "recommend 100 x 3": "`recommend`, 100 sessions",
    "recommend 10,000 x 10": "`recommend`, 10,000 sessions",
    "explain 1,000 x 5": "`explain`, 1,000 sessions",
    "export 1,000 x 5": "`export`, 1,000 sessions",
}
FIRST = "recommend 10,000 x 10"
CATALOG = {"10,000  ": "10,000", "1,000,000  ": "1,000,000"}
VARIED = "the same for other queries and sessions"
"""The line before the table of other queries."""
COLUMNS = "as columns"
"""In the name of a query that makes no answer objects."""
SHOWN = {"nothing counts": "all weights 0"}


def short_table(lines: Sequence[str]) -> list[str]:
    """Return the README's rows. Raises KeyError if the long table lacks one of them."""
    rows = list(HEAD)
    for name, shown in FUNCTIONS.items():
        line = _find(lines, name)
        opponent, first, _, warm = TIME.findall(line)[:4]
        first_ratio, warm_ratio = RATIO.findall(line)[:2]
        if name == FIRST:
            rows.append(_row(f"{shown}, first call", first, REFERENCE, opponent, first_ratio))
        rows.append(_row(shown, warm, REFERENCE, opponent, warm_ratio))
    for name, shown in CATALOG.items():
        line = _find(lines, name)
        query, _, *peers = TIME.findall(line)
        best = min(peers, key=_seconds)
        rows.append(
            _row(
                f"`Catalog.recommend`, {shown} sessions", query, PEERS, best, RATIO.findall(line)[0]
            )
        )
    name, slowest = _slowest(lines)
    rows.append(
        f"| `Catalog.recommend`, 1,000,000 sessions, {SHOWN.get(name, name)} "
        f"(the slowest measured query of up to 10 results) | {_unit(slowest)} | | |"
    )
    return rows


def _slowest(lines: Sequence[str]) -> tuple[str, str]:
    """Return the name and the time of the slowest query at 1,000,000 sessions."""
    names = [line for line in lines if line.startswith(VARIED)]
    if not names:
        raise KeyError(f"the table of figures has no line {VARIED!r}")
    start = list(lines).index(names[0]) + 2
    slowest: dict[str, str] = {}
    for line in lines[start:]:
        times = TIME.findall(line)
        if not line.strip():
            break
        # Most distributions are not measured at 1,000,000.
        if len(times) == 3 and COLUMNS not in line:
            slowest[re.split(r" {2,}", line)[0]] = times[-1]
    return max(slowest.items(), key=lambda query: _seconds(query[1]))


def _find(lines: Sequence[str], name: str) -> str:
    for line in lines:
        if line.startswith(name):
            return line.removeprefix(name)
    raise KeyError(f"the table of figures has no row {name!r}")


def _row(call: str, value: str, opponent: str, other: str, ratio: str) -> str:
    return f"| {call} | {_unit(value)} | {opponent}: {_unit(other)} | {float(ratio):.0f} |"


def _unit(value: str) -> str:
    return value.replace("us", "µs")


def _seconds(value: str) -> float:
    number, unit = value.split(" ")
    return float(number) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit]
