"""What a release is made of: the workflows, the metadata, and a wheel in fresh environments."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import eventkit

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PACKAGE = Path(eventkit.__file__).parent
BIN = Path(sys.executable).parent
COMMIT = re.compile(r"[0-9a-f]{40}")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def classified() -> list[str]:
    """The versions of CPython that the metadata names."""
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text_of("pyproject.toml"))


@pytest.mark.once
@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_names_its_version(workflow: Path) -> None:
    used = re.findall(r"uses: *(\S+?)@(\S+)( # v\S+)?", workflow.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not COMMIT.fullmatch(line[1]) or not line[2]] == []


@pytest.mark.once
def test_no_workflow_has_a_secret_or_a_permission_by_default() -> None:
    for workflow in WORKFLOWS:
        text = workflow.read_text(encoding="utf-8")
        assert "\npermissions: {}\n" in text
        assert "secrets." not in text


@pytest.mark.once
def test_the_release_builds_and_installs_a_wheel_for_each_version_that_the_metadata_names() -> None:
    release = text_of(".github/workflows/release.yml")
    built = re.search(r"--interpreter ((?:3\.\d+ ?)+)", release)
    installed = re.search(r"for version in ((?:3\.\d+ ?)+)", release)
    assert built is not None
    assert installed is not None
    assert built[1].split() == installed[1].split()
    assert set(classified()) <= set(built[1].split())
    tested = re.search(r"python: \[(.*)\]", text_of(".github/workflows/test.yml"))
    assert tested is not None
    assert set(re.findall(r"3\.\d+", tested[1])) == set(built[1].split())


@pytest.mark.once
def test_the_release_covers_each_platform() -> None:
    names = re.findall(r"\{ name: (\S+),", text_of(".github/workflows/release.yml"))
    linux = [f"{kind}linux-{arch}" for kind in ("many", "musl") for arch in ("x86_64", "aarch64")]
    assert sorted(names) == sorted([*linux, "macos-x86_64", "macos-aarch64", "windows-x64"])


@pytest.mark.once
def test_the_release_builds_with_the_locked_maturin() -> None:
    used = re.search(r"MATURIN: v(\S+)", text_of(".github/workflows/release.yml"))
    locked = re.search(r"^maturin==(\S+)", text_of("requirements-dev.lock"), re.MULTILINE)
    assert used is not None
    assert locked is not None
    assert used[1] == locked[1]


@pytest.mark.once
def test_the_links_are_written_into_the_metadata(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(text_of("pyproject.toml"), encoding="utf-8")
    command = [sys.executable, ROOT / "tools" / "set-project-urls", file, "https://example.org/a/b"]
    subprocess.run(command, check=True)
    written = file.read_text(encoding="utf-8")
    assert '\n[project.urls]\nRepository = "https://example.org/a/b"\n' in written
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "expected no [project.urls]" in again.stderr
    bad = subprocess.run([*command[:3], "ftp://a"], capture_output=True, text=True, check=False)
    assert bad.returncode == 2


def hashed(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
    return f"sha256={digest.rstrip('=')}"


@pytest.mark.once
def test_wheels_of_two_folders_are_equal_once_the_path_is_hidden(tmp_path: Path) -> None:
    wheels = []
    for folder in ("/build/one", "/build/elsewhere/two"):
        bill = f'{{"bom-ref": "path+file://{folder}#eventkit@0.1.0"}}'.encode()
        inside = "eventkit-0.1.0.dist-info/sboms/eventkit.cyclonedx.json"
        wheel = tmp_path / f"{len(wheels)}.whl"
        with zipfile.ZipFile(wheel, "w") as out:
            out.writestr(zipfile.ZipInfo("eventkit/a.py"), "a = 1\n")
            out.writestr(zipfile.ZipInfo(inside), bill)
            record = f"{inside},{hashed(bill)},{len(bill)}\neventkit/a.py,sha256=x,6\n"
            out.writestr(zipfile.ZipInfo("eventkit-0.1.0.dist-info/RECORD"), record)
        command = [sys.executable, ROOT / "tools" / "hide-path", folder, wheel]
        subprocess.run(command, check=True)
        wheels.append(wheel)
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as held:
        shown = held.read(inside)
        assert b"/build" not in shown
        record = held.read("eventkit-0.1.0.dist-info/RECORD").decode()
        assert record == f"{inside},{hashed(shown)},{len(shown)}\neventkit/a.py,sha256=x,6\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one wheel: this package as it is, with the metadata that maturin writes."""
    folder = tmp_path_factory.mktemp("index")
    maturin = BIN / "maturin"
    if not maturin.exists():
        pytest.skip("maturin is not installed here")
    metadata = folder / "metadata"
    # It only writes the metadata, in a second; a wheel would be compiled for minutes.
    command = [maturin, "pep517", "write-dist-info", "--metadata-directory", metadata]
    subprocess.run(
        [*command, "--interpreter", sys.executable], cwd=ROOT, check=True, capture_output=True
    )
    (info,) = metadata.glob("*.dist-info")
    files = [(path, f"eventkit/{path.relative_to(PACKAGE)}") for path in PACKAGE.rglob("*")]
    files += [(path, f"{info.name}/{path.relative_to(info)}") for path in info.rglob("*")]
    scripts = f"{info.name.removesuffix('.dist-info')}.data/scripts"
    files += [(path, f"{scripts}/{path.name}") for path in (ROOT / "wheel/scripts").iterdir()]
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    name = info.name.removesuffix(".dist-info")
    with zipfile.ZipFile(folder / f"{name}-{tag}-{tag}-{platform}.whl", "w") as wheel:
        record = []
        for path, inside in files:
            stale = path.suffix == ".so" and not path.name.endswith(suffix)
            if path.is_dir() or "__pycache__" in path.parts or stale or path.name == "RECORD":
                continue
            data = path.read_bytes()
            entry = zipfile.ZipInfo(inside)
            entry.external_attr = path.stat().st_mode << 16  # A script stays executable.
            wheel.writestr(entry, data)
            record.append(f"{inside},{hashed(data)},{len(data)}\n")
        record.append(f"{info.name}/RECORD,,\n")
        wheel.writestr(f"{info.name}/RECORD", "".join(record))
    return folder


def check_install(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "tools" / "check-install", folder]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.once
def test_a_wheel_installs_from_a_local_index_answers_serves_and_uninstalls(index: Path) -> None:
    done = check_install(index)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok ")


@pytest.mark.once
def test_a_wheel_without_its_compiled_module_is_noticed(index: Path, tmp_path: Path) -> None:
    (whole,) = index.glob("*.whl")
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / whole.name, "w") as new:
        for name in old.namelist():
            if not name.endswith(".so"):
                data = old.read(name)
                lines = [line for line in data.splitlines(True) if b".so," not in line]
                new.writestr(name, b"".join(lines) if name.endswith("RECORD") else data)
    done = check_install(tmp_path)
    assert done.returncode == 1
    assert "No module named 'eventkit._eventkit'" in done.stderr


@pytest.mark.once
def test_an_index_without_a_wheel_for_this_python_is_noticed(tmp_path: Path) -> None:
    done = check_install(tmp_path)
    assert done.returncode == 1
    assert "No matching distribution found" in done.stderr
