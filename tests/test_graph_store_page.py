"""The examples of `docs/graph-cache.md`, in the page's order, on a real server."""

import doctest
import re
import secrets
from pathlib import Path

import pytest

from eventkit.graph import ValkeyStore
from transcripts import run, transcripts
from valkey_server import Server

PAGE = (Path(__file__).parent.parent / "docs/graph-cache.md").read_text(encoding="utf-8")


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path)
    yield running
    running.kill()


def test_the_examples_run_as_printed(server, tmp_path, monkeypatch):
    monkeypatch.setenv("VALKEY_URL", server.url)
    monkeypatch.setenv("VALKEY_SECRET", secrets.token_hex())
    # A busy machine may wake a thread later than the page's stores would wait.
    monkeypatch.setitem(ValkeyStore.__init__.__kwdefaults__, "timeout", 5.0)
    (transcript,) = transcripts(PAGE)
    run(transcript, tmp_path)
    text = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    example = doctest.DocTestParser().get_doctest(text, {}, "graph-cache.md", "graph-cache.md", 0)
    assert example.examples
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed == 0
