"""The README's commands run as printed, and its Python examples are doctests.

A `console` block after the comment `<!-- run -->` is a transcript: every `$ ` line runs in one
empty folder, and what the block prints below it must come out (`...` stands for anything).
A `python` block runs as a doctest where it holds `>>>`, else as a program.
"""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TRANSCRIPTS = re.findall(r"<!-- run -->\n```console\n(.*?)```", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def commands(transcript):
    """Split a transcript into pairs (command, expected output)."""
    steps = re.split(r"^\$ ", transcript, flags=re.MULTILINE)[1:]
    return [tuple(step.split("\n", 1)) for step in steps]


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda text: text.split("\n")[0])
def test_commands_run_as_printed(transcript, tmp_path):
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "COLUMNS": "80",
    }
    checker = doctest.OutputChecker()
    for command, expected in commands(transcript):
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert checker.check_output(expected, done.stdout, doctest.ELLIPSIS), (
            f"$ {command}\nexpected:\n{expected}\ngot:\n{done.stdout}"
        )


@pytest.mark.parametrize("block", PYTHON, ids=lambda text: text.split("\n")[0])
def test_python_examples(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if ">>>" not in block:
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
        return
    example = doctest.DocTestParser().get_doctest(block, {}, "README.md", "README.md", 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed == 0


def test_there_is_something_to_run():
    assert TRANSCRIPTS
    assert PYTHON


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z][a-z-]+)", README))))
def test_make_targets_of_the_readme_exist(target):
    assert re.search(rf"^{target}:.*## ", MAKEFILE, re.MULTILINE), target
