"""Clients of the Model Context Protocol: the SDK's own, and one that sends whatever it is told."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters

EVENTKIT = Path(sys.executable).parent / "eventkit-python"
ERAS = {"2026-07-28": "auto", "2025-11-25": "legacy"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "tests", "version": "1"},
    },
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def by_stdio(*arguments):
    """How the SDK starts a server."""
    return StdioServerParameters(command=str(EVENTKIT), args=["mcp", *map(str, arguments)])


def talk(server, era, use, **settings):
    """Connect the SDK's client, let it be used, and return what that returns."""

    async def run():
        async with Client(server, mode=ERAS[era], **settings) as client:
            assert client.session.protocol_version == era
            return await use(client)

    return anyio.run(run)


def tool_call(number, name, **arguments):
    parameters = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": parameters}


class RawClient:
    """A client that sends bytes to a server's standard input."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [*map(str, command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, *messages):
        for message in messages:
            data = message if isinstance(message, bytes) else json.dumps(message).encode()
            self.process.stdin.write(data + b"\n")
        self.process.stdin.flush()

    def receive(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def greet(self):
        self.send(HELLO, READY)
        assert self.receive()["id"] == 0

    def leave(self):
        """Close the connection; return the exit status and what was written to standard error."""
        self.process.stdin.close()
        errors = self.process.stderr.read().decode()
        rest = self.process.stdout.read()
        assert rest == b"", rest
        return self.process.wait(30), errors


@contextlib.contextmanager
def raw_client(*command):
    client = RawClient(*command)
    try:
        yield client
    finally:
        client.process.kill()
        client.process.wait()
        for stream in (client.process.stdin, client.process.stdout, client.process.stderr):
            with contextlib.suppress(OSError):
                stream.close()
