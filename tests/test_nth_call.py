"""Each system call of an operation fails in turn: no abort, no hang, an old or a new file.

The library beside `faults.nth` makes real calls fail, those of the engine included. See there.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faults import child, nth

pytestmark = [pytest.mark.faults, pytest.mark.once]

# Operations, and the kinds of call that each makes at least once.
EXPECTED = {
    "save": {"open", "write", "fsync", "rename"},
    "open": {"open", "mmap", "stat"},
    "profile": {"open", "read", "write", "fsync", "rename", "lock"},
    "export": {"open", "write", "fsync", "rename"},
    "replace": {"open", "write", "fsync", "rename"},
    "manifest": {"open", "read"},
    "load": {"open", "read"},
    "log": {"open", "read", "write", "fsync"},
    "rotate": {"open", "read", "write", "rename", "lock"},
    "compress": {"open", "read", "write", "fsync", "rename", "lock"},
    "summarize": {"open", "read"},
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the library that makes calls fail is written for Linux on x86-64")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler in PATH")
    built = tmp_path_factory.mktemp("nth") / "nth.so"
    source = Path(nth.__file__).with_suffix(".c")
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror"]
    subprocess.run([compiler, *flags, "-o", built, source], check=True)
    return built


@pytest.mark.parametrize("scenario", EXPECTED)
def test_the_nth_call_fails(scenario: str, library: Path) -> None:
    for kind in nth.CALLS:
        try:
            said = child.run("nth", library, scenario, kind, patience=120)
        except AssertionError as error:
            if "no seccomp filter here" in str(error):
                pytest.skip("this kernel or container allows no seccomp filter")
            raise
        found = json.loads(said)
        assert found["failures"] <= found["rounds"]
        if kind in EXPECTED[scenario]:
            assert found["rounds"] > 0, f"{scenario} made no call of the kind {kind}"


def test_every_operation_is_listed() -> None:
    assert nth.SCENARIOS.keys() == EXPECTED.keys()
