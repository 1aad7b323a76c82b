"""A system without what Unix has: importing works, and what is missing says so when it is used.

No such system can be had here. The tests take away from a new interpreter what Python lacks on
Windows: modules, functions, flags, and what the compiled module leaves out there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eventkit.errors import EventKitError, UnsupportedPlatformError

WITHOUT = """
import asyncio, json, logging, multiprocessing, os, pathlib, pkgutil, socket, subprocess, sys
import tempfile, warnings
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("geteuid", "getuid", "register_at_fork", "fork", "fchmod", "mkfifo"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("CLOEXEC", "DIRECTORY", "NOCTTY", "NOFOLLOW", "NONBLOCK"):
    delattr(os, f"O_{name}")
os.supports_dir_fd = set()
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: (
    None if sys.modules.get(name, name) is None else find(name, package)
)
import eventkit._eventkit as native
for name in ("ServerMetrics", "TelemetryWriter", "summarize_telemetry", "telemetry_segments"):
    delattr(native, name)
native.__all__ = [name for name in native.__all__ if hasattr(native, name)]
"""


def run(code: str, folder: Path) -> str:
    command = [sys.executable, "-c", WITHOUT + code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_engine_the_catalog_the_command_line_and_exports_work(tmp_path: Path) -> None:
    code = """
import eventkit
from eventkit.cli import main
manifest = eventkit.load_manifest()
answer = eventkit.recommend(manifest, ["ai"], 3)
catalog = eventkit.Catalog(manifest)
assert catalog.recommend(["ai"], 3) == answer
catalog.save("sessions.evkt")
assert eventkit.Catalog.open("sessions.evkt").recommend(["ai"], 3) == answer
eventkit.export(manifest, ["ai"], 3, output="plan.md")
eventkit.export(manifest, ["ai"], 3, output="folder/")
eventkit.export(manifest, ["ai"], 3, output="plan.md")
assert main(["recommend", "--interests", "ai", "--json"]) == 0
assert main(["export", "--interests", "ai", "--output", "plan.ics"]) == 0
"""
    run(code, tmp_path)
    assert (tmp_path / "plan.md").read_text().startswith("# ")
    assert (tmp_path / "plan.ics").read_text().startswith("BEGIN:VCALENDAR")
    assert len([*(tmp_path / "folder").iterdir()]) == 1


def test_an_export_does_not_follow_a_link_there_either(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    (tmp_path / "plan.md").symlink_to(tmp_path / "target")
    code = """
import eventkit
try:
    eventkit.export(eventkit.load_manifest(), ["ai"], 3, output="plan.md")
except eventkit.ExportError as error:
    print(error)
"""
    assert "is a link" in run(code, tmp_path)
    assert (tmp_path / "target").read_text() == "kept"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("eventkit.Telemetry('t.jsonl').log('a', {}, None, True)", "TelemetryWriter needs locks"),
        ("eventkit.summarize(['t.jsonl'])", "telemetry_segments needs locks"),
        ("eventkit.save_profile('p.json', 'ada', ['ai'])", "locking a file needs the module fcntl"),
        ("eventkit.create_app()", "ServerMetrics needs locks"),
    ],
)
def test_what_is_missing_is_named_when_it_is_used(
    statement: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "t.jsonl").write_text("")
    code = f"""
import eventkit
try:
    {statement}
except eventkit.UnsupportedPlatformError as error:
    print(error)
"""
    printed = run(code, tmp_path)
    assert said in printed
    assert sys.platform in printed


def test_serve_says_that_the_system_lacks_what_it_needs(tmp_path: Path) -> None:
    code = """
from eventkit.cli import main
sys.stderr = sys.stdout
print(main(["serve", "--port", "0"]))
"""
    printed = run(code, tmp_path)
    assert "eventkit serve needs the module fcntl" in printed
    assert printed.endswith("2\n")


def test_every_module_that_needs_no_server_can_be_imported(tmp_path: Path) -> None:
    code = """
import eventkit
failed = {}
for module in pkgutil.walk_packages(eventkit.__path__, "eventkit."):
    needs_server = ".server" in module.name or module.name == "eventkit.mcp.http"
    if needs_server or "startup" in module.name or module.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except Exception as error:
        failed[module.name] = repr(error)
print(json.dumps(failed))
"""
    failed = json.loads(run(code, tmp_path))
    assert failed == {}


def test_the_error_is_one_of_the_package_and_an_import_error() -> None:
    assert issubclass(UnsupportedPlatformError, EventKitError)
    assert issubclass(UnsupportedPlatformError, ImportError)
