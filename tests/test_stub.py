"""`__all__` and the stub of the compiled module name the same things.

That the stub's signatures are the compiled ones is stubtest's work (`make lint`).
"""

import ast
import inspect
from pathlib import Path

import pytest

import eventkit

PACKAGE = Path(eventkit.__file__).parent


def test_all_is_sorted_complete_and_importable():
    assert all(hasattr(eventkit, name) for name in eventkit.__all__)
    public = {
        name
        for name, member in vars(eventkit).items()
        if not name.startswith("_") and not inspect.ismodule(member) and name != "annotations"
    }
    assert len(set(eventkit.__all__)) == len(eventkit.__all__)
    assert public | {"__version__"} == set(eventkit.__all__)


def test_stub_names_what_the_compiled_module_exports():
    native = pytest.importorskip("eventkit._eventkit")
    tree = ast.parse((PACKAGE / "_eventkit.pyi").read_text(encoding="utf-8"))
    stub = {
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    }
    stub |= {
        node.target.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and not node.target.id.startswith("_")
    }
    exported = {name for name in dir(native) if not name.startswith("_")}
    # Only builds for tests have it; the other functions are those of every build.
    assert stub == exported | {"panic_for_test"}


@pytest.mark.parametrize("name", sorted(eventkit.__all__))
def test_public_names_are_typed_and_documented(name):
    member = getattr(eventkit, name)
    if not inspect.isfunction(member):
        return
    assert inspect.getdoc(member)
    hints = inspect.get_annotations(member)
    assert {*inspect.signature(member).parameters} | {"return"} == {*hints}


def test_package_is_marked_as_typed():
    assert (PACKAGE / "py.typed").is_file()
