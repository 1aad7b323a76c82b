"""A real headless Chromium, and what it must never do: complain, break the policy, go elsewhere."""

import os
import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

TIMEOUT = 30_000
PLACES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Every break of the page's policy, also one that some script would swallow.
WATCH_POLICY = """
window.brokenPolicy = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.brokenPolicy.push(`${event.violatedDirective}: ${event.blockedURI || event.sample}`);
});
"""


def find_chromium():
    """The browser's path; without one the tests skip, but fail in CI."""
    found = next(filter(None, map(shutil.which, PLACES)), None)
    if found is None:
        message = "no Chromium (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


@contextmanager
def started_chromium():
    executable = find_chromium()
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def prepared(context, script):
    """A page of the context's that watches its policy, and runs a file's script before its own."""
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.add_init_script(WATCH_POLICY)
    if script is not None:
        page.add_init_script(path=script)
    return page


class Visit:
    """A page of one server's, and everything about it that must not be.

    Attributes:
        page: Playwright's page.
        expected: Beginnings of complaints that a test brings about on purpose.
    """

    def __init__(self, page, origin):
        self.page = page
        self.origin = origin
        self.expected = []
        self._complaints = []
        self._heard = {
            "console": self._console,
            "dialog": self._dialog,
            "pageerror": lambda error: self._complaints.append(f"error: {error}"),
            "request": self._request,
        }
        for event, hear in self._heard.items():
            page.on(event, hear)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def open(self, path):
        self.page.goto(self.origin + path)
        return self.page

    def leave(self):
        """Leave the page as a new one."""
        for event, hear in self._heard.items():
            self.page.remove_listener(event, hear)
        self.page.goto("about:blank")

    def _console(self, message):
        if message.type in ("error", "warning"):
            self._complaints.append(f"console: {message.text}")

    def _dialog(self, dialog):
        self._complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request):
        address = urlsplit(request.url)
        if address.scheme != "blob" and f"{address.scheme}://{address.netloc}" != self.origin:
            self._complaints.append(f"request to {request.url}")

    def complaints(self):
        """Everything that nobody expected."""
        policy = [f"policy: {broken}" for broken in self.page.evaluate("window.brokenPolicy")]
        found = self._complaints + policy
        return [text for text in found if not text.startswith(tuple(self.expected))]
