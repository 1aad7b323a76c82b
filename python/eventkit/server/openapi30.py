"""Rewrites the OpenAPI document for clients that read version 3.0 only, such as Copilot."""

from __future__ import annotations

from typing import Any

from eventkit.server.openapi import build_document
from eventkit.server.settings import ServerSettings

__all__ = ["as_version_3_0", "openapi_document"]


def openapi_document(settings: ServerSettings, url: str = "/") -> dict[str, Any]:
    """Return the document of a server's endpoints, in version 3.0.3.

    Args:
        settings: The settings of the server, whose limits are in the document.
        url: Where the server is reached.

    Example:
        >>> openapi_document(ServerSettings())["openapi"]
        '3.0.3'
    """
    return as_version_3_0(build_document(settings), url)


def as_version_3_0(document: dict[str, Any], url: str = "/") -> dict[str, Any]:
    """Return a document of version 3.0.3, without ``anyOf`` and without lists of types.

    Args:
        document: A document of version 3.1.
        url: Where the server is reached.

    Example:
        >>> as_version_3_0({"openapi": "3.1.0", "info": {"title": "A"}})
        {'openapi': '3.0.3', 'info': {'title': 'A'}, 'servers': [{'url': '/'}]}
    """
    rewritten: dict[str, Any] = _rewritten(document)
    return {**rewritten, "openapi": "3.0.3", "servers": [{"url": url}]}


def _rewritten(value: Any) -> Any:
    if isinstance(value, list):
        return [_rewritten(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "anyOf" in value:
        # The first form stands for all: a list of interests rather than one text with commas.
        return _rewritten(value["anyOf"][0])
    # Version 3.0 refuses an empty list of required members.
    kept = {name: held for name, held in value.items() if (name, held) != ("required", [])}
    rewritten = {name: _rewritten(held) for name, held in kept.items()}
    kinds = rewritten.get("type")
    if isinstance(kinds, list):
        (rewritten["type"],) = (kind for kind in kinds if kind != "null")
        rewritten["nullable"] = "null" in kinds
    return rewritten
