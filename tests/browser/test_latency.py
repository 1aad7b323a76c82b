"""The page of latencies in a real headless Chromium."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

import eventkit
from server_process import served

pytestmark = pytest.mark.once

QUESTION = "/ui/cards?interests=ai%2C+performance&top=5"


def test_the_latency_page_is_live(visit, serve):
    sample = serve(eventkit.load_manifest())
    # Alone, because of the clock.
    made = visit(sample, QUESTION, alone=True)
    made.page.locator("#results").wait_for()
    page = made.open("/ui/latency")
    row = page.locator("tr[data-endpoint='/recommend']")
    count = row.locator("td").first
    # The page's own question.
    expect(count).to_have_text("1")
    for _ in range(999):
        urllib.request.urlopen(f"{sample}/recommend?interests=ai").read()
    expect(count).to_have_text("1,000")
    figures = row.locator("td").all_inner_texts()
    assert all(re.fullmatch(r"[\d.]+ (µs|ms|s)", text) for text in figures[1:])
    figure = page.locator("figure[data-endpoint='/recommend']")
    assert figure.locator("rect.column").count() >= 1
    snapshot = json.loads(page.request.get(f"{sample}/latency").text())["routes"]["/recommend"]
    figure.get_by_text("Numbers").click()
    cells = figure.locator("td").all_inner_texts()
    assert sum(int(text.replace(",", "")) for text in cells) == snapshot["count"] == 1_000
    page.get_by_role("button", name="Pause").click()
    assert page.get_by_role("button", name="Pause").get_attribute("aria-pressed") == "true"
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.clock.run_for(10_000)
    assert asked == []


def test_the_latency_page_adds_up_worker_processes(visit, tmp_path):
    commands = {"eventkit": "eventkit serve --port {port} --workers 2"}
    with served("eventkit", tmp_path, commands) as port:
        origin = f"http://127.0.0.1:{port}"
        # A connection each, so that both workers answer some.
        for _ in range(20):
            urllib.request.urlopen(f"{origin}/recommend?interests=ai").read()
        page = visit(origin, "/ui/latency").page
        row = page.locator("tr[data-endpoint='/recommend']")
        row.wait_for()
        snapshot = json.loads(page.request.get(f"{origin}/latency").text())
        assert snapshot["workers"] == 2
        assert row.locator("td").first.inner_text() == "20"
        # It asks no more, before the server is gone.
        page.get_by_role("button", name="Pause").click()
        visit(origin, QUESTION, width=360).page.locator("#results").wait_for()
