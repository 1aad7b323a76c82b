"""Times the application without a server: its own share of a request."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import eventkit
import measure
from eventkit.server import ServerSettings
from layout import seconds
from server_load import Question

Environ = dict[str, Any]


def calls(asked: Sequence[Question]) -> Iterator[str]:
    """Time each kind of request, including limits, counters and correlation ids."""
    with tempfile.TemporaryDirectory() as folder:
        telemetry = {"enabled": True, "file": str(Path(folder, "telemetry.jsonl"))}
        manifest = eventkit.load_manifest()
        told = {**manifest, "features": {**manifest["features"], "telemetry": telemetry}}
        settings = ServerSettings(metrics_directory=str(Path(folder, "metrics")))
        kept = eventkit.create_app(manifest, settings=settings)
        bare = eventkit.create_app(
            manifest, settings=ServerSettings(metrics_directory=folder, cache_entries=0)
        )
        logged = eventkit.create_app(told, settings=settings)
        environs = [(_environ(question),) for question in asked]
        scopes = [(_scope(environ),) for (environ,) in environs]
        yield "a request's share of Python and the engine, without a server"
        for name, call, inputs in (
            ("asked before, by WSGI", _wsgi(kept), environs),
            ("asked before, by ASGI", _asgi(kept), scopes),
            ("asked before, telemetry on", _wsgi(logged), environs),
            ("asked for the first time", _wsgi(bare), environs),
        ):
            (spent,) = measure.rotations([call], inputs, rounds=40)
            yield f"  {name:<28}{seconds(spent):>10}"
        logged.close()


def _wsgi(app: Any) -> Callable[[Environ], object]:
    def start_response(_status: str, _headers: object) -> None:
        """Ignore the status and the headers."""

    return lambda environ: app(environ, start_response)


def _asgi(app: Any) -> Callable[[Environ], object]:
    async def send(_message: object) -> None:
        """Ignore a message."""

    def call(scope: Environ) -> None:
        # The answer is cached, so the coroutine never waits and needs no event loop.
        try:
            app(scope, None, send).send(None)
        except StopIteration:
            return
        raise AssertionError("it waited")

    return call


def _environ(question: Question) -> Environ:
    """Return the environment that granian makes of wrk's request."""
    path, _, query = question.target.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "Granian",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _scope(environ: Environ) -> Environ:
    return {
        "type": "http",
        "method": "GET",
        "path": environ["PATH_INFO"],
        "raw_path": environ["PATH_INFO"].encode(),
        "query_string": environ["QUERY_STRING"].encode(),
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "client": ("127.0.0.1", 1234),
    }
