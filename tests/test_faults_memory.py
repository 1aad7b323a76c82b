"""Panics, memory, hostile objects, and unusual ways to import. See `docs/faults.md`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import eventkit
from conftest import faults_scale
from faults import child

native: Any = pytest.importorskip("eventkit._eventkit", exc_type=ImportError)

pytestmark = pytest.mark.faults
LONG_PATIENCE = 7200
SIZES = [3, 40]
"""Below and above the size from which lists are compiled."""


def scene(
    capsys: pytest.CaptureFixture[str], row: str, name: str, *numbers: int, **changes: Any
) -> None:
    """Run a scenario of `faults.memory` and print its figures."""
    patience = faults_scale(child.PATIENCE, LONG_PATIENCE)
    said = child.run("memory", name, *numbers, patience=patience, **changes)
    with capsys.disabled():
        print(f"\n    {row} {said.strip()}", end="")


@pytest.mark.once
@pytest.mark.usefixtures("fault_injection")
def test_a_panic_is_an_ordinary_error(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        with pytest.raises(eventkit.EventKitError, match="asked for") as caught:
            native.panic_for_test()
        assert isinstance(caught.value, RuntimeError)
    weights = {"interest": 1, "popularity": 1, "diversity": 1}
    manifest = {"weights": weights, "sessions": [{"title": "t", "tags": ["A"]}] * 40}
    for _ in range(4):
        assert eventkit.recommend(manifest, ["a"], 1)["scoring"][0]["score"] == 1.01


needs_testcapi = pytest.mark.skipif(
    importlib.util.find_spec("_testcapi") is None, reason="this Python was built without _testcapi"
)


@needs_testcapi
@pytest.mark.parametrize("size", SIZES)
def test_running_out_of_memory_is_an_error(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "3.2", "no_memory", faults_scale(60 if size < 10 else 40, 500), size)


@pytest.mark.parametrize("top", [10**18, 2**63 - 1, 10**30, sys.maxsize])
def test_a_huge_top_reserves_no_memory(top: int) -> None:
    for size in SIZES:
        manifest = {
            "weights": {"interest": 1, "popularity": 1},
            "sessions": [{"title": "t"}] * size,
        }
        for _ in range(4):
            assert len(eventkit.recommend(manifest, ["a"], top)["sessions"]) == size
            assert eventkit.recommend(manifest, ["a"], -top)["sessions"] == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.slow
def test_hostile_objects_do_no_harm(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "3.3", "hostile", size)


@pytest.mark.parametrize("size", SIZES)
def test_hostile_keys_do_no_harm(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "3.3", "trapped_keys", size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.slow
def test_nothing_leaks(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "3.4", "leaks", faults_scale(600, 50_000), size)


@pytest.mark.slow
def test_memory_is_constant_for_fresh_manifests(capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "3.5", "fresh_manifests", faults_scale(3_000, 100_000), 100)


@pytest.mark.parametrize("size", [1_000, 20_000])
def test_the_size_of_a_snapshot_is_limited(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "3.5", "snapshot_size", size, 200)


@pytest.mark.parametrize("options", [("-X", "dev"), ()], ids=["dev", "debug malloc"])
@pytest.mark.slow
def test_debug_allocators_find_nothing(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    cases = faults_scale(1_500, 200_000)
    numbers = ("--cases", cases, "--others", cases // 4, "--calls", cases, "--seed", 36)
    patience = faults_scale(child.PATIENCE, LONG_PATIENCE)
    said = child.run("fuzz", *numbers, options=options, patience=patience, PYTHONMALLOC="debug")
    assert said.count("0 differences") == len(said.splitlines())
    with capsys.disabled():
        print(f"\n    3.6 {' '.join(options) or 'PYTHONMALLOC=debug'}: {cases} cases", end="")


@pytest.mark.parametrize("size", [40, 1_000])
def test_a_dropped_manifest_is_freed(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "3.7", "freed", size)


# -- 7.5 odd ways to import ----------------------------------------------------------------------

PROBE = """
import sys
sys.path[:0] = {path!r}
import eventkit
from eventkit import _native, compat, reference
from eventkit.compat import agent, core, graph_service
assert _native.AVAILABLE, "the compiled module is missing"
manifest = eventkit.load_manifest({manifest!r})
for _ in range(4):
    got = eventkit.recommend(manifest, ["ai", "\\u03c3"], 3)
    assert repr(got) == repr(reference.recommend(manifest, ["ai", "\\u03c3"], 3))
    assert eventkit.explain(manifest, got["scoring"][0]["title"], ["ai"])["score"] is not None
print("fine", len(manifest["sessions"]), eventkit.__file__)
"""

WAYS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "no UTF-8": (("-X", "utf8=0"), {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}),
    "-O": (("-O",), {}),
    "-OO": (("-OO",), {}),
    "-I": (("-I",), {}),
    "-E -s": (("-E", "-s"), {}),
    "-W error": (("-W", "error"), {}),
    "no bytecode": (("-B",), {}),
}


def _probe(options: tuple[str, ...], changes: dict[str, str], path: list[str], cwd: Path) -> str:
    code = PROBE.format(path=path, manifest=str(eventkit.manifest.SAMPLE_MANIFEST_PATH))
    env = {key: value for key, value in {**os.environ, **changes}.items() if key != "PYTHONPATH"}
    return child.finish([sys.executable, *options, "-c", code], child.PATIENCE, env, str(cwd))


def _root() -> Path:
    return Path(eventkit.__file__).resolve().parent.parent


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_importing_works(way: str, tmp_path: Path) -> None:
    options, changes = WAYS[way]
    assert _probe(options, changes, [str(_root())], tmp_path).startswith("fine")


def test_import_from_a_read_only_folder_works(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    shutil.copytree(
        _root() / "eventkit", site / "eventkit", ignore=shutil.ignore_patterns("__pycache__")
    )
    everything = [site, *site.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        said = _probe((), {}, [str(site)], tmp_path)
        assert str(site) in said
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
