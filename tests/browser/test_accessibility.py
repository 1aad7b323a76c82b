"""The pages for those who do not see them: axe's rules, and the structure a screen reader reads."""

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from browser.programmes import overlapping
from browser.serving import served

pytestmark = pytest.mark.once

QUESTION = "/ui/cards?interests=ai&top=10"


@pytest.fixture(scope="module")
def origin():
    with served(overlapping()) as origin:
        yield origin


@pytest.fixture
def look(visit, origin):
    """Open a page that has axe: an init script, which the page's policy does not apply to."""
    return lambda path, **options: visit(origin, path, script=AXE_FILE_PATH, **options).page


def violations(page, rules=None):
    """What axe finds, of any weight, with the elements it is about."""
    options = {"resultTypes": ["violations"]} | ({} if rules is None else {"runOnly": rules})
    found = page.evaluate("options => axe.run(document, options)", options)
    assert len(found["passes"]) > (15 if rules is None else 0)  # it has looked
    return [
        (rule["impact"], rule["id"], [node["html"][:120] for node in rule["nodes"]])
        for rule in found["violations"]
    ]


def with_suggestions(page):
    page.get_by_role("combobox").press_sequentially("a")
    page.locator("#suggestions").wait_for()
    page.keyboard.press("ArrowDown")


def with_explanations(page):
    page.locator("#results").wait_for()
    for button in page.locator("#cards button").all():
        button.click()
    page.locator(".contributions").last.wait_for()


def with_problem(page):
    page.get_by_role("button", name="Recommend").click()
    page.get_by_role("alert").wait_for()


STATES = {
    "suggestions": ("/ui/cards", with_suggestions),
    "explanations": (QUESTION, with_explanations),
    "problem": ("/ui/cards", with_problem),
    "latency": ("/ui/latency", lambda page: page.locator("#updated:not(:empty)").wait_for()),
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(look, state):
    path, reach = STATES[state]
    page = look(path, width=360 if state == "explanations" else 1280)
    reach(page)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, ["color-contrast"]) == []


def test_axe_sees_what_is_wrong(look):
    page = look("/ui/cards")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('#interests').placeholder = ''")
    assert any(rule == "label" for _, rule, _ in violations(page))


def test_what_a_screen_reader_reads(look):
    page = look(QUESTION)
    page.locator("#results").wait_for()
    page.get_by_role("button", name="Explain #1").click()
    page.locator(".contributions").wait_for()
    tree = page.locator("body").aria_snapshot()
    for line in (
        "- banner:",
        '- navigation "Pages":',
        '- link "Cards"',
        "- main:",
        '- heading "Which sessions are for you?" [level=1]',
        '- combobox "Interests"',
        '- spinbutton "How many"',
        '- heading "Sessions" [level=2]',
        '- heading "1. One" [level=3]',
        "- 'button \"Explain #1\" [expanded]'",
        '- table "What the score is made of":',
        '- row "Matching interests 2.000":',
        '- heading "Itinerary" [level=2]',
        '- heading "Monday, 14 September 2026" [level=3]',
        '- button "Calendar .ics"',
    ):
        assert line in tree
    described = page.get_by_role("button", name="Explain #2")
    heading = page.locator(f"#{described.get_attribute('aria-describedby')}")
    assert heading.inner_text() == "2. Two"
    assert described.get_attribute("role") in (None, "button")
    # Bars and lanes are for the eye: what they show is said in text.
    assert page.locator("#timeline .lane:not([aria-hidden=true])").count() == 0


def test_suggestions_are_announced(look):
    page = look("/ui/cards")
    box = page.get_by_role("combobox", name="Interests")
    box.press_sequentially("a")
    listbox = page.get_by_role("listbox", name="Tags of the programme")
    listbox.wait_for()
    assert page.get_by_role("status").inner_text() == "1 suggestion."
    assert box.get_attribute("aria-controls") == listbox.get_attribute("id")
    box.press("ArrowDown")
    option = page.get_by_role("option", name="ai 5 sessions", selected=True)
    assert option.get_attribute("id") == box.get_attribute("aria-activedescendant")
