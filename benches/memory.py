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

import generator
from plan import TOP, fresh_manifest

BYTES_PER_SESSION = 150
CHURN_BYTES = 20_000_000
CHURN = 10_000


def snapshot_bytes_per_session(sessions: int) -> float:
    """Bytes a session that warm calls on one manifest have added to the process."""
    import eventkit

    manifest = fresh_manifest(sessions)
    # Code, thread pools and caches of fixed size are not the snapshot's: a small one pays for them.
    small = fresh_manifest(1_000)
    for seed in range(3):
        eventkit.recommend(small, generator.interests(10, seed), TOP)
        eventkit.explain(small, small["sessions"][500]["title"], generator.interests(10, seed))
    before = _resident()
    for seed in range(3):
        eventkit.recommend(manifest, generator.interests(10, seed), TOP)
        eventkit.explain(
            manifest, manifest["sessions"][sessions // 2]["title"], generator.interests(10, seed)
        )
    return (_resident() - before) / sessions


def churn_bytes(manifests: int) -> int:
    """Bytes that the process has grown by after a call on each of so many fresh manifests."""
    import eventkit

    interests = generator.interests(3)
    fresh_manifest(100)
    before = _resident()
    for _ in range(manifests):
        eventkit.recommend(fresh_manifest(100), interests, TOP)
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
