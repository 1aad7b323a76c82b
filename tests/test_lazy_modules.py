"""`import eventkit` alone gives its modules as attributes, and imports them when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

NAMES = [
    "eventkit.catalog.Catalog",
    "eventkit.cli.main",
    "eventkit.compat.agent.recommend",
    "eventkit.compat.core.recommend",
    "eventkit.compat.graph_auth.GraphAuthClient",
    "eventkit.compat.graph_service.GraphEventService",
    "eventkit.dates.parse_moment",
    "eventkit.exports.build_page",
    "eventkit.graph.GraphEventService",
    "eventkit.graph.GraphSettings",
    "eventkit.reference.recommend",
    "eventkit.results.Recommendation",
    "eventkit.schema.validate",
    "eventkit.server.ServerSettings",
    "eventkit.telemetry.otel.Exporter",
]


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_module_is_there_after_import_eventkit(name: str) -> None:
    done = run(f"import eventkit; print({name}.__name__)")
    assert (done.stdout, done.stderr) == (f"{name.rpartition('.')[2]}\n", "")


def test_larger_parts_are_not_imported_before_they_are_used() -> None:
    done = run(
        "import sys, eventkit; parts = ('catalog', 'cli', 'compat', 'exports', 'graph', 'server',"
        " 'telemetry'); print([part for part in parts if f'eventkit.{part}' in sys.modules])"
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("package", ["eventkit", "eventkit.compat", "eventkit.telemetry"])
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    done = run(f"import {package}; {package}.nonsense")
    assert f"AttributeError: module {package!r} has no attribute 'nonsense'" in done.stderr


def test_the_function_export_is_never_replaced_by_a_module() -> None:
    done = run("import eventkit, eventkit.exports, eventkit.cli; print(callable(eventkit.export))")
    assert (done.stdout, done.stderr) == ("True\n", "")
