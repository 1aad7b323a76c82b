"""Every program in `examples` prints what its docstring says."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from eventkit._imports import optional
from fixtures.known import write_hook

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def test_there_are_eight_examples() -> None:
    assert len(EXAMPLES) == 8


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.slow
def test_an_example_prints_what_it_says(
    example: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if example.stem == "cached_calendar" and optional("httpx") is None:
        pytest.skip("needs the extra graph")
    docstring = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8")))
    assert docstring is not None
    command, *wanted = docstring.partition("$ ")[2].splitlines()
    command = command.replace("DIRECTORY", str(ROOT / "tests/fixtures/agent"))
    words = [word for word in shlex.split(command) if "=" not in word]
    words = [sys.executable if word == "python" else word for word in words]
    words = [str(ROOT / word) if word.startswith("examples/") else word for word in words]
    # The agent of the tests is no public one: the hook lets it be known.
    hook = write_hook(tmp_path_factory.mktemp("hook"))
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{hook}"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == wanted
    assert list(tmp_path.iterdir()) == []
