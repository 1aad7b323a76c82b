"""The import name is shared with an unrelated distribution, which has ``eventkit.Event``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import eventkit
from faults.child import environment

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
        "from eventkit.cli import main; main(['recommend'])",
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


WITHOUT = """
import json, sys, warnings
warnings.simplefilter("ignore")
import eventkit
from eventkit import compat, reference
manifest = eventkit.load_manifest()
weights = manifest["weights"]
title = manifest["sessions"][0]["title"]
assert eventkit.recommend(manifest, ["ai"], 3) == reference.recommend(manifest, ["ai"], 3)
assert eventkit.explain(manifest, title, ["ai"]) == reference.explain(manifest, title, ["ai"])
assert eventkit.score_session(manifest["sessions"][0], ["ai"], weights)["score"] > 0
assert eventkit.count_conflicts(manifest["sessions"]) >= 0
assert eventkit.profile(manifest, ["ai"], 3)["road"] == "reference"
assert set(eventkit.cache_info().values()) == {0}
eventkit.clear_cache()
eventkit.save_profile("p.json", "ada", ["ai"])
assert eventkit.load_profile("p.json", "ada") == ["ai"]
missing = {}
for name in ("Catalog", "Filter", "CachedGraphEventService", "create_app", "Telemetry"):
    try:
        made = getattr(eventkit, name)
        made()
    except ImportError as error:
        missing[name] = str(error)
print(json.dumps(missing))
"""


def test_without_the_compiled_module_functions_answer_and_the_rest_says_what_is_missing(
    site: Path,
) -> None:
    for compiled in (site / "eventkit").glob("_eventkit*.so"):
        compiled.unlink()
    done = run(site, WITHOUT)
    assert done.returncode == 0, done.stderr
    missing = json.loads(done.stdout)
    assert missing.keys() == {
        *("Catalog", "Filter", "CachedGraphEventService", "create_app", "Telemetry"),
    }
    for said in missing.values():
        assert "needs the compiled module of eventkit; install a build for CPython" in said
    # `import eventkit` alone imports no engine, so that what is missing shows at the first use.
    assert "without its compiled module" in run(site, "from eventkit import recommend").stderr


def test_the_import_leaves_the_process_as_it_was() -> None:
    code = """
import gc, signal, sys, threading
handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
callbacks = list(gc.callbacks)
import eventkit, eventkit.telemetry, eventkit.catalog
manifest = {"weights": {"interest": 1, "popularity": 1}, "sessions": [{"title": "t"}] * 40}
eventkit.recommend(manifest, ["a"], 1)
assert gc.callbacks == callbacks, "before the first snapshot"
telemetry = eventkit.Telemetry("telemetry.jsonl")
telemetry.log("a", {}, None, True)
assert {n: signal.getsignal(n) for n in signal.valid_signals()} == handlers
for _ in range(3):
    eventkit.recommend(manifest, ["a"], 1)
assert eventkit.cache_info()["snapshots"] == 1
assert len(gc.callbacks) == len(callbacks) + 1
others = [dict(manifest, sessions=[{"title": "t"} for _ in range(40)]) for _ in range(4)]
for other in others * 3:
    eventkit.recommend(other, ["a"], 1)
assert len(gc.callbacks) == len(callbacks) + 1, "once, not for each snapshot"
"""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.executable, "-c", code], check=True, cwd=directory, env=environment())
