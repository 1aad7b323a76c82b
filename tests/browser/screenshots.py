"""Draw the pictures of docs/ui.md and docs/page.md: `python tests/browser/screenshots.py`.

Those of docs/page.md show FOSDEM 2026, whose licence allows that (CC BY), from EVENTKIT_REAL_DATA.
Pillow makes them smaller: `pip install pillow` first.
"""

import base64
import os
import sys
import urllib.request
from pathlib import Path

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))

from PIL import Image  # noqa: E402

import eventkit  # noqa: E402
from browser.chromium import started_chromium  # noqa: E402
from browser.real import manifest_of  # noqa: E402
from browser.serving import served  # noqa: E402

DOCS = TESTS.parent / "docs"
REAL_DATA = Path(os.environ.get("EVENTKIT_REAL_DATA") or TESTS.parent.parent / "shared/data")


def ask_for_figures(origin):
    """Answer enough questions for a histogram."""
    for place in range(400):
        urllib.request.urlopen(f"{origin}/recommend?interests=ai,rust&top={place % 20 + 1}").read()
        if place % 4 == 0:
            urllib.request.urlopen(f"{origin}/export?interests=rust&top={place % 20 + 1}").read()


def draw_old_pages(browser):
    with served(eventkit.load_manifest()) as origin:
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


def draw_programme(browser):
    """Draw the page of the programme; the phone's three pictures stand beside each other."""
    manifest = manifest_of(REAL_DATA, "FOSDEM")
    if manifest is None:
        print(f"not drawn: there is no FOSDEM in {REAL_DATA} (EVENTKIT_REAL_DATA)")
        return
    starts = ("2026-01-31T09:30", "2026-01-31T10:30", "2026-01-31T11:00", "2026-02-01T15:00")
    chosen = [
        next(one["id"] for one in manifest["sessions"] if one["start_at"].startswith(start))
        for start in starts
    ]
    # One that overlaps with the second.
    chosen.append(
        [one["id"] for one in manifest["sessions"] if one["start_at"].startswith(starts[1])][3]
    )
    with served(manifest) as origin:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        page = context.new_page()
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{origin}/ui?view=mine#shared={','.join(chosen)}")
        page.get_by_role("button", name="Add all to my schedule").click()
        page.screenshot(path=DOCS / "images/page-mine.png")
        page.goto(
            f"{origin}/ui?view=grid&room=Janson&room=H.1301+(Cornil)&room=H.1302+(Depage)"
            "&room=H.1308+(Rolin)&room=K.1.105+(La+Fontaine)&room=UB2.252A+(Lameere)"
        )
        page.locator(".cell").first.wait_for()
        page.screenshot(path=DOCS / "images/page-grid.png")
        page.goto(f"{origin}/ui")
        page.locator("#search").fill("postgress")
        page.locator("mark").first.wait_for()
        page.locator("#list .title").nth(1).click()
        page.locator(".panel-text p").first.wait_for()
        page.screenshot(path=DOCS / "images/page-search.png")
        draw_phone(context, origin)


def draw_phone(context, origin):
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 780})
    pictures = []
    for path, dark in (("/ui", False), ("/ui?q=k8s", True), ("/ui?view=mine", False)):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.goto(origin + path)
        page.locator("body.ready .row").first.wait_for()
        page.wait_for_timeout(500)
        pictures.append(base64.b64encode(page.screenshot()).decode())
    page.set_viewport_size({"width": 3 * 390 + 4 * 24, "height": 780 + 2 * 24})
    images = "".join(f'<img src="data:image/png;base64,{one}">' for one in pictures)
    style = (
        "<style>body{margin:24px;display:flex;gap:24px;background:#7d8597}"
        "img{border-radius:24px}</style>"
    )
    page.goto("about:blank")
    page.set_content(style + images)
    page.screenshot(path=DOCS / "images/page-phone.png")


def make_smaller(folder):
    """Write the pictures of a folder with 256 colours, which is half of their size."""
    for file in sorted(folder.glob("page-*.png")):
        with Image.open(file) as picture:
            fewer = picture.convert("RGB").quantize(
                256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
            )
        fewer.save(file, optimize=True)


def main():
    with started_chromium() as browser:
        if "--programme" not in sys.argv:
            draw_old_pages(browser)
        draw_programme(browser)
    make_smaller(DOCS / "images")


if __name__ == "__main__":
    main()
