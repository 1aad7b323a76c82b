"""Give the tools to an agent of LangChain. A scripted model stands for a real one.

Needs ``pip install langchain langchain-mcp-adapters``, and the command ``eventkit`` with the extra
``mcp``. The adapters use an older SDK, so install eventkit in an environment of its own.

    $ python examples/agents/langchain_agent.py
    tools: explain_session, export_itinerary, plan_itinerary, recommend_sessions, search_programme
    hcd-12 | Kubernetes Autoscaling by the Numbers | 2026-09-14 13:00-13:45 | Pier Room | k8s | 1.49
    See Kubernetes Autoscaling by the Numbers.
"""

import asyncio
import sys

from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_mcp_adapters.client import MultiServerMCPClient


class ScriptedModel(GenericFakeChatModel):
    """Says what it was told to say, whatever tools it is given."""

    def bind_tools(self, _tools, **_settings):
        """Take the tools."""
        return self


async def main(command: str) -> None:
    """Let the agent call a tool and answer."""
    server = {"command": command, "args": ["mcp"], "transport": "stdio"}
    tools = await MultiServerMCPClient({"eventkit": server}).get_tools()
    print("tools:", ", ".join(sorted(tool.name for tool in tools)))
    call = {"name": "recommend_sessions", "args": {"interests": ["k8s"], "top": 1}, "id": "1"}
    script = [
        AIMessage(content="", tool_calls=[call]),
        AIMessage(content="See Kubernetes Autoscaling by the Numbers."),
    ]
    agent = create_agent(ScriptedModel(messages=iter(script)), tools)
    question = {"role": "user", "content": "Anything about k8s?"}
    answer = await agent.ainvoke({"messages": [question]})
    _, _, result, last = answer["messages"]
    text = result.content if isinstance(result.content, str) else result.content[0]["text"]
    print(text.splitlines()[1])
    print(last.content)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "eventkit"))
