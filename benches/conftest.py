"""`pytest benches [--agent DIR]`: the opponent, checked before it is timed, and the ratios."""

from __future__ import annotations

from pathlib import Path

import pytest

import sides

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--agent",
        metavar="DIR",
        help="measure against the agent.py of this folder instead of eventkit.reference",
    )


def pytest_report_header(config: pytest.Config) -> str:
    return f"opponent: {config.getoption('--agent') or 'eventkit.reference'}"


@pytest.fixture(scope="session")
def opponent(request: pytest.FixtureRequest) -> sides.Side:
    """The side to beat. A real agent has to agree with the recorded answers first."""
    return sides.opponent(request.config.getoption("--agent"))


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
        if len(best) == 2:
            terminalreporter.write_line(f"{name:<36}{best['opponent'] / best['eventkit']:>8.1f}x")
