"""Accelerates a changed agent and compares its answers with those of the same agent, plain."""

from __future__ import annotations

import ast
import contextlib
import json
import logging
import os
import random
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import eventkit
from eventkit.accelerate import AccelerationWarning
from fixtures.variants import AGENT
from mutants.mutation import functions
from mutants.queries import manifest, rounds
from outcomes import shown

MODULES = ("agent", "core", "graph_service")
MOST_SECONDS = 1.0
SOURCES = {name: (AGENT / f"{name}.py").read_text(encoding="utf-8") for name in MODULES}


@dataclass
class Verdict:
    """What came of one agent.

    Attributes:
        replaced: The functions that acceleration answers for.
        refused: Why each other function stays as it is.
        wrong: Queries that were answered otherwise than by the plain agent.
        asked: The number of queries that were compared.
        called: The agent's functions that acceleration itself called.
        written: The files that acceleration opened for writing or changed.
    """

    replaced: tuple[str, ...]
    refused: dict[str, str]
    wrong: list[str] = field(default_factory=list)
    asked: int = 0
    called: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


def write_agent(folder: Path, **changed: str) -> None:
    """Write the three modules, some of them changed, with their manifest and an external file."""
    folder.mkdir(exist_ok=True)
    for name in MODULES:
        text = changed.get(name, SOURCES[name])
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "agent.json").write_bytes((AGENT / "agent.json").read_bytes())
    external = manifest(random.Random(5), plain=True)["sessions"][:9]
    (folder / "present.json").write_text(json.dumps(external), encoding="utf-8")


@contextlib.contextmanager
def imported(folder: Path) -> Iterator[dict[str, ModuleType]]:
    """Import the three modules of a folder; path, modules and flags are put back in the end."""
    path, known = list(sys.path), {name: sys.modules.pop(name, None) for name in MODULES}
    sys.path.insert(0, str(folder))
    sys.path_importer_cache.pop(str(folder), None)
    # A file of byte code is taken for good if the source has its size and its second.
    flag, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            yield {name: __import__(name) for name in MODULES}
    finally:
        sys.dont_write_bytecode = flag
        sys.path[:] = path
        sys.path_importer_cache.pop(str(folder), None)
        for name in MODULES:
            sys.modules.pop(name, None)
        sys.modules.update({name: module for name, module in known.items() if module is not None})


def function_of(modules: dict[str, ModuleType], label: str) -> Callable[..., Any]:
    """Return the function of a label as callers find it, a method bound to a new service."""
    module, _, name = label.partition(".")
    owner: Any = modules[module]
    if "." in name:
        name, _, method = name.partition(".")
        # Made at the call: a mutant of the class may raise there, plain and accelerated alike.
        return lambda *arguments: getattr(getattr(owner, name)(None), method)(*arguments)
    return lambda *arguments: getattr(owner, name)(*arguments)


_audited: list[str] | None = None
_WRITES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.utime")


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _audited is None:
        return
    if event in _WRITES or event.startswith(("subprocess.", "socket.", "os.exec", "os.fork")):
        _audited.append(f"{event} {arguments!r}")
    elif event == "open":
        path, _mode, flags = arguments
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _audited.append(f"open {path!r} {flags}")


sys.addaudithook(_audit)


@contextlib.contextmanager
def observed(folder: Path, verdict: Verdict, calls: bool) -> Iterator[None]:
    """Record writes, and with `calls` every call of a function of the folder's modules."""
    global _audited
    prefix = str(folder)

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(prefix):
            verdict.called.append(frame.f_code.co_name)

    _audited = verdict.written
    previous = sys.getprofile()
    if calls:
        sys.setprofile(profile)
    try:
        yield
    finally:
        if calls:
            sys.setprofile(previous)
        _audited = None


Change = Callable[[dict[str, ModuleType]], Any]


def judge(
    folder: Path,
    affected: frozenset[str] | None = None,
    *,
    calls: bool = True,
    before: Change | None = None,
    after: Change | None = None,
) -> Verdict:
    """Accelerate an agent, and compare it with a plain import of the same files on all queries.

    Args:
        folder: Where the agent lies.
        affected: The functions that may answer differently from the original; all when left out.
            The others are compared with the original, on a few queries only.
        calls: Whether to count the calls that acceleration makes.
        before: Changes the modules before acceleration, on both sides.
        after: Changes the modules after it, on both sides.
    """
    with imported(folder) as fast, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if before:
            before(fast)
        verdict = Verdict((), {})
        with observed(folder, verdict, calls):
            handle = accelerate(fast)
        verdict.replaced, verdict.refused = handle.replaced, dict(handle.refused)
        try:
            if after:
                after(fast)
            _compare(
                folder, fast, verdict, affected, [change for change in (before, after) if change]
            )
        finally:
            handle.restore()
    return verdict


def accelerate(modules: dict[str, ModuleType]) -> Any:
    """Accelerate the modules so that every call that may be answered natively is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccelerationWarning)
        return eventkit.accelerate(modules["agent"])


def _compare(
    folder: Path,
    fast: dict[str, ModuleType],
    verdict: Verdict,
    affected: frozenset[str] | None,
    changes: list[Change],
) -> None:
    found = {}
    for label in verdict.replaced:
        few = affected is not None and label not in affected
        found[label] = answers(fast, label, 1 if few else None)
        verdict.asked += sum(len(each) - 1 for each in found[label])
    expected = {}
    asked = found.keys() if affected is None else affected & found.keys()
    if asked:
        with imported(folder) as plain:
            for change in changes:
                change(plain)
            expected = {label: answers(plain, label) for label in asked}
    for label, right in found.items():
        left = expected.get(label) or original(label)
        for number, (one, other) in enumerate(zip(left, right, strict=False)):
            for place, (wanted, given) in enumerate(zip(one, other, strict=True)):
                if wanted != given:
                    where = f"{label}, round {number}, call {place}"
                    verdict.wrong.append(f"{where}: {shown(wanted)} != {shown(given)}")


class EndlessError(BaseException):
    """A round took longer than `MOST_SECONDS` of processor time: some mutants never end."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Raise `EndlessError` in a block that goes on and on."""

    def stop(*_: Any) -> None:
        raise EndlessError

    previous = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)


def answers(modules: dict[str, ModuleType], label: str, count: int | None = None) -> list[Any]:
    """Return what a function answers in the first rounds."""
    function = function_of(modules, label)
    found = []
    logging.disable(logging.CRITICAL)
    try:
        for each in rounds(label)[:count]:
            os.environ.update(each.environment)
            try:
                with limited():
                    found.append(each.outcomes(function))
            finally:
                for name in each.environment:
                    del os.environ[name]
    finally:
        logging.disable(logging.NOTSET)
    return found


@cache
def original(label: str) -> list[Any]:
    """Return what the unchanged agent answers."""
    with tempfile.TemporaryDirectory() as folder:
        write_agent(Path(folder))
        with imported(Path(folder)) as modules:
            return answers(modules, label)


def differs(folder: Path, labels: Iterable[str]) -> bool:
    """Say whether an agent answers any query otherwise than the original does."""
    try:
        with imported(folder) as changed:
            for label in labels:
                for count in (1, None):  # most differ at once
                    if answers(changed, label, count) != original(label)[:count]:
                        return True
    except (Exception, EndlessError):
        return True  # what cannot be imported, or found, is different
    return False


def affected_by(changed: dict[str, str]) -> frozenset[str] | None:
    """Return the changed functions and all that read them; ``None`` where any may be changed."""
    found: set[str] = set()
    reads: dict[str, frozenset[str]] = {}
    for name in MODULES:
        before, after = _shape(name, SOURCES[name]), _shape(name, changed.get(name, SOURCES[name]))
        if before.rest != after.rest or before.texts.keys() != after.texts.keys():
            return None
        found |= {label for label, text in after.texts.items() if before.texts[label] != text}
        reads |= after.reads
    return _closure(found, reads)


@cache
def readers(label: str) -> frozenset[str]:
    """Return a function of the unchanged agent and all that read it, directly or not."""
    reads: dict[str, frozenset[str]] = {}
    for name in MODULES:
        reads |= _shape(name, SOURCES[name]).reads
    return _closure({label}, reads)


def _closure(found: set[str], reads: dict[str, frozenset[str]]) -> frozenset[str]:
    while True:
        short = {label.rsplit(".", 1)[1] for label in found}
        # `core` imports two functions under other names.
        short |= {f"_{name}_impl" for name in short}
        more = {label for label, names in reads.items() if names & short} - found
        if not more:
            return frozenset(found)
        found = found | more


class Shape(NamedTuple):
    """A module in parts: its functions' texts, the names that each reads, and all the rest."""

    texts: dict[str, str]
    reads: dict[str, frozenset[str]]
    rest: str


@lru_cache(8)
def _shape(module: str, source: str) -> Shape:
    tree = ast.parse(source)
    texts, reads = {}, {}
    for name, node in functions(tree):
        texts[f"{module}.{name}"] = ast.dump(node)
        reads[f"{module}.{name}"] = _names(node)
        node.name, node.args, node.returns = "x", ast.arguments(), None
        node.body, node.decorator_list = [], []
    return Shape(texts, reads, ast.dump(tree))


def _names(node: ast.AST) -> frozenset[str]:
    nodes = list(ast.walk(node))
    names = [each.id for each in nodes if isinstance(each, ast.Name)]
    return frozenset(names + [each.attr for each in nodes if isinstance(each, ast.Attribute)])
