"""Logs what an agent does, and summarises the log. Interests and titles are not written.

$ python examples/log_telemetry.py
explain: 20 calls, 100% successful
recommend: 100 calls, 98% successful
"""

import tempfile
import time
from pathlib import Path

import eventkit

with tempfile.TemporaryDirectory() as directory:
    file = Path(directory) / "telemetry.jsonl"
    telemetry = eventkit.Telemetry(file)
    for number in range(100):
        start = time.time()
        telemetry.log("recommend", {"interests": ["ai"]}, start, number % 50 != 0)
    for _ in range(20):
        telemetry.log("explain", {"title": "Agents"}, time.time(), True)
    telemetry.close()
    summary = eventkit.summarize(file)
    for action, part in summary["by"].items():
        print(f"{action}: {part['count']} calls, {part['success_rate']:.0%} successful")
