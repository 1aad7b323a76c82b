"""The servers that are compared. Each is started as its users start it, on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
APP, CONSTANT = "server_app:app", "server_constant"
START_SECONDS = 60
"""The seconds to wait for a server, which may compile 100,000 sessions before it answers."""

Command = Callable[[int], list[str]]


@dataclass(frozen=True)
class Side:
    """A server: its name in the table, its command for a port, and its environment variables.

    A `ceiling` answers with a constant body, so its answers are not checked.
    """

    name: str
    command: Command
    environment: Mapping[str, str] = field(default_factory=dict)
    ceiling: bool = False


def opponent(manifest: Path) -> Side:
    program = [sys.executable, str(HERE / "server_opponent.py"), str(manifest)]
    return Side("the original's way", lambda port: [*program, str(port)])


def serve(*, workers: int = 1) -> Side:
    """Return `eventkit serve`, which chooses its server and its options itself."""
    program = [str(BIN / "eventkit"), "serve", "--workers", str(workers), "--manifest"]
    return Side(
        f"eventkit serve, {_workers(workers)}",
        lambda port: [*program, os.environ["BENCH_MANIFEST"], "--port", str(port)],
    )


def granian(interface: str, target: str, *, workers: int = 1, options: Sequence[str] = ()) -> Side:
    program = [str(BIN / "granian"), "--interface", interface, "--no-ws", "--log-level", "error"]
    program += ["--workers", str(workers), *options, target, "--host", "127.0.0.1", "--port"]
    return Side(f"granian {interface}, {_workers(workers)}", lambda port: [*program, str(port)])


def constant(interface: str, *, workers: int = 1) -> Side:
    """Return the ceiling: granian with an application that does nothing."""
    side = granian(interface, f"{CONSTANT}:{interface}", workers=workers)
    return replace(side, name=f"constant body, {side.name}", ceiling=True)


def named(name: str, side: Side, environment: Mapping[str, str]) -> Side:
    return replace(side, name=name, environment={**side.environment, **environment})


def gunicorn(target: str, *, workers: int = 1, threads: int = 1) -> Side:
    program = [str(BIN / "gunicorn"), "--log-level", "error", "--workers", str(workers)]
    program += ["--threads", str(threads), target, "--bind"]
    name = f"gunicorn {'gthread' if threads > 1 else 'sync'}, {_workers(workers)}"
    return Side(name, lambda port: [*program, f"127.0.0.1:{port}"])


def uvicorn(target: str, *, workers: int = 1) -> Side:
    program = [str(BIN / "uvicorn"), "--log-level", "error", "--no-access-log"]
    program += ["--workers", str(workers), target, "--host", "127.0.0.1", "--port"]
    return Side(f"uvicorn, {_workers(workers)}", lambda port: [*program, str(port)])


def hypercorn(target: str, *, workers: int = 1) -> Side:
    program = [str(BIN / "hypercorn"), "--log-level", "error", "--workers", str(workers)]
    program += [target, "--bind"]
    return Side(f"hypercorn, {_workers(workers)}", lambda port: [*program, f"127.0.0.1:{port}"])


@contextmanager
def running(side: Side, port: int | None = None) -> Iterator[str]:
    """Start a server, wait until it accepts, yield its URL, and stop it with all its children."""
    port = port or _free_port()
    process = subprocess.Popen(
        side.command(port),
        cwd=HERE,
        env=os.environ | side.environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, port, side.name)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)


def _workers(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(process: subprocess.Popen[bytes], port: int, name: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"{name} exited with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{name} does not listen after {START_SECONDS} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
