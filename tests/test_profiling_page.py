"""The profiling page's blocks run as printed."""

import doctest
import re
from pathlib import Path

import pytest

from nginx_server import program
from server_process import served
from transcripts import run, transcripts

PAGE = (Path(__file__).parent.parent / "docs/profiling.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = "".join(block for block in PYTHON if ">>>" in block)
PROGRAMS = [block for block in PYTHON if ">>>" not in block]


def test_examples():
    """As one session: a later block goes on where an earlier one ended."""
    example = doctest.DocTestParser().get_doctest(EXAMPLES, {}, "profiling.md", "profiling.md", 0)
    assert example.examples
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed == 0


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda text: text.split("\n")[0])
def test_programs(block, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "profiling.md", "exec"), {"__name__": "profiling"})
    assert "function calls" in capsys.readouterr().out


@pytest.mark.parametrize("transcript", transcripts(PAGE), ids=lambda text: text.split("\n")[0])
def test_commands(transcript, tmp_path):
    run(transcript, tmp_path)


@pytest.mark.once
def test_commands_to_a_server(tmp_path):
    """On a free port instead of 8000, which may be taken."""
    program("curl")
    program("ab")
    (transcript,) = transcripts(PAGE, "server")
    (tmp_path / "wsgi.py").write_text("import eventkit\napp = eventkit.create_app()\n")
    with served("granian-wsgi", tmp_path) as port:
        run(transcript.replace("localhost:8000", f"127.0.0.1:{port}"), tmp_path)
