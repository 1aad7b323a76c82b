"""Times feeds beside a second reading in plain Python, after both gave the same sessions.

::

    python benches/feeds.py    # the feeds in EVENTKIT_REAL_DATA, and a calendar of 10,000 events
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from eventkit import Catalog, feeds  # noqa: E402
from feed_oracle import calendars, frab, sites  # noqa: E402

ROUNDS = 7
FILES: list[tuple[str, Callable[[bytes], list[dict[str, Any]]]]] = [
    ("frab-json/35c3-2018.json", frab.schedule_json),
    ("sessionize-grid/droidcon-london-2022.json", sites.sessionize_groups),
    ("other-json/aws-reinvent-2020.json", sites.aws),
    ("schedule-xml/fosdem-2026.xml", frab.schedule_xml),
    ("schedule-xml/38c3-2024.xml", frab.schedule_xml),
]


def calendar(events: int) -> bytes:
    """Return a calendar with this number of events, an hour apart."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN"]
    for number in range(events):
        day, hour = divmod(number, 12)
        month, day = divmod(day, 28)
        year, month = divmod(month, 12)
        date = f"{2020 + year}{month + 1:02}{day + 1:02}T"
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}@example.org",
            f"DTSTART;TZID=Europe/Berlin:{date}{hour + 8:02}0000",
            f"DTEND;TZID=Europe/Berlin:{date}{hour + 8:02}4500",
            f"SUMMARY:Talk {number} on things\\, and others",
            f"LOCATION:Hall {number % 9}",
            "CATEGORIES:web,ai",
            "DESCRIPTION:" + "Some words of what is meant. " * 8,
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def best(run: Callable[[], object], rounds: int) -> float:
    """Return the shortest of some times, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def rows(name: str, data: bytes, oracle: Callable[[bytes], list[dict[str, Any]]]) -> list[str]:
    """Check and time the three ways in which a feed is used.

    "dicts" makes the dict of each session, as the other reading does. "read" leaves the sessions in
    the engine, which has read the whole feed all the same. "catalogue" goes on to a compiled
    catalogue, and so does the other reading.
    """
    wanted = oracle(data)
    if feeds.read(data).sessions != wanted:
        raise AssertionError(f"{name}: the two readings differ")
    if list(feeds.read(data).catalog()) != wanted:
        raise AssertionError(f"{name}: the catalogue holds other sessions")
    other = best(lambda: oracle(data), 3)
    compiled = best(lambda: Catalog(oracle(data)), 3)
    ways: list[tuple[str, Callable[[], object], float]] = [
        ("dicts", lambda: feeds.read(data).sessions, other),
        ("read", lambda: feeds.read(data), other),
        ("catalogue", lambda: feeds.read(data).catalog(), compiled),
    ]
    lines = []
    for way, run, theirs in ways:
        ours = best(run, ROUNDS)
        size = f"{len(data) / 1e6:6.2f} MB {ours * 1e3:8.2f} ms {len(data) / ours / 1e6:7.0f} MB/s"
        lines.append(f"{name:42} {way:9} {size} {theirs / ours:6.1f} x")
    return lines


def main() -> None:
    """Print a line for each feed."""
    folder = Path(os.environ.get("EVENTKIT_REAL_DATA") or ROOT / "../shared/data") / "feeds"
    print(f"{'feed':42} {'up to':9} {'size':>9} {'time':>11} {'rate':>12} {'beside Python':>8}")
    for name, oracle in FILES:
        path = folder / name
        if path.is_file():
            print(*rows(name, path.read_bytes(), oracle), sep="\n")
        else:
            print(f"{name:42} is missing")
    print(*rows("a calendar of 10,000 events", calendar(10_000), calendars.ics), sep="\n")


if __name__ == "__main__":
    main()
