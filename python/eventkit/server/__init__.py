"""The HTTP server: the original's endpoints as one application for WSGI and ASGI servers.

`create_app` creates it, and `ServerSettings` configures it. The original's classes ``RateLimiter``
and ``SecurityValidator`` are here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventkit._imports import lazy_names

if TYPE_CHECKING:
    from eventkit.server.app import Application, create_app, create_asgi_app, create_wsgi_app
    from eventkit.server.feed import Feed, FeedSettings
    from eventkit.server.limits import RateLimiter
    from eventkit.server.metrics import ServerMetrics
    from eventkit.server.openapi30 import openapi_document
    from eventkit.server.settings import ServerSettings
    from eventkit.server.source import Source
    from eventkit.server.validation import SecurityValidator

__all__ = [
    "Application",
    "Feed",
    "FeedSettings",
    "RateLimiter",
    "SecurityValidator",
    "ServerMetrics",
    "ServerSettings",
    "Source",
    "create_app",
    "create_asgi_app",
    "create_wsgi_app",
    "openapi_document",
]

_LATER = {
    "Application": "app",
    "Feed": "feed",
    "FeedSettings": "feed",
    "RateLimiter": "limits",
    "SecurityValidator": "validation",
    "ServerMetrics": "metrics",
    "ServerSettings": "settings",
    "Source": "source",
    "create_app": "app",
    "create_asgi_app": "app",
    "create_wsgi_app": "app",
    "openapi_document": "openapi30",
}

# A command needs one of them at a time.
__getattr__ = lazy_names(__name__, _LATER)
