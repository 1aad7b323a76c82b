"""What a notebook shows: HTML that is escaped and small, short texts, look-up by id, slices."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import eventkit
from eventkit import Catalog, view
from eventkit.notebook import ExplanationView, PlanView, RecommendationView

EVIL = "<script>alert(1)</script>\"'&\x1b[31m\u202e"
SAMPLE = eventkit.load_manifest()


class Strict(HTMLParser):
    """Collects the tags and texts of HTML, and fails if a tag is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def evil_catalog(count: int = 1) -> Catalog:
    slot = {"start": "09:00", "end": "10:00", "location": EVIL}
    return Catalog([{"title": EVIL * 40, "tags": ["ai", EVIL], **slot} for _ in range(count)])


def shown(catalog: Catalog) -> list[str]:
    understood = catalog.recommend(["ai", EVIL], 1_000, understand=True)
    results = [
        catalog.recommend(["ai", EVIL], 1_000),
        catalog.recommend(["ai", EVIL], 1_000, balance="interests"),
        understood,
        catalog.plan(["ai", EVIL]),
        catalog.explain(EVIL * 40, ["ai", EVIL]),
        catalog.explain(EVIL * 40, ["ai", EVIL], understand=True),
    ]
    return [view(result)._repr_html_() for result in results] + [catalog._repr_html_()]


@pytest.mark.parametrize("count", [1, 500])
def test_html_is_escaped_well_formed_and_at_most_20_kb(count: int) -> None:
    for html in shown(evil_catalog(count)):
        parsed = Strict(html)
        assert set(parsed.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "span", "div"}
        assert len(html.encode()) <= 20_000
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", html)
        assert "alert(1)" in parsed.text
    html = shown(evil_catalog(count))[0]
    left = re.search(r"and (\d+) more", html)
    assert html.count("<tr>") - 1 + (int(left[1]) if left else 0) == count


def test_bars_are_as_long_as_the_contributions() -> None:
    found = Catalog(SAMPLE).recommend(["ai", "agents"], 3)
    html = view(found)._repr_html_()
    widths = [float(width) for width in re.findall(r"width:([\d.]+)em", html)]
    parts = [value for row in found["scoring"] for value in row["contributions"].values()]
    longest = max(sum(row["contributions"].values()) for row in found["scoring"])
    wanted = [round(12 * part / longest, 2) for part in parts if 12 * part / longest >= 0.01]
    assert widths == pytest.approx(wanted, abs=0.011)


def test_bars_of_scores_without_a_length() -> None:
    catalog = Catalog(
        [{"title": "A", "popularity": float("nan")}, {"title": "B", "popularity": -1}]
    )
    for weights in ({"interest": -1.0, "popularity": 1.0}, {"interest": 0.0, "popularity": 0.0}):
        Strict(view(catalog.recommend(["ai"], 2, weights=weights))._repr_html_())


def test_views_have_short_texts() -> None:
    catalog = Catalog(SAMPLE)
    found = view(catalog.recommend(["ai"], 2))
    assert isinstance(found, RecommendationView)
    assert repr(found).startswith("RecommendationView(2 sessions, best 'Opening")
    plan = view(catalog.plan(["ai"]))
    assert isinstance(plan, PlanView)
    explained = view(catalog.explain("Safety Cases for Language Models", ["ai"]))
    assert isinstance(explained, ExplanationView)
    assert repr(explained) == "ExplanationView('Safety Cases for Language Models', 2.423)"
    assert repr(view(Catalog([]).recommend(["ai"]))) == "RecommendationView(0 sessions)"
    assert max(len(repr(each)) for each in (found, plan, explained)) < 120


@pytest.mark.parametrize("other", [{}, {"title": "A"}, [1], None])
def test_what_has_no_view_is_named(other: object) -> None:
    with pytest.raises(TypeError, match="has no view, expected a recommendation"):
        view(other)  # type: ignore[call-overload]


def test_a_catalogue_by_position_id_and_slice() -> None:
    sessions = [{"id": name, "title": name.upper(), "popularity": "odd"} for name in "abc"]
    catalog = Catalog([*sessions, {"title": "a"}])
    assert catalog["b"] is sessions[1]
    assert catalog[1] is sessions[1]
    assert catalog[:2] == sessions[:2]
    assert catalog[::-2] == [{"title": "a"}, sessions[1]]
    assert [*catalog] == [*sessions, {"title": "a"}]
    for wrong, error in (("A", KeyError), (9, IndexError), (None, TypeError), (1.0, TypeError)):
        with pytest.raises(error):
            catalog[wrong]  # type: ignore[index]
    odd = {"id": "x", "title": "X", "popularity": 1 << 80}
    assert Catalog([odd])["x"] is odd


class Formatter(dict):
    for_type = dict.__setitem__


class Shell:
    """As much of IPython as an extension needs."""

    def __init__(self) -> None:
        self.display_formatter = self
        self.formatters = {"text/html": Formatter()}


def test_the_extension_shows_plain_results_as_tables() -> None:
    from eventkit import notebook

    shell = Shell()
    notebook.load_ipython_extension(shell)
    show = shell.formatters["text/html"][dict]
    found = Catalog(SAMPLE).recommend(["ai"], 2)
    assert show(found) == view(found)._repr_html_()
    assert show({"other": 1}) is None
    notebook.unload_ipython_extension(shell)
    assert dict not in shell.formatters["text/html"]
