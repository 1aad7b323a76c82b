"""What eventkit keeps beside the caller's own objects. Run as a program: a process for each figure.

A process of its own, because the figure is the growth of its resident memory: nothing that ran
before may have left free room for it to hide in.
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
    """Bytes a session that warm calls on one manifest have added to the process."""

    def use(manifest: Answer) -> None:
        title = manifest["sessions"][len(manifest["sessions"]) // 2]["title"]
        # Often enough for every index that may be built to be there.
        for seed in range(2 * ROTATION):
            interests = generator.interests(10, seed)
            eventkit.recommend(manifest, interests, TOP)
            eventkit.explain(manifest, title, interests)

    manifest = fresh_manifest(sessions)
    # Code, thread pools and caches of fixed size are not the snapshot's: a small one pays for them.
    use(fresh_manifest(1_000))
    before = _resident()
    use(manifest)
    return (_resident() - before) / sessions


def churn_bytes(manifests: int) -> int:
    """Bytes that the process has grown by after calls on each of so many fresh manifests."""
    interests = generator.interests(3)
    fresh_manifest(100)
    before = _resident()
    for _ in range(manifests):
        manifest = fresh_manifest(100)
        # More than the one that the figure is about: only a list met again gets a snapshot.
        for _ in range(4):
            eventkit.recommend(manifest, interests, TOP)
    return _resident() - before


def measure(figure: str, size: int) -> float:
    """Run one of the functions above in a process of its own."""
    done = subprocess.run(
        [sys.executable, os.fspath(Path(__file__)), figure, str(size)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout)


def _resident() -> int:
    gc.collect()
    # Memory that was freed but not given back is not kept by anybody.
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](int(sys.argv[2]))))
