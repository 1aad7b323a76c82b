"""Under a memory limit every public call returns or raises `MemoryError`; no process ends."""

from __future__ import annotations

import sys

import pytest

from conftest import faults_scale
from faults import child

pytest.importorskip("eventkit._eventkit", exc_type=ImportError)

pytestmark = pytest.mark.faults

SHORT = [1, 20]
LONG = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96]
"""How many MiB a process may grow by."""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.slow
def test_no_call_ends_its_process_when_memory_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    limits = LONG if faults_scale(0, 1) else SHORT
    said = child.run("little_memory", *limits, patience=faults_scale(child.PATIENCE, 7200))
    with capsys.disabled():
        print(f"\n    {said.strip()}", end="")
