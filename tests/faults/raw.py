"""A client that sends bytes as they are, and `eventkit serve` in both of granian's interfaces."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SERVERS = ("wsgi", "asgi")
HERE = Path(__file__).resolve().parent
MAIN = "import sys\n{more}from eventkit.cli import main\nsys.exit(main(sys.argv[1:]))\n"


class Server:
    """A running `eventkit serve`.

    Attributes:
        process: The one that was started.
        port: Where it listens.
        log: What it has said, a file.
    """

    def __init__(self, process, port, log):
        self.process, self.port, self.log = process, port, log

    def connect(self, timeout=10.0):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, path="/health", timeout=10.0):
        """Ask over a connection of its own; the status and the body."""
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        with self.connect(timeout) as sock:
            sock.sendall(head.encode())
            return parted(read_all(sock))

    def workers(self):
        """The processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(child) for child in children.split()] or [self.process.pid]


def read_all(sock):
    """Read to the end, which may be a reset."""
    data = bytearray()
    with contextlib.suppress(ConnectionError):
        while part := sock.recv(65_536):
            data += part
    return bytes(data)


def parted(answer):
    """The status and the body of an answer; 0 of none."""
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found[1]) if found else 0, answer.partition(b"\r\n\r\n")[2]


def exchange(server, data, timeout=10.0):
    """Send bytes; the answer's status, and whether the server closed the connection then."""
    with server.connect(timeout) as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(data)
        answer = sock.recv(65_536)
        status, _ = parted(answer)
        closed = b"connection: close" in answer.lower()
        if closed:
            with contextlib.suppress(ConnectionError):
                while sock.recv(65_536):
                    pass
        return status, closed


@contextlib.contextmanager
def running(interface, folder, *arguments, more="", limits=None, **environment):
    """Run `eventkit serve` until the block ends."""
    log = folder / "serve.log"
    settings = {"EVENTKIT_REQUESTS_PER_MINUTE": "0", "PYTHONPATH": str(HERE)} | environment
    code = MAIN.format(more=more)
    if interface is not None:
        arguments = ("--interface", interface, *arguments)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", code, "serve", "--port", "0", *arguments],
            cwd=folder,
            env=os.environ | settings,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=limits,
        )
    try:
        server = Server(process, _port(process, log), log)
        _wait_until_it_answers(server)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _port(process, log):
    """What it says; there is no clock to inject into another process."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if found := re.search(r"serving on http://[^ ]*:(\d+)", log.read_text()):
            return int(found[1])
        assert process.poll() is None, log.read_text()
        time.sleep(0.02)
    raise AssertionError(log.read_text())


def _wait_until_it_answers(server):
    # The first worker may answer before the last is forked.
    said = re.search(r"(\d+) workers?\)", server.log.read_text())
    count = int(said[1]) if said else 1
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.process.poll() is None, server.log.read_text()
        with contextlib.suppress(OSError):
            if server.ask("/health", 5.0)[0] == 200 and len(server.workers()) == count:
                return
        time.sleep(0.02)
    raise AssertionError(server.log.read_text())


def closed_by_now(socks):
    """How many of the connections the other end has closed."""
    readable = set(select.select(socks, [], [], 0)[0])
    closed = 0
    for sock in readable:
        with contextlib.suppress(BlockingIOError):
            try:
                sock.setblocking(False)
                while sock.recv(65_536):
                    pass
                closed += 1
            except ConnectionError:
                closed += 1
    return closed


def rss_of(pids):
    """Kilobytes that processes hold."""
    total = 0
    for pid in pids:
        status = Path(f"/proc/{pid}/status").read_text()
        total += int(re.search(r"VmRSS:\s+(\d+)", status)[1])
    return total


def cpu_seconds(pids):
    """Processor time that processes have used."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
