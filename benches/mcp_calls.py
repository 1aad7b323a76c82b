"""Times the tools for agents beside the engine that answers them, and the start of their server.

Run it with ``python benches/mcp_calls.py [SESSIONS]``. Queries rotate, and the answers are checked
before anything is timed. The start is the time from the command to the answer to ``initialize``;
it is compared with a server of the SDK that has one tool and nothing else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eventkit import Catalog
from eventkit.mcp import Programme, call_tool
from understanding import median, programme, queries

ROUNDS, STARTS, TOP = 5, 5, 10
BARE = """
import asyncio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

async def list_tools(context, params):
    tool = types.Tool(name="one", input_schema={"type": "object"})
    return types.ListToolsResult(tools=[tool])

async def main():
    server = Server("bare", version="1", on_list_tools=list_tools)
    async with stdio_server() as streams:
        await server.run(*streams, server.create_initialization_options())

asyncio.run(main())
"""
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}


def p50(call: Callable[[list[str]], object], asked: list[list[str]]) -> float:
    """Return the median processor time over the queries, best of some rounds, in microseconds."""
    return 1e6 * median(call, asked, ROUNDS, time.thread_time)


def check(made: Programme, asked: list[list[str]]) -> None:
    """Raise unless the tool lists the sessions that the engine recommends, in its order."""
    for interests in asked[:50]:
        reply = call_tool(made, "recommend_sessions", {"interests": interests, "top": TOP})
        assert reply.data is not None, reply.text
        answer = made.recommend(interests, TOP)
        listed = [row["id"] for row in reply.data["sessions"]]
        assert listed == [session["id"] for session in answer["sessions"]]
        assert all(f"{one} | " in reply.text for one in listed)


def time_calls(sessions: int) -> None:
    made, known = programme(sessions, abstracts=False)
    catalog = Catalog(made, text=True)
    asked = [list(dict.fromkeys(one)) for one in queries(known)]
    tools = Programme(catalog)
    check(tools, asked)
    print("| tool | the whole call, p50 | the engine, p50 | this part |\n|---|---|---|---|")

    def row(name: str, engine: Callable[[list[str]], object], **more: Any) -> None:
        def call(interests: list[str]) -> object:
            return call_tool(tools, name, {"interests": interests, **more})

        whole, part = p50(call, asked), p50(engine, asked)
        print(f"| `{name}` | {whole:.0f} µs | {part:.0f} µs | {whole - part:.0f} µs |", flush=True)

    row("recommend_sessions", lambda one: tools.recommend(one, TOP), top=TOP)
    chosen = made[7]["id"]
    row(
        "explain_session",
        lambda one: (
            catalog.explain(made[7]["title"], one, understand=True),
            catalog.why_not(chosen, one, 5, understand=True),
            tools.recommend(one, 5),
        ),
        session=chosen,
    )


def start(*command: str) -> float:
    """Return the seconds until a server has answered ``initialize``."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(HELLO).encode() + b"\n")
        server.stdin.flush()
        answer = json.loads(server.stdout.readline())
        took = time.perf_counter() - begun
        assert answer["result"]["serverInfo"]["name"] in ("bare", "eventkit"), answer
        server.stdin.close()
    return took


def time_start() -> None:
    program = str(Path(sys.executable).parent / "eventkit-python")
    bare, ours = [], []
    for _ in range(STARTS):
        bare.append(start(sys.executable, "-c", BARE))
        ours.append(start(program, "mcp"))
    ratio = min(ours) / min(bare)
    print(f"\nready after {min(ours):.2f} s, a bare server of the SDK after {min(bare):.2f} s")
    print(f"ratio: {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sessions", nargs="?", type=int, default=1_000)
    time_calls(parser.parse_args().sessions)
    time_start()


if __name__ == "__main__":
    main()
