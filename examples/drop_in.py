"""Replaces an agent's `recommend` and `explain`: the same arguments, the same results.

$ python examples/drop_in.py
Opening: What Ten Years of Running Agents Taught Us: 4.491
Evaluating Agents: Beyond the Happy Path: 4.461
Matching tags: ['AI', 'agents', 'keynote']
"""

import eventkit

manifest = eventkit.load_manifest()  # agent.json here, or else the bundled sample
recommendation = eventkit.recommend(manifest, ["ai", "agents"], 2)
for row in recommendation["scoring"]:
    print(f"{row['title']}: {row['score']:.3f}")

title = recommendation["scoring"][0]["title"]
explanation = eventkit.explain(manifest, title, ["ai", "agents", "keynote"])
if "error" not in explanation:
    print("Matching tags:", explanation["matched_tags"])
