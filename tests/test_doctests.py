"""Every example in a docstring of the package runs."""

import doctest
import importlib
import importlib.util
import os
import pkgutil
import typing
from pathlib import Path

import pytest

import eventkit

MODULES = sorted(
    ["eventkit"]
    + [
        found.name
        for found in pkgutil.walk_packages(eventkit.__path__, "eventkit.")
        if not found.name.endswith(("._eventkit", ".__main__"))
    ]
)


# What these extras bring is tested on one Python only.
NEEDED = {"eventkit.mcp": "mcp", "eventkit.scale": "pyarrow"}


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name, tmp_path, monkeypatch):
    for package in (needed for part, needed in NEEDED.items() if name.startswith(part)):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    # An example may write a file: it lands in a folder of its own, and HOME is not the user's.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in doctest.DocTestFinder().find(module):
        if can_run(test):
            runner.run(test)
    assert runner.failures == 0


def can_run(test):
    """Return false if an example needs pyarrow, and this Python has none."""
    needs_arrow = any("import pyarrow" in example.source for example in test.examples)
    return not needs_arrow or importlib.util.find_spec("pyarrow") is not None


def is_error(name):
    member = getattr(eventkit, name)
    return isinstance(member, type) and issubclass(member, Exception)


PUBLIC = [name for name in eventkit.__all__ if not name.startswith("_") and not is_error(name)]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_has_a_running_example(name):
    member = getattr(eventkit, name)
    assert doctest.DocTestFinder(recurse=False).find(member, name)[0].examples, name


def is_class(name):
    """A typed dictionary has the methods of `dict` only."""
    member = getattr(eventkit, name)
    return isinstance(member, type) and not typing.is_typeddict(member)


@pytest.mark.parametrize("name", [name for name in PUBLIC if is_class(name)])
def test_public_methods_have_running_examples(name, tmp_path, monkeypatch):
    """Also those of a class's compiled half, which no module walk finds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    kind = getattr(eventkit, name)
    module = importlib.import_module(kind.__module__)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    finder = doctest.DocTestFinder(recurse=False)
    for base in kind.__mro__[:-1]:
        for method, member in vars(base).items():
            if method.startswith("_") or not callable(getattr(kind, method)):
                continue
            member = getattr(member, "__func__", member)
            found = finder.find(member, f"{name}.{method}", globs=dict(vars(module)))
            assert found, method
            assert found[0].examples, method
            if can_run(found[0]):
                runner.run(found[0])
    assert runner.failures == 0


def test_walk_sees_the_whole_package():
    files = {path.stem for path in Path(eventkit.__path__[0]).glob("*.py")} - {"__main__"}
    assert files - {"__init__"} <= {name.split(".")[-1] for name in MODULES}
