"""What every test file shares: Hypothesis profiles, the real data, the two forms of a fault test.

Environment:
    EVENTKIT_HYPOTHESIS: `default` (300 examples a property), `parity` (5,000) or a number.
    EVENTKIT_FAULTS: `long` runs the fault tests with FAULTS-sized rounds, else their short form.
    EVENTKIT_REAL_DATA: the folder of the real programmes; default `../shared/data`.
    EVENTKIT_TEST_INSTALLED: set, the package must come from site-packages, compiled module and all.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
# The generator is one for tests, benches and README figures, and lives with the benches.
sys.path.insert(0, str(ROOT / "benches"))

Number = TypeVar("Number", int, float)

MARKERS = (
    "faults: a row of the fault matrix; short form by default, EVENTKIT_FAULTS=long the long one",
    "real_data: needs the real programmes in EVENTKIT_REAL_DATA",
    "engines: needs Daft, Spark, an object store or a benchmark's peer; `make test-engines`",
    "once: depends on no Python version (a browser, nginx, an oracle); `make test` runs it,"
    " `make test-all` runs it on no further version",
    "slow: takes seconds; `make test` and `make test-all` run it, `.ci/run` on no further version",
)
EXAMPLES = {"default": 300, "parity": 5_000}


def faults_scale(short: Number, long: Number) -> Number:
    """Choose the size of a fault test: `long` under EVENTKIT_FAULTS=long, else `short`."""
    return long if os.environ.get("EVENTKIT_FAULTS") == "long" else short


def _load_hypothesis_profile() -> None:
    name = os.environ.get("EVENTKIT_HYPOTHESIS", "default")
    examples = EXAMPLES.get(name) or int(name)
    settings.register_profile(
        name,
        max_examples=examples,
        # A shared machine's pauses are no failures; the figures are the benches' business.
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile(name)


def pytest_configure(config: pytest.Config) -> None:
    # Where servers share what is theirs, in this process and in those that tests start.
    runtime = tempfile.TemporaryDirectory(prefix="eventkit-tests-")
    config.add_cleanup(runtime.cleanup)
    os.environ["XDG_RUNTIME_DIR"] = runtime.name
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # A shell's background job ignores it, and so would every process that a test interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    _load_hypothesis_profile()
    if os.environ.get("EVENTKIT_TEST_INSTALLED"):
        _require_installed()


def pytest_report_header(config: pytest.Config) -> str:
    spec = importlib.util.find_spec("eventkit")
    native = spec and importlib.util.find_spec("eventkit._eventkit")
    where = spec.origin if spec else "not found"
    how = "compiled" if native else "WITHOUT the compiled module"
    return f"eventkit: {where} ({how}); {settings().max_examples} examples a property"


def _require_installed() -> None:
    """Refuse to call a run "installed" that imports the checkout or lacks the compiled module."""
    spec = importlib.util.find_spec("eventkit")
    if spec is None or "site-packages" not in (spec.origin or ""):
        raise pytest.UsageError(f"eventkit is not the installed one: {spec}")
    if importlib.util.find_spec("eventkit._eventkit") is None:
        raise pytest.UsageError("the installed eventkit has no compiled module")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real programmes (`<name>.sessions.json`); skips, saying so, without it."""
    folder = Path(os.environ.get("EVENTKIT_REAL_DATA") or ROOT / "../shared/data").resolve()
    if not folder.is_dir():
        pytest.skip(f"no real programmes in {folder} (EVENTKIT_REAL_DATA)")
    return folder


@pytest.fixture
def known_agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The agent of the fixtures is a known one for acceleration, and nobody was warned yet."""
    from eventkit.accelerate import function
    from fixtures.known import known_fixture

    monkeypatch.setattr(function, "_told", False)
    with known_fixture():
        yield


@pytest.fixture(scope="session")
def fault_injection() -> None:
    """The hooks with which tests kill and panic; skips, saying so, where the build has none."""
    spec = importlib.util.find_spec("eventkit._eventkit")
    assert spec is not None
    assert spec.origin is not None
    if b"EVENTKIT_TELEMETRY_KILL_AT" not in Path(spec.origin).read_bytes():
        reason = f"{spec.origin} was built without the feature fault-injection (make build)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def agent() -> Iterator[Any]:
    """The modules of the fixture agent, not accelerated."""
    from fixtures.loaded import loaded
    from fixtures.variants import AGENT

    with loaded(AGENT) as modules:
        yield modules


@pytest.fixture
def graph() -> Iterator[Any]:
    """A simulator of Graph with eight events of Ann."""
    from graph_services import ANN
    from graph_simulator import GraphSimulator, make_event

    with GraphSimulator() as graph:
        graph.put(ANN, *map(make_event, range(8)))
        yield graph


@pytest.fixture(params=["wsgi", "asgi"])
def ask(request: pytest.FixtureRequest) -> Any:
    """A function that sends a request to an application, by each protocol in turn."""
    from server_roads import ROADS

    return ROADS[request.param]


@pytest.fixture
def app() -> Any:
    """An application with the manifest of the server tests and the default settings."""
    import eventkit
    from eventkit.server import ServerSettings
    from server_roads import MANIFEST

    return eventkit.create_app(MANIFEST, settings=ServerSettings())
