"""``make demo``: what eventkit answers, and how long the reference and eventkit take for it.

Begins with a feed, as a conference publishes it: what was understood of it, recommendations, a plan
without overlaps, and the calendar. Then shows the bundled sample and the real conferences of the
directory EVENTKIT_REAL_DATA (default: ``../shared/data`` beside the project), if they are there.
Ends with how to open the page of a programme.
Answers are compared before the timing.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import eventkit
from eventkit import reference
from eventkit.cli import terminal, views
from eventkit.cli.table import Table, layout
from eventkit.feeds import Programme, portable_manifest, read
from eventkit.manifest import SAMPLE_MANIFEST_PATH

PROJECT = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("EVENTKIT_REAL_DATA") or PROJECT.parent / "shared" / "data")
WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
TOP = 5
WIDTH = 100
BUDGET_S = 0.4  # for each figure
HEADINGS = ["sessions", "call", "reference", "first call", "ratio", "warm", "ratio"]

Call = Callable[[Any], Any]


@dataclass(frozen=True)
class Event:
    """A conference, and what somebody may want of it."""

    name: str
    file: Path
    interests: list[str]


EVENTS = (
    Event(
        "Harbour Code Days 2026 (bundled sample)",
        SAMPLE_MANIFEST_PATH,
        ["agents", "safety", "databases"],
    ),
    Event(
        "FOSDEM 2026",
        REAL_DATA / "fosdem-2026.sessions.json",
        ["databases", "ai plumbers", "lightningtalk"],
    ),
    Event(
        "Google I/O 2019",
        REAL_DATA / "google-io-2019.sessions.json",
        ["ml / ai", "accessibility", "sessions"],
    ),
    Event(
        "Gen Con 2017",
        REAL_DATA / "gencon-2017.sessions.json",
        ["board game", "tournament", "experience: none"],
    ),
)


FEEDS = (
    Event(
        "FOSDEM 2026, from its schedule.xml",
        REAL_DATA / "feeds" / "schedule-xml" / "fosdem-2026.xml",
        ["rust", "databases", "ai plumbers"],
    ),
    Event(
        "Pond Days 2026, from a table (bundled sample)",
        PROJECT / "examples" / "pond-days.csv",
        ["birds", "water"],
    ),
)
"""The feeds to begin with: the first that is there is shown."""


def main() -> int:
    """Show a feed, and every event whose data is there."""
    print(f"eventkit {eventkit.__version__}, {platform.python_implementation()}", end=" ")
    print(f"{platform.python_version()}, {os.cpu_count()} CPUs, {platform.machine()}")
    show_feed(next(feed for feed in FEEDS if feed.file.is_file()))
    for event in EVENTS:
        print(f"\n{'=' * WIDTH}\n{event.name}")
        if not event.file.is_file():
            print(f"not shown: there is no {event.file} (EVENTKIT_REAL_DATA names its directory)")
            continue
        manifest = load(event.file)
        show(event, manifest)
        times(event, manifest)
    show_page()
    return 0


def show_page() -> None:
    """Print how to open the page of a programme, on the sample and on a feed."""
    feed = next(feed for feed in FEEDS if feed.file.is_file())
    command = PROJECT / ".venv" / "bin" / "eventkit"
    program = str(command) if command.is_file() else "eventkit"
    print(f"\n{'=' * WIDTH}\nThe page of a programme: browse, search, star, plan")
    print(f"  the sample       {program} serve")
    print(f"  a feed           {program} serve --feed {feed.file}")
    print("Then open http://127.0.0.1:8010/ in a browser. Ctrl+C ends the server.")


def show_feed(event: Event) -> None:
    """Print what is understood of a feed, and three answers from it."""
    print(f"\n{'=' * WIDTH}\n{event.name}")
    heading("import")
    began = perf_counter()
    programme = read(event.file)
    catalog = programme.catalog().with_text()
    took = perf_counter() - began
    print(f"{programme.name or event.file.name}: {programme.format}, read in {shown(took)}")
    print(shortened(programme))
    heading(f"recommend {', '.join(event.interests)}")
    result = catalog.recommend(event.interests, TOP, understand=True, balance="interests")
    show_view(views.recommendation(result, event.interests))
    heading("plan without overlaps")
    plan = catalog.plan(event.interests, TOP, understand=True)
    show_view(views.recommendation(plan, event.interests))
    heading("export as a calendar")
    manifest, _ = portable_manifest(programme)
    calendar = eventkit.export(manifest, event.interests, 1, format="ics")["ics"]
    print(calendar.replace("\r\n", "\n"))


def show_view(view: Sequence[str | Table]) -> None:
    """Print an answer as the command line does."""
    print("\n".join(terminal.plain(view, WIDTH)))


def shortened(programme: Programme) -> str:
    """Return the report of a programme, with its first lines only if it is long."""
    lines = str(programme.report).split("\n")
    return "\n".join(lines if len(lines) <= 8 else [*lines[:8], f"... {len(lines) - 8} more lines"])


def load(file: Path) -> dict[str, Any]:
    """Read a manifest, or an array of sessions as a manifest with the usual weights."""
    content = json.loads(file.read_text(encoding="utf-8"))
    if isinstance(content, dict):
        return content
    return {"weights": dict(WEIGHTS), "sessions": content}


def show(event: Event, manifest: dict[str, Any]) -> None:
    """Print a recommendation, an explanation and an itinerary."""
    heading(f"recommend {', '.join(event.interests)}")
    result = eventkit.recommend(manifest, event.interests, TOP)
    show_view(views.recommendation(result, event.interests))
    title = middle_title(manifest)
    heading(f"explain {title}")
    show_view(views.explanation(eventkit.explain(manifest, title, event.interests)))
    heading("export as Markdown")
    print(eventkit.export(manifest, event.interests, 2)["markdown"])
    heading("export as a calendar")
    calendar = eventkit.export(manifest, event.interests, 1, format="ics")["ics"]
    print(calendar.replace("\r\n", "\n"))


def middle_title(manifest: dict[str, Any]) -> str:
    """The title of a session in the middle: neither the best nor the worst place for a scan."""
    sessions = manifest["sessions"]
    return str(sessions[len(sessions) // 2]["title"])


def heading(text: str) -> None:
    """Print what comes next."""
    print(f"\n--- {text} ".ljust(WIDTH, "-"))


def times(event: Event, manifest: dict[str, Any]) -> None:
    """Compare answers, then print the times side by side."""
    heading(f"times for {len(manifest['sessions'])} sessions, {len(event.interests)} interests")
    rows = [HEADINGS]
    for name, slow, fast in calls(event, middle_title(manifest)):
        if slow(copy.deepcopy(manifest)) != fast(manifest):
            raise SystemExit(f"{event.name}: {name} differs from the reference")
        slow_s = typical(slow, lambda: manifest)
        first_s = typical(fast, lambda: copy.deepcopy(manifest), least=3)
        warm_s = typical(fast, lambda: manifest)
        row = [f"{len(manifest['sessions'])}", name, shown(slow_s)]
        row += [shown(first_s), f"{slow_s / first_s:.1f}x", shown(warm_s)]
        rows.append([*row, f"{slow_s / warm_s:.1f}x"])
    print("\n".join(layout(rows, WIDTH)))


def calls(event: Event, title: str) -> Iterator[tuple[str, Call, Call]]:
    """Each function on the reference's road and on eventkit's."""
    interests = event.interests

    def itinerary(manifest: Any) -> dict[str, Any]:
        result = reference.recommend(manifest, interests, TOP)
        text = reference.build_itinerary_markdown(interests, result)
        return {"markdown": text, "sessionCount": len(result["sessions"])}

    yield (
        "recommend",
        lambda manifest: reference.recommend(manifest, interests, TOP),
        lambda manifest: eventkit.recommend(manifest, interests, TOP),
    )
    yield (
        "explain",
        lambda manifest: reference.explain(manifest, title, interests),
        lambda manifest: eventkit.explain(manifest, title, interests),
    )
    yield "export", itinerary, lambda manifest: eventkit.export(manifest, interests, TOP)


def typical(call: Call, prepare: Callable[[], Any], least: int = 5, most: int = 2000) -> float:
    """Median seconds of a call, without the preparation of its manifest."""
    seconds: list[float] = []
    end = perf_counter() + BUDGET_S
    while len(seconds) < least or (len(seconds) < most and perf_counter() < end):
        manifest = prepare()
        start = perf_counter()
        call(manifest)
        seconds.append(perf_counter() - start)
    return statistics.median(seconds)


def shown(seconds: float) -> str:
    """Write a time in the unit that suits it."""
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} us"


if __name__ == "__main__":
    sys.exit(main())
