"""`tools/check-wheel` finds the hooks for tests in a compiled module and in a wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def check(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "tools" / "check-wheel", *files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", [b"EVENTKIT_TELEMETRY_KILL_AT", b"panic_for_test"])
@pytest.mark.parametrize("ending", ["so", "whl"])
def test_a_hook_is_found(tmp_path: Path, hook: bytes, ending: str) -> None:
    file = tmp_path / f"one.{ending}"
    for data, status in ((b"\x7fELF...", 0), (b"\x7fELF..." + hook + b"\0", 1)):
        if ending == "so":
            file.write_bytes(data)
        else:
            with zipfile.ZipFile(file, "w") as wheel:
                wheel.writestr("eventkit/_eventkit.cpython-311-x86_64-linux-gnu.so", data)
        done = check(file)
        assert done.returncode == status, done.stderr
        assert (hook.decode() in done.stderr) is bool(status)


def test_a_wheel_without_a_compiled_module_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "one.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("eventkit/__init__.py", "")
    assert check(file).returncode == 1
    assert check().returncode == 2


@pytest.mark.once
@pytest.mark.usefixtures("fault_injection")
def test_the_build_of_the_checkout_has_both_hooks() -> None:
    import eventkit._eventkit as native

    done = check(Path(native.__file__))
    assert done.stderr.count("holds the test hook") == 2
