"""Makes an existing agent fast. Its own code and its callers do not change.

The argument is the directory of an `agent.py`. From a shell, the same is
`eventkit accelerate -- python agent.py ...`.

$ python examples/accelerate_agent.py DIRECTORY
agent.recommend was replaced
the results are equal
"""

import importlib
import sys

import eventkit

sys.path.insert(0, sys.argv[1])
agent = importlib.import_module("agent")
manifest = eventkit.load_manifest()
before = agent.recommend(manifest, ["ai", "agents"], 3)

handle = eventkit.accelerate(agent)
after = agent.recommend(manifest, ["ai", "agents"], 3)
for name in handle.replaced:
    if name.endswith(".recommend"):
        print(f"{name} was replaced")
print("the results are equal" if after == before else "the results differ")
handle.restore()
