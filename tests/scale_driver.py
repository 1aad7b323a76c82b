"""A driver that tests kill: runs `eventkit.scale.recommend` with the arguments that it gets."""

from __future__ import annotations

import json
import sys

from eventkit.scale import recommend


def main() -> None:
    arguments = json.loads(sys.argv[1])
    # A line for each finished part, so that the test knows when to kill.
    arguments["progress"] = lambda done, parts: print(done, parts, flush=True)
    recommend(**arguments)


if __name__ == "__main__":
    main()
