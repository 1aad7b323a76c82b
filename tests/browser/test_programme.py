"""The page of the programme in a real headless Chromium, with real programmes where there are some.

Every visit ends with a look at what must not have been: a console message, a script's error, a
dialog, a request to another origin, a break of the page's policy.
"""

import json
import re
import urllib.request
from datetime import datetime, timezone
from itertools import pairwise

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from icalendar import Calendar
from playwright.sync_api import expect

import eventkit
from browser.programmes import HOSTILE_TITLES, hostile, programme
from browser.real import manifest_of
from browser.serving import served
from graph_simulator import GraphSimulator, make_event
from graph_simulator.calendar import moment

pytestmark = pytest.mark.once

TOKEN = "-".join(["a-token-for-the-tests"] * 2)


@pytest.fixture(scope="module")
def real(real_data):
    """Serve real programmes: `real(name)` gives the origin and the manifest; once for all tests."""
    running = {}

    def of(name):
        if name not in running:
            manifest = manifest_of(real_data, name)
            if manifest is None:
                pytest.skip(f"no {name} in {real_data} (EVENTKIT_REAL_DATA)")
            server = served(manifest)
            running[name] = server, server.__enter__(), manifest
        return running[name][1:]

    yield of
    for server, *_ in running.values():
        server.__exit__(None, None, None)


def shown(page):
    """Wait until the programme is on the page."""
    page.locator("body.ready").wait_for()
    return page


def rows(page):
    return page.locator("#list .row:not(.heading)")


def count_of(page):
    return int(re.match(r"[\d,]+", page.locator("#count").inner_text())[0].replace(",", ""))


def searched(page, text):
    """Type into the box of the search, and wait for what it finds."""
    page.locator("#search").press_sequentially(text)
    page.locator("#understood .chip").first.wait_for()
    page.wait_for_function(
        "text => new URLSearchParams(location.search).get('q') === text.trim()", arg=text
    )


def starred(page, count):
    """Star the first sessions of the list; return their titles."""
    titles = []
    for row in rows(page).all()[:count]:
        row.locator(".star").click()
        titles.append(row.locator(".title").inner_text())
    return titles


def forget(page):
    page.evaluate("localStorage.clear()")


def axe(page, rules=None):
    options = {"resultTypes": ["violations"]} | ({} if rules is None else {"runOnly": rules})
    found = page.evaluate("options => axe.run(document, options)", options)
    assert found["passes"]
    return [
        (rule["id"], [node["html"][:150] for node in rule["nodes"][:3]])
        for rule in found["violations"]
    ]


def test_the_list_holds_the_whole_programme_and_draws_what_is_in_sight(visit, real):
    origin, manifest = real("Gen Con")
    page = shown(visit(origin, "/ui").page)
    assert count_of(page) == len(manifest["sessions"]) == 19_406
    assert 0 < rows(page).count() < 40
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = max(manifest["sessions"], key=lambda session: session["start"])
    page.wait_for_function(
        "[...document.querySelectorAll('#list .row')].some(row => "
        "row.ariaPosInSet === row.ariaSetSize)"
    )
    assert page.locator("#list h3").last.inner_text().endswith("Sunday, August 20, 2017")
    assert rows(page).count() < 40
    assert last["title"] in page.locator("#list .title").all_inner_texts()
    # In the order of their places, which is that of screen readers, however they came.
    page.evaluate("scrollTo(0, document.body.scrollHeight - 3000)")
    page.wait_for_function(
        "[...document.querySelectorAll('#list .row')].some(row => "
        "row.ariaPosInSet < row.ariaSetSize - 25)"
    )
    places = "[...document.querySelectorAll('#list .row')].map(row => Number(row.ariaPosInSet))"
    found = page.evaluate(places)
    assert found == sorted(found)


def test_search_while_typing_says_what_was_matched(visit, real):
    origin, manifest = real("FOSDEM")
    made = visit(origin, "/ui")
    page = shown(made.page)
    searched(page, "k8s")
    found = eventkit.understand(manifest, ["k8s"]).understood[0]
    assert {match["term"] for match in found["matches"]} == {"k8s", "kubernetes"}
    chip = page.locator("#understood .chip").first
    assert re.fullmatch(r"k8s\s*→\s*k8s, kubernetes, \d+ sessions", chip.inner_text())
    assert count_of(page) == found["sessions"]
    assert "Kubernetes" in page.locator("#list mark").all_inner_texts()
    # A sentence is one question, and what nothing matches is said, with suggestions that search.
    page.locator("#search").fill("")
    searched(page, "postgress")
    assert "spelt alike" in page.locator("#understood").inner_text()
    page.locator("#search").fill("quidditch")
    expect(page.locator("#understood")).to_contain_text("quidditch: nothing matches")
    expect(page.locator("#nothing")).to_be_visible()
    suggestion = page.locator("#understood button").first
    word = suggestion.inner_text()
    suggestion.click()
    expect(page.locator("#nothing")).to_be_hidden()
    assert page.locator("#search").input_value() == word
    # The address says it: a reload shows the same.
    count = count_of(page)
    page.reload()
    expect(page.locator("#count")).to_contain_text(f"{count} session")


def test_filters_have_counts_and_are_in_the_address(visit, real):
    origin, manifest = real("FOSDEM")
    page = shown(visit(origin, "/ui").page)
    page.locator("[data-facet=track]").get_by_label("Databases").check()
    expected = [session for session in manifest["sessions"] if session["track"] == "Databases"]
    expect(page.locator("#count")).to_contain_text(f"{len(expected)} sessions")
    # Each room says how many of these it has, and each track how many there would be with it.
    rooms = {session["location"] for session in expected}
    assert page.locator("[data-facet=location] .option").count() == len(rooms)
    page.locator("#filter-from").select_option("720")
    page.locator("#filter-to").select_option("900")
    noon = [one for one in expected if "12:00" <= one["start"] < "15:00"]
    expect(page.locator("#count")).to_contain_text(f"{len(noon)} sessions")
    assert page.url.endswith("/ui?from=12%3A00&to=15%3A00&track=Databases")
    page.reload()
    shown(page)
    titles = [" ".join(one["title"].split()) for one in sorted(noon, key=lambda s: s["start_at"])]
    seen = rows(page).locator(".title").all_inner_texts()
    assert seen == titles[: len(seen)]
    assert len(seen) > 8
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#count")).to_contain_text("1,079 sessions")
    page.locator("#days button").nth(2).click()
    assert page.url.endswith("/ui?day=2026-02-01")
    day = sum(session["day"] == "2026-02-01" for session in manifest["sessions"])
    assert count_of(page) == day


def test_the_grid_shows_a_day_by_room(visit, real):
    origin, manifest = real("FOSDEM")
    page = shown(visit(origin, "/ui?view=grid&day=2026-02-01&room=Janson").page)
    expected = [
        one
        for one in manifest["sessions"]
        if one["location"] == "Janson" and one["day"] == "2026-02-01"
    ]
    assert page.locator(".grid-room").all_inner_texts() == ["Janson"]
    cells = page.locator(".cell")
    page.locator("#grid").evaluate("box => box.scrollTo(0, 0)")
    first = page.get_by_role("listitem").filter(has_text=expected[0]["title"])
    expect(first).to_be_visible()
    boxes = [cell.bounding_box() for cell in cells.all()]
    # One room, one session at a time: no two cells overlap.
    edges = sorted((box["y"], box["y"] + box["height"]) for box in boxes)
    assert all(end <= start for (_, end), (start, _) in pairwise(edges))
    assert all(box["height"] >= 43.5 for box in boxes)


def test_a_programme_without_rooms_has_a_grid_by_track(visit, real):
    origin, manifest = real("re:Invent")
    page = shown(visit(origin, "/ui?view=grid").page)
    assert not any("location" in session for session in manifest["sessions"])
    page.locator(".cell").first.wait_for()
    assert 0 < page.locator(".cell").count() < 400
    page.locator(".toggle [data-view=list]").click()
    assert count_of(page) == len(manifest["sessions"])


def test_details_are_text_whatever_a_programme_holds(visit, serve):
    manifest = hostile()
    harm = "<img src=x onerror=alert('text')>"
    for session in manifest["sessions"]:
        session |= {
            "abstract": f"{harm}\n\nsecond",
            "speakers": [harm],
            "url": "javascript:alert(1)",
        }
    manifest["sessions"][0]["url"] = "https://elsewhere.invalid/a"
    page = shown(visit(serve(manifest), "/ui").page)
    titles = page.locator("#list .title").all_text_contents()
    assert titles == HOSTILE_TITLES
    for place in (0, 1):
        page.locator("#list .title").nth(place).click()
        panel = page.get_by_role("dialog")
        panel.get_by_text("second").wait_for()
        assert panel.locator("h2").text_content() == HOSTILE_TITLES[place]
        assert panel.locator(".panel-text p").first.text_content() == harm
        links = panel.locator("a").evaluate_all("all => all.map(link => link.href)")
        assert links == (["https://elsewhere.invalid/a"] if place == 0 else [])
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
    assert page.locator("#list img, #list script, #list a").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_my_schedule_is_kept_exported_and_shared(visit, real):
    origin, manifest = real("FOSDEM")
    page = shown(visit(origin, "/ui?room=Janson&room=H.2215+(Ferrer)").page)
    titles = starred(page, 4)
    page.reload()
    shown(page)
    assert page.locator(".badge").inner_text() == "4"
    page.locator("[data-tab][data-view=mine]").click()
    assert sorted(page.locator("#mine-days .title").all_inner_texts()) == sorted(titles)
    by_title = {" ".join(one["title"].split()): one for one in manifest["sessions"]}
    with page.expect_download() as saved:
        page.get_by_role("button", name="Calendar .ics").click()
    events = Calendar.from_ical(saved.value.path().read_bytes()).walk("VEVENT")
    assert len(events) == 4
    for event in events:
        session = by_title[" ".join(str(event["SUMMARY"]).split())]
        assert event.start.timestamp() == datetime.fromisoformat(session["start_at"]).timestamp()
        assert event.end.timestamp() == datetime.fromisoformat(session["end_at"]).timestamp()
        assert str(event["LOCATION"]) == session["location"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Markdown .md").click()
    assert saved.value.path().read_text("utf-8").count("\n- ") == 4
    with page.expect_download() as saved:
        page.get_by_role("button", name="JSON .json").click()
    listed = json.loads(saved.value.path().read_text("utf-8"))
    assert [one["title"] for one in listed] == page.locator("#mine-days .title").all_inner_texts()
    assert (
        len(
            eventkit.recommend({"weights": manifest["weights"], "sessions": listed}, ["x"], 9)[
                "sessions"
            ]
        )
        == 4
    )
    page.get_by_role("button", name="Share").click()
    link = page.locator("#share-link").input_value()
    ids = [by_title[title]["id"] for title in titles]
    assert link == f"{origin}/ui?view=mine#shared={','.join(ids)}"
    # Somebody else's browser: nothing of it is stored until they say so.
    other = visit(origin, link.removeprefix(origin), alone=True).page
    shown(other)
    assert other.locator("#shared .title").count() == 4
    assert other.locator(".badge").is_hidden()
    other.get_by_role("button", name="Add all to my schedule").click()
    assert other.locator("#mine-days .title").count() == 4
    assert other.url == f"{origin}/ui?view=mine"
    forget(page)


def test_conflicts_are_shown_and_something_else_is_found(visit, real):
    origin, manifest = real("FOSDEM")
    pair = [one for one in manifest["sessions"] if one["start_at"] == "2026-02-01T10:00:00+01:00"][
        :2
    ]
    page = shown(visit(origin, f"/ui?view=mine#shared={','.join(one['id'] for one in pair)}").page)
    page.get_by_role("button", name="Add all to my schedule").click()
    expect(page.locator("#mine-conflicts")).to_have_text("2 sessions overlap with another one.")
    assert page.locator(".clash").count() == 2
    page.get_by_role("button", name="Find something else").first.click()
    found = page.locator("#mine-days .answer-area .title")
    found.first.wait_for()
    answer = eventkit.Catalog(manifest).alternatives(pair[0]["id"], ["x"], 1_000)
    at_that_time = {" ".join(one["title"].split()) for one in answer["sessions"]}
    assert {*found.all_inner_texts()} <= at_that_time
    forget(page)


BUSY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART:20260125T080000Z
DTEND:20260125T100000Z
RRULE:FREQ=DAILY;COUNT=30
SUMMARY:Standup
END:VEVENT
END:VCALENDAR
"""


def event(number, start, end, **fields):
    """An event of a calendar on the first day of FOSDEM 2026, between two times in UTC."""
    day = datetime(2026, 1, 31, tzinfo=timezone.utc)
    times = {"start": moment(day.replace(hour=start)), "end": moment(day.replace(hour=end))}
    return make_event(number, **times, **fields)


def test_plan_my_day_around_the_calendar_that_the_server_reads(
    visit, serve, real_data, monkeypatch
):
    pytest.importorskip("httpx")
    manifest = manifest_of(real_data, "FOSDEM")
    if manifest is None:
        pytest.skip(f"no FOSDEM in {real_data} (EVENTKIT_REAL_DATA)")
    with GraphSimulator() as graph:
        busy = event(1, 8, 10, showAs="busy")
        graph.put("ann@example.com", busy, event(2, 10, 17, showAs="free"))
        for name, value in graph.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("GRAPH_USER_ID", raising=False)
        origin = serve(manifest, api_token=TOKEN)
        address = "/ui?view=foryou&interest=databases&interest=rust"
        made = visit(origin, address, alone=True)
        refused = "console: Failed to load resource: the server responded with a status of"
        made.expected = [f"{refused} 401", f"{refused} 400"]
        page = made.page
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.get_by_role("button", name="Use the token").click()
        shown(page)
        page.get_by_label("Keep the meetings of my calendar free").check()
        page.locator("#plan-make").click()
        expect(page.locator("#plan-answer .problem")).to_contain_text("userId")
        page.get_by_label("Whose calendar").fill("ann@example.com")
        page.locator("#plan-day").select_option("2026-01-31")
        page.locator("#plan-make").click()
        page.locator("#plan-answer h3").wait_for()
        by_title = {" ".join(one["title"].split()): one for one in manifest["sessions"]}
        titles = page.locator("#plan-answer .title").all_inner_texts()
        starts = sorted(by_title[title]["start_at"][11:16] for title in titles)
        # Busy from 9 to 11 o'clock in Brussels; the rest of the day is shown as free.
        assert starts[0] >= "11:00"
        assert [start for start in starts if "11:00" <= start < "18:00"]


def test_plan_my_day_around_meetings(visit, real, tmp_path):
    origin, manifest = real("FOSDEM")
    page = shown(
        visit(
            origin, "/ui?view=foryou&interest=databases&interest=Local-First,+sync+engines,+CRDTs"
        ).page
    )
    assert page.locator("#chosen li span").all_inner_texts() == [
        "databases",
        "Local-First, sync engines, CRDTs",
    ]
    page.locator("#foryou-list .row").first.wait_for()
    assert page.locator("#foryou-list .row").count() == 20
    file = tmp_path / "meetings.ics"
    file.write_text(BUSY.replace("\n", "\r\n"))
    page.locator("#plan-file").set_input_files(file)
    page.locator("#plan-make").click()
    page.locator("#plan-answer h3").wait_for()
    by_title = {" ".join(one["title"].split()): one for one in manifest["sessions"]}
    planned = [by_title[title] for title in page.locator("#plan-answer .title").all_inner_texts()]
    assert len(planned) > 10
    for one, other in pairwise(planned):
        assert one["end_at"] <= other["start_at"]
    # The standup repeats: it is from 9 to 11 o'clock in Brussels on both days.
    assert not [one for one in planned if one["start"] < "11:00"]
    page.get_by_text("Left out:").click()
    page.locator("#plan-answer .primary").click()
    assert page.locator(".badge").inner_text() == str(len(planned))
    page.locator("[data-tab][data-view=mine]").click()
    expect(page.locator("#mine-conflicts")).to_be_hidden()
    # What cannot be kept is said.
    page.locator("[data-tab][data-view=foryou]").click()
    page.locator("#plan-file").set_input_files(
        {"name": "x.ics", "mimeType": "text/calendar", "buffer": b"no"}
    )
    page.locator("#plan-make").click()
    assert page.locator("#plan-answer [role=alert]").inner_text() == "x.ics is no calendar file."
    forget(page)


def test_why_not_is_asked_for_what_was_searched_for(visit, real):
    origin, _ = real("FOSDEM")
    page = shown(visit(origin, "/ui?view=foryou&interest=rust").page)
    page.locator("#foryou-list .row").first.wait_for()
    page.locator("[data-tab][data-view=list]").click()
    searched(page, "wayland")
    page.get_by_role("button", name="Why is Wayland compositors").click()
    panel = page.get_by_role("dialog")
    panel.get_by_text("It is number").wait_for()
    change = panel.locator(".changes button").first
    if change.count():
        change.click()
        expect(page.locator("#chosen li")).to_have_count(2)
    forget(page)


def test_times_are_those_of_the_event_or_mine(chromium, real):
    origin, _ = real("FOSDEM")
    context = chromium.new_context(timezone_id="America/New_York", locale="de-DE")
    page = context.new_page()
    page.goto(f"{origin}/ui?track=Main+Track&q=welcome")
    shown(page)
    page.locator("#list .when").first.wait_for()
    assert "Europe/Brussels, UTC+01:00" in page.locator("#count").inner_text()
    assert page.locator("#list .when").first.inner_text().split("\n")[:2] == [
        "Sa., 31. Jan.",
        "9:30",
    ]
    page.get_by_label("Time zone").select_option("mine")
    assert "America/New York, my time" in page.locator("#count").inner_text()
    assert page.locator("#list .when").first.inner_text().split("\n")[:2] == [
        "Sa., 31. Jan.",
        "3:30",
    ]
    assert "clock=mine" in page.url
    context.close()


def test_without_the_network_after_the_first_load(chromium, real):
    _, manifest = real("FOSDEM")
    manifest = {**manifest, "sessions": manifest["sessions"][:300]}
    with served(manifest) as origin:
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.goto(f"{origin}/ui")
        shown(page)
        page.locator("#list .star").first.click()
        page.locator("body[data-offline=ready]").wait_for()
        # What the server says of a file that the browser has is true of the file.
        page.reload()
        shown(page)
    # The server is gone.
    page.goto(f"{origin}/ui?view=mine")
    shown(page)
    title = page.locator("#mine-days .title")
    assert title.count() == 1
    with page.expect_download() as saved:
        page.get_by_role("button", name="Calendar .ics").click()
    assert len(Calendar.from_ical(saved.value.path().read_bytes()).walk("VEVENT")) == 1
    page.locator("[data-tab][data-view=list]").click()
    assert count_of(page) == len(manifest["sessions"])
    word = title.inner_text().split()[0] if title.is_visible() else "the"
    page.locator("#search").fill(word)
    expect(page.locator("#understood")).to_contain_text("plain text search")
    assert count_of(page) > 0
    context.close()


def test_keyboard_alone(visit, serve):
    page = shown(visit(serve(eventkit.load_manifest()), "/ui").page)
    press = page.keyboard.press
    focused = "document.activeElement.textContent.trim() || document.activeElement.id"

    def tab_to(wanted):
        for _ in range(60):
            press("Tab")
            if re.match(wanted, page.evaluate(focused)):
                return
        pytest.fail(f"no way to {wanted!r} by Tab")

    press("Tab")
    assert page.evaluate(focused) == "Skip to the programme"
    press("/")
    page.keyboard.type("agents")
    page.locator("#understood .chip").first.wait_for()
    press("Enter")
    first = page.evaluate(focused)
    assert first == page.locator("#list .title").first.inner_text()
    press("ArrowDown")
    second = page.evaluate(focused)
    assert second == page.locator("#list .title").nth(1).inner_text() != first
    press("s")
    assert page.locator(".badge").inner_text() == "1"
    assert page.evaluate(focused) == second
    press("Enter")
    assert page.evaluate(focused) == second == page.get_by_role("dialog").locator("h2").inner_text()
    press("Escape")
    assert page.evaluate(focused) == second
    press("End")
    assert page.evaluate(focused) == page.locator("#list .title").last.inner_text()
    page.evaluate("scrollTo(0, 0)")
    page.locator(".skip").focus()
    tab_to("Grid")
    press("Enter")
    tab_to(r".*Agents.*")
    press("ArrowDown")
    # Where the focus is can be seen.
    outline = "getComputedStyle(document.activeElement, '::after').outlineStyle"
    assert page.evaluate(outline) == "solid"
    forget(page)


STATES = {
    "list": "/ui?q=agents",
    "grid": "/ui?view=grid",
    "foryou": "/ui?view=foryou&interest=agents&interest=rust",
    "mine": "/ui?view=mine#shared=hcd-02,hcd-03",
    "details": "/ui?session=hcd-01",
    "filters": "/ui",
}


@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_and_everything_is_reached_with_a_thumb(visit, serve, width):
    origin = serve(eventkit.load_manifest())
    page = visit(origin, "/ui", width=width, script=AXE_FILE_PATH).page
    # The rest is the same in a wide window.
    states = STATES if width == 390 else {state: STATES[state] for state in ("list", "details")}
    for state, path in states.items():
        page.goto("about:blank")
        page.goto(origin + path)
        shown(page)
        if state == "foryou":
            page.locator("#foryou-list .row").first.wait_for()
            page.locator("#plan-make").click()
            page.locator("#plan-answer h3").wait_for()
        if state == "mine":
            page.get_by_role("button", name="Add all").click()
        if state == "filters" and width == 390:
            page.locator("#open-filters").click()
        assert axe(page) == [], state
        page.emulate_media(color_scheme="dark")
        assert axe(page, ["color-contrast"]) == [], state
        page.emulate_media(color_scheme="light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state
        if width == 390:
            assert small_targets(page) == [], state
    forget(page)


def small_targets(page):
    """What can be pressed, is in sight, and is less than 44 pixels wide or high."""
    return page.evaluate(
        """() => [...document.querySelectorAll('button, a, select, input, summary, label.option')]
          .filter(part => part.checkVisibility() && !part.closest('[inert]'))
          .filter(part => !part.matches('.skip, .hidden, label.option input'))
          .map(part => {
            // The whole row is the target of its title.
            const box = part.matches('.title') ? part.closest('.row, .cell') : part;
            const {width, height} = box.getBoundingClientRect();
            return [part.id || part.className || part.textContent, width, height];
          })
          .filter(([, width, height]) => width < 43.5 || height < 43.5)
          .map(part => part.join(' '))"""
    )


def test_a_tag_with_a_comma_stays_one_interest(visit, serve):
    tag = "local-first, sync engines"
    sessions = [{"title": "One", "tags": [tag]}, {"title": "Two", "tags": ["web"]}]
    page = shown(visit(serve(programme(sessions)), "/ui?view=foryou").page)
    box = page.get_by_role("combobox", name="Your interests")
    box.press_sequentially("local")
    page.locator("#suggestions").wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    assert page.locator("#chosen li span").all_inner_texts() == [tag]
    expect(page.locator("#foryou-list .title")).to_have_text(["One"])
    page.reload()
    shown(page)
    assert page.locator("#chosen li span").all_inner_texts() == [tag]
    # It is kept for the next visit, whatever the address says.
    page.goto(page.url.split("?")[0] + "?view=foryou")
    expect(page.locator("#chosen li span")).to_have_text([tag])
    forget(page)


def test_links_of_the_page_before_still_recommend(visit, serve):
    page = visit(serve(eventkit.load_manifest()), "/ui?interests=agents%2C+rust&top=5").page
    shown(page)
    expect(page.locator("#foryou-list .row")).to_have_count(5)
    assert page.locator("#chosen li span").all_inner_texts() == ["agents", "rust"]
    forget(page)


def test_a_programme_with_clock_times_only(visit, serve):
    sessions = [
        {"title": "One", "start": "09:00", "end": "10:00", "tags": ["a"]},
        {"title": "Two", "start": "09:30", "end": "10:30", "tags": ["a"]},
        {"title": "Never", "tags": ["a"]},
    ]
    page = shown(visit(serve(programme(sessions)), "/ui").page)
    assert rows(page).locator(".title").all_inner_texts() == ["One", "Two", "Never"]
    assert page.locator("#zone option[value=mine]").is_disabled()
    starred(page, 3)
    page.locator("[data-tab][data-view=mine]").click()
    assert page.locator(".clash").count() == 2
    with page.expect_download():
        page.get_by_role("button", name="Calendar .ics").click()
    assert "3 of 3 sessions have no date" in page.get_by_role("alert").inner_text()
    forget(page)


def test_a_token_is_asked_for(visit, serve):
    origin = serve(eventkit.load_manifest(), api_token=TOKEN)
    made = visit(origin, "/ui", alone=True)
    made.expected = ["console: Failed to load resource: the server responded with a status of 401"]
    page = made.page
    page.get_by_role("dialog", name="This server asks for a token").wait_for()
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.keyboard.press("Enter")
    shown(page)
    assert count_of(page) == 46
    # What only a token may read is not kept for offline use.
    assert page.evaluate("caches.keys()") == []


def test_the_answers_that_the_page_is_made_of(serve):
    origin = serve(eventkit.load_manifest())
    with urllib.request.urlopen(f"{origin}/sessions") as reply:
        assert reply.headers["ETag"]
        content = json.load(reply)
    assert content["count"] == len(content["columns"]["key"]) == 46
