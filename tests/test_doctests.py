"""Every example in a docstring of the package runs."""

import doctest
import importlib
import os
import pkgutil
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


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name, tmp_path, monkeypatch):
    # An example may write a file: it lands in a folder of its own, and HOME is not the user's.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    failures, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failures == 0


@pytest.mark.parametrize("name", [name for name in eventkit.__all__ if not name.startswith("_")])
def test_public_function_has_a_running_example(name):
    member = getattr(eventkit, name)
    if isinstance(member, type):
        pytest.skip("a class is explained, not called")
    assert doctest.DocTestFinder(recurse=False).find(member, name)[0].examples, name


def test_walk_sees_the_whole_package():
    files = {path.stem for path in Path(eventkit.__path__[0]).glob("*.py")} - {"__main__"}
    assert files - {"__init__"} <= {name.split(".")[-1] for name in MODULES}
