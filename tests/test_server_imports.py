"""The modules of the server import in one direction: there is no circle among them."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from eventkit.server import settings

FOLDER = Path(settings.__file__).parent
SERVER = "eventkit.server"


def imported(file):
    """The modules of the server that a file imports, for type checkers only too."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == SERVER:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{SERVER}."):
            names.add(node.module.removeprefix(f"{SERVER}."))
    return names


def test_no_module_of_the_server_imports_itself_by_way_of_others():
    graph = {file.stem: imported(file) for file in FOLDER.glob("*.py") if file.stem != "__init__"}
    assert graph["app"] >= {"asgi", "wsgi", "route"}
    assert [*TopologicalSorter(graph).static_order()][-1] in ("run", "app")


def test_wsgi_and_asgi_have_the_same_functions_in_the_same_order():
    def functions(name):
        tree = ast.parse((FOLDER / name).read_text("utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return [node.name for node in tree.body if isinstance(node, kinds)]

    wsgi, asgi = functions("wsgi.py"), functions("asgi.py")
    shared = [name for name in wsgi if name in asgi]
    assert shared == [name for name in asgi if name in wsgi]
    assert {"_Headers", "serve", "_cached_response", "_request", "_read_body"} <= {*shared}
