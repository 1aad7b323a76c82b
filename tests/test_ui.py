"""The files of the page: what is answered for which path, and that they need nothing else."""

import hashlib
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

import eventkit
from eventkit.server import ServerSettings, ui
from eventkit.server.message import Request
from server_roads import MANIFEST, ROADS, TOKEN

PAGE = Path(__file__).parent.parent / "docs/ui.md"
STATIC = Path(ui.__file__).with_name("static")
VENDORED = STATIC / "vendored"
OWN = sorted(file for file in STATIC.iterdir() if file.is_file())
RENDERER = "/ui/adaptivecards-3.0.6.min.js"


def get(path):
    return ui.respond(Request("GET", path))


def headers_of(response):
    return dict(response.headers)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ui", "text/html; charset=utf-8"),
        ("/ui/latency", "text/html; charset=utf-8"),
        ("/ui/main.js", "text/javascript; charset=utf-8"),
        ("/ui/style.css", "text/css; charset=utf-8"),
        ("/ui/icon.svg", "image/svg+xml"),
        (RENDERER, "text/javascript; charset=utf-8"),
        ("/ui/adaptivecards-3.0.6.LICENSE.txt", "text/plain; charset=utf-8"),
    ],
)
def test_files_have_their_types(path, kind):
    response = get(path)
    assert response.status == 200
    assert response.body
    assert headers_of(response)["Content-Type"] == kind


@pytest.mark.parametrize(
    "path",
    [
        "/ui/../ui.py",
        "/ui/../../errors.py",
        "/ui/vendored/SHA256SUMS",
        "/ui/SHA256SUMS",
        "/ui/index.html",
        "/ui//etc/passwd",
        "/ui/main.js/",
        "/ui/main.js\0",
        "/ui/%2e%2e/ui.py",
        "/ui/..\\ui.py",
        "/ui/MAIN.JS",
        "/ui/nothing",
    ],
)
def test_nothing_else_is_answered(path):
    response = get(path)
    assert (response.status, response.body) == (404, b"not found\n")
    assert headers_of(response)["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/ui", "/ui/latency", "/ui/main.js", RENDERER, "/ui/nothing"])
def test_the_policy_allows_nothing_inline_and_no_other_host(path):
    policy = headers_of(get(path))["Content-Security-Policy"]
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy


def test_files_with_a_version_in_their_name_may_be_cached_for_ever():
    assert "immutable" in headers_of(get(RENDERER))["Cache-Control"]
    for path in ("/ui", "/ui/main.js", "/ui/style.css"):
        assert headers_of(get(path))["Cache-Control"] == "no-cache"


def test_entity_tags_are_those_of_the_bytes():
    tags = {path: headers_of(get(path))["ETag"] for path in ("/ui", "/ui/main.js", RENDERER)}
    assert len(set(tags.values())) == 3
    assert tags["/ui"] == f'"{hashlib.sha256(get("/ui").body).hexdigest()[:32]}"'


def test_the_address_with_a_slash_leads_to_the_page():
    response = get("/ui/")
    assert (response.status, headers_of(response)["Location"]) == (308, "../ui")


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_the_root_leads_to_the_page(road):
    app = eventkit.create_app(MANIFEST, settings=ServerSettings(api_token=TOKEN))
    reply = road(app, "GET", "/")
    assert reply.status == 302
    # Beside it: relative, for a server behind a prefix.
    assert urljoin("http://localhost:8010/", reply.header("Location")) == "http://localhost:8010/ui"
    assert urljoin("http://localhost/kit/", reply.header("Location")) == "http://localhost/kit/ui"
    assert road(app, "GET", "/", client="192.0.2.1").status == 302


def test_vendored_files_are_those_whose_checksums_are_recorded():
    recorded = dict(
        reversed(line.split("  ")) for line in (VENDORED / "SHA256SUMS").read_text().splitlines()
    )
    there = {file.name for file in VENDORED.iterdir()} - {"SHA256SUMS"}
    assert there == set(recorded)
    for name, digest in recorded.items():
        assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == digest


def test_the_licences_of_vendored_files_come_with_them():
    text = (VENDORED / "adaptivecards-3.0.6.LICENSE.txt").read_text()
    assert "Copyright (c) 2017 Microsoft" in text
    assert "Vladimir Kharlampidi" in text
    assert text.count("Permission is hereby granted") == 2


@pytest.mark.parametrize("page", ["index.html", "latency.html"])
def test_pages_have_nothing_inline(page):
    html = (STATIC / page).read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_files_refer_only_to_files_that_exist(file):
    text = file.read_text()
    named = re.findall(r'from "\./([^"]+)"', text)
    if file.suffix == ".html":
        links = re.findall(r'(?:src|href)="([^"#]+)"', text)
        base = "/ui/" if file.name == "latency.html" else "/"
        # `../x` of the latency page is /x, as `x` of the other one is.
        paths = [f"{base}{link}".replace("/ui/../", "/") for link in links]
        named += [path.removeprefix("/ui/") for path in paths if path.startswith("/ui/")]
        assert named
    for name in named:
        assert get(f"/ui/{name}").status == 200, name


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_own_files_name_no_other_host_and_make_no_html_of_text(file):
    text = file.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z0-9.-]+\.[a-z]{2,}/", text)
    for parsing in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert parsing not in text


@pytest.mark.parametrize("picture", re.findall(r"!\[[^\]]+\]\((.+)\)", PAGE.read_text("utf-8")))
def test_the_pictures_of_its_document_are_there_and_small(picture):
    data = (PAGE.parent / picture).read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) <= 150 * 1024


def test_its_document_names_the_version_of_what_is_vendored():
    row = re.search(r"^\| \[adaptivecards\].*? \| (\S+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert f"/ui/adaptivecards-{row[1]}.min.js" == RENDERER
