"""The real application under a real HTTP server, on a port of its own."""

import tempfile
import threading
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from eventkit.server import ServerSettings, create_app


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format, *args):
        """Say nothing: what a test needs to know, the browser says."""


def behind(prefix, app):
    """The application as a proxy offers it that adds a prefix."""

    def proxied(environ, start_response):
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(prefix)
        return app(environ, start_response)

    return proxied


@contextmanager
def served(manifest, *, prefix="", **settings):
    """Serve a manifest, and count nothing of what other servers count; gives the origin."""
    with tempfile.TemporaryDirectory(prefix="eventkit-metrics-") as counters:
        own = {"requests_per_minute": 100_000, "metrics_directory": counters}
        app = create_app(manifest, settings=ServerSettings(**own, **settings))
        server = Server(("127.0.0.1", 0), QuietHandler)
        server.set_app(behind(prefix, app))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            app.close()
