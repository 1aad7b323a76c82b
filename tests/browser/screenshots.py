"""Draw the pictures of docs/ui.md: `python tests/browser/screenshots.py`, from anywhere."""

import sys
import urllib.request
from pathlib import Path

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))

import eventkit  # noqa: E402
from browser.chromium import started_chromium  # noqa: E402
from browser.serving import served  # noqa: E402

DOCS = TESTS.parent / "docs"


def ask_for_figures(origin):
    """Answer enough questions for a histogram."""
    for place in range(400):
        urllib.request.urlopen(f"{origin}/recommend?interests=ai,rust&top={place % 20 + 1}").read()
        if place % 4 == 0:
            urllib.request.urlopen(f"{origin}/export?interests=rust&top={place % 20 + 1}").read()


def main():
    with served(eventkit.load_manifest()) as origin, started_chromium() as browser:
        ask_for_figures(origin)
        view = {"width": 1000, "height": 700}
        page = browser.new_page(viewport=view, reduced_motion="reduce")
        page.goto(f"{origin}/ui/cards?interests=agents%2C+community&top=6")
        page.get_by_role("button", name="Explain #1").click()
        page.locator(".contributions").wait_for()
        page.screenshot(path=DOCS / "ui.png", full_page=True, clip={"x": 0, "y": 0, **view})
        page.emulate_media(color_scheme="dark")
        page.goto(f"{origin}/ui/latency")
        page.locator("#updated:not(:empty)").wait_for()
        page.screenshot(path=DOCS / "ui-latency.png")


if __name__ == "__main__":
    main()
