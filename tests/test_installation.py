"""The import name is shared with an unrelated distribution, which has ``eventkit.Event``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import eventkit

PACKAGE = Path(eventkit.__file__).parent
THEIRS = "class Event:\n    pass\n"


def run(site: Path, code: str) -> subprocess.CompletedProcess[str]:
    prelude = f"import sys; sys.path.insert(0, {str(site)!r}); "
    command = [sys.executable, "-W", "always", "-c", prelude + code]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=site)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory on the path with a copy of this package in it."""
    shutil.copytree(PACKAGE, tmp_path / "eventkit", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_alone_it_says_nothing(site: Path) -> None:
    done = run(site, "import eventkit; print(eventkit.recommend.__module__)")
    assert done.stdout.strip() == "eventkit.functions"
    assert done.stderr == ""


def test_the_other_one_left_under_this_one_is_named(site: Path) -> None:
    (site / "eventkit" / "event.py").write_text(THEIRS)
    done = run(site, "import eventkit; print(eventkit.recommend.__module__)")
    assert done.stdout.strip() == "eventkit.functions"
    assert "unrelated distribution 'eventkit'" in done.stderr
    assert "pip uninstall" in done.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "from eventkit.compat import agent",
        "import eventkit.reference",
        "from eventkit.functions import recommend",
        "from eventkit.cli import main",
        "import runpy; runpy.run_module('eventkit', run_name='__main__')",
    ],
)
def test_the_other_one_installed_over_this_one_is_named(site: Path, statement: str) -> None:
    (site / "eventkit" / "__init__.py").write_text("from .event import Event\n")
    (site / "eventkit" / "event.py").write_text(THEIRS)
    done = run(site, statement)
    assert done.returncode != 0
    assert "ImportError: 'eventkit' was imported from" in done.stderr
    assert "eventkit-recommender" in done.stderr


def test_without_the_compiled_module_it_answers_all_the_same_and_says_so(site: Path) -> None:
    for compiled in (site / "eventkit").glob("_eventkit*.so"):
        compiled.unlink()
    done = run(
        site,
        "import eventkit; m = eventkit.load_manifest(); "
        "print(eventkit.recommend(m, ['ai'], 1) == eventkit.reference.recommend(m, ['ai'], 1), "
        "eventkit.cache_info()['snapshots'])",
    )
    assert done.stdout.split() == ["True", "0"]
    assert "without its compiled module" in done.stderr
