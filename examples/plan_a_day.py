"""Plans a day without overlapping sessions, with ten minutes to change rooms.

$ python examples/plan_a_day.py
2026-09-14T09:00 Opening: What Ten Years of Running Agents Taught Us
2026-09-14T10:00 Retrieval That Holds Up in Production
2026-09-14T11:00 Evaluating Agents: Beyond the Happy Path
2026-09-14T13:00 Prompt Injection Is an Input Validation Problem
2026-09-14T14:00 Workshop: Build a Tool-Using Agent
2026-09-14T16:00 Lightning Talks: Small Models, Small Machines
"""

import eventkit

catalog = eventkit.Catalog(eventkit.load_manifest())
monday = eventkit.Filter(start="2026-09-14T00:00:00+02:00", end="2026-09-15T00:00:00+02:00")
plan = catalog.plan(["ai", "agents", "python"], gap=10, filter=monday)
for session in plan["sessions"]:
    print(session["start"][:16], session["title"])
