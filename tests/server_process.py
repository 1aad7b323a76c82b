"""Real servers, as the guide starts them: in a folder with its `wsgi.py`, on a free port."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
# The guide's commands, with two workers and a free port instead of its four and 8000.
COMMANDS = {
    "gunicorn": "gunicorn -w 2 -b 127.0.0.1:{port} wsgi:app",
    "uvicorn": "uvicorn wsgi:app --workers 2 --host 127.0.0.1 --port {port}",
    "granian-wsgi": "granian --interface wsgi --workers 2 --port {port} wsgi:app",
    "granian-asgi": "granian --interface asgi --workers 2 --port {port} wsgi:app",
    "hypercorn": "hypercorn -w 2 -b 127.0.0.1:{port} wsgi:app",
}
# The same on every address that the machine has.
EVERYWHERE = {
    "gunicorn": "gunicorn -w 1 -b 0.0.0.0:{port} wsgi:app",
    "uvicorn": "uvicorn wsgi:app --host 0.0.0.0 --port {port}",
    "eventkit": "eventkit serve --host 0.0.0.0 --port {port} --insecure",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(name, folder, commands=COMMANDS, answers=None, **environment):
    """Run one of the servers until the block ends; yields its port.

    `answers` tells whether the server answers; it is asked for its health when not given.
    """
    port = free_port()
    program, *arguments = commands[name].format(port=port).split()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / program, *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(folder)} | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(answers or (lambda: asked(port, "GET", "/health")[0] == 200), process)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for(answers, process):
    """A real process tells by answering that it is there: there is no clock to inject."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError, http.client.HTTPException):
            if answers():
                return
        time.sleep(0.05)
    raise AssertionError("the server does not answer")


def own_address():
    """An address of this machine that is not loopback; ``None`` when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address
    return None


def asked(port, method, path, body=None, headers=(), host="127.0.0.1"):
    """Ask over a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        reply = connection.getresponse()
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
    finally:
        connection.close()
