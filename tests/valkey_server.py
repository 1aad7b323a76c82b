"""A real Valkey or Redis server of a test's own, on a free port of the loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import valkey

BINARY = shutil.which("valkey-server") or shutil.which("redis-server")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """Starts at once, and again after a `kill`, on the same port and empty."""

    def __init__(self, folder: Path, *options: str, password: str = "", tls: bool = False) -> None:
        if BINARY is None:
            said = "no valkey-server or redis-server on PATH"
            if os.environ.get("CI"):
                pytest.fail(said)
            pytest.skip(said)
        self.port = free_port()
        self._password = password
        self._tls = tls
        port = ("--port", "0", "--tls-port") if tls else ("--port",)
        self._command = [
            *(BINARY, *port, str(self.port), "--bind", "127.0.0.1", "--save", ""),
            *("--appendonly", "no", "--dir", str(folder), "--enable-debug-command", "local"),
            *(("--requirepass", password) if password else ()),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        secret = f":{self._password}@" if self._password else ""
        return f"{'rediss' if self._tls else 'redis'}://{secret}127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Any:
        """A plain client, to look behind a store's back; without TLS."""
        return valkey.Valkey(port=self.port, password=self._password or None)

    def run(self, *command: Any) -> Any:
        client = self.client
        try:
            return client.execute_command(*command)
        finally:
            client.close()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while True:
            assert self._process.poll() is None, "the server ended"
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    return
            assert time.monotonic() < end, "the server does not listen"
            time.sleep(0.005)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
