"""Further benches of `pytest benches --agent DIR`: the scripts, a start, and the picture."""

from __future__ import annotations

import agent_table
import picture
import sides
import table


def test_scripts_starts_and_picture(request, opponent, capsys):
    folder = request.config.getoption("--agent")
    accelerated = request.getfixturevalue("accelerated")
    with capsys.disabled():
        print()
        for line in agent_table.lines(folder, opponent, accelerated, table.seconds):
            print(line, flush=True)
        compared = [opponent, accelerated, sides.catalog_side() or sides.eventkit_side()]
        path = table.RESULTS / "agent.png"
        picture.draw(path, table.warm_curves(compared), table.machine())
        print(f"picture: {path}")
