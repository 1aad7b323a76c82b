"""The page of Adaptive Cards in a real headless Chromium, served by the real application.

Every visit ends with a look at what must not have been: a console message, a script's error, a
dialog, a request to another origin, a break of the page's policy.
"""

import re
from datetime import datetime, timezone

import pytest
from icalendar import Calendar

import eventkit
from browser.chromium import find_chromium
from browser.programmes import HOSTILE_TITLES, hostile, overlapping, programme
from browser.serving import served

pytestmark = pytest.mark.once

SAMPLE = eventkit.load_manifest()
TOKEN = "a token for the tests, long enough".replace(" ", "-")
TITLE_REFUSED = "console: Failed to load resource: the server responded with a status of 400"
QUESTION = "/ui/cards?interests=ai%2C+performance&top=5"


@pytest.fixture(scope="module")
def sample():
    with served(SAMPLE) as origin:
        yield origin


@pytest.fixture(scope="module")
def harmful():
    with served(hostile()) as origin:
        yield origin


def answered(page):
    """Wait for the answer: the cards, in their order."""
    page.locator("#results").wait_for()
    page.locator("#answer[aria-busy=false]").wait_for()
    return page.locator("#cards > li")


def chips_of(page):
    return page.locator("#chosen li span").all_inner_texts()


def options_of(page):
    page.locator("#suggestions").wait_for()
    return page.locator("#suggestions .tag").all_inner_texts()


def test_recommendations_are_those_of_the_engine(visit, sample):
    page = visit(sample, "/ui/cards").page
    assert page.get_by_text("Your recommendations appear here.").is_visible()
    page.get_by_label("Interests").fill("ai, performance")
    page.get_by_label("How many").fill("7")
    page.get_by_role("button", name="Recommend").click()
    cards = answered(page)
    expected = eventkit.recommend(SAMPLE, ["ai", "performance"], 7)
    titles = [f"{n}. {session['title']}" for n, session in enumerate(expected["sessions"], 1)]
    assert cards.locator(".ac-textBlock.title").all_inner_texts() == titles
    scores = [f"{row['score']:.2f}" for row in expected["scoring"]]
    assert [text.split()[-1] for text in page.locator(".score").all_text_contents()] == scores
    assert page.evaluate("document.activeElement.id") == "sessions-heading"
    assert page.get_by_role("status").inner_text().startswith("7 sessions recommended")
    # The address says what was asked: a reload, or somebody else's browser, shows the same.
    page.reload()
    assert answered(page).locator(".ac-textBlock.title").all_inner_texts() == titles


def test_completion_over_the_tags(visit, sample):
    page = visit(sample, "/ui/cards").page
    box = page.get_by_role("combobox", name="Interests")
    box.press_sequentially("PE")
    assert options_of(page) == ["performance", "open source", "operations"]
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    active = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert active.get_attribute("aria-selected") == "true"
    box.press("Enter")
    assert (chips_of(page), box.input_value()) == (["performance"], "")
    assert box.get_attribute("aria-expanded") == "false"
    # The next value is completed on its own, and what is chosen is not offered again.
    box.press_sequentially("pe")
    assert options_of(page) == ["open source", "operations"]
    box.press("ArrowUp")
    box.press("Tab")
    assert chips_of(page) == ["performance", "operations"]
    # Tab has gone on to the next field; back in the box, a click chooses as well.
    assert page.evaluate("document.activeElement.id") == "top"
    box.press("End")
    page.keyboard.type("kube")
    page.locator("[role=option]").first.click()
    assert chips_of(page) == ["performance", "operations", "kubernetes"]
    assert page.evaluate("document.activeElement.id") == "interests"


def test_a_separator_ends_an_interest(visit, sample):
    page = visit(sample, "/ui/cards").page
    box = page.get_by_role("combobox", name="Interests")
    box.press_sequentially("Agents,")
    assert (chips_of(page), box.input_value()) == (["Agents"], "")
    box.fill("web; agents; pyth")
    assert (chips_of(page), box.input_value()) == (["Agents", "web"], "pyth")
    assert options_of(page) == ["python"]
    box.press("Enter")  # no suggestion is chosen: it asks, with the text as it is
    answered(page)
    assert chips_of(page) == ["Agents", "web", "pyth"]


def test_chips_are_removed_by_button_and_by_key(visit, sample):
    page = visit(sample, "/ui/cards?interest=agents&interest=web&interest=python").page
    answered(page)
    page.get_by_role("button", name="Remove web").click()
    assert chips_of(page) == ["agents", "python"]
    assert page.evaluate("document.activeElement.id") == "interests"
    assert page.get_by_role("status").inner_text() == "web removed."
    page.keyboard.press("Backspace")
    assert chips_of(page) == ["agents"]
    page.keyboard.type("x")
    page.keyboard.press("Backspace")
    assert chips_of(page) == ["agents"]


COMMA = "local-first, sync engines, crdts"


def test_a_tag_with_commas_is_one_interest(visit, serve):
    sessions = [
        {"title": "One", "tags": [COMMA], "popularity": 0.1},
        {"title": "Two", "tags": ["sync engines", "crdts"], "popularity": 0.9},
    ]
    page = visit(serve(programme(sessions)), "/ui/cards").page
    box = page.get_by_role("combobox", name="Interests")
    box.press_sequentially("local")
    assert options_of(page) == [COMMA]
    box.press("ArrowDown")
    box.press("Enter")
    page.get_by_role("button", name="Recommend").click()
    titles = answered(page).locator(".ac-textBlock.title")
    assert titles.all_inner_texts() == ["1. One", "2. Two"]
    assert float(page.locator(".score").first.inner_text().split()[-1]) > 2
    # The address holds it whole, and so does an explanation.
    page.reload()
    assert titles.all_inner_texts() == ["1. One", "2. Two"]
    assert chips_of(page) == [COMMA]
    page.get_by_role("button", name="Explain #1").click()
    matched = page.locator(".explanation .chips li")
    matched.wait_for()
    assert matched.all_inner_texts() == [COMMA]


@pytest.mark.parametrize("ending", ["", ","])
def test_a_tag_with_commas_can_be_typed(visit, serve, ending):
    page = visit(serve(programme([{"title": "One", "tags": [COMMA]}])), "/ui/cards").page
    page.get_by_label("Interests").press_sequentially(f"{COMMA.title()}{ending}")
    page.get_by_role("button", name="Recommend").click()
    answered(page)
    expected = [COMMA.title()] if not ending else ["Local-First", "Sync Engines", "Crdts"]
    assert chips_of(page) == expected


def test_completion_can_be_left(visit, sample):
    page = visit(sample, "/ui/cards").page
    box = page.get_by_role("combobox", name="Interests")
    box.fill("we")
    assert options_of(page) == ["web"]
    box.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "we"
    box.press("Escape")
    assert box.input_value() == ""
    box.press("Alt+ArrowDown")
    assert len(options_of(page)) == 8
    box.blur()
    assert page.locator("#suggestions").is_hidden()


def test_explain_shows_the_contributions_as_bars(visit, sample):
    page = visit(sample, QUESTION).page
    card = answered(page).nth(1)
    title = eventkit.recommend(SAMPLE, ["ai", "performance"], 5)["sessions"][1]["title"]
    expected = eventkit.explain(SAMPLE, title, ["ai", "performance"])
    button = card.get_by_role("button", name="Explain #2")
    button.click()
    card.locator(".contributions").wait_for()
    assert button.get_attribute("aria-expanded") == "true"
    numbers = card.locator("tbody .number").all_inner_texts()
    assert numbers == [f"{value:.3f}" for value in expected["contributions"].values()]
    assert card.locator("tfoot .number").inner_text() == f"{expected['score']:.3f}"
    widths = [
        bar.evaluate("bar => bar.getBoundingClientRect().width")
        for bar in card.locator(".filled").all()
    ]
    longest = max(expected["contributions"].values())
    for width, value in zip(widths, expected["contributions"].values(), strict=True):
        assert width / max(widths) == pytest.approx(value / longest, abs=0.01)
    assert card.locator(".chips li").all_inner_texts() == expected["matched_tags"]
    button.click()
    assert card.locator(".explanation").is_hidden()
    assert button.get_attribute("aria-expanded") == "false"


def test_the_itinerary_marks_overlaps(visit, serve):
    origin = serve(overlapping())
    page = visit(origin, "/ui/cards?interests=ai&top=10").page
    answered(page)
    days = page.locator("#timeline h3").all_inner_texts()
    assert days == ["Monday, 14 September 2026", "Without a time"]
    entries = [
        " ".join(text.replace("\N{EN DASH}", "to").split())
        for text in page.locator("#timeline li").all_inner_texts()
    ]
    assert entries == [
        "09:00 to 10:00 #1 One Hall Overlaps with #2",
        "09:30 to 10:30 #2 Two Hall Overlaps with #1",
        "10:30 to 11:00 #3 Three Hall",
        "23:00 to 00:30 #4 Night Hall",
        "No time given #5 Whenever",
    ]
    assert "2 sessions overlap" in page.locator("#overlaps").inner_text()
    boxes = [slot.bounding_box() for slot in page.locator(".slot").all()]
    assert boxes[0]["x"] < boxes[1]["x"] < boxes[0]["x"] + boxes[0]["width"]
    assert boxes[2]["x"] >= boxes[1]["x"] + boxes[1]["width"] - 1


def test_downloads(visit, sample):
    page = visit(sample, QUESTION).page
    answered(page)
    expected = eventkit.recommend(SAMPLE, ["ai", "performance"], 5)
    with page.expect_download() as calendar:
        page.get_by_role("button", name="Calendar .ics").click()
    assert calendar.value.suggested_filename == "itinerary.ics"
    events = Calendar.from_ical(calendar.value.path().read_bytes()).walk("VEVENT")
    assert [str(event["SUMMARY"]) for event in events] == [
        session["title"] for session in expected["sessions"]
    ]
    start = datetime.fromisoformat(expected["sessions"][0]["start"])
    assert events[0]["DTSTART"].dt == start.astimezone(timezone.utc)
    with page.expect_download() as markdown:
        page.get_by_role("button", name="Markdown .md").click()
    assert markdown.value.suggested_filename == "itinerary.md"
    text = eventkit.build_itinerary_markdown(["ai", "performance"], expected)
    assert markdown.value.path().read_text("utf-8") == text
    assert page.get_by_role("status").inner_text() == "itinerary.md downloaded."


def test_keyboard_alone(visit, sample):
    page = visit(sample, "/ui/cards").page
    press, write = page.keyboard.press, page.keyboard.type
    focused = "document.activeElement.textContent.trim() || document.activeElement.id"

    def tab_to(text):
        for _ in range(30):
            press("Tab")
            if page.evaluate(focused).startswith(text):
                return
        pytest.fail(f"no way to {text!r} by Tab")

    press("Tab")
    assert page.evaluate(focused) == "Skip to the recommendations"
    tab_to("interests")
    write("perf")
    page.locator("#suggestions").wait_for()
    press("ArrowDown")
    press("Enter")
    write("agents")
    press("Enter")
    answered(page)
    assert page.evaluate("document.activeElement.id") == "sessions-heading"
    tab_to("Explain #1")
    press("Enter")
    page.locator(".contributions").wait_for()
    assert page.evaluate(focused) == "Explain #1"
    tab_to("Explain #2")
    press("Space")
    page.locator(".contributions").nth(1).wait_for()
    tab_to("Markdown")
    with page.expect_download():
        press("Enter")
    # Where the focus is can be seen.
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("width", [1280, 360])
def test_hostile_titles_are_drawn_as_text(visit, harmful, width):
    made = visit(harmful, "/ui/cards?interests=ai&top=50", width=width)
    made.expected = [TITLE_REFUSED]
    page = made.page
    cards = answered(page)
    titles = [f"{n}. {title}" for n, title in enumerate(HOSTILE_TITLES, 1)]
    assert cards.locator(".ac-textBlock.title").all_text_contents() == titles
    assert page.locator("#timeline .what").all_text_contents() == HOSTILE_TITLES
    # The page's own pictures and scripts, and nothing made of a title, a place or a tag.
    assert page.locator("#answer img, #answer script, #answer a, #answer b").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tallest = max(card.bounding_box()["height"] for card in cards.all())
    assert tallest < 400
    # No title runs under its score.
    for card in cards.all():
        score = card.locator(".score").bounding_box()
        text = card.locator(".title").evaluate(
            "title => { const range = document.createRange(); range.selectNodeContents(title);"
            " return range.getBoundingClientRect().right; }"
        )
        assert text <= score["x"]
    explained = cards.first
    explained.get_by_role("button").click()
    explained.locator(".contributions").wait_for()
    assert explained.locator(".chips li").all_text_contents() == ["ai"]


def test_hostile_tags_are_completed_as_text(visit, harmful):
    page = visit(harmful, "/ui/cards").page
    page.get_by_label("Interests").press_sequentially("img")
    assert options_of(page) == ["<img src=x onerror=alert('tag')>"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#suggestions img").count() == 0


def test_the_titles_refused_by_explain_are_explained_all_the_same(visit, harmful):
    made = visit(harmful, "/ui/cards?interests=ai&top=50")
    made.expected = [TITLE_REFUSED]
    card = answered(made.page).nth(2)
    card.get_by_role("button").click()
    card.locator(".contributions").wait_for()
    assert card.locator("tbody .number").first.inner_text() == "2.000"
    assert "the server does not take this title" in card.locator(".explanation").inner_text()


def test_dark_mode(visit, sample):
    page = visit(sample, QUESTION).page
    answered(page)

    def colours(scheme):
        page.emulate_media(color_scheme=scheme)
        style = "part => [getComputedStyle(part).color, getComputedStyle(part).backgroundColor]"
        parts = ("body", ".card", ".ac-textBlock.title", "button.primary")
        return [page.locator(part).first.evaluate(style) for part in parts]

    light, dark = colours("light"), colours("dark")

    def brightness(colour):
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert brightness(light[0][1]) > 600 > 200 > brightness(dark[0][1])
    assert brightness(light[2][0]) < 200 < 600 < brightness(dark[2][0])
    assert all(one != other for one, other in zip(light, dark, strict=True))


def test_reduced_motion(visit, sample):
    page = visit(sample, QUESTION).page
    answered(page).first.get_by_role("button").click()
    page.locator(".filled").first.wait_for()

    def animation(motion):
        page.emulate_media(reduced_motion=motion)
        return page.locator(".filled").first.evaluate("bar => getComputedStyle(bar).animationName")

    assert animation("reduce") == "none"
    assert animation("no-preference") == "grow"


def test_a_token_is_asked_for_and_kept_in_this_tab(visit, serve):
    refused = "console: Failed to load resource: the server responded with a status of 401"
    origin = serve(SAMPLE, api_token=TOKEN)
    made = visit(origin, QUESTION)
    made.expected = [refused]
    page = made.page
    dialog = page.get_by_role("dialog", name="This server asks for a token")
    dialog.wait_for()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    dialog.get_by_text("That token was not accepted.").wait_for()
    page.get_by_label("Token", exact=True).fill(TOKEN)
    dialog.get_by_role("button", name="Use the token").click()
    assert answered(page).count() == 5
    page.reload()
    assert answered(page).count() == 5
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    other = visit(origin, QUESTION, alone=True)
    other.expected = [refused]
    other.page.get_by_role("dialog").wait_for()
    other.page.keyboard.press("Escape")
    alert = other.page.get_by_role("alert")
    assert alert.inner_text() == "This server answers only with the right token."


def test_errors_are_said(visit):
    with served(SAMPLE, max_top=10) as origin:
        made = visit(origin, "/ui/cards?interests=ai&top=50")
        made.expected = ["console: Failed to load resource"]
        page = made.page
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert "invalid top" in alert.inner_text()
        assert "a whole number from 1 to 10" in alert.inner_text()
        page.get_by_label("How many").fill("3")
        page.get_by_role("button", name="Recommend").click()
        assert answered(page).count() == 3
        assert alert.is_hidden()
        page.get_by_role("button", name="Remove ai").click()
        page.get_by_label("Interests").fill(" , ")
        page.get_by_role("button", name="Recommend").click()
        assert alert.inner_text() == "Name at least one interest."
        assert page.evaluate("document.activeElement.id") == "interests"
    page.get_by_label("Interests").fill("ai")
    page.get_by_role("button", name="Recommend").click()
    page.get_by_text("The server does not answer. Is it running?").wait_for()


def test_no_sessions(visit, serve):
    origin = serve(programme([]))
    page = visit(origin, QUESTION).page
    page.get_by_text("The programme has no sessions.").wait_for()
    assert page.locator("#results").is_hidden()


def test_behind_a_prefix(visit, serve):
    origin = serve(SAMPLE, prefix="/events/kit")
    page = visit(origin, f"/events/kit{QUESTION}").page
    assert answered(page).count() == 5
    page.get_by_role("link", name="Latency").click()
    page.get_by_role("heading", name="Latency").wait_for()
    page.get_by_role("link", name="Cards").click()
    assert page.url == f"{origin}/events/kit/ui/cards"


@pytest.mark.parametrize(
    ("ci", "raised"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_without_a_browser_the_tests_fail_in_ci_and_skip_elsewhere(monkeypatch, ci, raised):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", ci)
    with pytest.raises(raised, match="apt-get install chromium"):
        find_chromium()
