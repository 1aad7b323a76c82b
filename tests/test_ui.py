"""The files of the page: what is answered for which path, and that they need nothing else."""

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

import eventkit
from eventkit.server import ServerSettings, ui
from eventkit.server.message import Request
from server_roads import MANIFEST, ROADS, TOKEN

PAGE = Path(__file__).parent.parent / "docs/ui.md"
STATIC = Path(ui.__file__).with_name("static")
VENDORED = STATIC / "vendored"
OWN = sorted(
    file for file in STATIC.rglob("*") if file.is_file() and file.parent.name != "vendored"
)
RENDERER = "/ui/adaptivecards-3.0.6.min.js"


def get(path):
    return ui.respond(Request("GET", path))


def headers_of(response):
    return dict(response.headers)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ui", "text/html; charset=utf-8"),
        ("/ui/cards", "text/html; charset=utf-8"),
        ("/ui/latency", "text/html; charset=utf-8"),
        ("/ui/programme/main.js", "text/javascript; charset=utf-8"),
        ("/ui/sw.js", "text/javascript; charset=utf-8"),
        ("/ui/app.webmanifest", "application/manifest+json"),
        ("/ui/files.json", "application/json"),
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
        "/ui/cards.js/",
        "/ui/cards.js\0",
        "/ui/%2e%2e/ui.py",
        "/ui/..\\ui.py",
        "/ui/CARDS.JS",
        "/ui/nothing",
    ],
)
def test_nothing_else_is_answered(path):
    response = get(path)
    assert (response.status, response.body) == (404, b"not found\n")
    assert headers_of(response)["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/ui", "/ui/latency", "/ui/cards.js", RENDERER, "/ui/nothing"])
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
    for path in ("/ui", "/ui/cards.js", "/ui/style.css"):
        assert headers_of(get(path))["Cache-Control"] == "no-cache"


def test_entity_tags_are_those_of_the_bytes():
    tags = {path: headers_of(get(path))["ETag"] for path in ("/ui", "/ui/cards.js", RENDERER)}
    assert len(set(tags.values())) == 3
    assert tags["/ui"] == f'"{hashlib.sha256(get("/ui").body).hexdigest()[:32]}"'


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
@pytest.mark.parametrize("path", ["/ui", "/ui/sw.js", RENDERER])
def test_a_file_that_a_browser_has_already_keeps_its_policy(road, path):
    app = eventkit.create_app(MANIFEST)
    whole = road(app, "GET", path)
    again = road(app, "GET", path, headers=[("If-None-Match", whole.header("ETag"))])
    assert (again.status, again.body) == (304, b"")
    for name in ("Content-Security-Policy", "Cache-Control", "ETag", "Service-Worker-Allowed"):
        assert again.header(name) == whole.header(name)


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


def test_the_worker_keeps_the_files_of_the_page_and_no_others():
    worker = get("/ui/sw.js")
    assert headers_of(worker)["Service-Worker-Allowed"] == "../ui"
    kept = json.loads(get("/ui/files.json").body)
    assert {"programme/main.js", "programme/page.css", "style.css", "ical-2.2.1.min.js"} <= {*kept}
    assert not [name for name in kept if "adaptivecards" in name or "latency" in name]
    # The browser asks for all modules at once, not for each when another names it.
    modules = {
        f"ui/{name}" for name in kept if name.startswith("programme/") and name.endswith("js")
    }
    assert modules <= {*re.findall(r'(?:href|src)="(ui/[^"]+)"', get("/ui").body.decode())}
    # Every module that one of these needs is there.
    for name in kept:
        base = f"http://localhost/ui/{name}"
        text = get(f"/ui/{name}").body.decode()
        for other in re.findall(r'from "(\.[^"]+)"', text) if name.endswith(".js") else []:
            assert urlsplit(urljoin(base, other)).path.removeprefix("/ui/") in kept, (name, other)


def test_vendored_files_are_those_whose_checksums_are_recorded():
    recorded = dict(
        reversed(line.split("  ")) for line in (VENDORED / "SHA256SUMS").read_text().splitlines()
    )
    there = {file.name for file in VENDORED.iterdir()} - {"SHA256SUMS"}
    assert there == set(recorded)
    for name, digest in recorded.items():
        assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == digest


def test_the_licences_of_vendored_files_come_with_them():
    assert "Mozilla Public License Version 2.0" in (VENDORED / "ical-2.2.1.LICENSE.txt").read_text()
    text = (VENDORED / "adaptivecards-3.0.6.LICENSE.txt").read_text()
    assert "Copyright (c) 2017 Microsoft" in text
    assert "Vladimir Kharlampidi" in text
    assert text.count("Permission is hereby granted") == 2


@pytest.mark.parametrize("page", ["index.html", "cards.html", "latency.html"])
def test_pages_have_nothing_inline(page):
    html = (STATIC / page).read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_files_refer_only_to_files_that_exist(file):
    text = file.read_text()
    own = f"http://localhost/ui/{file.relative_to(STATIC).as_posix()}"
    named = re.findall(r'(?:from|import\() ?"(\.[^"]+)"', text)
    if file.suffix == ".html":
        named = re.findall(r'(?:src|href)="([^"#]+)"', text)
        # The page at /ui is beside its folder, the others are in it.
        own = "http://localhost/ui" if file.name == "index.html" else "http://localhost/ui/page"
        assert named
    paths = [urlsplit(urljoin(own, name)).path for name in named]
    for path in paths:
        if path.startswith("/ui"):
            assert get(path).status == 200, path


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_own_files_name_no_other_host_and_make_no_html_of_text(file):
    text = file.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z0-9.-]+\.[a-z]{2,}/", text)
    for parsing in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert parsing not in text


PICTURES = [
    picture
    for page in (PAGE, PAGE.with_name("page.md"))
    for picture in re.findall(r"!\[[^\]]+\]\((.+)\)", page.read_text("utf-8"))
]


@pytest.mark.parametrize("picture", PICTURES)
def test_the_pictures_of_their_documents_are_there_and_small(picture):
    data = (PAGE.parent / picture).read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) <= 150 * 1024


def test_its_document_names_the_version_of_what_is_vendored():
    row = re.search(r"^\| \[adaptivecards\].*? \| (\S+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert f"/ui/adaptivecards-{row[1]}.min.js" == RENDERER
