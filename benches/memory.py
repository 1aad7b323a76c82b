"""Measures the memory that eventkit uses beside the caller's own objects.

Each figure comes from a new process, because it is the growth of its resident memory. Free memory
of earlier work would hide a part of it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import eventkit
import generator
from plan import ROTATION, TOP, fresh_manifest
from sides import Answer

BYTES_PER_SESSION = 150
CHURN_BYTES = 20_000_000
CHURN = 10_000


def snapshot_bytes_per_session(sessions: int) -> float:
    """Return the bytes per session that warm calls on one manifest add to the process."""

    def use(manifest: Answer) -> None:
        title = manifest["sessions"][len(manifest["sessions"]) // 2]["title"]
        # Often enough that every index is built.
        for seed in range(2 * ROTATION):
            interests = generator.interests(10, seed)
            eventkit.recommend(manifest, interests, TOP)
            eventkit.explain(manifest, title, interests)

    manifest = fresh_manifest(sessions)
    # A small snapshot first, so that code, thread pools and caches of fixed size do not count.
    use(fresh_manifest(1_000))
    before = _resident()
    use(manifest)
    return (_resident() - before) / sessions


def churn_bytes(manifests: int) -> int:
    """Return the bytes by which the process grows during calls on fresh manifests."""
    interests = generator.interests(3)
    fresh_manifest(100)
    before = _resident()
    for _ in range(manifests):
        manifest = fresh_manifest(100)
        # Several calls for each manifest, because only a list that is used again gets a snapshot.
        for _ in range(4):
            eventkit.recommend(manifest, interests, TOP)
    return _resident() - before


def measure(figure: str, size: int) -> float:
    """Run one of the functions above in a new process."""
    done = subprocess.run(
        [sys.executable, os.fspath(Path(__file__)), figure, str(size)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout)


def _resident() -> int:
    gc.collect()
    # Return freed memory to the system, because it is not in use.
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](int(sys.argv[2]))))
