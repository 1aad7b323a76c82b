"""A real nginx with the project's configuration, on free ports, and what may stand behind it."""

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parent.parent / "deploy"
# Debian has nginx where only root's PATH leads.
_PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
# A container seldom has it.
_EXPENDABLE = ("systemd-analyze",)


def program(name):
    """A program that the tests talk to: without it they fail in CI, and elsewhere say so."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        said = f"{name} is not installed"
        if os.environ.get("CI") and name not in _EXPENDABLE:
            pytest.fail(said)
        pytest.skip(said)
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Certificate:
    """A self-signed certificate in a folder."""

    def __init__(self, folder):
        self.chain, self.key = folder / "fullchain.pem", folder / "privkey.pem"
        made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", self.key, "-out", self.chain]
        command = [program("openssl"), *made.split(), *subject, *files]
        subprocess.run(command, check=True, capture_output=True)
        self._contexts = {}

    def context(self, *protocols):
        """What trusts it alone; made once, or many connections would take long."""
        if protocols not in self._contexts:
            context = ssl.create_default_context(cafile=self.chain)
            context.set_alpn_protocols([*protocols] or ["http/1.1"])
            self._contexts[protocols] = context
        return self._contexts[protocols]


class Nginx:
    """The rendered `deploy/nginx.conf`: ports and the certificate's place differ, and `changes`."""

    def __init__(self, folder, certificate, upstream, **changes):
        self.plain, self.secure = free_port(), free_port()
        self.certificate = certificate
        self.log = folder / "access.log"
        conf = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        replacements = {
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen 443 ": f"listen 127.0.0.1:{self.secure} ",
            "/etc/eventkit/tls/fullchain.pem": str(certificate.chain),
            "/etc/eventkit/tls/privkey.pem": str(certificate.key),
            "server 127.0.0.1:8010 ": f"server 127.0.0.1:{upstream} ",
        }
        for old, new in replacements.items():
            assert conf.count(old) == 1, old
            conf = conf.replace(old, new)
        for directive, value in changes.items():
            conf, count = re.subn(rf"\b{directive} [^;]*;", f"{directive} {value};", conf)
            assert count, directive
        self.conf = folder / "nginx.conf"
        paths = "".join(
            f"{kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # Root's nginx would drop to a user that may not enter the folder.
        user = "user root;\n" if os.geteuid() == 0 else ""
        self.conf.write_text(
            f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\n"
            "events { worker_connections 512; }\n"
            f"http {{\nlog_format upstream '$status $upstream_addr';\n"
            f"access_log {self.log} upstream;\n{paths}{conf}\n}}\n",
            encoding="utf-8",
        )
        self.errors = folder / "error.log"

    @contextlib.contextmanager
    def running(self):
        command = [program("nginx"), "-e", str(self.errors), "-c", str(self.conf)]
        process = subprocess.Popen(command)
        try:
            wait_for(self.secure, process)
            yield self
        finally:
            process.terminate()
            process.wait(20)

    def connect(self, *protocols, timeout=20):
        """A connection by TLS."""
        raw = socket.create_connection(("127.0.0.1", self.secure), timeout)
        context = self.certificate.context(*protocols)
        return context.wrap_socket(raw, server_hostname="127.0.0.1")

    def exchange(self, sent):
        """Send bytes, and return all that comes until nginx closes."""
        with self.connect() as connection:
            connection.sendall(sent)
            received = b""
            with contextlib.suppress(ssl.SSLEOFError, ConnectionError):
                while part := connection.recv(65_536):
                    received += part
        return received


class Recorder:
    """An upstream that answers every connection alike and keeps the bytes that came."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection):
        with connection, contextlib.suppress(OSError):
            while request := connection.recv(65_536):
                self.requests.append(request)
                connection.sendall(self.ANSWER)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def wait_for(port, process):
    """A real process tells by listening that it is there: there is no clock to inject."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the server does not listen")
