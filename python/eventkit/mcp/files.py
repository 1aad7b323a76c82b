"""Makes the files by which agents find the tools: a skill, settings of clients, and manifests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eventkit._native import __version__
from eventkit.errors import ExportError
from eventkit.files import atomic_write, read_regular
from eventkit.mcp.declaration import INSTRUCTIONS, TOOLS
from eventkit.server import ServerSettings, openapi_document

__all__ = ["agent_files", "write_files"]

_PACKAGE = "eventkit-recommender"
_SKILL = Path(__file__).parent.parent / "data" / "SKILL.md"
_DESCRIPTION = (
    "Recommends, explains and plans the sessions of an event, exactly and without a model."
)
_REGISTRY = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
_COPILOT = "https://developer.microsoft.com/json-schemas/copilot"
_STARTERS = (
    "Which talks about security should I see?",
    "Plan my Monday around my meetings.",
    "Why is the keynote not in my plan?",
)
# Copilot needs few operations, each by a GET that changes nothing.
_OPERATIONS = ("/recommend", "/explain", "/plan", "/why-not", "/alternatives", "/tags")


def write_files(directory: str | os.PathLike[str], url: str, *, replace: bool = False) -> list[str]:
    """Write the files into a directory, which is made if it is missing.

    Args:
        directory: The directory.
        url: Where the server is, or will be, reached.
        replace: Replace files that exist and say something else.

    Returns:
        The paths of the files.

    Raises:
        ExportError: The address cannot be used, or a file exists and says something else.
        OSError: A file cannot be written.
    """
    made = {Path(directory) / name: text.encode() for name, text in agent_files(url).items()}
    for path, data in made.items():
        if not replace and path.exists() and read_regular(path) != data:
            reason = "exists and says something else: choose another --out, or add --replace"
            raise ExportError("out", str(path), reason)
    for path, data in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, data)
    return [str(path) for path in made]


def agent_files(url: str) -> dict[str, str]:
    """Return the texts of the files by their names.

    Example:
        >>> json.loads(agent_files("https://events.example.org")["server.json"])["name"]
        'org.example.events/eventkit'
    """
    host, url = _checked(url)
    documents = {
        "mcp.json": {"mcpServers": {"eventkit": _local()}},
        "mcp-http.json": {"mcpServers": {"eventkit": {"type": "http", "url": f"{url}/mcp"}}},
        "vscode/mcp.json": {"servers": {"eventkit": {"type": "stdio", **_local()}}},
        "server.json": _registry_entry(host, url),
        "copilot/declarative-agent.json": _declarative_agent(),
        "copilot/ai-plugin.json": _plugin(
            "RemoteMCPServer",
            {"url": f"{url}/mcp", "mcp_tool_description": {"tools": [*map(_listed, TOOLS)]}},
            [{"name": tool.name, "description": tool.description} for tool in TOOLS],
        ),
        # Without the style, the schema takes the specification for that of the other kind too.
        "copilot/ai-plugin-openapi.json": _plugin(
            "OpenApi", {"url": "openapi.json", "progress_style": "ShowUsage"}, None
        ),
        "copilot/openapi.json": _openapi(url),
        "openai-functions.json": [_function(tool) for tool in TOOLS],
    }
    texts = {name: json.dumps(held, indent=2) + "\n" for name, held in documents.items()}
    return {"eventkit/SKILL.md": _SKILL.read_text(encoding="utf-8"), **texts}


def _checked(url: str) -> tuple[str, str]:
    """Return the host of an address, and the address without a slash at its end."""
    expected = "must be an address such as https://events.example.org"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise ExportError("url", url, expected) from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise ExportError("url", url, expected)
    return host, url.rstrip("/")


def _local() -> dict[str, Any]:
    return {"command": "eventkit", "args": ["mcp"]}


def _registry_entry(host: str, url: str) -> dict[str, Any]:
    name = ".".join(reversed(host.split(".")))
    return {
        "$schema": _REGISTRY,
        "name": f"{name}/eventkit",
        "title": "Event Kit",
        "description": _DESCRIPTION,
        "version": __version__,
        "packages": [
            {
                "registryType": "pypi",
                "identifier": _PACKAGE,
                "version": __version__,
                "runtimeHint": "uvx",
                "runtimeArguments": [
                    {"type": "named", "name": "--from", "value": f"{_PACKAGE}[mcp]"}
                ],
                "packageArguments": [{"type": "positional", "value": "mcp"}],
                "transport": {"type": "stdio"},
            }
        ],
        "remotes": [{"type": "streamable-http", "url": f"{url}/mcp"}],
    }


def _declarative_agent() -> dict[str, Any]:
    return {
        "$schema": f"{_COPILOT}/declarative-agent/v1.6/schema.json",
        "version": "v1.6",
        "name": "Event Kit",
        "description": _DESCRIPTION,
        "instructions": INSTRUCTIONS,
        "conversation_starters": [{"text": text} for text in _STARTERS],
        "actions": [{"id": "eventkit", "file": "ai-plugin.json"}],
    }


def _plugin(
    kind: str, spec: dict[str, Any], functions: list[dict[str, Any]] | None
) -> dict[str, Any]:
    names = [path[1:].replace("-", "_") for path in _OPERATIONS]
    described: dict[str, Any] = {} if functions is None else {"functions": functions}
    if functions is not None:
        names = [function["name"] for function in functions]
    runtime = {"type": kind, "auth": {"type": "None"}, "spec": spec, "run_for_functions": names}
    return {
        "$schema": f"{_COPILOT}/plugin/v2.4/schema.json",
        "schema_version": "v2.4",
        "name_for_human": "Event Kit",
        "namespace": "eventkit",
        "description_for_human": _DESCRIPTION,
        "description_for_model": INSTRUCTIONS,
        **described,
        "runtimes": [runtime],
        "capabilities": {"conversation_starters": [{"text": text} for text in _STARTERS]},
    }


def _listed(tool: Any) -> dict[str, Any]:
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.arguments,
    }


def _openapi(url: str) -> dict[str, Any]:
    """Return the document of the operations that an agent needs."""
    document = openapi_document(ServerSettings(), url)
    paths = document["paths"]
    document["paths"] = {path: {"get": paths[path]["get"]} for path in _OPERATIONS}
    return document


def _function(tool: Any) -> dict[str, Any]:
    parameters = {**tool.arguments, "additionalProperties": False}
    described = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": described}
