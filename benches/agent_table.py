"""Makes the second table of `make bench AGENT=DIR`: an agent plain, accelerated, with a catalog."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import eventkit
import generator
import measure
import plan
import real_agent
import sides
from eventkit.accelerate.launch import environment
from plan import CASES, Case

SHARE = 0.6
"""Return the ratio that the unmodified agent must reach."""

SCRIPTS = (
    "evaluate_profiles.py",
    "export_itinerary.py",
    "generate_sessions_template.py",
    "summarize_telemetry.py",
)
START_MS = 15.0
PROBING_MS = 5.0
STARTS = 9
SCRIPT_SESSIONS = 10_000
HEADER = ("", "plain", "accelerated", "ratio", "target", "met", "catalog", "ratio")
WIDTHS = (32, 10, 12, 9, 8, 5, 10, 9)

Write = Callable[[float], str]


def lines(folder: str, plain: sides.Side, accelerated: sides.Side, seconds: Write) -> Iterator[str]:
    """Yield the lines of the table as they are measured."""
    catalog = sides.catalog_side()
    yield "through the unmodified agent: a warm call; scripts and starts: a whole process"
    yield ""
    yield _aligned(HEADER)
    for case in CASES:
        yield _aligned(_row(case, plain, accelerated, catalog, seconds))
    with tempfile.TemporaryDirectory(prefix="agent-") as copy:
        work = Path(copy) / "agent"
        shutil.copytree(
            folder, work, ignore=shutil.ignore_patterns("__pycache__", ".git", ".venv*")
        )
        yield _start(work)
        yield _probing(work)
        manifest = plan.fresh_manifest(SCRIPT_SESSIONS)
        (work / "agent.json").write_text(json.dumps(manifest), encoding="utf-8")
        yield from _scripts(work, seconds)


def _row(
    case: Case, plain: sides.Side, fast: sides.Side, catalog: sides.Side | None, seconds: Write
) -> list[str]:
    compared = [plain, fast, *([catalog] if catalog else [])]
    manifest = plan.fresh_manifest(case.sessions)
    for seed in range(3):
        interests = generator.interests(case.interests, seed)
        sides.check(manifest, interests, plan.TOP, *compared)
    calls = [case.call(side) for side in compared]
    rounds = 5 if case.sessions >= 10_000 else 9
    slow, quick, *rest = measure.warm(calls, case.warm_inputs(), rounds=rounds)
    wanted = (case.warm_target or 0) * SHARE
    ratio = slow / quick
    last = [seconds(rest[0]), f"{slow / rest[0]:.1f}x"] if rest else ["-", "-"]
    met = "yes" if ratio >= wanted else "NO"
    return [
        *(case.name, seconds(slow), seconds(quick)),
        *(f"{ratio:.1f}x", f">= {wanted:g}", met, *last),
    ]


def _scripts(work: Path, seconds: Write) -> Iterator[str]:
    """Time the scripts on a large manifest, including the interpreter, imports and reading JSON."""
    for name in SCRIPTS:
        script = work / "scripts" / name
        if not script.is_file():
            continue
        command = [sys.executable, os.fspath(script)]
        status = _status(command, work)
        if status:
            yield f"{name}: not timed, it ends with {status} when it is given no arguments"
            continue
        slow, quick = _best(command, work)
        cells = [f"{name} {SCRIPT_SESSIONS:,}", seconds(slow), seconds(quick)]
        yield _aligned([*cells, f"{slow / quick:.2f}x", "-", "", "-", "-"])


def _start(work: Path) -> str:
    """Time the start of a child process that has an agent, but does not call it."""
    slow, quick = _best([sys.executable, "-c", "import agent"], work)
    more = (quick - slow) * 1e3
    met = "yes" if more <= START_MS else "NO"
    return f"a child's start takes {more:.1f} ms longer{'':<38}<= {START_MS:g} ms {met}"


def _probing(work: Path) -> str:
    """Time comparing and replacing functions, after all imports."""
    best = float("inf")
    for _ in range(STARTS):
        agent = real_agent.load(os.fspath(work)).agent
        # The processor time of this thread, because 5 ms are often interrupted on a shared machine.
        start = time.thread_time()
        handle = eventkit.accelerate(agent)
        best = min(best, time.thread_time() - start)
        handle.restore()
    met = "yes" if best * 1e3 <= PROBING_MS else "NO"
    return f"probing and replacing take {best * 1e3:.1f} ms{'':<42}<= {PROBING_MS:g} ms {met}"


def _status(command: Sequence[str], work: Path) -> int:
    return subprocess.run(command, cwd=work, capture_output=True).returncode


def _best(command: Sequence[str], work: Path) -> tuple[float, float]:
    """Return the best wall-clock seconds of a process, plain and under `eventkit accelerate`."""
    best = [float("inf")] * 2
    for _ in range(STARTS):
        for place, variables in enumerate((None, environment())):
            start = time.perf_counter()
            subprocess.run(command, cwd=work, env=variables, check=True, capture_output=True)
            best[place] = min(best[place], time.perf_counter() - start)
    return best[0], best[1]


def _aligned(cells: Sequence[str]) -> str:
    rest = (cell.rjust(width) for cell, width in zip(cells[1:], WIDTHS[1:], strict=True))
    return cells[0].ljust(WIDTHS[0]) + "".join(rest)
