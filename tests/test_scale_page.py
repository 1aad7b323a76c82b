"""The recipes of docs/scale.md give the answers of the catalogue, on the engines that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import scale_samples as samples
from eventkit.manifest import load_manifest
from eventkit.scale import Recommender
from transcripts import run, transcripts

PAGE = (Path(__file__).parent.parent / "docs/scale.md").read_text(encoding="utf-8")
RECIPES = dict(
    re.findall(r"^###? (\w+)\n[^#]*?```python\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
)
ENGINES = ("Daft", "Spark", "Polars", "DuckDB")

pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
]


def test_the_page_has_a_recipe_for_each_engine() -> None:
    assert set(RECIPES) == {"Dask", *ENGINES, "Shards"}


@pytest.mark.parametrize("transcript", transcripts(PAGE))
def test_commands_run_as_printed(transcript: Any, tmp_path: Path) -> None:
    run(transcript, tmp_path)


def test_shards_are_built(here: Path) -> None:
    exec(compile(RECIPES["Shards"], "docs/scale.md", "exec"), {"__name__": "page"})


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.engines) for name in ("Dask", *ENGINES)]
)
def test_recipes_give_the_answers_of_the_catalogue(here: Path, engine: str) -> None:
    from eventkit import Catalog

    Catalog(load_manifest()).save("programme.catalog")
    rows = samples.profiles(50)
    samples.write_parquet(here / "people.parquet", rows, group=20)
    names: dict[str, Any] = {"__name__": "page"}
    # The Java process of Spark may be one that an earlier test started in another directory.
    code = RECIPES[engine].replace('"people.parquet"', f'"{here / "people.parquet"}"')
    try:
        exec(compile(code, "docs/scale.md", "exec"), names)
    finally:
        if "spark" in names:
            names["spark"].stop()
    want = Recommender("programme.catalog")([row["interests"] for row in rows]).to_pylist()
    found = {row["id"]: row["best"] for row in names["rows"]}
    assert [found[row["id"]] for row in rows] == want
