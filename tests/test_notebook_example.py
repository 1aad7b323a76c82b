"""The example notebook runs, and pyright agrees with it and catches wrong calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from notebook_code import NOTEBOOK, load_notebook, write_program

pytestmark = pytest.mark.once


def pictures_and_tables(notebook: dict[str, Any]) -> tuple[int, int]:
    found = [
        output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])
    ]
    return sum("image/png" in data for data in found), sum("text/html" in data for data in found)


def test_the_notebook_runs_and_is_kept_with_its_pictures(tmp_path: Path) -> None:
    pytest.importorskip("nbconvert")
    pytest.importorskip("matplotlib")
    kept = load_notebook()
    command = ["-m", "nbconvert", "--to", "notebook", "--execute", str(NOTEBOOK)]
    done = subprocess.run(
        [sys.executable, *command, "--output-dir", str(tmp_path)],
        # Its settings and its log are no business of this folder.
        env=os.environ | {"JUPYTER_PLATFORM_DIRS": "1", "MPLCONFIGDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    ran = load_notebook(tmp_path / NOTEBOOK.name)
    assert pictures_and_tables(ran) == pictures_and_tables(kept) == (2, 6)
    texts = [
        [output.get("data", {}).get("text/plain") for output in cell.get("outputs", [])]
        for notebook in (kept, ran)
        for cell in notebook["cells"]
    ]
    assert texts[: len(texts) // 2] == texts[len(texts) // 2 :]


def test_pyright_accepts_the_notebook_and_catches_wrong_calls(tmp_path: Path) -> None:
    """As mypy does, in `test_typing.py`."""
    pytest.importorskip("pyright")
    program = tmp_path / "program.py"
    write_program(program)
    (tmp_path / "pyrightconfig.json").write_text("{}")
    command = ["pyright", "--outputjson", "--pythonpath", sys.executable, program.name]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    report = json.loads(done.stdout)["generalDiagnostics"]
    found = {row["range"]["start"]["line"] + 1 for row in report if row["severity"] == "error"}
    lines = enumerate(program.read_text().splitlines(), 1)
    wanted = {number for number, line in lines if "# error: " in line}
    assert found == wanted, done.stdout
    assert len(wanted) == 6
