"""The guide's "Stress Testing" as printed, without blank lines. `agent` is on the path."""

# ruff: noqa
import time
import concurrent.futures
from agent import recommend, load_manifest


def benchmark_concurrent(workers=10, iterations=100):
    manifest = load_manifest()

    def task():
        start = time.time()
        recommend(manifest, ["ai", "ml", "safety"], 5)
        return time.time() - start

    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as executor:
        futures = [executor.submit(task) for _ in range(iterations)]
        latencies = [f.result() for f in futures]

    print(f"Mean: {sum(latencies) / len(latencies) * 1000:.2f}ms")
    print(f"P95: {sorted(latencies)[int(len(latencies) * 0.95)] * 1000:.2f}ms")


benchmark_concurrent()
