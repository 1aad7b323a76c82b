"""Times the page of the programme in Chromium: when it is there, and whether it scrolls smoothly.

    python benches/page.py    # Gen Con 2017 of EVENTKIT_REAL_DATA, and 1,000 made sessions
    python benches/page.py --long    # and 100,000

For each programme: the first paint, the time until its sessions are on the page, the median time of
a search from the last key to the drawn results, and the frames while the list and the grid scroll.
A frame is late if it took more than one and a half times the screen's interval. The processor time
of the page is printed too: other work on the machine makes frames late and does not change that.
Nothing is asserted but the number of sessions.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.chromium import started_chromium  # noqa: E402
from browser.real import manifest_of  # noqa: E402
from browser.serving import served  # noqa: E402
from generator import manifest as made  # noqa: E402

REAL_DATA = Path(os.environ.get("EVENTKIT_REAL_DATA") or ROOT.parent / "shared" / "data")
WORDS = ["catan", "dungeon", "d&d", "beginner", "painting", "pathfindr", "tournament", "rust"]
ROUNDS = 5

PAINTED = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
  shown: performance.getEntriesByName("programme-shown")[0].startTime,
})"""

# Scrolls for two seconds, some pixels each frame; returns the intervals between frames.
SCROLL = """([target, step]) => new Promise(resolve => {
  const box = target ? document.querySelector(target) : document.scrollingElement;
  const frames = [];
  const end = performance.now() + 2000;
  let last = null;
  const tick = now => {
    if (last !== null) frames.push(now - last);
    last = now;
    box.scrollTop += step;
    if (target) box.scrollLeft += step / 4;
    if (now < end) requestAnimationFrame(tick);
    else resolve(frames);
  };
  requestAnimationFrame(tick);
})"""

SEARCH = """word => new Promise(resolve => {
  const box = document.getElementById("search");
  const began = performance.now();
  const wanted = word.trim();
  const seen = new MutationObserver(() => {
    if (new URLSearchParams(location.search).get("q") !== wanted) return;
    seen.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - began));
  });
  const every = { childList: true, characterData: true, subtree: true };
  seen.observe(document.getElementById("status"), every);
  box.value = word;
  box.dispatchEvent(new Event("input", { bubbles: true }));
})"""


def main() -> int:
    """Print a table: one row for each programme."""
    real = manifest_of(REAL_DATA, "Gen Con")
    programmes = {} if real is None else {"Gen Con 2017": real}
    if real is None:
        print(f"not timed: there is no Gen Con in {REAL_DATA} (EVENTKIT_REAL_DATA)")
    programmes["1,000 made sessions"] = made(1_000)
    if "--long" in sys.argv:
        programmes["100,000 made sessions"] = made(100_000)
    with started_chromium() as browser:
        print(f"Chromium {browser.version}, 1440 x 900; the server is Python's own, for tests\n")
        for name, manifest in programmes.items():
            with served(manifest) as origin:
                print(f"{name} ({len(manifest['sessions']):,} sessions)")
                for line in timed(browser, origin, len(manifest["sessions"])):
                    print(f"  {line}")
    return 0


def timed(browser: Any, origin: str, count: int) -> list[str]:
    """Return the lines of one programme."""
    lines = []
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.devtools = page.context.new_cdp_session(page)
    # The thread's own time, which other work on the machine leaves alone.
    page.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    starts = []
    works = []
    for _ in range(ROUNDS):
        page.goto("about:blank")
        before = processor_ms(page)
        page.goto(f"{origin}/ui")
        page.locator("body.ready").wait_for()
        shown = page.locator("#count").inner_text()
        if not shown.startswith(f"{count:,} sessions"):
            raise SystemExit(f"the page shows {shown!r}, expected {count:,} sessions")
        starts.append(page.evaluate(PAINTED))
        works.append(processor_ms(page) - before)
    paints, shows = ([start[name] for start in starts] for name in ("paint", "shown"))
    for name, times in (("first paint", paints), ("sessions shown", shows)):
        lines.append(f"{name:16} {times[0]:6.0f} ms, then {statistics.median(times[1:]):.0f} ms")
    lines.append(f"processor time   {statistics.median(works):6.0f} ms until they are shown")
    page.evaluate(SEARCH, "warm")
    searches = [page.evaluate(SEARCH, word) for word in WORDS]
    lines.append(
        f"search, drawn    {statistics.median(searches):6.0f} ms, {max(searches):.0f} at most;"
        " 60 of them wait for the next key"
    )
    page.goto(f"{origin}/ui")
    page.locator("body.ready").wait_for()
    lines.append(f"list scrolls     {frames_of(page, [None, 40])}")
    lines.append(f"list, thrown     {frames_of(page, [None, 160])}")
    page.locator(".toggle [data-view=grid]").click()
    lines.append(f"grid scrolls     {frames_of(page, ['#grid', 24])}")
    page.close()
    return lines


def frames_of(page: Any, arguments: list[Any]) -> str:
    """Scroll, and describe the frames."""
    before = processor_ms(page)
    frames = page.evaluate(SCROLL, arguments)
    work = (processor_ms(page) - before) / len(frames)
    interval = 1000 / 60
    late = sum(frame > 1.5 * interval for frame in frames)
    rate = 1000 * len(frames) / sum(frames)
    return (
        f"{rate:6.1f} frames a second, {late} of {len(frames)} late; processor time"
        f" {work:.1f} of {interval:.1f} ms a frame"
    )


def processor_ms(page: Any) -> float:
    """Return the processor time of the page's main thread: scripts, layout and paint."""
    metrics = page.devtools.send("Performance.getMetrics")["metrics"]
    return 1000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


if __name__ == "__main__":
    sys.exit(main())
