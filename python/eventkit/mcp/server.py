"""Makes a server of the SDK that offers the tools. The only module that knows the SDK's types."""

from __future__ import annotations

import logging
import time
from typing import Any, Literal

import mcp_types as types
from anyio import to_thread
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from eventkit._native import __version__
from eventkit.mcp import resources
from eventkit.mcp.clean import visible
from eventkit.mcp.declaration import INSTRUCTIONS, TOOLS, tool_named
from eventkit.mcp.programme import Programme
from eventkit.mcp.reply import Attachment, Refused, Reply
from eventkit.mcp.supply import Supply
from eventkit.mcp.tools import call_tool

__all__ = ["build_server"]

_log = logging.getLogger("eventkit.mcp")
# An answer from a larger programme could hold up the other requests, so a thread computes it.
_LARGE = 5_000
_QUICK = frozenset({"recommend_sessions", "export_itinerary"})
_PROGRESS_SECONDS = 0.5
_FIXED_MS, _MOST_MS = 3_600_000, 60_000
_PROMPT = "plan_my_conference"

_Context = ServerRequestContext[Any, Any]
_Scope = Literal["public", "private"]


def build_server(supply: Supply, *, scope: _Scope = "private") -> Server[Any]:
    """Make the server.

    Args:
        supply: The programme.
        scope: Who may share a cached answer: everybody, or the client that asked.
    """
    handlers = _Handlers(supply, scope)
    fixed = CacheHint(_FIXED_MS, "public")
    return Server(
        "eventkit",
        version=__version__,
        title="Event Kit",
        description="Recommends, explains and plans the sessions of an event.",
        instructions=INSTRUCTIONS,
        cache_hints={
            "server/discover": fixed,
            "tools/list": fixed,
            "prompts/list": fixed,
            "resources/list": fixed,
            "resources/templates/list": fixed,
        },
        get_tool_input_schema=_arguments_of,
        on_list_tools=_list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=_list_resources,
        on_list_resource_templates=_list_templates,
        on_read_resource=handlers.read_resource,
        on_list_prompts=_list_prompts,
        on_get_prompt=_get_prompt,
    )


class _Handlers:
    """The handlers that need the programme."""

    def __init__(self, supply: Supply, scope: _Scope) -> None:
        self._supply, self._scope = supply, scope

    async def call_tool(
        self, context: _Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        if tool_named(params.name) is None:
            names = ", ".join(tool.name for tool in TOOLS)
            raise MCPError(types.INVALID_PARAMS, f"no tool {params.name[:80]!r}; there are {names}")
        try:
            reply = await self._answer(context, params.name, params.arguments)
        except Refused as refusal:
            reply = Reply(str(refusal), is_error=True)
        except Exception:
            _log.exception("the tool %s failed", params.name)
            text = "This failed inside eventkit; its log says why. Try other arguments."
            reply = Reply(text, is_error=True)
        return _result(reply)

    async def _answer(self, context: _Context, name: str, given: dict[str, Any] | None) -> Reply:
        programme = await self._programme(context)
        if name in _QUICK and len(programme.catalog) <= _LARGE:
            return call_tool(programme, name, given)
        return await to_thread.run_sync(call_tool, programme, name, given)

    async def read_resource(
        self, context: _Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        try:
            programme = await self._programme(context)
        except Refused as refusal:
            raise MCPError(types.INTERNAL_ERROR, str(refusal)) from None
        uri = str(params.uri)
        found = await to_thread.run_sync(resources.read_resource, programme, uri)
        if found is None:
            raise MCPError(types.INVALID_PARAMS, "resource not found", {"uri": uri[:500]})
        contents = _contents(found)
        return types.ReadResourceResult(
            contents=[contents], ttl_ms=_MOST_MS, cache_scope=self._scope
        )

    async def _programme(self, context: _Context) -> Programme:
        """Return the programme; while it is loaded, tell the client that it is.

        Raises:
            Refused: It could not be loaded.
        """
        begun = time.monotonic()
        while not self._supply.wait(0):
            await context.session.report_progress(
                round(time.monotonic() - begun, 1), message="loading the programme"
            )
            await to_thread.run_sync(self._supply.wait, _PROGRESS_SECONDS)
        if self._supply.is_due():
            return await to_thread.run_sync(self._supply.current)
        return self._supply.current()


def _result(reply: Reply) -> types.CallToolResult:
    content: list[Any] = [types.TextContent(text=reply.text)]
    if reply.attachment is not None:
        content.append(types.EmbeddedResource(resource=_contents(reply.attachment)))
    return types.CallToolResult(
        content=content, structured_content=reply.data, is_error=reply.is_error
    )


def _contents(document: Attachment) -> types.TextResourceContents:
    return types.TextResourceContents(
        uri=document.uri, mime_type=document.mime_type, text=document.text
    )


def _arguments_of(name: str) -> dict[str, Any] | None:
    tool = tool_named(name)
    return None if tool is None else tool.arguments


async def _list_tools(_context: _Context, _params: Any) -> types.ListToolsResult:
    return _TOOLS


_TOOLS = types.ListToolsResult(
    tools=[
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.arguments,
            output_schema=tool.result,
            annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
        )
        for tool in TOOLS
    ]
)


async def _list_resources(_context: _Context, _params: Any) -> types.ListResourcesResult:
    listed = (
        (resources.PROGRAMME, "programme", "All sessions, one line each."),
        (resources.TOPICS, "topics", "The tags, and how many sessions each has."),
    )
    return types.ListResourcesResult(
        resources=[
            types.Resource(uri=uri, name=name, description=text, mime_type="text/plain")
            for uri, name, text in listed
        ]
    )


async def _list_templates(_context: _Context, _params: Any) -> types.ListResourceTemplatesResult:
    template = types.ResourceTemplate(
        uri_template=resources.SESSION_TEMPLATE,
        name="session",
        description="One session, with all that the programme says of it.",
        mime_type="application/json",
    )
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def _list_prompts(_context: _Context, _params: Any) -> types.ListPromptsResult:
    arguments = [
        types.PromptArgument(name="interests", description="What you want to see.", required=True),
        types.PromptArgument(name="busy", description="When you have no time."),
    ]
    prompt = types.Prompt(
        name=_PROMPT,
        title="Plan my conference",
        description="Plan sessions that fit your interests and your calendar.",
        arguments=arguments,
    )
    return types.ListPromptsResult(prompts=[prompt])


async def _get_prompt(
    _context: _Context, params: types.GetPromptRequestParams
) -> types.GetPromptResult:
    if params.name != _PROMPT:
        raise MCPError(types.INVALID_PARAMS, f"no prompt {params.name[:80]!r}; there is {_PROMPT}")
    given = params.arguments or {}
    interests = visible(given.get("interests", ""))
    if not interests:
        raise MCPError(types.INVALID_PARAMS, "interests is missing")
    busy = visible(given.get("busy", ""))
    lines = [
        f"Plan my visit to this event. I am interested in: {interests}.",
        f"I have no time at: {busy}." if busy else "Ask me when I have no time.",
        "Look at the topics with search_programme first, then recommend, and ask me what I like.",
        "Then plan with plan_itinerary, tell me which interests matched nothing and what was left"
        " out and why, and export the plan as ics.",
    ]
    message = types.PromptMessage(role="user", content=types.TextContent(text="\n".join(lines)))
    return types.GetPromptResult(description="Plan my conference", messages=[message])
