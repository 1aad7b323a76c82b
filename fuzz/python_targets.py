"""Fuzz the parsers that are written in Python.

Usage: ``python fuzz/python_targets.py TARGET [LIBFUZZER OPTION...]``.

Needs ``pip install atheris``. TARGET is one of:

- ``request``: method, path, query and headers of a request. No request is answered with 500.
- ``json_body``: the body of a POST. No body is answered with 500.
- ``envelope``: a value of the shared store. Only what was sealed is opened.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["eventkit"]):
    from eventkit.graph.envelope import Envelope
    from eventkit.server import ServerSettings
    from eventkit.server.app import create_app
    from eventkit.server.message import Request

SESSIONS = [
    {"id": "a", "title": "Agents", "tags": ["AI", "caf\u00e9"], "start": "09:00", "end": "10:00"},
    {"id": "b", "title": "Rust", "tags": ["rust"], "start": "2026-01-31", "popularity": 0.5},
]
MANIFEST = {"weights": {"interest": 2.0, "popularity": 0.5}, "sessions": SESSIONS}
PATHS = ["/recommend", "/explain", "/export", "/health", "/ready", "/metrics", "/tags", "/ui", "/"]
SETTINGS = ServerSettings(requests_per_minute=0)

app = create_app(MANIFEST, settings=SETTINGS)


def request(data: bytes) -> None:
    """Answer a request whose parts are separated by zero bytes."""
    given = [*data.split(b"\0", 4), b"", b"", b"", b""]
    method, path, query, name, value = (part.decode("latin-1") for part in given[:5])
    path = PATHS[ord(path[0]) % len(PATHS)] if len(path) == 1 else path
    headers = {"host": "localhost", name.lower(): value}
    answer(Request(method or "GET", path, query.encode("latin-1"), headers, client="127.0.0.1"))


def json_body(data: bytes) -> None:
    """Answer a POST with this body; the first byte chooses the path."""
    path = PATHS[data[0] % 3] if data else PATHS[0]
    headers = {
        "host": "localhost",
        "content-type": "application/json",
        "content-length": str(len(data[1:])),
    }
    if data[:1] and data[0] & 128:
        headers["content-encoding"] = "gzip"
    answer(Request("POST", path, b"", headers, data[1:], client="127.0.0.1"))


def answer(asked: Request) -> None:
    """Answer a request, and check the response."""
    response = app.respond(asked)
    assert response.status != 500, (asked.method, asked.path, asked.query, asked.body)
    for name, value in response.headers:
        assert not set("\r\n\0") & set(name + value), (name, value)


ENVELOPE = Envelope("eventkit", "secret")
SEALED = ENVELOPE.seal("key", 1_700_000_000_000, 300_000, "1-a.2-b.3-c.4-d", b'[{"title":"A"}]')


def envelope(data: bytes) -> None:
    """Open the data, and a sealed value with a part that is replaced by it."""
    at = int.from_bytes(data[:2], "little") % (len(SEALED) + 1)
    for forged in (data, SEALED[:at] + data[2:] + SEALED[at + len(data[2:]) :]):
        held = ENVELOPE.open(forged, "key")
        assert held is None or forged == SEALED, forged
    assert ENVELOPE.open(SEALED, "key") is not None


TARGETS = {"request": request, "json_body": json_body, "envelope": envelope}

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
