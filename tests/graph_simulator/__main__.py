"""``python -m graph_simulator [--events N] [--user ID] [--port N] [COMMAND ...]``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading

from graph_simulator import GraphSimulator, make_event


def main() -> int:
    parser = argparse.ArgumentParser(prog="graph_simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", default="ann@example.com")
    parser.add_argument("--events", type=int, default=8)
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args()
    with GraphSimulator(port=options.port) as graph:
        graph.put(options.user, *map(make_event, range(options.events)))
        variables = graph.environment(options.user)
        if options.words:
            return subprocess.run(options.words, env=os.environ | variables).returncode
        for name, value in variables.items():
            print(f"export {name}={value}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
