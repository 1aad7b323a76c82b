"""The opponent: a single-threaded `HTTPServer` around the pure-Python reference.

It serves as in the guide: HTTP/1.0 with a connection for each request, as `BaseHTTPRequestHandler`
does, a backlog of 5, and `json.dumps` of the reference's answer. Where the original's way is not
known, the faster way is used: the manifest is read once, and neither logs nor telemetry are
written. It answers POST (the original answers 501), so that the guide's `ab` line can measure it.

    python benches/server_opponent.py MANIFEST PORT
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from eventkit import reference

DEFAULT_TOP = 3


class Handler(BaseHTTPRequestHandler):
    manifest: Any

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(split.query).items()}
        if split.path == "/health":
            self.answer({"status": "ok"})
        elif split.path == "/recommend":
            self.recommend(asked.get("interests", ""), int(asked.get("top", DEFAULT_TOP)))
        elif split.path == "/explain":
            interests = reference.normalize_interests(asked.get("interests", ""))
            self.answer(reference.explain(self.manifest, asked.get("session", ""), interests))
        else:
            self.answer({"error": "not found"}, 404)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.recommend(", ".join(asked["interests"]), asked.get("top", DEFAULT_TOP))

    def recommend(self, interests: str, top: int) -> None:
        self.answer(
            reference.recommend(self.manifest, reference.normalize_interests(interests), top)
        )

    def answer(self, value: Any, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("X-Correlation-ID", self.headers.get("X-Correlation-ID") or str(uuid4()))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing, because a write to a terminal for each request would slow the opponent."""


class Server(HTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Print no traceback for a client that hangs up."""


def main() -> None:
    Handler.manifest = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with Server(("127.0.0.1", int(sys.argv[2])), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
