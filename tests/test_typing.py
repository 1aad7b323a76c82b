"""A type checker sees the results' members, and refuses wrong calls.

Each line of the two programs (one is the example notebook) that ends with ``# error: CODE`` must be
refused for that reason, and no other line may be refused.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from notebook_code import write_program

PROGRAM = """
import eventkit
from eventkit import Catalog, Filter, Recommendation
from eventkit.results import Plan, ScoredSession

manifest = eventkit.load_manifest()
catalog = Catalog(manifest)

found: Recommendation = catalog.recommend(["ai"])
found = catalog.recommend({"ai", "rust"}, 3, filter=Filter(locations=["Tide Hall"]))
found = catalog.recommend(["ai"], None, weights={"interest": 1.0, "popularity": 0.5})
score: float = found["scoring"][0]["score"]
parts: float = found["scoring"][0]["contributions"]["interest_match"]
everything: list[Recommendation] = catalog.recommend_many([["ai"], ["rust"]])
body: bytes = catalog.recommend_json(["ai"])
plan: Plan = catalog.plan(["ai"], gap=10)
total: float = plan["total"]
scored: ScoredSession = catalog.score("hcd-01", ["ai"])
explanation = eventkit.explain(manifest, "Opening", ["ai"])
if "error" not in explanation:
    tags: list[str] = explanation["matched_tags"]
else:
    title: str = explanation["title"]
text: str = eventkit.export(manifest, "ai, agents")["markdown"]
eventkit.recommend(manifest, ["ai"], top_n=3)
Catalog(manifest["sessions"], missing="absent")

catalog.recommend(123, "x")  # error: arg-type
catalog.recommend(["ai"], "x")  # error: arg-type
catalog.recommend(["ai"], 2.0)  # error: arg-type
catalog.recommend([1, 2], 3)  # error: list-item
catalog.recommend(["ai"], 3, weights=[1.0])  # error: arg-type
catalog.recommend(["ai"], 3, filter="Tide Hall")  # error: arg-type
catalog.recommend_json(123)  # error: arg-type
catalog.recommend_many([1])  # error: list-item
catalog.plan(["ai"], "3")  # error: arg-type
catalog.explain(5, ["ai"])  # error: arg-type
catalog.rank_many([["ai"]], None)  # error: arg-type
eventkit.recommend(5, ["ai"], 3)  # error: arg-type
eventkit.recommend(manifest, 5, 3)  # error: arg-type
eventkit.recommend(manifest, ["ai"], "3")  # error: arg-type
eventkit.explain(manifest, 5, ["ai"])  # error: arg-type
found["score"]  # error: typeddict-item
found["scoring"][0]["title"].nonsense  # error: attr-defined
explanation["matched_tags"]  # error: typeddict-item
Catalog(manifest["sessions"], missing="drop")  # error: arg-type
"""


@pytest.mark.slow
def test_mypy_flags_wrong_calls_and_no_others(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    notebook = tmp_path / "notebook.py"
    write_program(notebook)
    settings = ["--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *settings, str(notebook), str(program)],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": "typings"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    found = re.findall(r"^(\w+)\.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    wanted = [
        (file.stem, str(number), line.partition("# error: ")[2])
        for file in (notebook, program)
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if "# error: " in line
    ]
    assert sorted(set(found)) == sorted(wanted), done.stdout
    assert len(wanted) == 25
