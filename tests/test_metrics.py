"""The server's metrics: nothing lost or counted twice by threads, forks, kills; valid text."""

import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

pytest.importorskip("eventkit._eventkit")

from eventkit.server.metrics import (
    ServerMetrics,
    create_server_directory,
    delete_abandoned_directories,
    exposition,
    group_directory,
)

KILLED = """
import os, signal, sys
from eventkit.server.metrics import ServerMetrics
metrics = ServerMetrics(sys.argv[1])
for _ in range(1000):
    metrics.observe("/recommend", 200, 0.002)
    metrics.add("cache_hits")
metrics.set("manifest_sessions", 7)
print("ready", flush=True)
sys.stdin.read()
"""


def killed_worker(directory):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, os.fspath(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


def kill(process):
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_killed_workers_stay_counted_and_their_files_do_not_stay(tmp_path):
    directory = tmp_path / "metrics"
    metrics = ServerMetrics(directory)
    assert directory.stat().st_mode & 0o777 == 0o700
    for round_ in range(1, 4):
        worker = killed_worker(directory)
        snapshot = metrics.snapshot()
        assert snapshot["workers"] == 2
        assert snapshot["gauges"] == {"manifest_sessions": 7.0}
        kill(worker)
        snapshot = metrics.snapshot()
        assert snapshot["workers"] == 1
        assert snapshot["gauges"] == {}
        assert snapshot["counters"] == {"cache_hits": 1000 * round_}
        assert snapshot["routes"]["/recommend"]["statuses"] == {"200": 1000 * round_}
        assert len(list(directory.iterdir())) == 3  # the lock, what was folded, this process's


# Other tests may have left threads, and Python 3.12 and later warn of a fork beside them.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_children_count_for_themselves(tmp_path):
    metrics = ServerMetrics(tmp_path / "metrics")
    metrics.add("cache_hits")
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                for _ in range(100):
                    metrics.add("cache_hits")
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    metrics.add("cache_hits")
    assert metrics.snapshot()["counters"] == {"cache_hits": 302}


def test_threads_lose_nothing():
    metrics, start = ServerMetrics(), threading.Barrier(8)

    def work():
        start.wait()
        for _ in range(2_000):
            metrics.observe("/explain", 404, 0.01)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    route = metrics.snapshot()["routes"]["/explain"]
    assert (route["count"], route["statuses"]) == (16_000, {"404": 16_000})
    assert sum(route["buckets"]) == 16_000
    assert route["sum"] == pytest.approx(160.0)
    assert len(route["buckets"]) == len(route["bounds"]) + 1
    # All in one bucket, whose bounds are 1.26 apart.
    assert route["p50"] == pytest.approx(0.01, rel=0.28)
    assert route["p50"] < route["p95"] < route["p99"] <= 0.01


def test_counters_of_other_parts_are_added(tmp_path):
    metrics = ServerMetrics(tmp_path / "metrics")
    for count in (3, 5, 4):
        metrics.raise_to("telemetry_dropped", count)
    assert metrics.snapshot()["counters"] == {"telemetry_dropped": 5}


def test_a_metrics_directory_that_others_may_enter_is_refused(tmp_path):
    open_to_all = tmp_path / "open"
    open_to_all.mkdir(mode=0o755)
    open_to_all.chmod(0o755)
    with pytest.raises(OSError, match=r"open: expected a directory of user \d+ with mode 0700"):
        ServerMetrics(open_to_all)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(OSError, match="expected a directory"):
        ServerMetrics(link)


@pytest.mark.parametrize("name", ["", "Upper", "1st", "a b", "a" * 65, 'a"b'])
def test_names_that_prometheus_would_not_take_are_refused(name):
    metrics = ServerMetrics()
    for call in (metrics.add, lambda name: metrics.set(name, 1.0)):
        with pytest.raises(ValueError, match="the name is"):
            call(name)


def test_a_request_counts_for_another_counter_too():
    metrics = ServerMetrics()
    metrics.observe("/recommend", 200, 0.001, "cache_hits")
    metrics.observe("/recommend", 200, 0.001)
    with pytest.raises(ValueError, match='the name is "Cache hits"'):
        metrics.observe("/recommend", 200, 0.001, "Cache hits")
    snapshot = metrics.snapshot()
    assert snapshot["routes"]["/recommend"]["count"] == 2
    assert snapshot["counters"]["cache_hits"] == 1


def test_group_directory_is_one_of_this_process_group():
    code = "from eventkit.server.metrics import group_directory; print(group_directory())"
    same = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert same.stdout.strip() == os.fspath(group_directory())
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert other.stdout.strip() != os.fspath(group_directory())


def test_only_own_directories_of_ended_processes_are_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    code = [sys.executable, "-c", "import os; print(os.getpid())"]
    ended = int(subprocess.run(code, capture_output=True, check=True).stdout)
    own = create_server_directory()
    group_directory().mkdir()
    prefix = f"eventkit-metrics-{os.getuid()}-"
    abandoned = [f"{prefix}{ended}-7", f"{prefix}{ended}-7-abc", f"{prefix}{os.getpid()}-7-abc"]
    others = ["eventkit-metrics-x", f"{prefix}x-1", f"eventkit-metrics-{os.getuid() + 1}-1-1"]
    for name in [*abandoned, *others]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "counters").touch()
    target = tmp_path / "elsewhere"
    target.mkdir()
    link = tmp_path / f"{prefix}{ended}-8"
    link.symlink_to(target)
    delete_abandoned_directories()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {own.name, group_directory().name, *others, "elsewhere", link.name}


@pytest.mark.once
@pytest.mark.parametrize("hostile", ["/recommend", '/a"b\\c\nd'])
def test_promtool_finds_nothing_to_complain_about(hostile):
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("CI"):
            pytest.fail("promtool is not installed (Debian: prometheus)")
        pytest.skip("promtool is not installed (Debian: prometheus)")
    metrics = ServerMetrics()
    metrics.observe(hostile, 200, 0.003)
    metrics.observe(hostile, 503, 1_000.0)
    for name in ("cache_hits", "graph_rate_limited", "not_known_by_name"):
        metrics.add(name)
    metrics.set("manifest_sessions", 3)
    kind, text = exposition(metrics, None)
    assert kind.startswith("text/plain; version=0.0.4")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_openmetrics_is_sent_to_clients_that_ask_for_it():
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    kind, text = exposition(ServerMetrics(), accept)
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert text.endswith(b"# EOF\n")


def test_a_stopped_reader_holds_nobody_up(tmp_path):
    """A worker that was stopped while it lives is still one: nobody waits for it."""
    metrics = ServerMetrics(tmp_path / "metrics")
    worker = killed_worker(tmp_path / "metrics")
    worker.send_signal(signal.SIGSTOP)
    try:
        assert metrics.snapshot()["workers"] == 2
    finally:
        kill(worker)
