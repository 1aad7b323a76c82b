"""The example notebook runs, and type checkers agree with it and catch a wrong call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "examples" / "notebook.ipynb"
pytestmark = pytest.mark.once

WRONG = """
catalog["hcd-11":2]["title"]  # wrong
view(found).to_panda()  # wrong
view(5)  # wrong
Catalog.from_frame(talks, {"title": 5})  # wrong
catalog.plan(interests, "8")  # wrong
view(plan).result["totl"]  # wrong
"""


def code_of(notebook: dict[str, Any]) -> str:
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def pictures_and_tables(notebook: dict[str, Any]) -> tuple[int, int]:
    found = [
        output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])
    ]
    return sum("image/png" in data for data in found), sum("text/html" in data for data in found)


def test_the_notebook_runs_and_is_kept_with_its_pictures(tmp_path: Path) -> None:
    pytest.importorskip("nbconvert")
    pytest.importorskip("matplotlib")
    kept = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
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
    ran = json.loads((tmp_path / NOTEBOOK.name).read_text(encoding="utf-8"))
    assert pictures_and_tables(ran) == pictures_and_tables(kept) == (2, 6)
    texts = [
        [output.get("data", {}).get("text/plain") for output in cell.get("outputs", [])]
        for notebook in (kept, ran)
        for cell in notebook["cells"]
    ]
    assert texts[: len(texts) // 2] == texts[len(texts) // 2 :]


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_type_checkers_accept_the_notebook_and_catch_wrong_calls(
    tmp_path: Path, checker: str
) -> None:
    pytest.importorskip(checker)
    program = tmp_path / "program.py"
    program.write_text(code_of(json.loads(NOTEBOOK.read_text(encoding="utf-8"))) + WRONG)
    # Reading the types of other libraries takes many times as long as all of eventkit's.
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    (tmp_path / "pyrightconfig.json").write_text("{}")
    for library in ("pandas", "polars", "pyarrow", "matplotlib", "matplotlib/pyplot"):
        folder = tmp_path / "typings" / library
        folder.mkdir(parents=True)
        (folder / "__init__.pyi").write_text(
            "from typing import Any\ndef __getattr__(name: str) -> Any: ...\n"
        )
    command = {
        "mypy": ["mypy", "--config-file", "mypy.ini", "--cache-dir", str(tmp_path), program.name],
        "pyright": ["pyright", "--outputjson", "--pythonpath", sys.executable, program.name],
    }[checker]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": "typings"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if checker == "mypy":
        rows = [line.split(":")[1:3] for line in done.stdout.splitlines() if ": error:" in line]
        found = {int(number) for number, _ in rows}
    else:
        report = json.loads(done.stdout)["generalDiagnostics"]
        found = {row["range"]["start"]["line"] + 1 for row in report if row["severity"] == "error"}
    lines = program.read_text().splitlines()
    wanted = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    assert found == wanted, done.stdout
    assert len(wanted) == 6
