"""`import eventkit` and `eventkit --help` import little more than Python itself does.

The tests look at the imported modules, not at a clock. `benches/startup.py` has the times.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# Imports only what any program with a command line imports.
PLAIN = "import argparse, json; argparse.ArgumentParser(prog='p').parse_args()"
OURS = "from eventkit.cli import main; main()"
NAMES = "; sys.stdout = None; print(json.dumps([*sys.modules]), file=sys.stderr)"


def imported(code: str, *arguments: str) -> set[str]:
    """Run some code in a new interpreter; return the names of the modules imported by then."""
    code = f"import sys\ntry:\n    {code}\nexcept SystemExit: pass\nimport json{NAMES}"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stderr))


def test_import_eventkit_imports_two_modules() -> None:
    added = imported("import eventkit") - imported("pass")
    assert added == {"eventkit", "eventkit.accelerate", "__future__"}


def test_help_imports_the_parser_of_arguments_only() -> None:
    added = imported(OURS, "--help") - imported(PLAIN, "--help")
    ours = {name for name in added if name.partition(".")[0] == "eventkit"}
    assert ours == {"eventkit", "eventkit.accelerate", "eventkit.cli", "eventkit.cli.parser"}
    assert added - ours <= {"__future__"}


@pytest.mark.parametrize("command", ["recommend", "serve", "telemetry", "catalog"])
def test_a_command_does_not_import_the_modules_of_others(command: str) -> None:
    modules = {
        "recommend": "commands",
        "serve": "serving",
        "telemetry": "telemetry",
        "catalog": "catalogs",
    }
    found = imported(OURS, command, "--help")
    assert f"eventkit.cli.{modules.pop(command)}" in found
    assert not found & {f"eventkit.cli.{module}" for module in modules.values()}
