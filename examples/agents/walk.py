"""Walk through all tools as an agent does, but without a model: the client of the SDK asks.

Needs the extra ``mcp``.

    $ python examples/agents/walk.py
"""

import asyncio

from mcp import Client, StdioServerParameters

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//examples//EN
BEGIN:VEVENT
UID:stand-up
DTSTAMP:20260901T000000Z
DTSTART:20260914T070000Z
DTEND:20260914T090000Z
SUMMARY:Stand-up
END:VEVENT
END:VCALENDAR
"""


async def main() -> None:
    """Ask for topics, recommendations, a reason, a plan, and a calendar file."""
    server = StdioServerParameters(command="eventkit", args=["mcp"])
    async with Client(server) as client:

        async def ask(tool: str, **arguments: object) -> object:
            reply = await client.call_tool(tool, arguments)
            shown = ", ".join(
                f"{name}={'...' if name == 'calendar' else value!r}"
                for name, value in arguments.items()
            )
            print(f"> {tool}({shown})")
            print(reply.content[0].text, end="\n\n")
            return reply

        await ask("search_programme", top=6)
        interests = ["agents", "k8s", "quilting"]
        await ask("recommend_sessions", interests=interests, top=3)
        await ask("explain_session", session="hcd-24", interests=interests, top=3)
        day = "2026-09-14"
        plan = await ask(
            "plan_itinerary", interests=interests, calendar=CALENDAR, day=day, must=["hcd-12"]
        )
        chosen = [session["id"] for session in plan.structured_content["sessions"]]
        export = await ask("export_itinerary", format="ics", sessions=chosen)
        calendar = export.content[1].resource.text
        print(calendar.count("BEGIN:VEVENT"), "events in the calendar file")


if __name__ == "__main__":
    asyncio.run(main())
