"""Batches on a real Dask cluster: a scheduler and two workers, each a process of its own.

In the short form, the scheduler is in the process of the test.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import scale_samples as samples
from conftest import faults_scale
from eventkit import BatchError
from faults.child import environment

pytest.importorskip("pyarrow")
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
from eventkit.scale import recommend  # noqa: E402
from eventkit.scale.threads import threads_of_engine  # noqa: E402

pytestmark = [pytest.mark.once, pytest.mark.faults]

ROWS = samples.profiles(4_000)
START = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
WORK = ["-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-dashboard"]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.catalog_file(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("people") / "people.parquet"
    return samples.write_parquet(file, ROWS, group=100)


@pytest.fixture(scope="module")
def want(catalog: Path) -> str:
    return samples.digest(samples.expected(catalog, ROWS))


@contextlib.contextmanager
def process(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process of Dask, and end it."""
    # Many kills are the point here, and none of them is the fault of a part.
    env = environment(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="50")
    started = subprocess.Popen(
        [sys.executable, *arguments], cwd=cwd, env=env, stderr=subprocess.PIPE, text=True
    )
    try:
        yield started
    finally:
        started.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.communicate(timeout=30)
        started.kill()


@contextlib.contextmanager
def started(folder: Path) -> Iterator[str]:
    """Start a scheduler and two workers by their commands, and give the address."""
    with contextlib.ExitStack() as stack:
        scheduler = stack.enter_context(process(*START, "--no-dashboard", cwd=folder))
        assert scheduler.stderr is not None
        address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at" in line)
        for _ in range(2):
            stack.enter_context(process(*WORK, address, cwd=folder))
        yield address


@contextlib.contextmanager
def local() -> Iterator[str]:
    """Start two worker processes; the scheduler is in this process, which spares three imports."""
    settings = {"distributed.scheduler.allowed-failures": 50}
    arguments = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with dask.config.set(settings), distributed.LocalCluster(**arguments) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    cluster = local() if faults_scale(1, 0) else started(tmp_path_factory.mktemp("dask"))
    with cluster as address, distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
        yield client


def asked(people: Path, catalog: Path, out: Path, client: Any) -> dict[str, Any]:
    names = {"profiles": str(people), "catalog": str(catalog), "out": str(out)}
    address = client.scheduler.address
    return {**names, "part_rows": 100, "engine": "dask", "cluster": address, "resume": True}


def test_two_worker_processes_give_the_results_of_one(
    tmp_path: Path, people: Path, catalog: Path, want: str, client: Any
) -> None:
    run = recommend(people, catalog, tmp_path, part_rows=100, engine="dask", cluster=client)
    assert run["parts"] == run["computed"] == 40
    assert samples.digest(samples.results(run)) == want
    assert samples.left_over(tmp_path) == []
    threads = client.run(lambda: os.environ["RAYON_NUM_THREADS"])
    assert set(threads.values()) == {"1"}
    # A recommender in a pipeline of the user's own finds that number by itself.
    assert client.submit(threads_of_engine, pure=False).result() == 1
    assert threads_of_engine() is None


def test_killed_workers_lose_and_double_nothing(
    tmp_path: Path, people: Path, catalog: Path, want: str, client: Any
) -> None:
    """The workers are killed while they work. Dask starts new ones and repeats their parts."""
    kills, random = faults_scale(2, 20), Random(17)
    rounds = 0
    while kills:
        out = tmp_path / str(rounds)
        left = {random.randrange(1, 39) for _ in range(min(kills, 4))}
        kills -= len(left)
        rounds += 1
        killed: list[int] = []

        def kill(done: int, _parts: int, left: set[int] = left, killed: list[int] = killed) -> None:
            if done in left:
                left.remove(done)
                client.wait_for_workers(1, timeout=120)
                # A worker that is dying already does not tell its number.
                alive = client.run(os.getpid, on_error="ignore")
                for pid in [*alive.values()][:1]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                killed.append(len(alive))

        run = recommend(**asked(people, catalog, out, client), progress=kill)
        assert not left
        assert any(killed)
        assert samples.digest(samples.results(run)) == want
        assert samples.left_over(out) == []
        client.wait_for_workers(2, timeout=120)


def test_a_scheduler_that_does_not_answer_is_named(
    tmp_path: Path, people: Path, catalog: Path
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        with (
            dask.config.set({"distributed.comm.timeouts.connect": "0.2s"}),
            pytest.raises(BatchError, match=f"Dask at {address}: "),
        ):
            recommend(people, catalog, tmp_path / "out", engine="dask", cluster=address)


def test_a_part_that_a_worker_cannot_read_is_named(
    tmp_path: Path, people: Path, catalog: Path, client: Any
) -> None:
    whole = people.read_bytes()
    file = tmp_path / "people.parquet"
    file.write_bytes(whole[: len(whole) // 2] + bytes(500) + whole[len(whole) // 2 + 500 :])
    with pytest.raises(BatchError, match=r"part \d+ \(.*people.parquet, row groups"):
        recommend(**asked(file, catalog, tmp_path / "out", client))


@pytest.mark.parametrize("engine", ["local", *(["dask"] if faults_scale(0, 1) else [])])
def test_killed_drivers_are_resumed(
    tmp_path: Path, people: Path, catalog: Path, want: str, client: Any, engine: str
) -> None:
    """Each driver is killed after some parts. The last one finishes what is left."""
    random, arguments = Random(engine), asked(people, catalog, tmp_path, client)
    if engine == "local":
        arguments = {**arguments, "engine": "local", "cluster": None}
    kills = faults_scale(1, 10)
    for number in range(kills):
        out = tmp_path / str(number)
        arguments["out"], finished = str(out), set[str]()
        while kills and len(finished) < 30:
            if kill_a_driver(arguments, len(finished) + random.randrange(1, 4)):
                kills -= 1
            before, finished = finished, {path.name for path in out.glob("part-*")}
            assert before <= finished
        times = {name: (out / name).stat().st_mtime_ns for name in finished}
        run = recommend(**arguments)
        assert {name: (out / name).stat().st_mtime_ns for name in finished} == times
        assert samples.digest(samples.results(run)) == want
        assert samples.left_over(out) == []
        if not kills:
            return
    raise AssertionError(f"{kills} drivers ended before they could be killed")


def kill_a_driver(arguments: dict[str, Any], enough: int) -> bool:
    """Run a driver, and kill it when so many parts are done. Returns false if it ended before."""
    command = [sys.executable, "-m", "scale_driver", json.dumps(arguments)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        for line in one.stdout:
            if int(line.split()[0]) >= enough:
                break
        one.send_signal(signal.SIGKILL)
    assert one.returncode in (0, -signal.SIGKILL)
    return one.returncode != 0
