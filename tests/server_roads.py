"""The roads to an application: its WSGI side and its ASGI side, called directly."""

import asyncio
import io
import json
from typing import NamedTuple
from wsgiref.validate import validator

TOKEN = "correct-horse-battery-staple-0123456789"
WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
SESSIONS = [
    {
        "title": f"Session {number}",
        "tags": ["AI", f"tag{number % 5}"],
        "popularity": number / 40,
        "start": f"{9 + number % 8:02}:00",
        "end": f"{10 + number % 8:02}:00",
        "location": "Caf\u00e9",
    }
    for number in range(40)
]
MANIFEST = {"name": "Days", "weights": WEIGHTS, "sessions": SESSIONS}


def dumped(content):
    return json.dumps(content).encode()


class Reply(NamedTuple):
    status: int
    headers: list
    body: bytes

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def json(self):
        return json.loads(self.body)


def by_wsgi(
    app,
    method,
    path,
    query=b"",
    headers=(),
    body=None,
    client="127.0.0.1",
    chunked=False,
    check=True,
    **more,
):
    """Ask the WSGI side, with the standard library's validator between.

    `more` joins the environment.
    """
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }
    if any(name.lower() == "host" for name, _ in headers):
        del environ["HTTP_HOST"]
    for name, value in headers:
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    if chunked:
        environ["wsgi.input_terminated"] = True
    elif body is not None:
        environ.setdefault("CONTENT_LENGTH", str(len(body)))
    started = []

    def start_response(status, headers, exc_info=None):
        started.append((status, headers))
        return lambda data: None

    # The validator refuses odd methods and lengths of its own accord; the application must not.
    chunks = (validator(app) if check else app)(environ, start_response)
    content = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    ((status, answered),) = started
    return Reply(int(status.split()[0]), answered, content)


def by_asgi(
    app,
    method,
    path,
    query=b"",
    headers=(),
    body=None,
    client="127.0.0.1",
    chunked=False,
    check=True,
):
    """Ask the ASGI side; a body comes in two messages."""
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    if not any(name == b"host" for name, _ in sent):
        sent.append((b"host", b"127.0.0.1"))
    if body is not None and not chunked and not any(name == b"content-length" for name, _ in sent):
        sent.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "root_path": "",
        "headers": sent,
        "client": (client, 1234),
        "server": ("127.0.0.1", 80),
    }
    half = len(body or b"") // 2
    coming = [
        {"type": "http.request", "body": (body or b"")[:half], "more_body": True},
        {"type": "http.request", "body": (body or b"")[half:], "more_body": False},
    ]
    going = []

    async def receive():
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message):
        going.append(message)

    asyncio.run(app(scope, receive, send))
    start, *rest = going
    answered = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]
    ]
    return Reply(start["status"], answered, b"".join(part["body"] for part in rest))


ROADS = {"wsgi": by_wsgi, "asgi": by_asgi}
