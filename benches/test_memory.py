"""Tests the memory of a snapshot, and that fresh manifests leave no memory behind."""

from __future__ import annotations

import pytest

import memory


@pytest.mark.parametrize("sessions", [10_000, 100_000])
def test_snapshot_is_small(sessions):
    assert memory.measure("snapshot_bytes_per_session", sessions) <= memory.BYTES_PER_SESSION


def test_fresh_manifests_leave_nothing_behind():
    assert memory.measure("churn_bytes", memory.CHURN) <= memory.CHURN_BYTES
