"""Serves the pages at ``/ui`` and beneath it: files of this package, read once.

A path is looked up in a table of names and never joined to a folder, so path traversal is
impossible. The pages have a content security policy of their own: scripts and styles of this origin
only, nothing inline, no ``eval``, no HTML made from text (Trusted Types), no other host.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eventkit.server.message import Request, Response

__all__ = ["redirect", "respond"]

_FOLDER = Path(__file__).with_name("static")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
_PAGES = {"/ui": "index.html", "/ui/cards": "cards.html", "/ui/latency": "latency.html"}
_WORKER = "/ui/sw.js"
# What the service worker keeps of the page at /ui: its modules, and those that they share.
_KEPT_FILES = "/ui/files.json"
_OTHER_PAGES = ("adaptivecards", "card", "latency", "figure", "timeline", "recommendation", "sw.js")
# The renderer creates these policies when it is loaded; the page uses none of them.
_RENDERER_POLICIES = " ".join(
    f"adaptivecards#{name}"
    for name in (
        "deprecatedExportedFunctionPolicy",
        "markdownPassthroughPolicy",
        "restoreContentsPolicy",
    )
)
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        # The page's own policy names the script of its service worker, and nothing else.
        f"trusted-types eventkit-worker {_RENDERER_POLICIES}",
    ]
)
_HEADERS = [
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]
_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_CHECK_EVERY_TIME = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _Asset:
    body: bytes
    etag: str
    headers: list[tuple[str, str]]


def respond(request: Request) -> Response:
    """Answer a request for ``/ui`` or a path beneath it.

    The application checks the method and ``If-None-Match``, and compresses, as for every answer.

    Example:
        >>> page = respond(Request("GET", "/ui"))
        >>> page.status, page.body[:15]
        (200, b'<!DOCTYPE html>')
        >>> respond(Request("GET", "/ui/../settings.py")).status
        404
    """
    if request.path == "/ui/":
        # Links of the page are relative to /ui, for a server behind a prefix.
        return Response(308, [("Location", "../ui"), *_HEADERS])
    asset = _assets().get(request.path)
    if asset is None:
        return Response(404, [_TEXT, *_HEADERS], b"not found\n")
    return Response(200, list(asset.headers), asset.body)


def redirect(_request: Request) -> Response:
    """Answer a request for ``/``: redirect it to the page."""
    return Response(302, [("Location", "ui"), _TEXT, *_HEADERS], b"the page is at ui\n")


@lru_cache(maxsize=1)
def _assets() -> dict[str, _Asset]:
    """Return every file by its path in requests."""
    assets = {path: _asset(_FOLDER / name, _CHECK_EVERY_TIME) for path, name in _PAGES.items()}
    folders = (("", _CHECK_EVERY_TIME), ("programme", _CHECK_EVERY_TIME), ("vendored", _FOR_EVER))
    for name, caching in folders:
        prefix = "/ui/programme" if name == "programme" else "/ui"
        for file in sorted((_FOLDER / name).iterdir()):
            if file.suffix in _TYPES and file.name not in _PAGES.values():
                assets[f"{prefix}/{file.name}"] = _asset(file, caching)
    # A worker answers for paths beneath its own; the page is beside its folder.
    assets[_WORKER].headers.append(("Service-Worker-Allowed", "../ui"))
    kept = [path.removeprefix("/ui/") for path in assets if path not in _PAGES]
    kept = [name for name in kept if not name.startswith(_OTHER_PAGES)]
    body = json.dumps(kept).encode("ascii")
    assets[_KEPT_FILES] = _made(body, "application/json", _CHECK_EVERY_TIME)
    return assets


def _asset(file: Path, caching: str) -> _Asset:
    return _made(file.read_bytes(), _TYPES[file.suffix], caching)


def _made(body: bytes, kind: str, caching: str) -> _Asset:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = [("Content-Type", kind), ("ETag", etag), ("Cache-Control", caching)]
    return _Asset(body, etag, headers + _HEADERS)
