"""One Chromium for all tests of the pages, and visits that end with a look at what went wrong."""

from contextlib import ExitStack

import pytest

from browser.chromium import Visit, prepared, started_chromium
from browser.serving import served


# Not for the whole session: while Playwright runs, this thread has an event loop, which other
# tests could then not start.
@pytest.fixture(scope="package")
def chromium():
    with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def tab(chromium):
    """Tabs: `tab(width, script)`; kept for the next test, since a new one costs 0.6 s of a core."""
    kept = {}

    def of(width, script, alone):
        key = (width, script)
        if key in kept and not alone:
            return kept[key]
        context = chromium.new_context(viewport={"width": width, "height": 900})
        page = prepared(context, script)
        return page if alone else kept.setdefault(key, page)

    return of


@pytest.fixture
def serve():
    """Serve a manifest until the test has ended: `serve(manifest, **settings)` gives the origin."""
    with ExitStack() as servers:
        yield lambda manifest, **settings: servers.enter_context(served(manifest, **settings))


@pytest.fixture
def visit(tab, serve):
    """Open pages: `visit(origin, path)`; at the end nothing may have gone wrong.

    Args of the visit:
        width: Of the window.
        script: A file that runs before the page's own.
        alone: In a tab that no other test has seen, nor will see.
    """
    visits = []

    def begin(origin, path, *, width=1280, script=None, alone=False):
        made = Visit(tab(width, script, alone), origin)
        visits.append((made, alone))
        made.open(path)
        return made

    yield begin
    complaints = [text for made, _ in visits for text in made.complaints()]
    for made, alone in visits:
        made.leave()
        if alone:
            made.page.context.close()
    assert complaints == []
