"""What a child process does with a `Catalog`: importable, and the script of the fork test."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from eventkit import Catalog

INTERESTS = [["ai", "web"], ["tag 1", "tag 7"], ["tag 3"], []] * 20


def sessions(count: int) -> list[dict[str, object]]:
    return [
        {"id": f"s{n}", "title": f"T{n}", "tags": [f"Tag {n % 9}", "AI"], "popularity": n % 7 / 7}
        for n in range(count)
    ]


def digest(catalog: Catalog) -> str:
    """All that the threads of the pool have to do with, as text."""
    positions, scores = catalog.rank_many(INTERESTS, 5)
    lines = b"".join(catalog.recommend_many_json(INTERESTS, 3))
    return repr((catalog.recommend_many(INTERESTS, 3), positions.tolist(), scores.tolist(), lines))


def _child(catalog: Catalog, want: str) -> None:
    # Not `sys.exit`: what the parent has registered must not run here.
    os._exit(0 if digest(catalog) == want else 3)


def fork(busy: bool) -> None:
    """Fork after the pool was used, and while it is, and answer in the child."""
    catalog = Catalog(sessions(2_000))
    want = digest(catalog)
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            digest(catalog)

    workers = [threading.Thread(target=work) for _ in range(2 if busy else 0)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                _child(catalog, want)
            _await(child)
            assert digest(catalog) == want
    finally:
        done.set()
        for worker in workers:
            worker.join()


def _await(child: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0, f"status {status}"
            return
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("the child of a fork hung")


if __name__ == "__main__":
    fork(busy=sys.argv[1] == "busy")
    print("answered")
