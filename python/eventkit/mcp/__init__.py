"""The tools for agents, and the server of the Model Context Protocol that offers them.

The protocol comes from the SDK ``mcp`` (the extra ``mcp``), which is imported when a server is made
and by no other part of eventkit. The tools themselves need nothing but eventkit: `call_tool`
answers a call as plain data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventkit._imports import lazy_names

if TYPE_CHECKING:
    from eventkit.mcp.declaration import TOOLS
    from eventkit.mcp.http import Endpoint
    from eventkit.mcp.programme import Programme
    from eventkit.mcp.reply import Reply
    from eventkit.mcp.stdio import serve_stdio
    from eventkit.mcp.supply import Supply
    from eventkit.mcp.tools import call_tool

__all__ = ["TOOLS", "Endpoint", "Programme", "Reply", "Supply", "call_tool", "serve_stdio"]

_LATER = {
    "TOOLS": "declaration",
    "Endpoint": "http",
    "Programme": "programme",
    "Reply": "reply",
    "Supply": "supply",
    "call_tool": "tools",
    "serve_stdio": "stdio",
}

# Only the servers need the SDK.
__getattr__ = lazy_names(__name__, _LATER)
