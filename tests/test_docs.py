"""The pages: their commands and examples run as printed, their links lead somewhere.

A `console` block runs after the comment `<!-- run -->`. A `python` block always runs; all `>>>`
blocks of a page are one session. A block that cannot run says why: `<!-- not run: REASON -->`.
"""

import ast
import doctest
import html
import re
import typing
import unicodedata
from pathlib import Path

import pytest

import eventkit
import readme_table
from transcripts import run, transcripts

ROOT = Path(__file__).parent.parent
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
MADE_BY_THE_SITE = {"changelog.md", "contributing.md", "security.md"}
# Pages whose blocks need a server or a simulator, and the tests that run them.
TESTED_ELSEWHERE = {
    "docs/deployment.md": "test_deployment.py",
    "docs/graph-cache.md": "test_graph_store_page.py",
    "docs/graph.md": "test_graph_commands.py",
    "docs/profiling.md": "test_profiling_page.py",
    "docs/scale.md": "test_scale_page.py",
    "docs/server.md": "test_server_page.py",
}
RUN_HERE = {name: page for name, page in PAGES.items() if name not in TESTED_ELSEWHERE}
TRANSCRIPTS = [(name, text) for name, page in RUN_HERE.items() for text in transcripts(page)]
BLOCK = re.compile(r"(?:<!-- (.*?) -->\n)?```(console|python)\n(.*?)```", re.DOTALL)
PYTHON = [
    (name, code)
    for name, page in RUN_HERE.items()
    for comment, language, code in BLOCK.findall(page)
    if language == "python" and not comment.startswith("not run: ")
]
PROGRAMS = [(name, code) for name, code in PYTHON if ">>>" not in code]
SESSIONS = sorted({name for name, code in PYTHON if ">>>" in code})


@pytest.mark.once
@pytest.mark.parametrize(("name", "transcript"), TRANSCRIPTS)
def test_commands_run_as_printed(name, transcript, tmp_path):
    run(transcript, tmp_path)


@pytest.mark.parametrize(("name", "code"), PROGRAMS)
def test_programs_run(name, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, name, "exec"), {"__name__": "page"})


@pytest.mark.parametrize("name", SESSIONS)
def test_examples_print_what_the_page_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(code for page, code in PYTHON if page == name and ">>>" in code)
    if "import pyarrow" in code:
        pytest.importorskip("pyarrow")
    example = doctest.DocTestParser().get_doctest(code, {}, name, name, 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed == 0


def test_there_is_something_to_run():
    assert TRANSCRIPTS
    assert PROGRAMS
    assert "README.md" in SESSIONS


@pytest.mark.parametrize("name", PAGES)
def test_a_block_runs_or_says_why_not(name):
    silent = [
        code.splitlines()[0]
        for comment, language, code in BLOCK.findall(PAGES[name])
        if language == "console"
        and not comment.startswith(("not run: ", "run", "server"))
        and not code.startswith("$ make ")
    ]
    assert silent == []


@pytest.mark.parametrize(("name", "file"), TESTED_ELSEWHERE.items())
def test_the_other_pages_are_read_by_their_tests(name, file):
    assert name in (ROOT / "tests" / file).read_text(encoding="utf-8")


def anchors(page):
    """Return the anchors of a page's headings, as the site and repository hosts write them."""
    titles = re.findall(r"^#+ (.+?)(?: *\{.*\})?$", page, re.MULTILINE)
    plain = [re.sub(r"[`*]|\[([^]]+)\]\([^)]*\)", r"\1", html.unescape(text)) for text in titles]
    plain = [unicodedata.normalize("NFKC", text).strip().lower() for text in plain]
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in plain}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files_and_headings(name):
    page = re.sub(r"```.*?```|`[^`]*`", "", PAGES[name], flags=re.DOTALL)
    folder = (ROOT / name).parent
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (folder / path).resolve() if path else ROOT / name
        there = file.exists() or path in MADE_BY_THE_SITE
        known = str(file.relative_to(ROOT))
        if not there or (anchor and known in PAGES and anchor not in anchors(PAGES[known])):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_make_targets_exist(name):
    named = {
        target
        for code in re.findall(r"```console\n(.*?)```|`(make [^`]+)`", PAGES[name], re.DOTALL)
        for target in re.findall(r"\bmake ([a-z][a-z0-9-]+)", "".join(code))
    }
    missing = [one for one in named if not re.search(rf"^{one}:.*## ", MAKEFILE, re.MULTILINE)]
    assert missing == []


def named_tests(file):
    """Return the names of a file's test functions, those in classes included."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    }


@pytest.mark.parametrize("name", ["docs/faults.md", "SECURITY.md"])
@pytest.mark.slow
def test_each_test_that_a_page_names_exists(name):
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGES[name])
    assert len(named) > 10
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).is_file() or test not in named_tests(ROOT / file)
    ]
    assert missing == []


@pytest.mark.parametrize("name", ["docs/faults.md", "SECURITY.md"])
def test_each_row_of_the_matrix_names_a_test(name):
    rows = re.findall(r"^\| (?!what |---)(.+) \|$", PAGES[name], re.MULTILINE)
    assert rows
    assert [row for row in rows if "::test_" not in row] == []


@pytest.mark.parametrize("name", sorted({*eventkit.__all__} - {"__version__"}))
def test_the_reference_has_every_public_name(name):
    pages = [page for file, page in PAGES.items() if file.startswith("docs/reference/")]
    # The results page lists typed dictionaries by itself.
    by_itself = typing.is_typeddict(getattr(eventkit, name))
    assert by_itself or any(f"::: eventkit.{name}\n" in page for page in pages)


def test_the_readme_is_short_and_has_the_figures_of_the_long_table():
    readme = PAGES["README.md"]
    assert len(readme.splitlines()) <= 200
    for row in readme_table.short_table(PAGES["docs/figures.md"].splitlines()):
        assert row in readme


def test_the_navigation_has_every_page():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    in_docs = {name.removeprefix("docs/") for name in PAGES if name.startswith("docs/")}
    listed = set(re.findall(r": ([\w/-]+\.md)$", navigation, re.MULTILINE))
    assert listed == in_docs | MADE_BY_THE_SITE
