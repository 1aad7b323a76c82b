"""Give the tools to an agent of Pydantic AI. A scripted model stands for a real one.

Needs ``pip install 'pydantic-ai-slim[mcp]'``, and the command ``eventkit`` with the extra ``mcp``.

    $ python examples/agents/pydantic_ai_agent.py
    tools: explain_session, export_itinerary, plan_itinerary, recommend_sessions, search_programme
    hcd-12 Kubernetes Autoscaling by the Numbers ['k8s'] 1.4857
    See Kubernetes Autoscaling by the Numbers.
"""

import asyncio
import sys

from fastmcp.client import Client
from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel


def scripted(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Call a tool first, and then answer."""
    returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
    if not returned:
        print("tools:", ", ".join(sorted(tool.name for tool in info.function_tools)))
        call = ToolCallPart("recommend_sessions", {"interests": ["k8s"], "top": 1})
        return ModelResponse(parts=[call])
    best = returned[0].content["sessions"][0]
    print(best["id"], best["title"], best["matched"], best["score"])
    return ModelResponse(parts=[TextPart("See Kubernetes Autoscaling by the Numbers.")])


async def main(command: str) -> None:
    """Let the agent call a tool and answer."""
    tools = MCPToolset(Client(StdioTransport(command, ["mcp"])))
    agent = Agent(FunctionModel(scripted), toolsets=[tools])
    answer = await agent.run("Anything about k8s?")
    print(answer.output)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "eventkit"))
