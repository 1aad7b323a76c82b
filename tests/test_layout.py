"""On an interpreter whose objects look different, answers stay exact, and one warning says so.

The compiled module looks at objects of the running interpreter when it is imported. Here each of
its findings is made to fail, as on a Python that nobody has seen yet.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from faults.child import environment

pytestmark = [pytest.mark.usefixtures("fault_injection"), pytest.mark.once]

CHECK = """
import sys, warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    import eventkit
    eventkit.recommend
    eventkit.cache_info
print([str(warning.message) for warning in told if "eventkit" in str(warning.message)])
info = eventkit.cache_info()
sessions = [{"title": str(place), "tags": ["ai"], "popularity": 0.5} for place in range(50)]
weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
manifest = {"weights": weights, "sessions": sessions}
for number in range(12):
    answer = eventkit.recommend(manifest, ["ai"], 3)
    assert answer == eventkit.reference.recommend(manifest, ["ai"], 3)
    if number % 4 == 3:
        sessions[number]["popularity"] = 1 + number
print(info["enabled"], eventkit.cache_info()["hits"])
from parity.case import EXACT_KINDS, load_cases
from parity.runner import difference, import_compat, run
agent = import_compat()
cases = [case for case in load_cases() if case.kind in EXACT_KINDS and case.group != "numpy"]
print(len(cases), [text for case in cases if (text := difference(case, run(case, agent)))])
"""


def child(code: str, unproven: str, *options: str) -> subprocess.CompletedProcess[str]:
    env = {**environment(), "EVENTKIT_FAULT_UNPROVEN": unproven}
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("unproven", ["", "strings", "dicts", "sum", "strings dicts sum", "lists"])
def test_what_is_not_proven_is_not_used(unproven: str) -> None:
    done = child(CHECK, unproven)
    assert done.returncode == 0, done.stderr
    told, figures, outcome = done.stdout.splitlines()
    enabled, hits = map(int, figures.split())
    if unproven == "lists":
        assert told.count("eventkit runs without its compiled module") == 1
        assert "cannot read the lists and floats of Python" in told
    elif unproven:
        assert told.count("eventkit does not know how Python") == 1
        assert f"treats {unproven.replace(' ', ', ')}: its answers are exact, but slower" in told
    else:
        assert told == "[]"
    assert enabled == ("dicts" not in unproven and unproven != "lists")
    assert (hits > 0) == (unproven in ("", "strings"))
    assert outcome.endswith(" []"), outcome
    assert int(outcome.split()[0]) > 1_500


def test_a_new_python_is_named_when_eventkit_is_imported() -> None:
    code = """
import sys
class Version(tuple):
    major, minor = 3, 16
sys.version_info = Version((3, 16, 0, "final", 0))
import eventkit
"""
    assert "treats dicts" in child(code, "dicts").stderr
    assert child(code, "").stderr == ""
    quiet = child("import eventkit, sys; print('eventkit._native' in sys.modules)", "dicts")
    assert (quiet.stdout, quiet.stderr) == ("False\n", "")
    assert os.environ.get("EVENTKIT_FAULT_UNPROVEN") is None
