"""The code of the example notebook with wrong calls after it, for type checkers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parent.parent / "examples" / "notebook.ipynb"

WRONG = """
catalog["hcd-11":2]["title"]  # error: call-overload
view(found).to_panda()  # error: attr-defined
view(5)  # error: call-overload
Catalog.from_frame(talks, {"title": 5})  # error: dict-item
catalog.plan(interests, "8")  # error: arg-type
view(plan).result["totl"]  # error: typeddict-item
"""
"""Each line must be refused: by mypy with the code that stands behind it."""

_OTHERS = ("pandas", "polars", "pyarrow", "matplotlib", "matplotlib/pyplot")


def load_notebook(path: Path = NOTEBOOK) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def write_program(path: Path) -> None:
    """Write the code of all cells, and stubs of the other libraries into a folder beside it.

    Reading the types of other libraries takes many times as long as all of eventkit's.
    """
    cells = [cell for cell in load_notebook()["cells"] if cell["cell_type"] == "code"]
    path.write_text("\n".join("".join(cell["source"]) for cell in cells) + WRONG)
    for library in _OTHERS:
        folder = path.parent / "typings" / library
        folder.mkdir(parents=True)
        (folder / "__init__.pyi").write_text(
            "from typing import Any\ndef __getattr__(name: str) -> Any: ...\n"
        )
