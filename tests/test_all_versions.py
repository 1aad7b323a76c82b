"""`tools/test-all`, `find-python` and `get-python` say what they could not do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(tool: str, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "tools" / tool, *map(str, arguments)]
    env = {**os.environ, **changes}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def no_python(tmp_path: Path) -> dict[str, str]:
    """An environment with the tools of the system, no other Python, and no Debian to ask."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "sed", "dirname", "env"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    (tools / "python3").symlink_to(sys.executable)
    return {"PATH": str(tools), "HOME": str(tmp_path), "VENV": str(tmp_path / "none")}


def test_only_a_python_that_runs_is_found(tmp_path: Path, no_python: dict[str, str]) -> None:
    own = "{}.{}".format(*sys.version_info[:2])
    (tmp_path / "bin" / f"python{own}").symlink_to(sys.executable)
    found = run("find-python", own, **no_python)
    assert (found.returncode, found.stdout) == (0, f"{os.path.realpath(sys.executable)}\n")
    # A version manager leaves such a command where the version is not installed.
    shim = tmp_path / "bin" / "python3.9"
    shim.write_text("#!/usr/bin/env bash\nexit 127\n")
    shim.chmod(0o755)
    found = run("find-python", "3.9", **no_python)
    assert (found.returncode, found.stdout) == (1, "")


def test_a_version_that_is_absent_is_named(no_python: dict[str, str]) -> None:
    done = run("test-all", "3.9", **no_python)
    assert done.returncode == 1
    assert "NOT TESTED: no Python 3.9" in done.stderr
    assert "NOT TESTED (absent): 3.9" in done.stdout


def test_one_of_the_newest_has_to_pass(no_python: dict[str, str]) -> None:
    done = run("test-all", "3.14", "3.15", **no_python)
    assert done.returncode == 1
    for version in ("3.14", "3.15"):
        assert f"NOT TESTED: no Python {version}" in done.stderr
    assert "none of 3.14 3.15 could be tested: at least one of them must pass" in done.stderr


def test_a_python_that_cannot_be_fetched_is_an_error_with_its_reason(
    tmp_path: Path, no_python: dict[str, str]
) -> None:
    done = run("get-python", tmp_path / "folder", "3.14", **no_python)
    assert done.returncode == 1
    assert done.stderr.startswith("get-python: ")
    assert "apt-get" in done.stderr
    assert run("get-python", tmp_path).returncode == 2
    assert run("get-python", tmp_path, "3.x").returncode == 2
