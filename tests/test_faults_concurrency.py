"""Threads, forks, exits and interrupts, each in its own process. See `docs/faults.md`.

The only time that is asserted is that a child ends. Latencies are printed.
"""

from __future__ import annotations

import os

import pytest

from conftest import faults_scale
from faults import child

pytestmark = pytest.mark.faults

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
LONG_PATIENCE = 3600


def scene(capsys: pytest.CaptureFixture[str], row: str, name: str, *numbers: int) -> None:
    """Run a scenario of `faults.threads` and print its figures."""
    said = child.run(
        "threads", name, *numbers, patience=faults_scale(child.PATIENCE, LONG_PATIENCE)
    )
    with capsys.disabled():
        print(f"\n    {row} {said.strip()}", end="")


@pytest.mark.parametrize("size", [8, 40, 200])
def test_threads_see_edits_in_place(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "2.1", "in_place", faults_scale(250, 15_000), size)


@pytest.mark.parametrize("size", [8, 40, 200])
def test_threads_see_swapped_lists(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "2.2", "versions", faults_scale(250, 15_000), size)


@pytest.mark.parametrize("size", [8, 40, 200])
def test_an_answer_never_mixes_two_states(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "2.2", "toggles", faults_scale(250, 15_000), size)


def test_the_wait_of_other_threads_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """The interpreter is held for a whole call, as documented; this prints for how long."""
    scene(capsys, "2.3", "heartbeat", faults_scale(20, 200), faults_scale(50_000, 100_000))


@needs_fork
@pytest.mark.parametrize("size", [8, 2_000])
def test_children_of_fork_answer(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "2.5", "forks", faults_scale(10, 200), size)


@pytest.mark.parametrize("size", [8, 2_000])
@pytest.mark.slow
def test_the_process_exits_while_threads_are_busy(
    size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = faults_scale(4, 100)
    for _ in range(runs):
        assert child.run("threads", "leave", 8, size).strip() == "left"
    with capsys.disabled():
        print(f"\n    2.6 {runs} exits with 8 busy threads, size {size}", end="")


def test_an_interrupt_ends_a_call(capsys: pytest.CaptureFixture[str]) -> None:
    scene(capsys, "2.6", "interrupted", faults_scale(5, 100), 20_000)
