"""A part of `make bench-graph`: reads a page of events, from bytes to sessions.

It is compared with the original's way: ``json.loads``, then its transformation of each event.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import measure
from eventkit import reference
from eventkit.graph.page import read_page
from layout import machine, sentence

EVENTS = 1_000
LIMIT = 3e-3


def page(number: int) -> bytes:
    """Make a page as Graph writes it with eventkit's `$select`."""
    events: list[dict[str, Any]] = []
    for place in range(EVENTS):
        key = number * EVENTS + place
        clock = f"2026-02-{1 + key % 28:02}T{8 + key % 10:02}:{key % 4 * 15:02}"
        events.append(
            {
                "@odata.etag": f'W/"ZlnW4RIAV06KYYwlrfNZvQAA{key:08}=="',
                "id": f"AAMkAGVmMDEzMTM4LTZmYWUtNDdkNC1hMDZiLTU1OGY5OTZhYmY4OABGAAAAAA{key:08}=",
                "subject": f"Meeting {key} about topic {key % 200}",
                "bodyPreview": "Let us talk about what comes next. " * (key % 4),
                "isCancelled": key % 50 == 0,
                "isOnlineMeeting": key % 3 == 0,
                "isReminderOn": key % 2 == 0,
                "categories": [f"topic{key % 200}", "team", f"project {key % 20}"][: key % 4],
                "start": {"dateTime": f"{clock}:00.0000000", "timeZone": "UTC"},
                "end": {"dateTime": f"{clock}:59.0000000", "timeZone": "UTC"},
                "location": {"displayName": f"Room {key % 30}", "locationType": "default"},
                "attendees": [
                    {
                        "type": "required",
                        "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
                        "emailAddress": {"name": f"Person {n}", "address": f"p{n}@example.com"},
                    }
                    for n in range(key % 6)
                ],
            }
        )
    return json.dumps({"@odata.context": "https://graph.example", "value": events}).encode()


def by_reference(body: bytes) -> list[dict[str, Any]]:
    return reference.transform_events(json.loads(body)["value"])


def by_eventkit(body: bytes) -> list[dict[str, Any]]:
    return read_page(body).sessions


def check(body: bytes) -> None:
    """Check that the sessions are the original's, with additional dates."""
    cut = body.replace(b".0000000", b"")  # Python 3.10 cannot read seven digits.
    expected, got = by_reference(cut), by_eventkit(body)
    assert len(expected) == len(got) == EVENTS * 49 // 50
    for old, new in zip(expected, got, strict=True):
        assert new["start_at"][11:16] == old["start"]
        assert {**old, "start_at": new["start_at"], "end_at": new["end_at"]} == new


def main() -> int:
    """Print the time for a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    pages = [(page(number),) for number in range(4)]
    for (body,) in pages:
        check(body)
    parsed, old, new = measure.rotations(
        [json.loads, by_reference, by_eventkit], pages, rounds=options.rounds
    )
    size = len(pages[0][0]) / 1e3
    print(machine())
    print(
        sentence(
            f"{EVENTS:,} events of {size:.0f} kB: {new * 1e3:.3f} ms, bytes to sessions",
            f"< {LIMIT * 1e3:.0f} ms",
            new < LIMIT,
        )
    )
    print(
        sentence(f"json.loads and the reference: {old * 1e3:.2f} ms, {old / new:.1f}x", "-", None)
    )
    print(sentence(f"json.loads alone: {parsed * 1e3:.2f} ms, {parsed / new:.1f}x", "-", None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
