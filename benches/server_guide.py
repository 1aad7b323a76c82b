"""Runs the guide's two measurements as they are printed: its `ab` line and its stress snippet."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import server_sides

AB = """ab -n 1000 -c 10 -p request.json -T application/json \\
    http://localhost:8000/recommend"""
REQUEST = '{"interests": ["ai", "ml"], "top": 5}'
STRESS = Path(__file__).with_name("server_stress.py")
AGENTS = {
    "the reference": "from eventkit.reference import recommend\nfrom eventkit import load_manifest",
    "eventkit": "from eventkit.compat.agent import recommend, load_manifest",
}


def guide_lines(manifest: Path) -> Iterator[str]:
    os.environ["BENCH_MANIFEST"] = str(manifest)
    yield f"the guide's `{' '.join(AB.split())}`"
    for side in (server_sides.opponent(manifest), server_sides.granian("wsgi", server_sides.APP)):
        yield f"  {side.name}: {_ab(side)}"
    yield "the guide's stress snippet: 10 threads, 100 calls"
    for name, agent in AGENTS.items():
        yield f"  {name}: {_stress(agent)}"


def _ab(side: server_sides.Side) -> str:
    """Run the line on its port 8000, or on another one if that is in use."""
    port = 8000 if _is_free(8000) else None
    with tempfile.TemporaryDirectory() as folder, server_sides.running(side, port) as url:
        Path(folder, "request.json").write_text(REQUEST, encoding="ascii")
        command = AB.replace("http://localhost:8000", url.replace("127.0.0.1", "localhost"))
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    said = done.stdout
    failed = re.search(r"Failed requests: +(\d+)", said)
    if done.returncode or failed is None or failed[1] != "0" or "Non-2xx" in said:
        raise AssertionError(said + done.stderr)
    rate = re.search(r"Requests per second: +([\d.]+)", said)
    last = re.search(r"^ +99% +(\d+)", said, re.MULTILINE)
    assert rate is not None
    assert last is not None
    return f"{float(rate[1]):,.0f} requests a second, 99 % within {last[1]} ms"


def _stress(agent: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "agent.py").write_text(agent, encoding="utf-8")
        shutil.copy(STRESS, folder)
        command = [sys.executable, STRESS.name]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return ", ".join(done.stdout.splitlines())


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
