"""docs/server.md: its commands run as printed, on a real server; its tables are the code's."""

import dataclasses
import re
from pathlib import Path

import pytest

from eventkit.server.settings import ServerSettings
from nginx_server import program
from server_process import served
from server_roads import TOKEN, by_wsgi
from transcripts import run, transcripts

PAGE = (Path(__file__).parent.parent / "docs/server.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
WSGI = re.search(r"```python\n# wsgi.py\n(.*?)```", PAGE, re.DOTALL)[1]


def on_a_server(folder, comment, **environment):
    program("curl")
    # The page's own; its manifest is the sample.
    (folder / "wsgi.py").write_text(WSGI.replace('"agent.json"', ""))
    written = transcripts(PAGE, comment)
    assert written
    with served("granian-wsgi", folder, **environment) as port:
        for transcript in written:
            run(transcript.replace(":8000", f":{port}"), folder, **environment)


@pytest.mark.once
def test_the_page_s_commands_run_as_printed(tmp_path):
    on_a_server(tmp_path, "run")


@pytest.mark.once
def test_the_page_s_commands_with_a_token_run_as_printed(tmp_path):
    on_a_server(tmp_path, "run token", API_TOKEN=TOKEN)


def test_the_application_with_a_cache_of_one_s_own(monkeypatch):
    pytest.importorskip("httpx")
    for name in ("GRAPH_TENANT_ID", "GRAPH_CLIENT_ID", "GRAPH_CLIENT_SECRET"):
        monkeypatch.setenv(name, "x")
    (block,) = [code for code in PYTHON if "make_app" in code]
    names = {}
    exec(compile(block, "server.md", "exec"), names)
    app = names["make_app"]()
    assert by_wsgi(app, "GET", "/health").status == 200
    assert app.calendars.counts()["graph_cache_misses"] == 0
    app.close()


def test_the_page_names_every_setting_and_its_default():
    table = PAGE[PAGE.index("## Settings") : PAGE.index("## The manifest")]
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", table, re.MULTILINE)
    said = {}
    for names, defaults in rows:
        names = re.findall(r"`(\w+)`", names)
        # A thousand's comma is followed by no blank.
        said |= zip(names, defaults.split(", "), strict=True)
    assert list(said) == [field.name for field in dataclasses.fields(ServerSettings)]
    for field in dataclasses.fields(ServerSettings):
        shown = said[field.name].replace(",", "").strip("`")
        if type(field.default) in (int, float):
            number = float(shown.replace(" MiB", "")) * (2**20 if "MiB" in shown else 1)
            assert number == field.default, field.name
        elif isinstance(field.default, bool):
            assert shown == str(field.default).lower()
