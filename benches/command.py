"""Times whole commands: an agent's script plain, and under ``eventkit accelerate``.

Prints, for manifests of several sizes, the ratio of processor time (user and system, the whole
process), accelerated divided by plain: the median of paired runs. The answers are compared first.
Files have their byte code, as those that pip has installed; without it the start-up hook takes 2 ms
more to compile.
The last line measures the two constants by which the start-up hook decides that the engine pays.

Usage: python benches/command.py [FOLDER], with a known agent.py; default: the agent of the tests
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import generator
from eventkit.accelerate import hook

ROOT = Path(__file__).resolve().parent.parent
FIXTURE = ROOT / "tests" / "fixtures" / "agent"
ROUNDS = {5: 15, 1_079: 15, 20_000: 9, 100_000: 5}
RECOMMEND = ("recommend", "--interests", "ai,web,data", "--top", "5")


def processor_time(command: list[str], folder: Path, path: str) -> tuple[float, bytes]:
    """Run a command. Returns its processor time in seconds, and its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, done.stdout


def write_agent(agent: Path, folder: Path, sessions: int) -> None:
    """Copy an agent, with a manifest of `sessions` sessions and the features that it needs."""
    shutil.copytree(agent, folder, dirs_exist_ok=True)
    file = folder / "agent.json"
    manifest = json.loads(file.read_text(encoding="utf-8")) | generator.manifest(sessions)
    manifest["weights"].setdefault("diversity", 0.3)
    features = {"externalSessions": {"enabled": False}, "telemetry": {"enabled": False}}
    manifest["features"] = manifest.get("features", {}) | features
    file.write_text(json.dumps(manifest), encoding="utf-8")


PRICE = """
import json, sys, time
import agent
manifest = json.load(open("agent.json", encoding="utf-8"))
start = time.process_time()
agent.recommend(manifest, ["ai", "web", "data"], 5)
own = (time.process_time() - start) / len(manifest["sessions"])
start = time.process_time()
from eventkit.accelerate.function import start as accelerate
handle = accelerate(agent, strict=True, shadow=0, tell=print)
agent.recommend({**manifest, "sessions": []}, ["ai"], 5)
assert handle.native
print(time.process_time() - start, own)
"""


def price_line(folder: Path, path: str) -> str:
    """Say what engine and proof cost, and how many sessions the agent itself does in that time."""
    runs = [
        processor_time([sys.executable, "-c", PRICE], folder, f"{folder}{os.pathsep}{path}")[1]
        for _ in range(9)
    ]
    prices, owns = zip(*(map(float, run.split()) for run in runs), strict=True)
    price, own = statistics.median(prices), statistics.median(owns)
    return (
        f"engine and proof: {price * 1e3:.1f} ms; the agent's own work: {own * 1e6:.2f} us"
        f" a session, so they pay from {price / own:,.0f} sessions on"
        f" (the hook assumes {hook.PRICE / hook.PER_SESSION:,.0f})"
    )


def main() -> None:
    """Measure and print the table."""
    agent = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else FIXTURE
    plain = [sys.executable, "agent.py", *RECOMMEND]
    fast = [str(Path(sys.executable).with_name("eventkit")), "accelerate", "--", *plain]
    price = ""
    print("| sessions | plain | accelerated / plain |\n|---:|---:|---:|")
    for sessions, rounds in ROUNDS.items():
        with tempfile.TemporaryDirectory() as name:
            folder, path = Path(name), ""
            write_agent(agent, folder, sessions)
            if agent == FIXTURE:
                sys.path.insert(0, str(ROOT / "tests"))
                from fixtures.known import write_hook

                path = str(write_hook(Path(tempfile.mkdtemp(dir=folder))))
            wanted = processor_time(plain, folder, path)[1]
            assert wanted
            assert processor_time(fast, folder, path)[1] == wanted
            pairs = [
                (processor_time(plain, folder, path)[0], processor_time(fast, folder, path)[0])
                for _ in range(rounds)
            ]
            price = price_line(folder, path) if sessions == 20_000 else price
        ratio = statistics.median(after / before for before, after in pairs)
        middle = statistics.median(before for before, _ in pairs)
        print(f"| {sessions:,} | {middle * 1e3:.0f} ms | {ratio:.2f} |", flush=True)
    print(f"\n{price}")


if __name__ == "__main__":
    main()
