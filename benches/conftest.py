"""Prepares `pytest benches [--agent DIR]`: checks the opponent before it is timed."""

from __future__ import annotations

from pathlib import Path

import pytest

import eventkit
import sides

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--agent",
        metavar="DIR",
        help="measure against the agent.py of this folder instead of eventkit.reference",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if collection_path.name == "test_agent.py" and not _agent(config) else None


def _agent(config: pytest.Config) -> str | None:
    return config.getoption("--agent")


def pytest_report_header(config: pytest.Config) -> str:
    return f"opponent: {config.getoption('--agent') or 'eventkit.reference'}"


@pytest.fixture(scope="session")
def opponent(request: pytest.FixtureRequest) -> sides.Side:
    """The opponent. A real agent must agree with the recorded answers first."""
    return sides.opponent(request.config.getoption("--agent"))


@pytest.fixture(scope="session")
def accelerated(request: pytest.FixtureRequest, opponent: sides.Side) -> sides.Side:
    """The agent of `--agent`, accelerated. The plain one is loaded first."""
    return sides.accelerated_side(request.config.getoption("--agent"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "side" not in metafunc.fixturenames:
        return
    names = ["opponent", "eventkit"]
    if metafunc.config.getoption("--agent"):
        names.append("accelerated")
        # A catalog is made from a manifest, so it has no first call.
        if hasattr(eventkit, "Catalog") and metafunc.function.__name__ != "test_first_call":
            names.append("catalog")
    metafunc.parametrize("side", names, indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    session = getattr(terminalreporter.config, "_benchmarksession", None)
    groups: dict[str, dict[str, float]] = {}
    for bench in session.benchmarks if session else ():
        if bench.group and "side" in bench.params and not bench.has_error:
            groups.setdefault(bench.group, {})[bench.params["side"]] = bench.stats.min
    if not groups:
        return
    terminalreporter.section("times faster than the opponent (best against best)")
    for name, best in groups.items():
        ratios = [
            f"{side:>14} {best['opponent'] / seconds:>7.1f}x"
            for side, seconds in best.items()
            if side != "opponent" and "opponent" in best
        ]
        terminalreporter.write_line(f"{name:<36}{''.join(ratios)}")
