"""`make bench`: makes a table of ratios with their targets, and a picture of the curves."""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import agent_table
import catalog_plan
import catalog_table
import generator
import measure
import memory
import picture
import plan
import readme_table
import sides
from layout import aligned, machine, seconds, sentence, target, verdict
from plan import Case

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parent.parent
README, FIGURES = ROOT / "README.md", ROOT / "docs/figures.md"
BEGIN, END = "<!-- figures: written by make figures -->", "<!-- end of figures -->"
HEADER = ("", "opponent", "first", "ratio", "target", "2nd", "warm", "ratio", "target", "met")
WIDTHS = (22, 10, 10, 8, 7, 10, 10, 8, 7, 5)


def speed_row(case: Case, opponent: sides.Side, candidate: sides.Side) -> list[str]:
    """Check both sides on a case, time them, and return the row."""
    manifest = plan.fresh_manifest(case.sessions)
    for seed in range(3):
        interests = generator.interests(case.interests, seed)
        sides.check(manifest, interests, plan.TOP, opponent, candidate)
    del manifest
    calls = [case.call(opponent), case.call(candidate)]
    rounds = 5 if case.sessions >= 10_000 else 9
    (slow_first, _), (fast_first, fast_second) = measure.first(
        calls, case.fresh_input(), batch=case.batch, rounds=rounds
    )
    slow, fast = measure.warm(calls, case.warm_inputs(), rounds=rounds)
    first_ratio, warm_ratio = slow_first / fast_first, slow / fast
    met = first_ratio >= (case.first_target or 0) and warm_ratio >= (case.warm_target or 0)
    return [
        case.name,
        seconds(slow),
        seconds(fast_first),
        f"{first_ratio:.1f}x",
        target(case.first_target),
        seconds(fast_second),
        seconds(fast),
        f"{warm_ratio:.1f}x",
        target(case.warm_target),
        verdict(met),
    ]


def memory_rows() -> Iterator[str]:
    """Yield the memory figures, each from a new process."""
    size = 100_000
    kept = memory.measure("snapshot_bytes_per_session", size)
    yield sentence(
        f"a snapshot of {size:,} keeps {kept:.0f} bytes a session",
        f"<= {memory.BYTES_PER_SESSION}",
        kept <= memory.BYTES_PER_SESSION,
    )
    grown = memory.measure("churn_bytes", memory.CHURN)
    yield sentence(
        f"{memory.CHURN:,} fresh manifests of 100 sessions grow the process by "
        f"{grown / 1e6:.1f} MB",
        f"<= {memory.CHURN_BYTES / 1e6:.0f} MB",
        grown <= memory.CHURN_BYTES,
    )


def curves(opponent: sides.Side, candidate: sides.Side) -> dict[str, list[tuple[int, float]]]:
    """Measure the points of the picture: seconds per call by number of sessions."""
    points: dict[str, list[tuple[int, float]]] = {}
    for case in plan.CURVE:
        calls = [case.call(opponent), case.call(candidate)]
        _, (first, _) = measure.first(calls, case.fresh_input(), batch=case.batch, rounds=3)
        slow, fast = measure.warm(calls, case.warm_inputs(), rounds=3)
        for name, value in (
            (opponent.name, slow),
            (f"{candidate.name}, first call", first),
            (f"{candidate.name}, warm", fast),
        ):
            points.setdefault(name, []).append((case.sessions, value))
    return points


def warm_curves(compared: Sequence[sides.Side]) -> dict[str, list[tuple[int, float]]]:
    """Return the points of the agent's picture: seconds per warm call by number of sessions."""
    points: dict[str, list[tuple[int, float]]] = {side.name: [] for side in compared}
    for case in plan.CURVE:
        calls = [case.call(side) for side in compared]
        best = measure.warm(calls, case.warm_inputs(), rounds=3)
        for side, value in zip(compared, best, strict=True):
            points[side.name].append((case.sessions, value))
    return points


def heading(opponent: sides.Side) -> Iterator[str]:
    """Return a text about the measurement and the machine."""
    compiled = importlib.util.find_spec("eventkit._eventkit") is not None
    yield machine()
    yield (
        f"opponent: {opponent.name}, its warm time shown; "
        f"eventkit: {'compiled' if compiled else 'NOT COMPILED'}"
    )
    yield "best of rounds, side by side in one process; answers compared before timing"
    yield ""


def table(opponent: sides.Side, candidate: sides.Side) -> Iterator[str]:
    """Yield the lines of the functions' table as they are measured."""
    yield aligned(HEADER, WIDTHS)
    for case in plan.CASES:
        yield aligned(speed_row(case, opponent, candidate), WIDTHS)
    yield from memory_rows()
    yield ""


def write_figures(lines: Sequence[str]) -> None:
    """Write the long table into docs/figures.md and the short one into the README."""
    short = readme_table.short_table(lines)
    _replace(FIGURES, ["```text", "$ make bench", *lines, "```"])
    _replace(README, ["", *short, ""])


def _replace(page: Path, block: Sequence[str]) -> None:
    """Replace the block of figures of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{page} lacks {BEGIN} or {END}")
    page.write_text("\n".join([before + BEGIN, *block, END + after]), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", metavar="DIR", help="measure against the agent.py of DIR")
    parser.add_argument("--readme", action="store_true", help="write the pages' figures")
    parser.add_argument("--long", action="store_true", help="the Catalog to ten million sessions")
    parser.add_argument("--only", choices=["functions", "catalog"], help="one half of the table")
    arguments = parser.parse_args()

    opponent, candidate = sides.opponent(arguments.agent), sides.eventkit_side()
    points: catalog_table.Curves = {}
    sizes = catalog_plan.SIZES + (catalog_plan.LONG if arguments.long else ())
    lines = []

    def tell(part: Iterator[str]) -> None:
        for line in part:
            print(line, flush=True)
            lines.append(line)

    tell(heading(opponent))
    if arguments.only != "catalog":
        tell(table(opponent, candidate))
    if arguments.agent:
        print_agent(arguments.agent, opponent)
        return
    if arguments.only != "functions":
        tell(catalog_table.table(sizes, points))
    path = ROOT / "docs/scaling.png" if arguments.readme else RESULTS / "scaling.png"
    if arguments.only is None:
        picture.draw(path, curves(opponent, candidate), points, machine())
        print(f"\nscaling curves: {os.path.relpath(path)}")
    if arguments.readme:
        write_figures(lines)


def print_agent(folder: str, opponent: sides.Side) -> None:
    """Print the table of an agent, plain and accelerated, and draw its picture."""
    print()
    accelerated = sides.accelerated_side(folder)
    for line in agent_table.lines(folder, opponent, accelerated, seconds):
        print(line, flush=True)
    compared = [opponent, accelerated, sides.catalog_side() or sides.eventkit_side()]
    path = RESULTS / "agent.png"
    picture.draw_agent(path, warm_curves(compared), machine())
    print(f"\npicture: {os.path.relpath(path)}")


if __name__ == "__main__":
    main()
