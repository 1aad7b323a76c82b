"""The ceiling: an application that only sends `BENCH_BYTES` bytes, over WSGI, ASGI and RSGI."""

from __future__ import annotations

import os
from typing import Any

BODY = b"{" + b" " * (int(os.environ.get("BENCH_BYTES", "1000")) - 2) + b"}"
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]
RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS]


def wsgi(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": RAW_HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def rsgi(_scope: Any, protocol: Any) -> None:
    protocol.response_bytes(200, HEADERS, BODY)
