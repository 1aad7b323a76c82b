"""Programs of the telemetry faults: ``python -m faults.telemetry NAME PATH ...``, to be killed."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from eventkit import Telemetry
from eventkit.telemetry import flush_on_sigterm


def say(word: object) -> None:
    """Print in one write, so that whoever kills this process never reads half a word."""
    os.write(1, f"{word}\n".encode())


def append(path: str, size: str, first: str) -> None:
    """Log for ever; say the number of each line once it is acknowledged."""
    filler = "x" * max(0, int(size) - 150)
    telemetry = Telemetry(path, durability="sync", payload="full", max_bytes=None)
    number = int(first)
    while True:
        assert telemetry.log(f"n{number}", {"filler": filler}, None, True)
        say(number)
        number += 1


def rotate(path: str, first: str) -> None:
    """As `append`, with a file that is full after a line or two."""
    telemetry = Telemetry(path, durability="sync", max_bytes=200, compress_after_days=None)
    for number in range(int(first), int(first) + 40):
        assert telemetry.log(f"n{number}", {}, None, True)
        say(number)


def tend(path: str) -> None:
    """Compress and delete what is old."""
    say(Telemetry(path, compress_after_days=7, delete_after_days=None).tend())


def crowd(path: str, who: str, lines: str) -> None:
    """One of several that write to a small file."""
    with Telemetry(path, max_bytes=65_536, compress_after_days=None) as telemetry:
        for number in range(int(lines)):
            assert telemetry.log(f"p{who}-{number}", {}, None, True)
        assert telemetry.flush(60)
        say(json.dumps(telemetry.stats()))


def leave(path: str, how: str, lines: str) -> None:
    """Log, and end in one of many ways without a flush."""
    if how == "handler":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    if how in ("sigterm", "handler"):
        flush_on_sigterm()
    before = signal.getsignal(signal.SIGTERM)
    telemetry = Telemetry(path)
    assert signal.getsignal(signal.SIGTERM) is before, "a handler that nobody asked for"
    for number in range(int(lines)):
        assert telemetry.log(f"n{number}", {}, None, True)
    if how in ("sigterm", "handler"):
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait()
    elif how == "os._exit":
        assert telemetry.flush()
        os._exit(0)
    elif how == "collected":
        del telemetry
    elif how == "raise":
        raise SystemExit(5)


def fork(path: str, lines: str) -> None:
    """Fork with lines in the queue; the child logs its own."""
    telemetry = Telemetry(path)
    for number in range(int(lines)):
        telemetry.log(f"parent{number}", {}, None, True)
    child = os.fork()
    who = "parent" if child else "child"
    for number in range(int(lines), 2 * int(lines)):
        telemetry.log(f"{who}{number}", {}, None, True)
    if not child:
        assert telemetry.stats()["logged"] == int(lines)
        telemetry.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def _log_one(path: str) -> None:
    Telemetry(path).log("child", {}, None, True)


def multiprocess(path: str) -> None:
    """Children of multiprocessing leave by os._exit."""
    import multiprocessing

    context = multiprocessing.get_context("fork")
    Telemetry(path).log("parent", {}, None, True)
    children = [context.Process(target=_log_one, args=(path,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()


def fill(path: str, lines: str) -> None:
    """Write to a disk that fills up; then make room and go on."""
    telemetry = Telemetry(path, durability="sync", max_bytes=None)
    accepted = sum(telemetry.log(f"n{number}", {}, None, True) for number in range(int(lines)))
    stats = telemetry.stats()
    assert accepted == stats["written"] == int(lines) - stats["dropped_io"], stats
    assert stats["dropped_io"] > 0, "the disk was never full"
    Path(path).with_name("ballast").unlink()
    for number in range(100):
        assert telemetry.log(f"later{number}", {}, None, True)
    say(json.dumps({"accepted": accepted, "dropped": stats["dropped"]}))


if __name__ == "__main__":
    program: Callable[..., None] = globals()[sys.argv[1]]
    program(*sys.argv[2:])
