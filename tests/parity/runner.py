"""Runs recorded cases, each in a folder of its own, and puts back whatever its code replaced."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from unittest import mock

from . import environment, reference_road
from .case import Case, Outcome
from .typed_repr import plain_ascii, scrub, typed_repr


class Agent(NamedTuple):
    """The three modules of an agent."""

    agent: ModuleType
    core: ModuleType
    graph_service: ModuleType


def import_agent(agent: str, core: str, graph_service: str) -> Agent:
    """Import an agent's modules by their names."""
    return Agent(*(importlib.import_module(name) for name in (agent, core, graph_service)))


def import_compat() -> Agent:
    """Import eventkit's own stand-ins for the original's modules."""
    package = "eventkit.compat"
    return import_agent(f"{package}.agent", f"{package}.core", f"{package}.graph_service")


@contextlib.contextmanager
def reference_only(agent: Agent) -> Iterator[Agent]:
    """Let eventkit's modules call the reference, and nothing faster."""
    with contextlib.ExitStack() as stack:
        for module in agent:
            stack.enter_context(mock.patch.object(module, "functions", reference_road))
        yield agent


def run(case: Case, agent: Agent) -> Outcome:
    """Run one case; its outcome."""
    with _folder() as folder, _restored(agent), _quiet():
        names = environment.names()
        names.update(A=agent.agent, C=agent.core, G=agent.graph_service)
        folders = (folder, os.path.realpath(folder))
        try:
            exec(compile(case.code, case.id, "exec"), names)
            return {"ok": scrub(typed_repr(names["r"]), folders)}
        except Exception as error:
            text = scrub(plain_ascii(str(error)), folders)
            return {"exc": type(error).__name__, "msg": text}


def difference(case: Case, outcome: Outcome) -> str | None:
    """Say how an outcome differs from the recorded one; ``None`` when it does not."""
    if case.accepts(outcome):
        return None
    return f"{case.id}: {case.code}\n  wanted {case.wanted}\n  got    {outcome}"


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    before, home = Path.cwd(), os.environ.get("HOME")
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        os.chdir(folder)
        os.environ["HOME"] = folder
        try:
            yield folder
        finally:
            os.chdir(before)
            if home is None:
                del os.environ["HOME"]
            else:
                os.environ["HOME"] = home


@contextlib.contextmanager
def _restored(agent: Agent) -> Iterator[None]:
    before = [(vars(module), dict(vars(module))) for module in agent]
    try:
        yield
    finally:
        for now, then in before:
            for added in now.keys() - then.keys():
                del now[added]
            now.update(then)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence what the cases provoke on purpose: log lines, numpy's overflows, unclosed files."""
    disabled = logging.root.manager.disable
    logging.disable(sys.maxsize)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
