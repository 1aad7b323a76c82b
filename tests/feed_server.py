"""A real server on loopback that serves feeds well and badly."""

import contextlib
import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FEED = b"id,title,start,end,room,tags\n1,Agents,2026-09-14 09:30,2026-09-14 10:00,Hall 1,ai\n"


class FeedServer:
    """Answers `/feed.csv` with `feed`; other paths misbehave as their name says."""

    def __init__(self):
        self.feed, self.status, self.requests = FEED, 200, []
        self.stop = threading.Event()
        self.answers = {
            "/feed.csv": self._feed,
            "/gzip": lambda to: self._send(to, gzip.compress(self.feed), encoding="gzip"),
            "/gzip-cut": lambda to: self._send(to, gzip.compress(self.feed)[:-9], encoding="gzip"),
            "/gzip-broken": lambda to: self._send(to, b"no gzip at all", encoding="gzip"),
            "/gzip-members": lambda to: self._send(
                to,
                gzip.compress(self.feed[:20]) + gzip.compress(self.feed[20:]),
                encoding="gzip",
            ),
            "/bomb": lambda to: self._send(to, gzip.compress(bytes(64 << 20)), encoding="gzip"),
            "/brotli": lambda to: self._send(to, b"xx", encoding="br"),
            "/announced": lambda to: self._head(to, 200, {"Content-Length": str(1 << 40)}),
            "/short": self._short,
            "/endless": self._endless,
            "/slow-head": self._slow_head,
            "/slow-body": self._slow_body,
            "/garbage": lambda to: to.wfile.write(b"this is not HTTP\r\n\r\n"),
            "/moved": lambda to: self._redirect(to, "/feed.csv"),
            "/circle": lambda to: self._redirect(to, "/circle-2"),
            "/circle-2": lambda to: self._redirect(to, "/circle"),
            "/other-scheme": lambda to: self._redirect(to, "ftp://example.org/feed"),
        }

    def _feed(self, to):
        if self.status != 200:
            self._head(to, self.status, {"Content-Length": "0"})
            return
        etag = f'"{hash(self.feed)}"'
        if to.headers.get("If-None-Match") == etag:
            self._head(to, 304, {"ETag": etag})
            return
        self._send(to, self.feed, etag=etag)

    def _send(self, to, body, encoding=None, etag=None):
        headers = {"Content-Length": str(len(body))}
        headers |= {"Content-Encoding": encoding} if encoding else {}
        self._head(to, 200, headers | ({"ETag": etag} if etag else {}))
        to.wfile.write(body)

    def _head(self, to, status, headers):
        to.send_response(status)
        for name, value in headers.items():
            to.send_header(name, value)
        to.end_headers()

    def _redirect(self, to, target):
        self._head(to, 302, {"Location": target, "Content-Length": "0"})

    def _hop(self, to):
        number = int(to.path.rpartition("/")[2])
        self._redirect(to, f"/hop/{number + 1}")

    def _short(self, to):
        self._head(to, 200, {"Content-Length": "1000"})
        to.wfile.write(self.feed)

    def _endless(self, to):
        self._head(to, 200, {})
        while not self.stop.is_set():
            to.wfile.write(bytes(1 << 16))

    def _slow_head(self, to):
        for _ in range(10_000):
            to.wfile.write(b"H")
            if self.stop.wait(0.02):
                return

    def _slow_body(self, to):
        self._head(to, 200, {"Content-Length": "100000"})
        for _ in range(10_000):
            to.wfile.write(b"x")
            if self.stop.wait(0.02):
                return

    def answer(self, to):
        self.requests.append(to.path)
        hop = to.path.startswith("/hop/")
        answer = self._hop if hop else self.answers.get(to.path)
        if answer is None:
            self._head(to, 404, {"Content-Length": "0"})
        else:
            answer(to)


@contextlib.contextmanager
def feed_server():
    """Serve until the block ends; yields the server, whose `url` is its address."""
    feeds = FeedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with contextlib.suppress(ConnectionError):
                feeds.answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    feeds.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield feeds
    finally:
        feeds.stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
