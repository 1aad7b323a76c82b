"""The README's commands run as printed, and its Python examples are doctests.

Its transcripts are those of `transcripts`. A `python` block runs as a doctest where it holds `>>>`,
else as a program.
"""

import doctest
import re
from pathlib import Path

import pytest

from transcripts import run, transcripts

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TRANSCRIPTS = transcripts(README)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda text: text.split("\n")[0])
def test_commands_run_as_printed(transcript, tmp_path):
    run(transcript, tmp_path)


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
